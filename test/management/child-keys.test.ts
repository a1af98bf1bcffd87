import t from 'tap';
import { openTenancy } from './tenancy.ts';

const house = await openTenancy(t);
const { key, as, use, get, post, patch } = house;

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();

/** Addresses that stand for parts of the ranges, so that containment is that of sets. */
const RANGES: Readonly<Record<string, readonly string[]>> = {
  '10.0.0.0/8': ['10.1.2.3', '10.1.9.9', '10.9.9.9'],
  '10.1.0.0/16': ['10.1.2.3', '10.1.9.9'],
  '10.1.2.3': ['10.1.2.3'],
  '2001:db8::/32': ['2001:db8::1', '2001:db8::2'],
  '2001:db8::1': ['2001:db8::1'],
};
/** Where the tests call from. */
const HERE = '127.0.0.0/8';
const IMPLIED: Readonly<Record<string, readonly string[]>> = { 'notes:write': ['notes:read'] };
const SCOPES = ['notes:read', 'notes:write', 'notes:delete', 'hooks'];
const EXPIRIES = [inDays(1), inDays(2), inDays(3)];
const DEFAULT_CALLS = 100;

interface Spec {
  environment: string;
  scopes: string[];
  limits?: { calls: number };
  allowed_addresses?: string[];
  expires_at?: string;
}

/** Seeded, so that a failure comes back: mulberry32. */
function createChance(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const one = <T>(from: readonly T[]) => from[Math.floor(next() * from.length)]!;
  const some = <T>(from: readonly T[], share = 0.5) => from.filter(() => next() < share);
  const maybe = <T>(make: () => T, share = 0.5) => (next() < share ? make() : undefined);
  return { one, some, maybe };
}

type Chance = ReturnType<typeof createChance>;

function randomSpec({ one, some, maybe }: Chance, share: number): Spec {
  const limits = maybe(() => ({ calls: one([1, 10, 50, 100, 500]) }));
  const addresses = maybe(() => [HERE, ...some(Object.keys(RANGES))]);
  const expires = maybe(() => one(EXPIRIES));
  return {
    environment: one(['live', 'live', 'live', 'test']),
    scopes: some(SCOPES, share),
    ...(limits && { limits }),
    ...(addresses && { allowed_addresses: addresses }),
    ...(expires && { expires_at: expires }),
  };
}

const holds = (scopes: readonly string[]) =>
  new Set(scopes.flatMap((scope) => [scope, ...(IMPLIED[scope] ?? [])]));

const reach = (ranges: readonly string[]) => new Set(ranges.flatMap((each) => RANGES[each] ?? []));

const isSubset = (inner: Set<string>, outer: Set<string>) =>
  [...inner].every((each) => outer.has(each));

/** Whether a key as it stands has nothing that the other lacks: the rule, told another way. */
function isWithin(child: Spec, parent: Spec): boolean {
  const parentsScopes = holds([...parent.scopes, 'keys']);
  const calls = (spec: Spec) => spec.limits?.calls ?? DEFAULT_CALLS;
  const limitsHold = parent.limits
    ? child.limits !== undefined && calls(child) <= calls(parent)
    : calls(child) <= DEFAULT_CALLS;
  const [inner, outer] = [child.allowed_addresses, parent.allowed_addresses];
  return (
    child.environment === parent.environment &&
    isSubset(holds(child.scopes), parentsScopes) &&
    limitsHold &&
    (!outer || (inner !== undefined && isSubset(reach(inner), reach(outer)))) &&
    (!parent.expires_at || (!!child.expires_at && child.expires_at <= parent.expires_at))
  );
}

t.test('thirty random keys make, rotate and enable only what they hold themselves', async (t) => {
  const chance = createChance(20_261_121);
  const seen = { allowed: 0, refused: 0 };
  for (let round = 0; round < 30; round += 1) {
    const parent = randomSpec(chance, 0.75);
    const maker = await key({ ...parent, scopes: [...parent.scopes, 'keys'] });
    for (let each = 0; each < 6; each += 1) {
      const wish = randomSpec(chance, 0.3);
      const story = JSON.stringify({ parent, wish });
      // What a wish leaves out is taken over.
      const child: Spec = { ...parent, ...wish };
      const isAllowed = isWithin(child, parent);
      seen[isAllowed ? 'allowed' : 'refused'] += 1;
      const answer = await as(maker.key, 'POST', '/api-keys', { name: 'Child', ...wish });
      t.equal(answer.status, isAllowed ? 201 : 403, `${story}: ${answer.text}`);
      if (isAllowed) {
        const { limits, expires_at = null, ...same } = child;
        t.match(answer.body, { ...same, expires_at, limits: limits ?? {} }, story);
      }

      // A key of root's, which leaves nothing to be taken over.
      const target = await key(wish);
      const mayTake = isWithin(wish, parent);
      const rotated = await as(maker.key, 'POST', `/api-keys/${target.id}/rotate`, {});
      t.equal(rotated.status, mayTake ? 200 : 403, `rotate ${story}: ${rotated.text}`);
      const shut = await as(maker.key, 'POST', `/api-keys/${target.id}/disable`);
      t.equal(shut.status, 200, 'anything may be shut out');
      const enabled = await as(maker.key, 'PATCH', `/api-keys/${target.id}`, { disabled: false });
      t.equal(enabled.status, mayTake ? 200 : 403, `enable ${story}: ${enabled.text}`);
    }
  }
  t.ok(seen.allowed > 15 && seen.refused > 15, JSON.stringify(seen));
});

t.test('a key takes over what it leaves out of its maker', async (t) => {
  const expires_at = inDays(1);
  const limits = { calls: 7 };
  const bounds = { environment: 'test', limits, allowed_addresses: [HERE], expires_at };
  const maker = await key(bounds);
  const child = await as(maker.key, 'POST', '/api-keys', { name: 'Child', scopes: ['hooks'] });
  t.match(child, { status: 201, body: { ...bounds, organization_id: house.tenant } });
  t.match(child.body.key, /^acme_test_/);
  for (const wish of [{ expires_at: null }, { allowed_addresses: [] }, { environment: 'live' }]) {
    const wider = await as(maker.key, 'POST', '/api-keys', { name: 'x', scopes: [], ...wish });
    t.match(wider, { status: 403, body: { errors: [{ path: Object.keys(wish)[0] }] } });
  }
});

t.test('an empty list of scopes makes a key that may do nothing', async (t) => {
  const maker = await key();
  const child = await as(maker.key, 'POST', '/api-keys', { name: 'Child', scopes: [] });
  t.match(child, { status: 201, body: { scopes: [] } });
  t.match(await use(child.body.key), { allowed: false, reason: 'insufficient_permission' });
  t.equal((await as(child.body.key, 'GET', '/api-keys')).status, 403);
});

t.test('an environment is a ceiling for what a key hands on, too', async (t) => {
  const viewer = await key({ environment: 'viewer' });
  t.equal((await as(viewer.key, 'GET', '/api-keys')).status, 403, 'its scope came to nothing');
  const hooks = await key({ environment: 'viewer', scopes: ['hooks', 'keys'] });
  t.equal((await as(hooks.key, 'POST', '/api-keys', { name: 'x', scopes: [] })).status, 403);
});

t.test('only the operator lifts a limit above the plan', async (t) => {
  const maker = await key();
  const wish = (calls: number, mails = 50) => ({
    ...{ name: 'Child', scopes: [], limits: { calls, mails } },
  });
  t.equal((await as(maker.key, 'POST', '/api-keys', wish(100))).status, 201);
  const raised = await as(maker.key, 'POST', '/api-keys', wish(101));
  t.match(raised, { status: 403, body: { errors: [{ path: 'limits' }] } });
  t.equal((await as(maker.key, 'POST', '/api-keys', wish(100, 51))).status, 403);

  const organization_id = await house.organization('pro');
  const pro = await key({ organization_id });
  t.equal((await as(pro.key, 'POST', '/api-keys', wish(1000))).status, 201);
  t.equal((await as(pro.key, 'POST', '/api-keys', wish(1001))).status, 403);

  const generous = await key({ limits: { calls: 5000 } });
  t.equal((await as(generous.key, 'POST', '/api-keys', wish(5000))).status, 201);
});

t.test('a key cannot widen itself, and can narrow itself', async (t) => {
  const self = await key({ scopes: ['keys', 'notes:read'], limits: { calls: 5 } });
  const change = (body: object) => as(self.key, 'PATCH', `/api-keys/${self.id}`, body);
  const wider = [{ scopes: ['keys', 'notes:write'] }, { limits: {} }, { limits: { calls: 6 } }];
  for (const body of wider) t.equal((await change(body)).status, 403, JSON.stringify(body));
  t.match(await change({ limits: { calls: 4 }, expires_at: inDays(1) }), { status: 200 });
  t.equal((await change({ expires_at: inDays(2) })).status, 403);
  t.equal((await change({ expires_at: null })).status, 403);
  t.match((await get(`/api-keys/${self.id}`)).body, { limits: { calls: 4 } });
});

t.test('a wider key is narrowed, shut out and revoked, and nothing else', async (t) => {
  const narrow = await key({ scopes: ['keys'] });
  const wide = await key();
  const change = (body: object) => as(narrow.key, 'PATCH', `/api-keys/${wide.id}`, body);
  t.match(await as(narrow.key, 'POST', `/api-keys/${wide.id}/rotate`, {}), {
    ...{ status: 403, body: { code: 'forbidden', errors: [{ path: 'scopes' }] } },
  });
  t.match(await use(wide.key), { allowed: true }, 'its string is what it was');
  t.equal((await change({ name: 'Mine now' })).status, 403);
  t.equal((await change({ disabled: true, name: 'Mine now' })).status, 403);
  t.equal((await change({ disabled: true })).status, 200);
  t.equal((await change({ disabled: false })).status, 403);
  t.equal((await change({ scopes: [], disabled: false })).status, 200);
  t.equal((await as(narrow.key, 'DELETE', `/api-keys/${wide.id}`)).status, 204);
});

t.test('an expired key can still be shut out and renamed', async (t) => {
  const { id } = await key();
  await house.database.pool.query(
    `UPDATE api_keys SET expires_at = now() - interval '1 day' WHERE id = $1`,
    [id],
  );
  t.match(await patch(`/api-keys/${id}`, { name: 'Old' }), { status: 200 });
  t.match(await post(`/api-keys/${id}/disable`), { status: 200, body: { status: 'disabled' } });
});

t.test('scopes of its own make a key forget its bundle; both at once are refused', async (t) => {
  const both = { name: 'x', organization_id: house.tenant, scopes: [], permission_set: 'none' };
  const answer = await post('/api-keys', both);
  t.match(answer, { status: 400, body: { code: 'validation_failed' } });
  t.equal(answer.body.errors[0].path, 'permission_set');
});

t.test('gate:decide is handed on by who has it only', async (t) => {
  const wish = { name: 'x', scopes: ['gate:decide'] };
  t.equal((await as((await key()).key, 'POST', '/api-keys', wish)).status, 403);
  const asker = await key({ scopes: ['keys', 'gate:decide'] });
  t.equal((await as(asker.key, 'POST', '/api-keys', wish)).status, 201);
});

t.test('of fifty rotations at once, every answer is a key and the last one stays', async (t) => {
  const admin = await key();
  const target = await key({ scopes: ['notes:read'] });
  const rotate = (overlap_seconds: number) =>
    Promise.all(
      Array.from({ length: 50 }, () =>
        as(admin.key, 'POST', `/api-keys/${target.id}/rotate`, { overlap_seconds }),
      ),
    );
  const working = async (keys: readonly string[]) => {
    const decisions = await Promise.all(keys.map((each) => use(each)));
    return keys.filter((_, index) => decisions[index].allowed);
  };
  const strings = (answers: Awaited<ReturnType<typeof rotate>>) => {
    for (const answer of answers) t.equal(answer.status, 200, answer.text);
    return answers.map(({ body }) => body.key as string);
  };

  const first = strings(await rotate(0));
  t.equal(new Set(first).size, 50);
  const left = await working([target.key, ...first]);
  t.equal(left.length, 1, 'without an overlap, one works');
  const { hint } = (await get(`/api-keys/${target.id}`)).body;
  t.ok(left[0]!.endsWith(hint.slice(-4)), 'and the hint is its');

  const second = strings(await rotate(60));
  t.equal((await working([...left, ...second])).length, 11, 'within the overlap, ten old ones too');
  const lasting = await house.database.pool.query(
    'SELECT FROM api_key_secrets WHERE api_key_id = $1 AND expires_at IS NULL',
    [target.id],
  );
  t.equal(lasting.rowCount, 1, 'and one does after it');
});

t.test('a revoked or disabled key is refused at once', async (t) => {
  const admin = await key();
  for (const [method, path] of [
    ['DELETE', ''],
    ['POST', '/disable'],
  ] as const) {
    const { id, key: text } = await key();
    t.equal((await as(text, 'GET', '/api-keys')).status, 200);
    t.ok((await as(admin.key, method, `/api-keys/${id}${path}`)).status < 300);
    t.equal((await as(text, 'GET', '/api-keys')).status, 401);
    t.equal((await as(text, 'POST', '/api-keys', { name: 'x', scopes: [] })).status, 401);
  }
  const self = await key();
  t.equal((await as(self.key, 'DELETE', `/api-keys/${self.id}`)).status, 204);
  t.equal((await as(self.key, 'GET', '/api-keys')).status, 401);
});
