import pg from 'pg';
import t, { type Test } from 'tap';
import { ORGANIZATIONS_CHANNEL } from '../../src/identity/organizations.store.ts';
import { loadPlatform } from '../../src/platform/load.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { createTestClock } from '../support/clock.ts';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { token } from '../support/flows.ts';
import { registerService } from '../support/gatehouse.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { within } from '../support/two-servers.ts';
import { type Decided, type Desk, openDesk } from './desk.ts';

// What callers hear of their limits when they are refused: the numbers that the next answer goes on from.

type Limits = Record<string, { limit: number; remaining: number }>;

/** As the standard headers have them, by name. */
function limitsIn({ headers }: Decided): Limits {
  const figures = (header: string, letter: string) =>
    [...(headers[header] ?? '').matchAll(new RegExp(`"(\\w+)";${letter}=(\\d+)`, 'g'))].map(
      ([, name, figure]) => [name!, Number(figure)] as const,
    );
  const remaining = Object.fromEntries(figures('ratelimit', 'r'));
  return Object.fromEntries(
    figures('ratelimit-policy', 'q').map(([name, limit]) => [
      name,
      { limit, remaining: remaining[name]! },
    ]),
  );
}

const oneLess = (limits: Limits): Limits =>
  Object.fromEntries(
    Object.entries(limits).map(([name, one]) => [name, { ...one, remaining: one.remaining - 1 }]),
  );

const only = (limits: Limits, names: readonly string[]): Limits =>
  Object.fromEntries(names.flatMap((name) => (limits[name] ? [[name, limits[name]]] : [])));

/** Of the limit that runs out first: `X-RateLimit-*`, the end of its window included. */
const tightest = ({ headers }: Decided) =>
  Object.entries(headers).filter(([name]) => name.startsWith('x-ratelimit-'));

interface Caller {
  allowed: () => Promise<Decided>;
  /** What is refused although its route is charged like the one that is allowed. */
  forbidden: Record<string, () => Promise<Decided>>;
  unknown: () => Promise<Decided>;
  /** What every route of the platform charges. */
  everywhere: readonly string[];
}

/** Refusals between two calls that pass: each tells what the first left, and the second goes on from there. */
async function goesOn(t: Test, caller: Caller): Promise<Limits> {
  const first = await caller.allowed();
  t.match(first, { allowed: true });
  const left = limitsIn(first);
  for (const [what, ask] of Object.entries(caller.forbidden)) {
    for (const refused of await Promise.all(Array.from({ length: 10 }, ask))) {
      t.match(refused, { allowed: false, status: /^40[03]$/ }, what);
      t.same(limitsIn(refused), left, what);
      t.same(tightest(refused), tightest(first), what);
    }
  }
  const unknown = await caller.unknown();
  t.match(unknown, { status: 404, reason: 'route_not_found' });
  t.same(
    limitsIn(unknown),
    only(left, caller.everywhere),
    'without a route: what all routes charge',
  );
  const next = await caller.allowed();
  t.same(limitsIn(next), oneLess(left), 'nothing was charged in between');
  return left;
}

t.test('Klen: a rate and a quota of one client, whatever its token may do', async (t) => {
  const desk = await openDesk(t, 'klen');
  const clientOf = async () => {
    const organizationId = await desk.organization();
    const scopes = ['can_read_calls', 'can_initiate_calls'];
    const service = await registerService(desk.gatehouse, { organizationId, scopes });
    const tokenFor = async (scope: string) =>
      (await token(desk.gatehouse, service, { grant_type: 'client_credentials', scope })).body
        .access_token!;
    const [wide, narrow] = [await tokenFor(scopes.join(' ')), await tokenFor('can_read_calls')];
    return {
      allowed: () => desk.bearer('POST', '/v1/calls', wide),
      forbidden: { 'another scope': () => desk.bearer('POST', '/v1/calls', narrow) },
      unknown: () => desk.bearer('GET', '/v1/nothing', wide),
      everywhere: ['requests_per_minute_limit'],
    };
  };
  const [mine, theirs] = [await clientOf(), await clientOf()];
  const left = await goesOn(t as Test, mine);
  t.same(left, {
    requests_per_minute_limit: { limit: 60, remaining: 59 },
    calls_per_day_limit: { limit: 100, remaining: 99 },
  });
  const untouched = await theirs.forbidden['another scope']();
  t.same(
    limitsIn(untouched),
    {
      requests_per_minute_limit: { limit: 60, remaining: 60 },
      calls_per_day_limit: { limit: 100, remaining: 100 },
    },
    'a neighbour hears of their own',
  );
});

t.test('Kaie: the rate of a key, and of a token', async (t) => {
  const desk = await openDesk(t, 'kaie');
  const organizationId = await desk.organization();
  const reader = await desk.key(organizationId, { permission_set: 'read_only' });
  const service = await registerService(desk.gatehouse, {
    ...{ organizationId, scopes: ['workflows:read'] },
  });
  const { body } = await token(desk.gatehouse, service, { grant_type: 'client_credentials' });
  for (const credential of [reader.key, body.access_token!]) {
    const left = await goesOn(t as Test, {
      allowed: () => desk.bearer('GET', '/v1/workflows', credential),
      forbidden: {
        'another scope': () => desk.bearer('POST', '/v1/workflows', credential),
        'an area of administrators': () => desk.bearer('GET', '/v1/admin', credential),
      },
      unknown: () => desk.bearer('GET', '/v2/nothing', credential),
      everywhere: ['requests'],
    });
    t.same(left, { requests: { limit: 1000, remaining: 999 } });
  }
});

t.test('KLOAKD: a rate and a quota of an organization, by the figures of its plan', async (t) => {
  const desk = await openDesk(t, 'kloakd');
  for (const [plan, perMinute, perMonth] of [
    ['developer', 120, 50_000],
    ['enterprise', 1200, 5_000_000],
  ] as const) {
    const organization = await desk.organization(plan);
    const { key } = await desk.key(organization, { scopes: ['discoveries:read'] });
    const ask = (path: string, named: string | null = organization, method = 'GET') =>
      desk.bearer(method, path, key, named ? { 'x-kloakd-organization': named } : {});
    const path = `/api/v1/organizations/${organization}/discoveries`;
    const elsewhere = await desk.organization();
    const left = await goesOn(t as Test, {
      allowed: () => ask(path),
      forbidden: {
        'another scope': () => ask(path, organization, 'POST'),
        'another organization in the path': () => ask(path.replace(organization, elsewhere)),
        'another organization in the header': () => ask(path, elsewhere),
        'no organization in the header': () => ask(path, null),
      },
      unknown: () => ask('/api/v1/nothing', null),
      everywhere: ['requests_per_minute', 'requests_per_month'],
    });
    t.same(left, {
      requests_per_minute: { limit: perMinute, remaining: perMinute - 1 },
      requests_per_month: { limit: perMonth, remaining: perMonth - 1 },
    });
  }
});

t.test('KLIQ: where nothing is limited, nothing is said', async (t) => {
  const desk = await openDesk(t, 'kliq');
  const tenant = await desk.organization();
  const { key } = await desk.key(tenant, { scopes: ['observations:read'] });
  const path = `/v1/tenants/${tenant}/observations`;
  const ask = (method: string, target: string) => desk.decide(method, target, { 'x-api-key': key });
  const left = await goesOn(t as Test, {
    allowed: () => ask('GET', path),
    forbidden: { 'another scope': () => ask('POST', path) },
    unknown: () => ask('GET', '/v1/nothing'),
    everywhere: [],
  });
  t.same(left, {});
});

/** The platform with figures small enough to be used up. */
const withFigures = (platform: Platform, figures: Record<string, number>): Platform => ({
  ...platform,
  namedLimits: platform.namedLimits.map((limit) => ({
    ...limit,
    limit: figures[limit.name] ?? limit.limit,
  })),
  credentialRateLimits: Object.fromEntries(
    Object.entries(platform.credentialRateLimits).map(([kind, rate]) => [
      kind,
      { ...rate, limit: figures.requests ?? rate.limit },
    ]),
  ),
});

t.test(
  'KLOAKD: a request that a rate refuses hears of the quota, and goes on from there',
  async (t) => {
    const clock = createTestClock();
    const platform = withFigures(await loadPlatform('kloakd'), {
      ...{ requests_per_minute: 2, requests_per_month: 4 },
    });
    const desk = await openDesk(t, platform, { clock });
    const organization = await desk.organization();
    const { key } = await desk.key(organization, { scopes: ['discoveries:read'] });
    const ask = (method = 'GET') =>
      desk.bearer(method, `/api/v1/organizations/${organization}/discoveries`, key, {
        'x-kloakd-organization': organization,
      });
    const left = (perMinute: number, perMonth: number): Limits => ({
      requests_per_minute: { limit: 2, remaining: perMinute },
      requests_per_month: { limit: 4, remaining: perMonth },
    });
    const heard: [Promise<Decided> | Decided, string | null, Limits][] = [];
    const hear = async (reason: string | null, limits: Limits, method?: string) =>
      heard.push([await ask(method), reason, limits]);

    await hear(null, left(1, 3));
    await hear(null, left(0, 2));
    await hear('rate_limited', left(0, 2));
    await hear('insufficient_permission', left(0, 2), 'POST');
    clock.advance(60);
    await hear('insufficient_permission', left(2, 2), 'POST');
    await hear(null, left(1, 1));
    await hear(null, left(0, 0));
    clock.advance(60);
    await hear('quota_exceeded', left(1, 0));
    await hear('insufficient_permission', left(1, 0), 'POST');
    for (const [answer, reason, limits] of heard) {
      const decided = await answer;
      t.equal(decided.reason, reason);
      t.same(limitsIn(decided), limits, String(reason));
    }
  },
);

t.test('Kaie: a rate that is used up is so in every answer', async (t) => {
  const clock = createTestClock();
  const platform = withFigures(await loadPlatform('kaie'), { requests: 2 });
  const desk = await openDesk(t, platform, { clock });
  const { key } = await desk.key(await desk.organization(), { permission_set: 'read_only' });
  const ask = (method: string, path: string) => desk.bearer(method, path, key);
  const look = () => ask('GET', '/v1/workflows');
  await look();
  t.same(limitsIn(await look()), { requests: { limit: 2, remaining: 0 } });
  const refused = await look();
  const others = [await ask('POST', '/v1/workflows'), await ask('GET', '/v2/nothing')];
  for (const [answer, status] of [
    [refused, 429],
    [others[0]!, 403],
    [others[1]!, 404],
  ] as const) {
    t.equal(answer.status, status);
    t.same(limitsIn(answer), { requests: { limit: 2, remaining: 0 } });
    t.same(tightest(answer), tightest(refused));
  }
  t.equal(others[0]!.headers['retry-after'], undefined, 'waiting helps against the rate only');
  clock.advance(3600);
  t.same(limitsIn(await look()), { requests: { limit: 2, remaining: 1 } });
});

t.test(
  'a limit of nothing stands alike for who is refused by it and by something else',
  async (t) => {
    const desk = await openDesk(t, 'klen');
    const { key } = await desk.key(await desk.organization(), {
      ...{ scopes: ['can_write_calendar'], limits: { calls_per_day_limit: 0 } },
    });
    const able = await desk.key(await desk.organization(), {
      ...{ scopes: ['can_initiate_calls'], limits: { calls_per_day_limit: 0 } },
    });
    const quotaOf = ({ headers }: Decided) => headers.ratelimit!.split(', ')[1];
    t.equal(quotaOf(await desk.bearer('POST', '/v1/calls', key)), '"calls_per_day_limit";r=0');
    const refused = await desk.bearer('POST', '/v1/calls', able.key);
    t.equal(refused.reason, 'quota_exceeded');
    t.equal(quotaOf(refused), '"calls_per_day_limit";r=0');
  },
);

/** A key that may make calls and no events of the calendar, whose route has a quota too. */
const callerAt = async (desk: Desk) => {
  const { key } = await desk.key(await desk.organization(), {
    ...{ scopes: ['can_initiate_calls'], limits: { requests_per_minute_limit: 100_000 } },
  });
  return key;
};

t.test('a refusal tells what another process has charged, at once', async (t) => {
  const one = await openDesk(t, 'klen');
  const two = await openDesk(t, 'klen', { connectionString: one.gatehouse.connectionString });
  const organizationId = await one.organization();
  const scopes = ['can_read_calls', 'can_initiate_calls'];
  const service = await registerService(one.gatehouse, { organizationId, scopes });
  const ask = { grant_type: 'client_credentials' };
  // Each process issues under its own name here; what they count is one client's.
  const wide = (await token(two.gatehouse, service, { ...ask, scope: scopes[1]! })).body;
  const narrow = (await token(one.gatehouse, service, { ...ask, scope: scopes[0]! })).body;
  for (let remaining = 99; remaining > 89; remaining -= 1) {
    const charged = await two.bearer('POST', '/v1/calls', wide.access_token!);
    const refused = await one.bearer('POST', '/v1/calls', narrow.access_token!);
    t.equal(limitsIn(charged).calls_per_day_limit?.remaining, remaining);
    t.equal(limitsIn(refused).calls_per_day_limit?.remaining, remaining);
  }
});

t.test('a flood of refusals is a few queries', async (t) => {
  const desk = await openDesk(t, 'klen');
  const keys = [await callerAt(desk), await callerAt(desk), await callerAt(desk)];
  const { gate, database } = desk.gatehouse;
  const refuse = (i: number) =>
    gate.decide({
      ...{ method: 'POST', target: '/v1/calendar/events', address: '', requestId: String(i) },
      headers: { authorization: `Bearer ${keys[i % keys.length]}` },
    });
  await Promise.all([0, 1, 2].map(refuse));
  const { pool } = database;
  const query = pool.query.bind(pool) as (...request: unknown[]) => unknown;
  let readings = 0;
  // Of the counts only: what the process writes in the background meanwhile is no part of the promise.
  pool.query = ((...request: unknown[]) => {
    const [statement] = request as [{ name?: string }];
    if (statement.name === 'read_counters') readings += 1;
    return query(...request);
  }) as never;
  const refused = await Promise.all(Array.from({ length: 1000 }, (_, i) => refuse(i)));
  t.ok(
    refused.every((one) => !one.allowed && one.denial.counts?.length === 2),
    'each was told',
  );
  t.ok(readings > 0 && readings < 10, 'in a few readings', { readings });
});

t.test('without a database a refusal is as quick, and leaves the quotas out', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const proxy = await createFlakyProxy(t, connectionString);
  const desk = await openDesk(t, 'klen', {
    connectionString: proxy.connectionString,
    // Whoever cannot hear of changes believes no cache: here only the questions are lost.
    listenerConnectionString: connectionString,
  });
  const key = await callerAt(desk);
  const refuse = async () => {
    const start = performance.now();
    const decided = await desk.bearer('POST', '/v1/calendar/events', key);
    return { ...decided, tookMs: performance.now() - start };
  };
  const rate = { requests_per_minute_limit: { limit: 100_000, remaining: 100_000 } };
  const both = { ...rate, calendar_events_per_day_limit: { limit: 50, remaining: 50 } };
  t.same(limitsIn(await refuse()), both);
  for (const goAway of [() => proxy.freeze(), () => proxy.down()]) {
    await goAway();
    for (const refused of await Promise.all(Array.from({ length: 20 }, refuse))) {
      t.equal(refused.status, 403);
      t.same(limitsIn(refused), rate);
      t.equal(refused.headers['x-ratelimit-limit'], '100000');
      t.ok(refused.tookMs < 1500, 'nobody waits for it', { tookMs: refused.tookMs });
    }
    await proxy.up();
    await within(5000, async () => Boolean(limitsIn(await refuse()).calendar_events_per_day_limit));
    t.same(limitsIn(await refuse()), both, 'and they are back with it');
  }
});

t.test('a reading that goes wrong is logged, and leaves the refusal as it is', async (t) => {
  const desk = await openDesk(t, 'klen');
  const { gatehouse } = desk;
  const key = await callerAt(desk);
  const refuse = () => desk.bearer('POST', '/v1/calendar/events', key);
  const rate = { requests_per_minute_limit: { limit: 100_000, remaining: 100_000 } };
  await gatehouse.database.pool.query('ALTER TABLE limit_counters RENAME TO mislaid');
  const refused = await refuse();
  t.match(refused, { status: 403, reason: 'insufficient_permission' });
  t.same(limitsIn(refused), rate, 'what is known all the same');
  t.match(await desk.bearer('GET', '/v1/nothing', key), { status: 404 });
  const lines = gatehouse.logLines.filter((line) => line.includes('goes without its limits'));
  t.match(lines, [/"level":50.*limit_counters/]);
  t.notMatch(lines.join(), key);
});

t.test('a plan that cannot be read keeps no refusal waiting', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const proxy = await createFlakyProxy(t, connectionString);
  const desk = await openDesk(t, 'kloakd', {
    connectionString: proxy.connectionString,
    listenerConnectionString: connectionString,
  });
  const organization = await desk.organization('enterprise');
  const { key } = await desk.key(organization, { scopes: ['discoveries:read'] });
  const refuse = async () => {
    const start = performance.now();
    const decided = await desk.bearer('GET', '/nothing', key);
    return { ...decided, tookMs: performance.now() - start };
  };
  const known = await refuse();
  t.equal(limitsIn(known).requests_per_minute?.limit, 1200);

  const forget = await openOther(t as Test, connectionString);
  proxy.freeze();
  await forget.query('SELECT pg_notify($1, $2)', [ORGANIZATIONS_CHANNEL, organization]);
  await within(5000, async () => Object.keys(limitsIn(await refuse())).length === 0);
  for (const refused of await Promise.all(Array.from({ length: 20 }, refuse))) {
    t.equal(refused.status, 404);
    t.same(limitsIn(refused), {}, 'no figure is better than a false one');
    t.ok(refused.tookMs < 800, 'a quarter of a second, on a busy machine', {
      tookMs: refused.tookMs,
    });
  }
  await proxy.up();
  await within(5000, async () => limitsIn(await refuse()).requests_per_minute?.limit === 1200);
});

/** A connection that does not go through the proxy. */
async function openOther(t: Test, connectionString: string) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  t.teardown(() => client.end());
  return client;
}
