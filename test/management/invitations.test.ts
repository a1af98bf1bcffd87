import { randomUUID } from 'node:crypto';
import t from 'tap';
import { JWT_BEARER } from '../../src/oauth/grants/jwt-bearer.ts';
import { newSigner, sign } from '../credentials/signer.ts';
import { token } from '../support/flows.ts';
import { registerService } from '../support/gatehouse.ts';
import { openTenancy } from './tenancy.ts';

const house = await openTenancy(t);
const { tenant, key, as, get, post, patch, database, gatehouse, organization } = house;
const admin = await key();
const neighbour = await organization();
const theirs = await key({ organization_id: neighbour });

let made = 0;
const email = () => `invited-${++made}@example.com`;

const invite = (bearer: string, more: object = {}) =>
  as(bearer, 'POST', '/invitations', { email: email(), role: 'member', ...more });
interface Listed {
  id: string;
  organization_id: string;
  status: string;
}

const list = async (bearer: string, query = 'limit=100') =>
  (await as(bearer, 'GET', `/invitations?${query}`)).body.data as Listed[];
const statusOf = async (id: string) =>
  (await list(house.adminKey)).find((each) => each.id === id)?.status;
const revoke = (bearer: string, id: string) => as(bearer, 'DELETE', `/invitations/${id}`);

const tokenIn = (link: string) => link.split('/').at(-1)!;
const newUser = async (address: string): Promise<string> =>
  (await post('/users', { email: address })).body.id;
const accept = async (link: string, userId: string) => {
  const context = { actor: { kind: 'user', id: userId } } as const;
  return (await gatehouse.invitations.accept(tokenIn(link), userId, context)).outcome;
};
const roleOf = async (userId: string, organizationId = tenant) =>
  (await get(`/memberships/${organizationId}/${userId}`)).body.role;
/** What whoever opens the link is answered. */
const opened = async (link: string) => (await fetch(link)).status;

const many = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));
const tally = (words: readonly (string | number)[]) =>
  Object.fromEntries([...Map.groupBy(words, String)].map(([word, all]) => [word, all.length]));

t.test('an invitation lives: made, listed, accepted; its link is shown once', async (t) => {
  const address = email();
  const { status, body } = await invite(admin.key, { email: address.toUpperCase(), role: 'admin' });
  t.equal(status, 201);
  const { link, ...invitation } = body;
  t.match(invitation, {
    ...{ organization_id: tenant, email: address, role: 'admin', status: 'open' },
    invited_by: { kind: 'api_key', id: admin.id },
  });
  const lifetimeMs = Date.parse(invitation.expires_at) - Date.parse(invitation.created_at);
  t.equal(lifetimeMs, 7 * 86_400_000);
  t.ok(link.startsWith(`${house.issuer}/invitations/`));
  t.match(tokenIn(link), /^[\w-]{43}$/, '256 bits');
  t.strictSame(await list(admin.key), [invitation], 'the list has all but the link');
  const { rows } = await database.pool.query('SELECT * FROM invitations');
  t.notMatch(JSON.stringify(rows), tokenIn(link));
  t.notMatch(gatehouse.logLines.join('\n'), tokenIn(link));

  t.equal(await opened(link), 200);
  const user = await newUser(address);
  t.equal(await accept(link, user), 'accepted');
  t.equal(await roleOf(user), 'admin');
  t.strictSame(await list(admin.key), []);
  const { data } = (await get(`/audit?organization_id=${tenant}&limit=3`)).body;
  t.match(data, [
    { type: 'membership.created', actor: { kind: 'user', id: user } },
    { type: 'invitation.accepted', actor: { kind: 'user', id: user } },
    { type: 'invitation.created', actor: { kind: 'api_key', id: admin.id } },
  ]);
});

t.test('a revoked link is nothing, and revoking is for once', async (t) => {
  const address = email();
  const { id, link } = (await invite(admin.key, { email: address })).body;
  const answers = await many(10, () => revoke(admin.key, id));
  t.strictSame(tally(answers.map(({ status }) => status)), { 204: 1, 404: 9 });
  t.equal(await opened(link), 404);
  t.equal(await accept(link, await newUser(address)), 'not_found');
  t.equal((await invite(admin.key, { email: address })).status, 201, 'the address is free again');
});

t.test('nobody is invited as owner, or to more than who invites holds', async (t) => {
  const less = await key({ scopes: ['people'] });
  const held = await key({ expires_at: new Date(Date.now() + 3_600_000).toISOString() });
  const somewhere = await key({ allowed_addresses: ['127.0.0.1'] });
  for (const [bearer, role, words] of [
    [admin.key, 'owner', /operator/],
    [less.key, 'admin', /lacks .*notes:delete/],
    [less.key, 'member', /lacks notes:read, notes:write/],
    [held.key, 'member', /its expiry/],
    [somewhere.key, 'member', /its allowed_addresses/],
  ] as const) {
    const refused = await invite(bearer, { role });
    const errors = [{ path: 'role', message: words }];
    t.match(refused, { status: 403, body: { code: 'forbidden', errors } }, `${role}: ${words}`);
  }
  const enough = await key({ scopes: ['people', 'notes:write', 'keys', 'hooks'] });
  t.equal((await invite(enough.key)).status, 201);
  t.equal((await invite(enough.key, { role: 'admin' })).status, 403);
  const lacking = await invite((await key({ scopes: ['keys'] })).key);
  t.equal(lacking.status, 403, 'the wrong scope');
  const challenge = 'Bearer realm="management", error="insufficient_scope"';
  t.equal(lacking.headers['www-authenticate'], challenge, 'RFC 6750 §3.1');

  const owners = await invite(house.adminKey, { organization_id: tenant, role: 'owner' });
  t.match(owners, { status: 201, body: { invited_by: { kind: 'admin', id: null } } });
  t.match(await revoke(admin.key, owners.body.id), { status: 403, body: { code: 'forbidden' } });
  t.equal(await statusOf(owners.body.id), 'open');
  t.equal((await revoke(house.adminKey, owners.body.id)).status, 204);
});

t.test('a neighbour’s invitations are not there, and neither is in the other’s way', async (t) => {
  const address = email();
  const [ours, yours] = await Promise.all(
    [admin, theirs].map((each) => invite(each.key, { email: address })),
  );
  t.match(yours, { status: 201, body: { organization_id: neighbour } });
  t.notMatch(await list(theirs.key), [{ organization_id: tenant }]);
  t.strictSame(await list(theirs.key, `organization_id=${tenant}`), []);
  const foreign = await invite(theirs.key, { organization_id: tenant, email: address });
  const nowhere = await invite(theirs.key, { organization_id: 'nowhere' });
  t.strictSame({ ...foreign.body, request_id: '' }, { ...nowhere.body, request_id: '' });
  t.match(foreign, { status: 400, body: { errors: [{ path: 'organization_id' }] } });
  const user = await newUser(address);
  t.equal(await accept(yours!.body.link, user), 'accepted');
  t.equal(await roleOf(user), undefined);
  t.equal((await revoke(theirs.key, ours!.body.id)).status, 404);
  t.equal(await accept(ours!.body.link, user), 'accepted', 'the other stands');
});

/** Credentials that send an invitation, and how they end. */
const SENDERS = {
  'a key that is disabled': async () => {
    const { key: bearer, id } = await key();
    return { bearer, end: () => patch(`/api-keys/${id}`, { disabled: true }) };
  },
  'a key that is revoked': async () => {
    const { key: bearer, id } = await key();
    return { bearer, end: () => house.delete(`/api-keys/${id}`) };
  },
  'a key that expires': async () => {
    const { key: bearer, id } = await key();
    const end = () =>
      database.pool.query('UPDATE api_keys SET expires_at = now() WHERE id = $1', [id]);
    return { bearer, end };
  },
  'a client that is disabled': async () => {
    const { client, bearer } = await newService();
    return { bearer, end: () => patch(`/clients/${client}`, { disabled: true }) };
  },
  'a client that is deleted': async () => {
    const { client, bearer } = await newService();
    return { bearer, end: () => house.delete(`/clients/${client}`) };
  },
  'a service account that is disabled': async () => {
    const { id, bearer } = await newServiceAccount();
    return { bearer, end: () => patch(`/service-accounts/${id}`, { disabled: true }) };
  },
  'a service account that is deleted': async () => {
    const { id, bearer } = await newServiceAccount();
    return { bearer, end: () => house.delete(`/service-accounts/${id}`) };
  },
  'a token of a service account that is deleted': async () => {
    const { id, assertion } = await newServiceAccount();
    const body = new URLSearchParams({ grant_type: JWT_BEARER, assertion, scope: 'all' });
    const answer = await fetch(`${house.issuer}/oauth/token`, { method: 'POST', body });
    const { access_token: bearer } = (await answer.json()) as { access_token: string };
    return { bearer, end: () => house.delete(`/service-accounts/${id}`) };
  },
};

async function newService() {
  const service = await registerService(gatehouse, { organizationId: tenant, scopes: ['all'] });
  const parameters = { grant_type: 'client_credentials', scope: 'all' };
  const { body } = await token(gatehouse, service, parameters);
  return { client: service.clientId, bearer: body.access_token! };
}

async function newServiceAccount() {
  const signer = await newSigner();
  const account = await post('/service-accounts', {
    ...{ organization_id: tenant, name: 'Job', scopes: ['all'] },
    jwks: { keys: [signer.publicJwk] },
  });
  const bearer = await sign(signer, account.body, house.platform.api.identifier);
  const assertion = await sign(signer, account.body, house.issuer, {
    claims: { jti: randomUUID() },
  });
  return { id: account.body.id as string, bearer, assertion };
}

for (const [name, newSender] of Object.entries(SENDERS)) {
  t.test(`what was sent by ${name} ends with it`, async (t) => {
    const { bearer, end } = await newSender();
    const address = email();
    const { status, body, text } = await invite(bearer, { email: address, role: 'admin' });
    t.equal(status, 201, text);
    t.equal(await statusOf(body.id), 'open');
    t.equal(await opened(body.link), 200);
    await end();
    t.equal(await statusOf(body.id), 'void');
    t.equal(await opened(body.link), 404);
    const user = await newUser(address);
    t.equal(await accept(body.link, user), 'not_found');
    t.equal(await roleOf(user), undefined);
    t.equal((await revoke(admin.key, body.id)).status, 204);
  });
}

/** What a key, a client or a service account may lose or be given after it has sent an invitation. */
const NARROWINGS: Record<string, object> = {
  'a key that lost a scope of the role': { scopes: ['people', 'notes:write', 'keys', 'hooks'] },
  'a key that no longer manages members': { scopes: ['notes:write', 'notes:delete', 'keys'] },
  'a key without any scope': { scopes: [] },
  'a key that is bound to an address': { allowed_addresses: ['127.0.0.1'] },
  'a key that is given a limit': { limits: { calls: 5 } },
  'a key that is to end': { expires_at: new Date(Date.now() + 3_600_000).toISOString() },
};

for (const [name, narrowing] of Object.entries(NARROWINGS)) {
  t.test(`what was sent by ${name} is void until the key is as it was`, async (t) => {
    const { key: bearer, id } = await key();
    const change = async (more: object) =>
      t.equal((await patch(`/api-keys/${id}`, more)).status, 200, JSON.stringify(more));
    const address = email();
    const sent = (await invite(bearer, { email: address, role: 'admin' })).body;
    const user = await newUser(address);
    await change(narrowing);
    t.equal((await invite(bearer, { role: 'admin' })).status, 403, 'it could not be sent now');
    t.equal(await statusOf(sent.id), 'void');
    t.equal(await opened(sent.link), 404);
    const outcomes = await many(5, () => accept(sent.link, user));
    t.strictSame(tally(outcomes), { not_found: 5 });
    t.equal(await roleOf(user), undefined);

    await change({ scopes: ['all'], allowed_addresses: [], limits: {}, expires_at: null });
    t.equal(await statusOf(sent.id), 'open');
    t.equal(await accept(sent.link, user), 'accepted');
  });
}

t.test(
  'a narrowed key still backs what it may still give, and a neighbour’s key is its own',
  async (t) => {
    const { key: bearer, id } = await key();
    const [member, admins, yours] = await Promise.all([
      invite(bearer, { role: 'member' }),
      invite(bearer, { role: 'admin' }),
      invite(theirs.key, { role: 'admin' }),
    ]);
    await patch(`/api-keys/${id}`, { scopes: ['people', 'notes:write', 'keys', 'hooks'] });
    const statuses = await Promise.all(
      [member, admins, yours].map(({ body }) => statusOf(body.id)),
    );
    t.strictSame(statuses, ['open', 'void', 'open']);
    t.equal(await opened(member.body.link), 200);
    for (const each of [member, admins, yours]) await revoke(house.adminKey, each.body.id);
  },
);

t.test('what was sent by a service account or client that was narrowed is void', async (t) => {
  const account = await newServiceAccount();
  const service = await newService();
  for (const [bearer, path, narrowing] of [
    [account.bearer, `/service-accounts/${account.id}`, { scopes: ['people'] }],
    [service.bearer, `/clients/${service.client}`, { scope: 'people' }],
  ] as const) {
    const address = email();
    const sent = (await invite(bearer, { email: address, role: 'admin' })).body;
    t.equal(await opened(sent.link), 200, path);
    t.equal((await patch(path, narrowing)).status, 200, path);
    t.equal(await statusOf(sent.id), 'void', path);
    t.equal(await opened(sent.link), 404, path);
    t.equal(await accept(sent.link, await newUser(address)), 'not_found', path);
    t.equal((await revoke(admin.key, sent.id)).status, 204);
  }
});

t.test(
  'accepting while the key is narrowed: a member only of an invitation that was still good',
  async (t) => {
    for (let round = 0; round < 5; round += 1) {
      const { key: bearer, id } = await key();
      const address = email();
      const { link } = (await invite(bearer, { email: address, role: 'admin' })).body;
      const user = await newUser(address);
      const [narrowed, ...outcomes] = await Promise.all([
        patch(`/api-keys/${id}`, { scopes: ['people'] }),
        ...Array.from({ length: 5 }, () => accept(link, user)),
      ]);
      t.equal(narrowed.status, 200);
      const { accepted = 0 } = tally(outcomes);
      t.ok(accepted <= 1, `${outcomes}`);
      t.equal(await roleOf(user), accepted ? 'admin' : undefined);
      if (!accepted) t.equal(await accept(link, user), 'not_found');
    }
  },
);

t.test('twenty callers at once invite an address once', async (t) => {
  const address = email();
  const answers = await many(20, (index) =>
    invite(admin.key, { email: index % 2 ? address : address.toUpperCase() }),
  );
  t.strictSame(tally(answers.map(({ body }) => body.code ?? 'made')), {
    ...{ made: 1, already_invited: 19 },
  });
  t.equal(answers.find(({ status }) => status !== 201)!.status, 409);
});

t.test('twenty acceptances at once make one member', async (t) => {
  const address = email();
  const { link } = (await invite(admin.key, { email: address })).body;
  const user = await newUser(address);
  const outcomes = await many(20, () => accept(link, user));
  t.strictSame(tally(outcomes), { accepted: 1, already_member: 19 });
});

t.test('accepted or revoked, whichever comes first, and never both', async (t) => {
  for (let round = 0; round < 5; round += 1) {
    const address = email();
    const { id, link } = (await invite(admin.key, { email: address })).body;
    const user = await newUser(address);
    const results = await many(10, async (index) =>
      index % 2 ? accept(link, user) : (await revoke(admin.key, id)).status,
    );
    const { accepted = 0, 204: revoked = 0 } = tally(results) as Record<string, number>;
    t.equal(accepted + revoked, 1);
    t.equal(await roleOf(user), accepted ? 'member' : undefined);
  }
});

t.test('what is wrong with an invitation is said', async (t) => {
  for (const address of ['', 'grace@', ' ', 7, 'x'.repeat(255)]) {
    const refused = await invite(admin.key, { email: address });
    t.match(refused, { status: 400, body: { errors: [{ path: 'email' }] } }, `${address}`);
  }
  const typo = { status: 400, body: { errors: [{ path: 'role', hint: 'Did you mean "admin"?' }] } };
  t.match(await invite(admin.key, { role: 'admim' }), typo);
  const nobodys = await invite(house.adminKey);
  t.match(nobodys, { status: 400, body: { errors: [{ path: 'organization_id' }] } });
  const member = email();
  await post('/users', { email: member, organization_id: tenant });
  const refused = await invite(admin.key, { email: member });
  t.match(refused, { status: 409, body: { code: 'already_member' } });
});

t.test('an organization sends a hundred an hour, and has a hundred open ones', async (t) => {
  const organization_id = await organization();
  const address = email();
  const send = (more: object = {}) => invite(house.adminKey, { organization_id, ...more });
  const answers = await many(110, () => send({ email: address }));
  t.strictSame(tally(answers.map(({ status }) => status)), { 201: 1, 409: 99, 429: 10 });
  const throttled = answers.find(({ status }) => status === 429)!;
  t.equal(throttled.body.code, 'throttled');
  const seconds = Number(throttled.headers['retry-after']);
  t.ok(seconds > 3_500 && seconds <= 3_600, `${seconds}`);

  const full = await organization();
  await database.pool.query(
    `INSERT INTO invitations (id, organization_id, email, role, hash, invited_by_kind, expires_at)
     SELECT 'full-' || n, $1, n || '@example.com', 'member', sha256(n::text::bytea), 'admin',
       now() + interval '1 day' FROM generate_series(1, 99) AS n`,
    [full],
  );
  const last = await many(10, () => send({ organization_id: full }));
  t.strictSame(tally(last.map(({ body }) => body.code ?? 'made')), {
    ...{ made: 1, too_many_invitations: 9 },
  });
  for (const each of [organization_id, full]) await house.delete(`/organizations/${each}`);
});

t.test('the list comes in pages: everybody’s to the operator, one organization’s', async (t) => {
  const place = await organization();
  const sent = await many(3, () => invite(house.adminKey, { organization_id: place }));
  const newest = sent
    .map(({ body }) => body.id as string)
    .sort()
    .reverse();
  const read: string[] = [];
  let cursor = '';
  do {
    const { body } = await get(`/invitations?organization_id=${place}&limit=2${cursor}`);
    read.push(...body.data.map(({ id }: { id: string }) => id));
    cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
  } while (cursor !== '' && read.length < 10);
  t.strictSame(read, newest);
  const owners = (await list(house.adminKey)).map((each) => each.organization_id);
  t.ok(owners.includes(place) && owners.includes(tenant));
  t.match(await get('/invitations?cursor=nonsense'), {
    ...{ status: 400, body: { errors: [{ path: 'cursor' }] } },
  });
});
