import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { sayKnownIn } from '../../src/docs/say.ts';
import type { DenialReason } from '../../src/platform/denial-reasons.ts';
import { newAccount, newSigner, sign } from '../credentials/signer.ts';
import { type Decided, openDesk } from '../gate/desk.ts';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import { within } from '../support/two-servers.ts';
import { obtain, openScene, PLATFORMS, type Scene } from './scene.ts';

// The page's error table: each mistake it names is made, and answered as it says.

type Answer = Pick<Decided, 'reason' | 'status' | 'body'>;
type Answers = Partial<Record<DenialReason, Answer>>;

const say = sayKnownIn('en');

for (const name of Object.keys(PLATFORMS)) {
  t.test(
    `${name}: each row of the error table is what the gate answers to the mistakes it names, and no mistake is missing`,
    async (t) => {
      const scene = await openScene(t, name);
      const rows = scene.page.rows('errors');
      const left = rows.map((row) => row[3] ?? '');
      const provoked = await provoke(t, scene);
      for (const [reason, answer] of Object.entries(provoked)) {
        t.equal(answer.reason, reason, `provoked: ${reason}`);
        const when = `${say(`docs.when.${reason as DenialReason}`)}.`;
        const at = rows.findIndex((row) => isOf(row, answer) && row[3]?.includes(when));
        t.ok(at >= 0, `${reason} has its row: ${answer.status} ${JSON.stringify(answer.body)}`);
        if (at >= 0) left[at] = left[at]!.replace(when, '').trim();
      }
      t.same(
        left.filter((when) => when !== ''),
        [],
        'every cause that the table names was brought about',
      );
      const statuses = rows.map(([status]) => Number(status));
      t.same(statuses, statuses.toSorted(), 'in the order of their status');
    },
  );
}

/** Whether the row's status, code and description are the answer's. */
function isOf([status, code = '', text = '']: readonly string[], answer: Answer): boolean {
  const said = stringsIn(answer.body);
  const pattern = text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/<\w+>/g, '\\S*');
  return (
    status === String(answer.status) &&
    said.includes(code) &&
    said.some((one) => new RegExp(`^${pattern}$`).test(one))
  );
}

const stringsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
};

/** Every denial that there is, one after the other: the clock goes on as it must. */
async function provoke(t: Test, scene: Scene): Promise<Answers> {
  const { desk, page, organizationId, withKey, pathOf } = scene;
  const { platform } = desk.gatehouse;
  const all = platform.scopes.map((scope) => scope.name);
  const { modules } = platform.plans.find((plan) => plan.name === platform.defaultPlan) ?? {};
  const rows = page
    .rows('what-each-request-needs')
    .filter(([verbs, , needs]) => verbs?.includes('GET') && all.includes(needs ?? ''))
    .filter(
      ([, , , module]) =>
        !modules || platform.modules.length === 0 || modules.includes(module ?? ''),
    );
  const [methods = '', row = '', scope = ''] =
    rows.find(([, path]) => path?.includes(':organization')) ?? rows[0]!;
  const path = pathOf(row);
  const get = (headers: Record<string, string>, to = path, address?: string) =>
    desk.decide(methods.split(' ')[0]!, to, headers, address);
  const { key } = await desk.key(organizationId, { scopes: all });
  const narrow = await desk.key(organizationId, {
    scopes: all.filter((one) => one !== scope && !isAdmin(one)),
  });
  const bound = await desk.key(organizationId, {
    scopes: all,
    allowed_addresses: ['198.51.100.7'],
  });
  const answers: Answers = {
    malformed_request: await get(withKey(key), `${path}/%2e%2e/x`),
    route_not_found: await get(withKey(key), '/nowhere/at/all'),
    missing_credential: await get({}),
    invalid_api_key: await get(withKey(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`)),
    insufficient_permission: await get(withKey(narrow.key)),
    address_not_allowed: await get(withKey(bound.key)),
    ambiguous_credential: await desk.decide('GET', path, two(withKey(key))),
    invalid_token: await get({ authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.x' }),
    ...(await ofTenants(scene, row, key)),
    ...(await ofServices(scene, path, scope)),
    ...(await outside(t, scene, path, key)),
    ...(await ofMeters(scene)),
    ...(await ofUse(scene, path)),
    ...(await afterExpiry(scene, path, scope)),
  };
  return answers;
}

/** The credential, twice. */
const two = (headers: Record<string, string>) => ({
  ...headers,
  authorization: ['Bearer one', 'Bearer other'],
});

const isAdmin = (scope: string) => scope === 'admin';

async function ofTenants(
  { desk, withKey, pathOf }: Scene,
  row: string,
  key: string,
): Promise<Answers> {
  const { platform } = desk.gatehouse;
  const other = await desk.organization();
  const answers: Answers = {};
  if (row.includes(':organization')) {
    answers.organization_mismatch = await desk.decide('GET', pathOf(row, other), withKey(key));
  }
  const header = platform.organizationHeader?.name;
  if (header) {
    const { [header]: _left, ...rest } = withKey(key);
    answers.organization_required = await desk.decide('GET', pathOf(row), rest);
  }
  const locked = platform.routes.find(
    ({ module, methods }) =>
      methods.includes('GET') &&
      module !== undefined &&
      !platform.plans.find(({ name }) => name === platform.defaultPlan)?.modules.includes(module),
  );
  if (locked) {
    answers.not_entitled = await desk.decide('GET', pathOf(locked.path), withKey(key));
  }
  return answers;
}

/** A service's own JWT: without the scope, and expired. */
async function ofServices(
  { desk, organizationId, withKey }: Scene,
  path: string,
  scope: string,
): Promise<Answers> {
  const { platform } = desk.gatehouse;
  if (!platform.serviceJwts.enabled) return {};
  const signer = await newSigner();
  const scopes = platform.scopes
    .map(({ name }) => name)
    .filter((name) => name !== scope && !isAdmin(name));
  const account = await newAccount(desk, organizationId, [signer], { scopes });
  const audience = platform.api.identifier;
  const past = Math.floor(Date.now() / 1000) - 600;
  const [narrow, old] = await Promise.all([
    sign(signer, account, audience),
    sign(signer, account, audience, { claims: { iat: past, exp: past + 60 } }),
  ]);
  return {
    insufficient_scope: await desk.decide('GET', path, withKey(narrow)),
    expired_token: await desk.decide('GET', path, withKey(old)),
  };
}

/** Keys whose own figure is nothing. */
async function ofMeters({ desk, organizationId, withKey, pathOf }: Scene) {
  const { platform } = desk.gatehouse;
  const scopes = platform.scopes.map(({ name }) => name);
  const answers: Answers = {};
  for (const { name, kind } of platform.namedLimits.filter((one) => one.settablePerKey)) {
    const { key } = await desk.key(organizationId, { scopes, limits: { [name]: 0 } });
    const route = platform.routes.find(({ meters }) => meters.includes(name))!;
    const answer = await desk.decide(route.methods[0]!, pathOf(route.path), withKey(key));
    answers[kind === 'rate' ? 'rate_limited' : 'quota_exceeded'] = answer;
  }
  return answers;
}

/** Requests until a rate, and then a quota, is used up, where a caller can get so far in a minute or so. */
async function ofUse(scene: Scene, path: string): Promise<Answers> {
  const { clock, desk, pathOf, withCredential } = scene;
  const { namedLimits, credentialRateLimits, routes } = desk.gatehouse.platform;
  const answers: Answers = {};
  const organizationId = await desk.organization();
  const rates = namedLimits.filter(
    ({ kind, settablePerKey }) => kind === 'rate' && !settablePerKey,
  );
  if (rates.length > 0 || credentialRateLimits.api_key) {
    const key = await obtain(scene, 'api_key', organizationId);
    const headers = withCredential('api_key', key, organizationId);
    const target = path.replace(scene.organizationId, organizationId);
    answers.rate_limited = await until('rate_limited', () => desk.decide('GET', target, headers));
  }
  const quota = namedLimits.find((limit) => limit.kind === 'quota' && limit.limit <= MOST);
  if (quota && !quota.settablePerKey) {
    const [kind = 'api_key'] = quota.appliesTo;
    const { methods, path } = routes.find(({ meters }) => meters.includes(quota.name))!;
    const credential = await obtain(scene, kind, organizationId);
    const headers = withCredential(kind, credential, organizationId);
    const ask = () => desk.decide(methods[0]!, pathOf(path, organizationId), headers);
    answers.quota_exceeded = await until('quota_exceeded', ask, () => clock.advance(61));
  }
  return answers;
}

/** A quota of more than this takes too long to use up. */
const MOST = 1000;

/** Asks again and again, until that is the answer. A rate that comes in between is waited for. */
async function until(
  reason: DenialReason,
  ask: () => Promise<Decided>,
  wait = () => {},
): Promise<Decided> {
  for (let asked = 0; asked <= 2 * MOST; asked += 10) {
    const answers = await Promise.all(Array.from({ length: 10 }, ask));
    const found = answers.find((answer) => answer.reason === reason);
    if (found) return found;
    if (answers.some((answer) => answer.reason === 'rate_limited')) wait();
  }
  throw new Error(`never ${reason}: ${JSON.stringify((await ask()).reason)}`);
}

/** What is away: the database, and the API behind the gate. */
async function outside(t: Test, scene: Scene, path: string, key: string): Promise<Answers> {
  const { desk, organizationId, withKey } = scene;
  const { platform, connectionString } = desk.gatehouse;
  const proxy = await createFlakyProxy(t, connectionString);
  const cut = await openDesk(t, platform.id, { connectionString: proxy.connectionString });
  const fresh = await desk.key(organizationId, { scopes: platform.scopes.map(({ name }) => name) });
  await proxy.down();
  const answers: Answers = {};
  await within(10_000, async () => {
    answers.temporarily_unavailable = await cut.decide('GET', path, withKey(fresh.key));
    return answers.temporarily_unavailable.reason === 'temporarily_unavailable';
  });
  const { address } = await startGatehouse(t, {
    ...{ connectionString, environment: { UPSTREAM: await startBadApi(t) } },
    platform: { ...platform, upstream: { ...platform.upstream, timeoutSeconds: 1 } },
  });
  for (const reason of ['upstream_unreachable', 'upstream_timeout'] as const) {
    const response = await fetch(`${address}${path}?fate=${reason}`, { headers: withKey(key) });
    const body = (await response.json()) as never;
    answers[reason] = { reason, status: response.status, body };
  }
  return answers;
}

/** Hangs up at once on whom it is told to, and answers nobody. */
async function startBadApi(t: Test): Promise<string> {
  const server = createServer((request) => {
    if (request.url?.endsWith('upstream_unreachable')) request.socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An app's token without the scope, and a key and a token that were good once. */
async function afterExpiry(scene: Scene, path: string, scope: string): Promise<Answers> {
  const { clock, desk, organizationId, withKey, withCredential } = scene;
  const { scopes: declared, tokens } = desk.gatehouse.platform;
  const scopes = declared.map(({ name }) => name);
  const others = scopes.filter((one) => one !== scope && !isAdmin(one));
  const expires_at = new Date(clock.now().getTime() + 60_000).toISOString();
  const { key } = await desk.key(organizationId, { scopes, expires_at });
  const [token, narrow] = await Promise.all([
    obtain(scene, 'access_token', organizationId),
    obtain(scene, 'access_token', organizationId, others),
  ]);
  const withToken = (one: string) => desk.decide('GET', path, withCredential('access_token', one));
  const insufficient_scope = await withToken(narrow);
  clock.advance(120);
  const expired_credential = await desk.decide('GET', path, withKey(key));
  clock.advance(tokens.accessTokenTtlSeconds + 120);
  return { insufficient_scope, expired_credential, expired_token: await withToken(token) };
}
