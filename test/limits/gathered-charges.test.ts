import t from 'tap';
import { openDatabase } from '../../src/database/database.ts';
import { silentLog } from '../../src/database/log.ts';
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
  const queries = { count: 0 };
  database.pool.on('acquire', () => {
    queries.count += 1;
  });
  return { store: createPostgresCounters({ database }), queries, proxy };
}

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
