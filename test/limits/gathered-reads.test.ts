import t from 'tap';
import { openDatabase } from '../../src/database/database.ts';
import { silentLog } from '../../src/database/log.ts';
import { CounterStoreUnavailableError } from '../../src/limits/counter-store.ts';
import { createGatheredReads } from '../../src/limits/gathered-reads.ts';
import type { Patience } from '../../src/limits/patience.ts';
import { createPostgresCounters } from '../../src/limits/postgres-counters.store.ts';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { createTestDatabase } from '../support/postgres.ts';

const NOW = new Date(Date.UTC(2026, 0, 1));
/** For tests of what is read, not of how soon: their clock stands, so one late reading would silence the rest. */
const PATIENT = { turns: 400, turnMs: 50 };
const later = (ms: number) => new Date(NOW.getTime() + ms);

async function openCounters(
  t: { teardown(work: () => Promise<void>): unknown },
  patience?: Patience,
) {
  const { connectionString } = await createTestDatabase(t);
  const proxy = await createFlakyProxy(t, connectionString);
  const database = openDatabase({
    ...{ connectionString: proxy.connectionString, maxConnections: 8, log: silentLog },
  });
  t.teardown(() => database.close());
  const queries = { count: 0, underWay: 0, most: 0 };
  database.pool.on('acquire', () => {
    queries.count += 1;
    queries.underWay += 1;
    queries.most = Math.max(queries.most, queries.underWay);
  });
  database.pool.on('release', () => {
    queries.underWay -= 1;
  });
  const store = createPostgresCounters({ database });
  return { store, read: createGatheredReads(store, patience), queries, proxy };
}

const charge = (key: string) => ({ key, limit: 1_000_000, windowSeconds: 86_400 });

t.test('askers of one moment share one query, and each gets its own counts', async (t) => {
  const { store, read, queries } = await openCounters(t, PATIENT);
  for (const [key, times] of [
    ['a', 1],
    ['b', 2],
  ] as const) {
    for (let i = 0; i < times; i += 1) await store.admit([charge(key)], NOW);
  }
  queries.count = 0;
  const asked = [['a'], ['b'], ['b', 'a'], ['nobody'], []];
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, i) => read(asked[i % asked.length]!, NOW)),
  );
  t.equal(queries.count, 1);
  const used = answers.map((counts) => counts.map((count) => [count.key, count.used]));
  t.same(used.slice(0, 5), [
    [['a', 1]],
    [['b', 2]],
    [
      ['b', 2],
      ['a', 1],
    ],
    [],
    [],
  ]);
  t.same(used.slice(995), used.slice(0, 5));
});

t.test('no count is older than the question, and never two queries run at once', async (t) => {
  const { store, read, queries } = await openCounters(t, PATIENT);
  let charged = 0;
  let isOver = false;
  let asked = 0;
  queries.most = 0;
  const asker = async () => {
    while (!isOver) {
      const before = charged;
      const [count] = await read(['a'], NOW);
      asked += 1;
      if ((count?.used ?? 0) < before) t.fail('older than the question', { before, count });
    }
  };
  const askers = Array.from({ length: 50 }, asker);
  for (let i = 0; i < 200; i += 1) {
    await store.admit([charge('a')], NOW);
    charged += 1;
  }
  isOver = true;
  await Promise.all(askers);
  t.ok(queries.most <= 2, 'one that charges, one that reads', queries);
  t.ok(asked > queries.count, 'shared', { asked, queries: queries.count });
  t.equal((await read(['a'], NOW))[0]?.used, 200);
});

t.test('a database that does not answer is asked once in a second, and nobody waits', async (t) => {
  const { store, read, queries, proxy } = await openCounters(t);
  await store.admit([charge('a')], NOW);
  proxy.freeze();
  queries.count = 0;
  const start = performance.now();
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => read(['a'], NOW)));
  t.ok(performance.now() - start < 1000);
  for (const outcome of outcomes) {
    t.match(outcome, { status: 'rejected', reason: { store: 'postgres' } });
  }
  const asked = queries.count;
  t.ok(asked <= 1, 'one query for all', { asked });
  await t.rejects(read(['a'], later(999)), { name: 'CounterStoreUnavailableError' });
  t.equal(queries.count, asked, 'refused without asking');

  await proxy.up();
  const end = performance.now() + 5000;
  let found: readonly { used: number }[] = [];
  for (let ms = 1000; found.length === 0 && performance.now() < end; ms += 1000) {
    found = await read(['a'], later(ms)).catch(() => []);
  }
  t.match(found, [{ used: 1 }], 'and found again');
});

t.test('nobody waits longer because the clock was set back', async (t) => {
  let isAway = true;
  const read = createGatheredReads({
    read: async () => {
      if (isAway) throw new CounterStoreUnavailableError('postgres', new Error('away'));
      return [{ key: 'a', limit: Number.POSITIVE_INFINITY, used: 1, resetsAt: null }];
    },
  });
  await t.rejects(read(['a'], NOW), { name: 'CounterStoreUnavailableError' });
  isAway = false;
  await t.rejects(read(['a'], later(500)), { name: 'CounterStoreUnavailableError' });
  t.match(await read(['a'], later(-3_600_000)), [{ used: 1 }]);
});
