import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Charge, CounterStore } from '../../src/limits/counter-store.ts';
import { createRedisCounters, type RedisCounters } from '../../src/limits/redis-counters.ts';
import { createTestClock } from '../support/clock.ts';
import { expectRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { conformance } from './conformance.ts';
import { startRedirectingRedis } from './redirecting-redis.ts';

// The promises are two seconds and 250 milliseconds; what is over is for two busy processors.
const RECOVERY_MS = 4000;
const ANSWER_MS = 800;
/** Less than the patience with a Redis that does not answer: nobody waited for it. */
const AT_ONCE_MS = 200;

const redis = expectRedis(t);

interface Line {
  level: 'info' | 'warn';
  text: string;
}

/** Counters, and what they log. */
async function counters(
  t: Test,
  url: string,
  clock = createTestClock(),
): Promise<{ store: RedisCounters; lines: Line[] }> {
  const lines: Line[] = [];
  const write =
    (level: Line['level']) =>
    (...parts: unknown[]) =>
      void lines.push({ level, text: JSON.stringify(parts) });
  const log = {
    ...{ info: write('info'), warn: write('warn') },
    ...{ error: write('warn'), debug: write('info') },
  };
  const store = createRedisCounters({ url, clock, log: log as never });
  t.teardown(() => store.close());
  await store.start();
  return { store, lines };
}

const CHARGE: Charge = { key: '{acme}requests:key:1', limit: 1000, windowSeconds: 60 };

/** How a charge ends: `admitted`, `refused` or `away`, and how long it took. */
async function outcome(store: CounterStore, charges: Charge[] = [CHARGE]) {
  const start = performance.now();
  const word = await Promise.resolve(store.admit(charges, new Date())).then(
    ({ admitted }) => (admitted ? 'admitted' : 'refused'),
    ({ name, store: of }) => (name === 'CounterStoreUnavailableError' ? `away: ${of}` : name),
  );
  return { word, tookMs: performance.now() - start };
}

async function backWithin(store: RedisCounters, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (performance.now() < deadline) {
    if (store.healthy) return true;
    await sleep(10);
  }
  return false;
}

t.test('redis', async (t) => {
  if (!redis) return;
  const server = await startRedis(t, redis);
  const { store: one } = await counters(t as Test, server.url);
  const { store: two } = await counters(t as Test, server.url);
  await conformance(t as Test, async () => {
    await server.command('FLUSHALL');
    return [one, two];
  });
});

t.test('in a cluster, all counts of an organization are in one slot', async (t) => {
  if (!redis) return;
  const server = await startRedis(t, redis, { configuration: ['cluster-enabled yes'] });
  await server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  const isReady = async () =>
    String(await server.command('CLUSTER', 'INFO')).includes('cluster_state:ok');
  while (!(await isReady())) await sleep(50);
  const { store } = await counters(t as Test, server.url);
  const charges = ['requests:key:1', 'calls:key:1', 'shared:organization:acme'].map((key) => ({
    ...CHARGE,
    key: `{acme}${key}`,
  }));
  t.match(await store.admit(charges, new Date()), { admitted: true }, 'a script takes them all');
  const slotOf = (key: string) => server.command('CLUSTER', 'KEYSLOT', key);
  const mine = await Promise.all(charges.map(({ key }) => slotOf(`gatehouse:${key}`)));
  t.equal(new Set(mine).size, 1);
  t.not(await slotOf('gatehouse:{other}requests:key:1'), mine[0], 'others are elsewhere');
});

t.test('what is counted is under our name and gone with its window', async (t) => {
  if (!redis) return;
  const server = await startRedis(t, redis);
  const { store } = await counters(t as Test, server.url);
  const charges = [CHARGE, { key: 'hour', limit: 9, windowSeconds: 3600 }];
  await store.admit(charges, new Date());
  await store.admit(charges, new Date());
  // The check at the start counted too, for a second.
  const keys = ((await server.command('KEYS', '*')) as string[]).filter(
    (key) => !key.endsWith('probe'),
  );
  t.same(keys.sort(), ['gatehouse:{acme}requests:key:1', 'gatehouse:{shared}:hour']);
  const ttl = async (key: string) => Number(await server.command('PTTL', key));
  const [minute = 0, hour = 0] = await Promise.all(keys.map(ttl));
  t.ok(minute > 0 && minute <= 60_000, 'a minute', { minute });
  t.ok(hour > 3_500_000 && hour <= 3_600_000, 'an hour', { hour });
  await store.admit([{ key: 'brief', limit: 1, windowSeconds: 1 }], new Date());
  while (((await server.command('KEYS', '*brief')) as string[]).length > 0) await sleep(50);
  t.pass('nothing is left behind');
  await server.command('SCRIPT', 'FLUSH');
  t.equal((await outcome(store)).word, 'admitted', 'a script that was forgotten is sent again');
});

t.test('a Redis that goes away', async (t) => {
  if (!redis) return;
  const password = 'correct-horse-battery';
  const server = await startRedis(t, redis, { password });
  const { store, lines } = await counters(t as Test, server.url);
  t.equal((await outcome(store)).word, 'admitted');
  t.same(lines, [], 'all is well, and nothing needs saying');

  const ways: [string, (server: RedisServer) => unknown, (server: RedisServer) => unknown][] = [
    ['killed', (it) => it.stop(), (it) => it.start()],
    ['hung', (it) => it.pause(), (it) => it.resume()],
  ];
  for (const [way, goAway, comeBack] of ways) {
    await t.test(way, async (t) => {
      lines.length = 0;
      await goAway(server);
      const crowd = await Promise.all(Array.from({ length: 50 }, () => outcome(store)));
      t.ok(crowd.every(({ word }) => word === 'away: redis'));
      const slowest = Math.max(...crowd.map(({ tookMs }) => tookMs));
      t.ok(slowest < ANSWER_MS, 'a crowd waits no longer than one', { slowest });
      t.equal(store.healthy, false);
      const known = await outcome(store);
      t.equal(known.word, 'away: redis');
      t.ok(known.tookMs < AT_ONCE_MS, 'at once, while it is known', { tookMs: known.tookMs });
      await t.rejects(store.read(['a'], new Date()), { name: 'CounterStoreUnavailableError' });
      await t.rejects(store.reset('a'), { name: 'CounterStoreUnavailableError' });

      await comeBack(server);
      t.ok(await backWithin(store, RECOVERY_MS), 'found again by itself');
      t.equal((await outcome(store)).word, 'admitted');
      t.same(
        lines.map(({ level }) => level),
        ['warn', 'info'],
        'one line when it goes, one when it is back',
      );
      t.notMatch(JSON.stringify(lines), password);
    });
  }
});

t.test('a Redis that is not there at the start is found later', async (t) => {
  if (!redis) return;
  const server = await startRedis(t, redis, { password: 'secret-of-the-store' });
  await server.stop();
  const { store, lines } = await counters(t as Test, server.url);
  t.equal((await outcome(store)).word, 'away: redis');
  t.match(lines, [{ level: 'warn', text: /ECONNREFUSED.*does not answer/ }]);
  await server.start();
  t.ok(await backWithin(store, RECOVERY_MS));
  t.equal((await outcome(store)).word, 'admitted');
  t.notMatch(JSON.stringify(lines), 'secret-of-the-store');
});

t.test('a Redis that takes no writes, or no such password, is away', async (t) => {
  if (!redis) return;
  const server = await startRedis(t, redis, { password: 'right' });
  const { store, lines } = await counters(t as Test, server.url.replace('right', 'wr0ng-one'));
  t.equal((await outcome(store)).word, 'away: redis');
  t.match(lines, [{ level: 'warn', text: /WRONGPASS/ }]);
  t.notMatch(JSON.stringify(lines), 'wr0ng-one');

  const { store: other } = await counters(t as Test, server.url);
  await server.command('REPLICAOF', '127.0.0.1', '1');
  t.equal((await outcome(other)).word, 'away: redis', 'a replica takes no writes');
  t.equal((await outcome(other)).word, 'away: redis', 'though it answers');
  await server.command('REPLICAOF', 'NO', 'ONE');
  t.ok(await backWithin(other, RECOVERY_MS));
});

t.test('after its end it neither answers nor looks for Redis', async (t) => {
  if (!redis) return;
  const server = await startRedis(t, redis);
  const { store, lines } = await counters(t as Test, server.url);
  await store.close();
  t.equal((await outcome(store)).word, 'away: redis');
  const clients = (await server.command('CLIENT', 'LIST')) as string;
  t.equal(clients.trim().split('\n').length, 1, 'but the one that asks');
  t.same(lines, []);
});

t.test(
  'a node of a cluster counts what it has, and says once that it sends us elsewhere',
  async (t) => {
    const node = await startRedirectingRedis(t, (key) => !key.includes('{elsewhere}'));
    const { store, lines } = await counters(t as Test, node.url);
    const there = [{ ...CHARGE, key: '{elsewhere}requests:key:1' }];
    t.equal((await outcome(store)).word, 'admitted');
    t.equal(store.healthy, true);
    for (let i = 0; i < 20; i += 1) {
      const { word, tookMs } = await outcome(store, there);
      t.equal(word, 'away: redis');
      t.ok(tookMs < AT_ONCE_MS, 'nobody waits for what is elsewhere', { tookMs });
      t.equal((await outcome(store)).word, 'admitted', 'what is here is counted on');
    }
    await t.rejects(store.read(['{elsewhere}requests:key:1'], new Date()), {
      name: 'CounterStoreUnavailableError',
    });
    t.equal(store.healthy, false, 'an operator must see it');
    t.equal(node.connections, 1, 'and the connection is kept');
    t.match(lines, [{ level: 'warn', text: /MOVED 5798.*cluster.*REDIS_URL.*when_redis_is_away/ }]);
    t.equal(lines.length, 1);
    t.notMatch(JSON.stringify(lines), 'password-of-the-node');
  },
);

t.test('a node of a cluster that has nothing for us is away, and the log says why', async (t) => {
  const node = await startRedirectingRedis(t, () => false);
  const { store, lines } = await counters(t as Test, node.url);
  t.equal((await outcome(store)).word, 'away: redis');
  while (node.connections < 4) await sleep(10);
  t.equal(store.healthy, false);
  t.match(lines, [{ level: 'warn', text: /MOVED 5798.*cluster.*REDIS_URL.*when_redis_is_away/ }]);
  t.equal(lines.length, 1, 'one line, however often it is looked for');
});

t.test('a minute after the last redirection all is well again, and the next is news', async (t) => {
  const clock = createTestClock();
  const node = await startRedirectingRedis(t, (key) => !key.includes('{elsewhere}'));
  const { store, lines } = await counters(t as Test, node.url, clock);
  const there = [{ ...CHARGE, key: '{elsewhere}requests:key:1' }];
  await outcome(store, there);
  clock.advance(40);
  await outcome(store, there);
  clock.advance(40);
  t.equal(store.healthy, false, 'the last was less than a minute ago');
  clock.advance(20);
  t.equal(store.healthy, true);
  t.equal((await outcome(store)).word, 'admitted');
  t.equal(lines.length, 1);
  await outcome(store, there);
  t.equal(store.healthy, false);
  t.match(lines, [{ text: /MOVED/ }, { level: 'warn', text: /MOVED 5798.*cluster/ }]);
});

t.test(
  'a node that goes away is said to be away, though it sent us elsewhere before',
  async (t) => {
    const node = await startRedirectingRedis(t, (key) => !key.includes('{elsewhere}'));
    const { store, lines } = await counters(t as Test, node.url);
    await outcome(store, [{ ...CHARGE, key: '{elsewhere}requests:key:1' }]);
    node.stop();
    while (lines.length < 2) await sleep(10);
    t.match(lines, [
      { level: 'warn', text: /MOVED 5798/ },
      { level: 'warn', text: /redis does not answer/ },
    ]);
    t.equal((await outcome(store)).word, 'away: redis');
    t.equal(store.healthy, false);
  },
);
