import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import t from 'tap';
import { openDatabase } from '../../src/database/database.ts';
import { silentLog } from '../../src/database/log.ts';
import type { Admission } from '../../src/limits/counter-store.ts';
import { createGatheredCharges } from '../../src/limits/gathered-charges.ts';
import { createPostgresCounters } from '../../src/limits/postgres-counters.store.ts';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { createTestDatabase } from '../support/postgres.ts';

const NOW = new Date(Date.UTC(2026, 0, 1));
const charge = (key: string, limit: number) => ({ key, limit, windowSeconds: 86_400 });

async function openCounters(t: { teardown(work: () => Promise<void>): unknown }) {
  const { connectionString } = await createTestDatabase(t);
  const proxy = await createFlakyProxy(t, connectionString);
  const database = openDatabase({
    ...{ connectionString: proxy.connectionString, maxConnections: 8, log: silentLog },
  });
  t.teardown(() => database.close());
  const another = openDatabase({ connectionString, maxConnections: 8, log: silentLog });
  t.teardown(() => another.close());
  const queries = { count: 0 };
  database.pool.on('acquire', () => {
    queries.count += 1;
  });
  /** Nobody else charges what has been charged, until it is over. */
  const hold = async () => {
    const holder = new pg.Client({ connectionString });
    await holder.connect();
    await holder.query('BEGIN; SELECT key FROM limit_counters FOR UPDATE');
    return () => holder.end();
  };
  const store = createPostgresCounters({ database });
  /** As another process has it. */
  const other = createPostgresCounters({ database: another });
  return { store, other, database, queries, proxy, hold };
}

const times = <One>(count: number, make: (i: number) => One) =>
  Array.from({ length: count }, (_, i) => make(i));

/** How it ended, and after how long. */
async function outcome(work: Promise<Admission> | Admission) {
  const start = performance.now();
  const word = await Promise.resolve(work).then(
    ({ admitted }) => (admitted ? 'admitted' : 'refused'),
    ({ name }: Error) => name,
  );
  return { word, tookMs: performance.now() - start };
}

const AWAY = 'CounterStoreUnavailableError';

t.test('a crowd at one count is a few queries, and each has a place of its own', async (t) => {
  const { store, queries } = await openCounters(t);
  const crowd = Array.from({ length: 1000 }, (_, i) =>
    store.admit([charge(i % 2 ? 'mine' : 'theirs', 100)], NOW),
  );
  const admissions = await Promise.all(crowd);
  t.ok(queries.count <= 10, 'of each the first, the others, and what is left', queries);
  for (const key of ['mine', 'theirs']) {
    const own = admissions.filter(({ counts }) => counts[0]!.key === key);
    const admitted = own.filter((one) => one.admitted);
    t.same(
      admitted.map(({ counts }) => counts[0]!.used),
      Array.from({ length: 100 }, (_, i) => i + 1),
      'in the order in which they came',
    );
    const refused = own.filter((one) => !one.admitted);
    t.ok(refused.every(({ counts }) => counts[0]!.used === 100 && counts[0]!.resetsAt));
  }
});

t.test('whoever waits with another figure is held to that one', async (t) => {
  const { store } = await openCounters(t);
  const limits = [5, 5, 2, 2, 5, 5, 5];
  const admissions = await Promise.all(
    limits.map((limit) => store.admit([charge('a', limit)], NOW)),
  );
  t.same(
    admissions.map(({ admitted }) => admitted),
    [true, true, false, false, true, true, true],
  );
});

t.test('when the database goes, nobody who waits is charged later', async (t) => {
  const { store, proxy } = await openCounters(t);
  await store.admit([charge('a', 1000)], NOW);
  await proxy.down();
  const start = performance.now();
  const crowd = Array.from({ length: 100 }, () => store.admit([charge('a', 1000)], NOW));
  for (const outcome of await Promise.allSettled(crowd)) {
    t.match(outcome, { status: 'rejected', reason: { name: 'CounterStoreUnavailableError' } });
  }
  t.ok(performance.now() - start < 2000, 'all hear it at once');
  await proxy.up();
  t.match(await store.admit([charge('a', 1000)], NOW), { admitted: true, counts: [{ used: 2 }] });
});

t.test('one statement charges 32 at the most, and others wait while it does', async (t) => {
  const { store, queries } = await openCounters(t);
  await store.admit([charge('a', 1000)], NOW);
  queries.count = 0;
  const crowd = await Promise.all(times(1 + 3 * 32, () => store.admit([charge('a', 1000)], NOW)));
  t.ok(crowd.every(({ admitted }) => admitted));
  t.equal(queries.count, 4, 'the first, and three times 32');

  const asked: number[] = [];
  const lost = Promise.withResolvers<never>();
  const admit = createGatheredCharges((_, requests) => {
    asked.push(requests);
    return lost.promise;
  });
  const first = times(1, () => outcome(admit([charge('a', 1000)], NOW)));
  const others = times(100, () => outcome(admit([charge('a', 1000)], NOW)));
  lost.reject(new Error('the answer was lost'));
  for (const { word } of await Promise.all([...first, ...others])) t.equal(word, 'Error');
  t.same(asked, [1], 'those who wait are not charged with an answer that is lost');
});

t.test('figures that differ from one to the next cost no statement each', async (t) => {
  const { store, queries } = await openCounters(t);
  await store.admit([charge('a', 1000)], NOW);
  queries.count = 0;
  const crowd = await Promise.all(
    times(120, (i) => store.admit([charge('a', i % 2 ? 1000 : 30)], NOW)),
  );
  const heldTo = (figure: number) =>
    crowd.filter(({ counts, admitted }) => admitted && counts[0]!.limit === figure);
  t.equal(heldTo(1000).length, 60, 'all who had room');
  const used = heldTo(30).map(({ counts }) => counts[0]!.used);
  t.ok(used.length > 0 && used.every((place) => place <= 30), 'and no more than each figure', {
    used,
  });
  const [count] = await store.read(['a'], NOW);
  t.equal(count!.used, 1 + crowd.filter(({ admitted }) => admitted).length);
  t.ok(queries.count <= 8, 'in few statements', queries);
});

t.test('whoever waits for long hears it within a second or so, and is never charged', async (t) => {
  const { store, proxy } = await openCounters(t);
  await store.admit([charge('a', 1000)], NOW);
  proxy.freeze();
  const [first, ...others] = await Promise.all(
    times(50, () => outcome(store.admit([charge('a', 1000)], NOW))),
  );
  t.equal(first!.word, AWAY);
  t.ok(first!.tookMs < 2000, 'whoever is served', { tookMs: first!.tookMs });
  for (const { word, tookMs } of others) {
    t.equal(word, AWAY);
    t.ok(tookMs < 1500, 'whoever waits', { tookMs });
  }
  await proxy.up();
  const [count] = await store.read(['a'], NOW);
  t.equal(count!.used, 1);
});

t.test('a slow store keeps nobody for two seconds, and charges only who still waits', async (t) => {
  const charged: number[] = [];
  const admit = createGatheredCharges(async (charges, requests) => {
    await sleep(700);
    charged.push(requests);
    const used = charged.reduce((sum, one) => sum + one, 0);
    const counts = charges.map(({ key, limit }) => ({ key, limit, used, resetsAt: null }));
    return { charged: true, counts };
  });
  // Of each figure one batch, of which the third would be charged after 2.1 seconds.
  const crowd = [1000, 1001, 1002, 1003].map((limit) => outcome(admit([charge('a', limit)], NOW)));
  const outcomes = await Promise.all(crowd);
  t.same(
    outcomes.map(({ word }) => word),
    ['admitted', 'admitted', AWAY, AWAY],
  );
  for (const { tookMs } of outcomes) t.ok(tookMs < 2000, { tookMs });
  t.same(charged, [1, 1], 'nobody is charged who has left');
});

t.test('a line that is too long turns away at once, and only at its own count', async (t) => {
  const { store, hold } = await openCounters(t);
  await store.admit([charge('a', 5000)], NOW);
  const release = await hold();
  const crowd = times(2100, () => outcome(store.admit([charge('a', 5000)], NOW)));
  const beyond = await Promise.all(crowd.slice(2000));
  t.ok(
    beyond.every(({ word }) => word === AWAY),
    'those beyond two thousand',
  );
  const neighbour = await outcome(store.admit([charge('b', 1)], NOW));
  t.equal(neighbour.word, 'admitted', 'while the others still wait');
  await release();
  const outcomes = await Promise.all(crowd.slice(0, 2000));
  const admitted = outcomes.filter(({ word }) => word === 'admitted').length;
  t.equal(admitted + outcomes.filter(({ word }) => word === AWAY).length, 2000);
  const [count] = await store.read(['a'], NOW);
  t.ok(count!.used > admitted, 'each who was admitted is counted', { admitted });
  t.ok(count!.used <= 1 + admitted + 32, 'and of the others one batch at the most', { admitted });
});

t.test('a full count that is forgotten admits whoever comes afterwards', async (t) => {
  const { store } = await openCounters(t);
  await Promise.all(times(100, () => store.admit([charge('a', 10)], NOW)));
  await store.reset('a');
  const crowd = await Promise.all(times(100, () => store.admit([charge('a', 10)], NOW)));
  t.equal(crowd.filter(({ admitted }) => admitted).length, 10);
});

const daily = (limit: number) => charge('daily', limit);
const monthly = (limit: number) => ({ ...charge('monthly', limit), windowSeconds: 2_592_000 });

t.test('a crowd at the same two counts is a few queries, and all is charged or none', async (t) => {
  const { store, queries } = await openCounters(t);
  const [one, other] = [daily(100), monthly(60)];
  const orders = [
    [one, other],
    [other, one],
  ];
  const crowd = await Promise.all(times(600, (i) => store.admit(orders[i % 2]!, NOW)));
  t.ok(queries.count <= 10, 'and no connection for each', queries);
  t.same(
    crowd.map(({ counts }) => counts.map(({ key }) => key)),
    times(600, (i) => orders[i % 2]!.map(({ key }) => key)),
    'in the order in which each asked',
  );
  t.same(
    crowd.map(({ counts }) => counts.map(({ used }) => used)),
    times(600, (i) => [Math.min(i + 1, 60), Math.min(i + 1, 60)]),
    'a place of its own in both, or as they stand',
  );
  const refused = crowd.flatMap((each) => (each.admitted ? [] : each.exhausted));
  t.equal(refused.length, 540);
  t.ok(
    refused.every(({ key, limit }) => key === 'monthly' && limit === 60),
    'and told which is full',
  );
  t.match(await store.read(['daily', 'monthly'], NOW), [{ used: 60 }, { used: 60 }]);
});

t.test('counts that only some share are exact, whatever the processes and figures', async (t) => {
  const { store, other } = await openCounters(t);
  const asked = [
    [daily(40), monthly(70)],
    [monthly(70)],
    [monthly(50), charge('calls', 25)],
    [charge('calls', 25), daily(40)],
    [daily(30)],
  ];
  const crowd = await Promise.all(
    times(400, async (i) => {
      const charges = asked[i % asked.length]!;
      const admission = await (i % 3 ? store : other).admit(charges, NOW);
      return { charges, admission };
    }),
  );
  const isRight = crowd.every(({ charges, admission }) => {
    if (admission.admitted) return true;
    const { key, limit, used } = admission.exhausted;
    return used >= limit && charges.some((one) => one.key === key && one.limit === limit);
  });
  t.ok(isRight, 'a refusal names a count of its own that is full');
  const admitted = crowd.filter(({ admission }) => admission.admitted);
  const most: Record<string, number> = { calls: 25, daily: 40, monthly: 70 };
  for (const { key, used } of await store.read(Object.keys(most), NOW)) {
    const letIn = admitted.filter(({ charges }) => charges.some((one) => one.key === key));
    t.equal(used, letIn.length, `${key}: who was let in, and nobody else`);
    t.ok(used <= most[key]!, `${key}: never more than it may`, { used });
  }
});

t.test('of two counts, when the database goes, nobody is charged in one only', async (t) => {
  const { store, proxy } = await openCounters(t);
  const both = [daily(1000), monthly(1000)];
  await store.admit(both, NOW);
  proxy.freeze();
  for (const { word, tookMs } of await Promise.all(
    times(50, () => outcome(store.admit(both, NOW))),
  )) {
    t.equal(word, AWAY);
    t.ok(tookMs < 2000, { tookMs });
  }
  await proxy.up();
  t.match(await store.read(['daily', 'monthly'], NOW), [{ used: 1 }, { used: 1 }]);
});

t.test('a count that can go no further refuses, as one that is full', async (t) => {
  const { store, other, database } = await openCounters(t);
  const vast = charge('vast', 1_000_000_000_000);
  await store.admit([vast], NOW);
  await database.pool.query('UPDATE limit_counters SET used = 2147483640');
  const crowd = await Promise.all(times(40, (i) => (i % 2 ? store : other).admit([vast], NOW)));
  t.equal(crowd.filter(({ admitted }) => admitted).length, 7);
  t.match(await store.admit([vast], NOW), { admitted: false, exhausted: { key: 'vast' } });
});
