import t from 'tap';
import { openHouse } from './house.ts';

const house = await openHouse(t);
const { get, post, patch, delete: remove, database, identity } = house;
const PASSWORD = 'seven wet otters sing';

let made = 0;
const email = () => `person-${++made}@example.com`;
const newOrganization = async () => (await post('/organizations', { name: 'Acme' })).body.id;
const newUser = async (more: object = {}) =>
  (await post('/users', { email: email(), ...more })).body;

async function audited(targetId: string): Promise<unknown[]> {
  const { rows } = await database.pool.query(
    `SELECT type, actor_kind, address, request_id IS NOT NULL AS traced FROM audit_events
     WHERE target_id = $1 ORDER BY id`,
    [targetId],
  );
  return rows;
}

t.test(
  'an organization lives: made, read, changed, deleted, and audited at each turn',
  async (t) => {
    const made = await post('/organizations', { name: ' Acme ', plan: 'pro' });
    t.match(made, { status: 201, body: { name: 'Acme', plan: 'pro' } });
    const { id } = made.body;
    t.strictSame((await get(`/organizations/${id}`)).body, made.body);
    t.match(await patch(`/organizations/${id}`, { plan: 'free' }), {
      status: 200,
      body: { id, name: 'Acme', plan: 'free' },
    });
    t.equal((await remove(`/organizations/${id}`)).status, 204);
    t.equal((await get(`/organizations/${id}`)).status, 404);
    t.equal((await remove(`/organizations/${id}`)).status, 404);
    const by = { actor_kind: 'admin', address: '127.0.0.1', traced: true };
    t.strictSame(await audited(id), [
      { type: 'organization.created', ...by },
      { type: 'organization.updated', ...by },
      { type: 'organization.deleted', ...by },
    ]);
  },
);

t.test("an organization starts on the platform's plan, and only on declared ones", async (t) => {
  t.match(await post('/organizations', { name: 'Acme' }), { body: { plan: 'free' } });
  const wrong = await post('/organizations', { name: 'Acme', plan: 'prro' });
  t.match(wrong, {
    status: 400,
    body: { errors: [{ path: 'plan', hint: 'Did you mean "pro"?' }] },
  });
  const id = await newOrganization();
  for (const change of [{}, { plan: 'x' }, { name: ' ' }, { name: 'a\nb' }, { id: 'other' }]) {
    t.equal((await patch(`/organizations/${id}`, change)).status, 400, JSON.stringify(change));
  }
});

t.test('a user lives: made, read, changed, deleted', async (t) => {
  const address = email();
  const made = await post('/users', { email: address.toUpperCase() });
  t.match(made, {
    status: 201,
    body: { email: address, name: /^PERSON-\d+$/, email_verified: false, disabled: false },
  });
  t.notOk('role' in made.body, 'no organization, no role');
  const path = `/users/${made.body.id}`;
  t.strictSame((await get(path)).body, made.body);
  const changes = { name: 'Ann', email_verified: true, password: PASSWORD };
  t.match(await patch(path, changes), { status: 200, body: { name: 'Ann', email_verified: true } });
  const signIn = { email: address, password: PASSWORD, address: '127.0.0.1' };
  t.match(await identity.signIn(signIn), { user: { id: made.body.id } });
  t.match(await patch(path, { disabled: true }), { status: 200, body: { disabled: true } });
  t.equal(await identity.findActiveUser(made.body.id), undefined);
  t.equal((await remove(path)).status, 204);
  t.equal((await get(path)).status, 404);
});

t.test('a user is made with a place in an organization, or not at all', async (t) => {
  const organization_id = await newOrganization();
  const made = await post('/users', { email: email(), organization_id, role: 'owner' });
  t.match(made, { status: 201, body: { organization_id, role: 'owner' } });
  t.match(await post('/users', { email: email(), organization_id }), { body: { role: 'member' } });
  const address = email();
  const nowhere = await post('/users', { email: address, organization_id: 'nowhere' });
  t.match(nowhere, { status: 400, body: { errors: [{ path: 'organization_id' }] } });
  t.match(await post('/users', { email: address, role: 'owner' }), {
    ...{ status: 400, body: { errors: [{ path: 'role' }] } },
  });
  t.equal((await post('/users', { email: address })).status, 201, 'the address was left free');
  const members = await get(`/users?organization_id=${organization_id}`);
  t.equal(members.body.data.length, 2);
});

t.test('wrong fields of a user are named, and a password is never repeated', async (t) => {
  const wrong = await post('/users', { email: 'nonsense', name: 'a\tb', password: 'hunter2' });
  t.equal(wrong.status, 400);
  t.same(
    wrong.body.errors.map((error: { path: string }) => error.path),
    ['email', 'name', 'password'],
  );
  t.notMatch(wrong.text, 'hunter2');
  const typed = await post('/users', { email: email(), password: 1234567890123 });
  t.match(typed, { status: 400, body: { errors: [{ path: 'password', found: 'a number' }] } });
  t.notMatch(typed.text, '1234567890123');
});

t.test('an address is taken once, by whoever of many comes first', async (t) => {
  const address = email();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      post('/users', { email: index % 2 ? address : address.toUpperCase() }),
    ),
  );
  t.equal(answers.filter(({ status }) => status === 201).length, 1);
  const refused = answers.filter(({ status }) => status === 409);
  t.equal(refused.length, 19);
  t.match(refused[0], { body: { code: 'email_taken' } });
});

t.test('a change of a user that is refused in part changes nothing', async (t) => {
  const { id } = await newUser({ name: 'Ann' });
  t.equal((await patch(`/users/${id}`, { name: 'Bob', password: 'short' })).status, 400);
  t.match((await get(`/users/${id}`)).body, { name: 'Ann' });
});

t.test('a disabled user gets a password with being let in again', async (t) => {
  const { id } = await newUser();
  await patch(`/users/${id}`, { disabled: true });
  const refused = await patch(`/users/${id}`, { password: PASSWORD, name: 'Other' });
  t.match(refused, { status: 409, body: { code: 'user_disabled' } });
  const change = { password: PASSWORD, disabled: false };
  t.match(await patch(`/users/${id}`, change), { status: 200, body: { disabled: false } });
});

t.test('a membership lives, and an organization keeps an owner', async (t) => {
  const organization_id = await newOrganization();
  const [{ id: ann }, { id: bob }] = [await newUser(), await newUser()];
  const at = (user: string) => `/memberships/${organization_id}/${user}`;
  const own = { user_id: ann, organization_id, role: 'owner' };
  t.match(await post('/memberships', own), { status: 201, body: own });
  t.match(await post('/memberships', own), { status: 409, body: { code: 'already_member' } });
  t.equal((await post('/memberships', { ...own, user_id: bob, role: 'member' })).status, 201);

  const lastOwner = { status: 409, body: { code: 'last_owner' } };
  t.match(await patch(at(ann), { role: 'member' }), lastOwner);
  t.match(await remove(at(ann)), lastOwner);
  t.match(await remove(`/users/${ann}`), lastOwner);
  t.match(await patch(at(bob), { role: 'owner' }), { status: 200, body: { role: 'owner' } });
  t.equal((await remove(at(ann))).status, 204);
  t.equal((await get(at(ann))).status, 404);

  for (const field of ['user_id', 'organization_id']) {
    const answer = await post('/memberships', { ...own, [field]: "' OR true --" });
    t.match(answer, { status: 400, body: { errors: [{ path: field }] } });
  }
  t.equal((await post('/memberships', { ...own, role: 'king' })).status, 400);
});

t.test('memberships are listed by organization, by user, or by both', async (t) => {
  const organization_id = await newOrganization();
  const { id: user_id } = await newUser({ organization_id, role: 'owner' });
  await newUser({ organization_id });
  const count = async (query: string) => (await get(`/memberships?${query}`)).body.data.length;
  t.equal(await count(`organization_id=${organization_id}`), 2);
  t.equal(await count(`user_id=${user_id}`), 1);
  t.equal(await count(`user_id=${user_id}&organization_id=${organization_id}`), 1);
  t.equal(await count(`user_id=${user_id}&organization_id=other`), 0);
  t.equal((await get('/memberships')).status, 400);
});

t.test('the pages of a list are whole, in order and without repetitions', async (t) => {
  const organization_id = await newOrganization();
  for (let index = 0; index < 5; index += 1) await newUser({ organization_id });
  for (const list of ['users', 'memberships']) {
    const path = `/${list}?organization_id=${organization_id}`;
    const all = (await get(path)).body;
    t.equal(all.next_cursor, null);
    const read: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await get(`${path}&limit=2${cursor && `&cursor=${cursor}`}`);
      t.ok(body.data.length <= 2);
      read.push(...body.data);
      cursor = body.next_cursor;
    }
    t.strictSame(read, all.data);
  }
});

t.test('a forged cursor is refused, and nothing in a filter reaches SQL', async (t) => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const first = await get('/organizations?limit=1');
  const genuine = first.body.next_cursor;
  const forged = ['x', '%00', `${genuine}x`, encode(['organizations', "' OR true --"])];
  const others = [encode(['clients', '1.x']), encode([]), encode(null), 'x'.repeat(500)];
  for (const list of ['organizations', 'users', 'clients', 'audit', 'memberships?user_id=x']) {
    const own = list === 'organizations' ? [] : [genuine];
    for (const cursor of [...forged, ...own, ...(list === 'clients' ? [] : others)]) {
      const answer = await get(`/${list}${list.includes('?') ? '&' : '?'}cursor=${cursor}`);
      t.match(answer, { status: 400, body: { errors: [{ in: 'query', path: 'cursor' }] } }, list);
    }
  }
  for (const text of ["' OR true --", '%', '\0', '"; DROP TABLE users; --', '🦦', '../..']) {
    const value = encodeURIComponent(text);
    for (const query of [`users?organization_id=${value}`, `clients?organization_id=${value}`]) {
      t.match(await get(`/${query}`), { status: 200, body: { data: [] } });
    }
    for (const query of [`memberships?user_id=${value}`, `consents?user_id=${value}`]) {
      t.match(await get(`/${query}`), { status: 200, body: { data: [] } });
    }
    t.match(await get(`/audit?organization_id=${value}`), { status: 200, body: { data: [] } });
    t.equal((await get(`/audit?type=${value}`)).status, 400);
  }
});
