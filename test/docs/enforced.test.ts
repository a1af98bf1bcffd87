import t, { type Test } from 'tap';
import { newAccount, newSigner, sign } from '../credentials/signer.ts';
import { type Decided, type Desk, openDesk } from '../gate/desk.ts';
import { createTestClock, type TestClock } from '../support/clock.ts';
import { type ReadPage, readPage } from './docs-page.ts';

// What the page tabulates, the gate enforces.

interface Scene {
  clock: TestClock;
  desk: Desk;
  page: ReadPage;
  organizationId: string;
  /** Headers of a request with the key, as the platform wants them. */
  withKey(key: string, organizationId?: string): Record<string, string>;
  /** The path of a row of the page, for that organization. */
  pathOf(row: string, organizationId?: string): string;
}

async function openScene(t: Test, platform: string, plan?: string): Promise<Scene> {
  const clock = createTestClock();
  const desk = await openDesk(t, platform, { clock });
  const { issuer, platform: declared } = desk.gatehouse;
  const page = readPage(await (await fetch(`${issuer}/docs/authentication`)).text());
  const home = await desk.organization(plan);
  const [way] = declared.presentations;
  const header = declared.organizationHeader?.name;
  return {
    ...{ clock, desk, page, organizationId: home },
    withKey: (key, organizationId = home) => ({
      ...(way?.in === 'header' ? { [way.name]: key } : { authorization: `Bearer ${key}` }),
      ...(header ? { [header]: organizationId } : {}),
    }),
    pathOf: (row, organizationId = home) =>
      row.replace(/\/\*$/, '').replace(':organization', organizationId).replaceAll(/:\w+/g, 'x1'),
  };
}

const PLATFORMS = { kliq: undefined, kaie: undefined, klen: undefined, kloakd: 'enterprise' };

for (const [name, plan] of Object.entries(PLATFORMS)) {
  t.test(
    `${name}: a key with exactly the scope a row names passes, one with all others is refused`,
    async (t) => {
      const scene = await openScene(t, name, plan);
      const { desk, page, organizationId, withKey, pathOf } = scene;
      const { scopes } = desk.gatehouse.platform;
      const keys = new Map<string, { alone: string; without: string }>();
      for (const { name } of scopes) {
        const without = scopes.filter((one) => one.name !== name && !one.implies.includes(name));
        const [alone, rest] = await Promise.all([
          desk.key(organizationId, { scopes: [name] }),
          desk.key(organizationId, { scopes: without.map((one) => one.name) }),
        ]);
        keys.set(name, { alone: alone.key, without: rest.key });
      }
      const rows = page.rows('what-each-request-needs');
      t.equal(rows.length, desk.gatehouse.platform.routes.length, 'every route is there');
      for (const [methods = '', path = '', scope = ''] of rows) {
        if (scope === 'Any credential') continue;
        const { alone, without } = keys.get(scope)!;
        for (const method of methods.split(' ')) {
          const passed = await desk.decide(method, pathOf(path), withKey(alone));
          t.equal(passed.allowed, true, `${method} ${path} with ${scope} alone`);
          const refused = await desk.decide(method, pathOf(path), withKey(without));
          t.equal(refused.reason, 'insufficient_permission', `${method} ${path} without ${scope}`);
        }
      }
    },
  );

  t.test(
    `${name}: what the gate answers to each mistake is a row of the error table`,
    async (t) => {
      const scene = await openScene(t, name);
      const rows = scene.page.rows('errors');
      const provoked = await provoke(scene);
      for (const [reason, answer] of Object.entries(provoked)) {
        t.equal(answer.reason, reason, `provoked: ${reason}`);
        t.ok(
          rows.some((row) => isOf(row, answer)),
          `${reason} has its row: ${answer.status} ${JSON.stringify(answer.body)}`,
        );
      }
    },
  );

  t.test(`${name}: the limits of the page are those of the RateLimit-Policy header`, async (t) => {
    const { desk, page, organizationId, withKey, pathOf } = await openScene(t, name);
    const scopes = desk.gatehouse.platform.scopes.map((scope) => scope.name);
    const { key } = await desk.key(organizationId, { scopes });
    const tables = ['rate-limits', 'named-limits']
      .filter((id) => page.ids.includes(id))
      .flatMap((id) => page.rows(id))
      .filter(([of]) => of !== 'Webhook');
    const seen = new Set<string>();
    for (const [methods = '', path = ''] of page.rows('what-each-request-needs')) {
      const [method = ''] = methods.split(' ');
      const { headers } = await desk.decide(method, pathOf(path), withKey(key));
      for (const policy of (headers['ratelimit-policy'] ?? '').split(', ').filter(Boolean)) {
        seen.add(policy);
        t.ok(
          tables.some((row) => states(row, policy)),
          `${policy} is on the page`,
        );
      }
    }
    t.equal(seen.size > 0, tables.length > 0, 'what is counted is told, and only that');
  });
}

/** Whether a row of a limits table states the policy `"name";q=60;w=60`. */
function states(row: readonly string[], policy: string): boolean {
  const [, name = '', limit = '', seconds = ''] = /^"([^"]+)";q=(\d+)(?:;w=(\d+))?$/.exec(policy)!;
  const window: Record<string, string> = {
    ...{ 60: 'per minute', 3600: 'per hour', 86400: 'per day', 2592000: 'per 30 days' },
    '': 'for life',
  };
  const text = row.join(' ');
  if (name === 'requests') return text === `API key ${limit} requests ${window[seconds]}`;
  return row[0] === name && row[2] === `${limit} ${window[seconds]}`;
}

/** Whether the row's status, code and description are the answer's. */
function isOf([status, code = '', text = '']: readonly string[], answer: Decided): boolean {
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

/** Every denial that a caller can bring about without waiting. */
async function provoke(scene: Scene): Promise<Record<string, Decided>> {
  const { desk, page, organizationId, withKey, pathOf } = scene;
  const { platform } = desk.gatehouse;
  const all = platform.scopes.map((scope) => scope.name);
  const [methods = '', row = '', scope = ''] = page
    .rows('what-each-request-needs')
    .find(([verbs, , needs]) => verbs?.includes('GET') && all.includes(needs ?? ''))!;
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
  const answers: Record<string, Decided> = {
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
    ...(await ofMeters(scene)),
    ...(await afterExpiry(scene, path)),
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
): Promise<Record<string, Decided>> {
  const { platform } = desk.gatehouse;
  const other = await desk.organization();
  const answers: Record<string, Decided> = {};
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
): Promise<Record<string, Decided>> {
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
  const answers: Record<string, Decided> = {};
  for (const { name, kind } of platform.namedLimits.filter((one) => one.settablePerKey)) {
    const { key } = await desk.key(organizationId, { scopes, limits: { [name]: 0 } });
    const route = platform.routes.find(({ meters }) => meters.includes(name))!;
    const answer = await desk.decide(route.methods[0]!, pathOf(route.path), withKey(key));
    answers[kind === 'rate' ? 'rate_limited' : 'quota_exceeded'] = answer;
  }
  return answers;
}

async function afterExpiry({ clock, desk, organizationId, withKey }: Scene, path: string) {
  const scopes = desk.gatehouse.platform.scopes.map(({ name }) => name);
  const expires_at = new Date(clock.now().getTime() + 60_000).toISOString();
  const { key } = await desk.key(organizationId, { scopes, expires_at });
  clock.advance(120);
  return { expired_credential: await desk.decide('GET', path, withKey(key)) };
}
