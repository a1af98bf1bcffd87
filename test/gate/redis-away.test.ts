import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { startRedirectingRedis } from '../limits/redirecting-redis.ts';
import { freePort } from '../support/gatehouse.ts';
import { expectRedis, startRedis } from '../support/redis-server.ts';
import { type Decided, type Desk, openDesk } from './desk.ts';

/** Two seconds are promised; what is over is for two busy processors. */
const RECOVERY_MS = 4000;
const PASSWORD = 'password-of-the-counters';
const SCOPES = ['can_read_calls', 'can_initiate_calls'];

const redis = expectRedis(t);

/** Klen's platform file, with the other choice. */
async function klenThatDenies(t: { teardown(work: () => Promise<void>): unknown }) {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-platform-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const file = join(directory, 'klen.yaml');
  const text = await readFile(new URL('../../platforms/klen.yaml', import.meta.url), 'utf8');
  const chosen = text.replace('when_redis_is_away: allow', 'when_redis_is_away: deny');
  if (chosen === text) throw new Error('klen.yaml states its choice in other words now');
  await writeFile(file, chosen);
  return file;
}

const key = async (desk: Desk, limits: Record<string, number>) =>
  (await desk.key(await desk.organization(), { scopes: SCOPES, limits })).key;

const limitHeaders = ({ headers }: Decided) =>
  Object.entries(headers).filter(([name]) => name.includes('ratelimit'));

async function readiness({ gatehouse }: Desk) {
  const answer = await fetch(`${gatehouse.issuer}/readyz`);
  const { status, checks } = (await answer.json()) as { status: string; checks: object };
  return { code: answer.status, status, checks };
}

/** Until the process has found Redis again. */
async function recovered(desk: Desk): Promise<number> {
  const start = performance.now();
  while (performance.now() - start < RECOVERY_MS) {
    const { checks } = await readiness(desk);
    if ((checks as { redis: boolean }).redis) break;
    await sleep(20);
  }
  return performance.now() - start;
}

const linesOf = (desk: Desk, text: RegExp) =>
  desk.gatehouse.logLines.filter((line) => text.test(line));

t.test('allow: rates count for nothing while Redis is away, quotas as ever', async (t) => {
  if (!redis) return;
  const server = await startRedis(t, redis, { password: PASSWORD });
  const desk = await openDesk(t, 'klen', { environment: { REDIS_URL: server.url } });
  const secret = await key(desk, { requests_per_minute_limit: 3, calls_per_day_limit: 5 });
  const look = () => desk.bearer('GET', '/v1/calls', secret);
  const call = () => desk.bearer('POST', '/v1/calls', secret);
  t.match(await look(), { allowed: true, headers: { 'x-ratelimit-remaining': '2' } });
  t.match(await readiness(desk), { code: 200, checks: { redis: true } });

  await server.stop();
  const looks = await Promise.all(Array.from({ length: 20 }, look));
  t.ok(
    looks.every(({ allowed }) => allowed),
    'many more than three',
  );
  t.same(looks.flatMap(limitHeaders), [], 'no number that nobody counted');
  t.match(await readiness(desk), { code: 200, status: 'ready', checks: { redis: false } });

  const calls = await Promise.all(Array.from({ length: 12 }, call));
  t.equal(calls.filter(({ allowed }) => allowed).length, 5, 'the quota is exact');
  for (const decision of calls) {
    t.notMatch(decision.headers.ratelimit, /requests_per_minute/);
    t.match(decision.headers.ratelimit, /^"calls_per_day_limit";r=\d;t=\d+$/);
    t.equal(decision.headers['x-ratelimit-limit'], '5');
    if (!decision.allowed) t.equal(decision.reason, 'quota_exceeded');
  }

  await server.start();
  t.ok((await recovered(desk)) < RECOVERY_MS, 'it is found again by itself');
  const after = [await look(), await look(), await look(), await look()];
  t.same(
    after.map(({ allowed, reason }) => reason ?? allowed),
    [true, true, true, 'rate_limited'],
    'and counted in from nothing',
  );
  t.equal(linesOf(desk, /redis does not answer/).length, 1, 'one line when it goes');
  t.equal(linesOf(desk, /redis answers/).length, 1, 'and one when it is back');
  t.notMatch(desk.gatehouse.logLines.join(''), PASSWORD);
});

t.test('deny: nobody passes a rate while Redis is away, and no quota is charged', async (t) => {
  if (!redis) return;
  const server = await startRedis(t, redis);
  const file = await klenThatDenies(t);
  const desk = await openDesk(t, file, { environment: { REDIS_URL: server.url } });
  const secret = await key(desk, { calls_per_day_limit: 5 });
  const call = () => desk.bearer('POST', '/v1/calls', secret);
  t.match((await call()).headers.ratelimit, /"calls_per_day_limit";r=4/);

  await server.stop();
  for (const decision of await Promise.all(Array.from({ length: 20 }, call))) {
    t.match(decision, { allowed: false, status: 503, reason: 'temporarily_unavailable' });
    t.match(decision.headers, { 'retry-after': '1', 'cache-control': 'no-store' });
    t.same(limitHeaders(decision), []);
  }
  t.match(await readiness(desk), { code: 200, status: 'ready', checks: { redis: false } });
  const none = await desk.bearer('GET', '/v1/calls', 'klen_live_unknown');
  t.match(none, { status: 401 }, 'who may not pass anyway hears why');

  await server.start();
  t.ok((await recovered(desk)) < RECOVERY_MS);
  const next = await call();
  t.equal(next.allowed, true);
  t.match(next.headers.ratelimit, /"calls_per_day_limit";r=3/, 'the second call of the day');
});

t.test('a start without Redis is a start', async (t) => {
  const url = `redis://:${PASSWORD}@127.0.0.1:${await freePort()}`;
  const desk = await openDesk(t, 'klen', { environment: { REDIS_URL: url } });
  t.match(await readiness(desk), { code: 200, checks: { redis: false } });
  const secret = await key(desk, {});
  t.match(await desk.bearer('GET', '/v1/calls', secret), { allowed: true });
  t.equal(linesOf(desk, /redis does not answer/).length, 1);
  t.notMatch(desk.gatehouse.logLines.join(''), PASSWORD);
});

t.test('where no Redis is used, nothing is said of one', async (t) => {
  const desk = await openDesk(t, 'klen');
  t.notMatch(await readiness(desk), { checks: { redis: Boolean } });
});

t.test(
  'a node of a cluster that sends us elsewhere: the stated choice, and a log that says so',
  async (t) => {
    const node = await startRedirectingRedis(t, (key) => key.includes('probe'));
    for (const [file, expected] of [
      ['klen', { allowed: true, status: 200 }],
      [await klenThatDenies(t), { allowed: false, status: 503, reason: 'temporarily_unavailable' }],
    ] as const) {
      const desk = await openDesk(t, file, { environment: { REDIS_URL: node.url } });
      t.match(await readiness(desk), { checks: { redis: true } });
      const secret = await key(desk, { requests_per_minute_limit: 1 });
      for (let i = 0; i < 5; i += 1) {
        const decision = await desk.bearer('GET', '/v1/calls', secret);
        t.match(decision, expected);
        t.same(limitHeaders(decision), [], 'no number that nobody counted');
      }
      t.match(await readiness(desk), { code: 200, status: 'ready', checks: { redis: false } });
      t.equal(linesOf(desk, /MOVED.*REDIS_URL must lead to/).length, 1);
      t.notMatch(desk.gatehouse.logLines.join(''), 'password-of-the-node');
    }
  },
);
