import t, { type Test } from 'tap';
import { openDatabase } from '../../src/database/database.ts';
import { silentLog } from '../../src/database/log.ts';
import type { Admission } from '../../src/limits/counter-store.ts';
import { createMemoryCounters } from '../../src/limits/memory-counters.ts';
import { createPostgresCounters } from '../../src/limits/postgres-counters.store.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { conformance } from './conformance.ts';

t.test('memory', (t) =>
  conformance(t as Test, async () => {
    const store = createMemoryCounters();
    return [store, store];
  }),
);

t.test('memory stays within its bounds, and forgets what ends soonest', async (t) => {
  const store = createMemoryCounters({ maxCounts: 100 });
  const now = new Date();
  const admit = (key: string, windowSeconds: number | null) =>
    store.admit([{ key, limit: 1, windowSeconds }], now) as Admission;
  admit('for life', null);
  admit('for an hour', 3600);
  for (let i = 0; i < 1_000; i += 1) admit(`k${i}`, 60);
  const keys = Array.from({ length: 1_000 }, (_, i) => `k${i}`);
  t.ok((await store.read(keys, now)).length <= 98);
  t.equal(admit('for life', null).admitted, false);
  t.equal(admit('for an hour', 3600).admitted, false, 'though it is the oldest but one');

  for (let i = 0; i < 1_000; i += 1) admit(`l${i}`, null);
  const lasting = Array.from({ length: 1_000 }, (_, i) => `l${i}`);
  t.ok((await store.read([...lasting, ...keys], now)).length <= 100, 'counts for life are bounded');
});

t.test('postgres', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const databases = [1, 2].map(() => {
    const database = openDatabase({ connectionString, maxConnections: 8, log: silentLog });
    t.teardown(() => database.close());
    return database;
  });
  const [one, two] = databases.map((database) => createPostgresCounters({ database }));
  await conformance(t as Test, async () => {
    await databases[0]!.pool.query('TRUNCATE limit_counters');
    return [one!, two!];
  });
});
