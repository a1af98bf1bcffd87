import t, { type Test } from 'tap';
import { openDatabase } from '../../src/database/database.ts';
import { silentLog } from '../../src/database/log.ts';
import { createMemoryCounters } from '../../src/limits/memory-counters.ts';
import { createPostgresCounters } from '../../src/limits/postgres-counters.store.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { conformance } from './conformance.ts';

t.test('memory', (t) => conformance(t as Test, async () => createMemoryCounters()));

t.test('memory stays within its bounds, and forgets what ends soonest', async (t) => {
  const store = createMemoryCounters({ maxCounts: 100 });
  const now = new Date();
  await store.admit([{ key: 'for life', limit: 1, windowSeconds: null }], now);
  for (let i = 0; i < 1_000; i += 1) {
    await store.admit([{ key: `k${i}`, limit: 1, windowSeconds: 60 }], now);
  }
  const keys = Array.from({ length: 1_000 }, (_, i) => `k${i}`);
  t.ok((await store.read(keys, now)).length <= 100);
  const life = await store.admit([{ key: 'for life', limit: 1, windowSeconds: null }], now);
  t.equal(life.admitted, false);
});

t.test('postgres', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const database = openDatabase({ connectionString, maxConnections: 8, log: silentLog });
  t.teardown(() => database.close());
  await conformance(t as Test, async () => {
    await database.pool.query('TRUNCATE limit_counters');
    return createPostgresCounters({ database });
  });
});

t.test('postgres: two processes never admit more than the limit together', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const stores = [1, 2].map(() => {
    const database = openDatabase({ connectionString, maxConnections: 8, log: silentLog });
    t.teardown(() => database.close());
    return createPostgresCounters({ database });
  });
  const charges = [{ key: 'quota', limit: 100, windowSeconds: 86_400 }];
  let admitted = 0;
  // A thousand in all, a hundred under way at a time.
  for (let round = 0; round < 10; round += 1) {
    const admissions = await Promise.all(
      Array.from({ length: 100 }, (_, i) => stores[i % 2]!.admit(charges, new Date())),
    );
    admitted += admissions.filter((one) => one.admitted).length;
  }
  t.equal(admitted, 100);
});
