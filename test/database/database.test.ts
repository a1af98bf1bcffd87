import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type Database, isDatabaseUnavailable, openDatabase } from '../../src/database/database.ts';
import { silentLog } from '../../src/database/log.ts';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { createTestDatabase } from '../support/postgres.ts';

async function openBehindProxy(t: Test) {
  const { connectionString } = await createTestDatabase(t);
  const proxy = await createFlakyProxy(t, connectionString);
  const database = openDatabase({
    connectionString: proxy.connectionString,
    maxConnections: 4,
    log: silentLog,
  });
  t.teardown(() => database.close());
  return { database, proxy };
}

const waysToAsk: Record<string, (database: Database) => Promise<unknown>> = {
  'a query': ({ pool }) => pool.query('SELECT 1'),
  'a transaction': ({ transaction }) => transaction((tx) => tx.query('SELECT 1')),
  Prisma: ({ prisma }) => prisma.user.count(),
  "Prisma's raw query": ({ prisma }) => prisma.$queryRaw`SELECT 1`,
  "Prisma's transaction": ({ prisma }) => prisma.$transaction((tx) => tx.user.count()),
};

/** Asks in every way at once and expects each to fail as unavailable, in time. */
async function expectUnavailable(t: Test, database: Database): Promise<void> {
  const start = performance.now();
  const checks = Object.entries(waysToAsk).map(async ([name, ask]) => {
    const error = await ask(database).then(
      () => null,
      (reason: unknown) => reason,
    );
    const took = performance.now() - start;
    t.ok(isDatabaseUnavailable(error), `${name} is told the database is unavailable`, { error });
    t.ok(took < 2000, `${name} is told within two seconds`, { took });
  });
  await Promise.all(checks);
}

async function expectRecovery(t: Test, database: Database): Promise<void> {
  for (let tries = 0; tries < 20 && !(await database.ping(500)); tries += 1) await sleep(50);
  for (const [name, ask] of Object.entries(waysToAsk)) await t.resolves(ask(database), name);
}

t.test(
  'a database that is down is told from a fault, in time, and comes back by itself',
  async (t) => {
    const { database, proxy } = await openBehindProxy(t);
    await expectRecovery(t, database);
    await proxy.down();
    t.equal(await database.ping(500), false);
    await expectUnavailable(t, database);
    await proxy.up();
    await expectRecovery(t, database);
  },
);

t.test('a database that hangs is told in time, and comes back by itself', async (t) => {
  const { database, proxy } = await openBehindProxy(t);
  await Promise.all(Array.from({ length: 4 }, () => database.pool.query('SELECT 1')));
  proxy.freeze();
  await expectUnavailable(t, database);
  await expectUnavailable(t, database);
  const start = performance.now();
  t.equal(await database.ping(300), false);
  t.ok(performance.now() - start < 400, 'a ping keeps to its time');
  await proxy.up();
  await expectRecovery(t, database);
});

t.test('a slow statement fails in time, at the server too', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const database = openDatabase({ connectionString, maxConnections: 1, log: silentLog });
  t.teardown(() => database.close());
  const start = performance.now();
  const error = await database.pool.query('SELECT pg_sleep(5)').catch((reason: unknown) => reason);
  t.ok(isDatabaseUnavailable(error));
  t.ok(performance.now() - start < 1500);
  const { rows } = await database.pool.query(
    `SELECT count(*)::int AS busy FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(5)'
     AND state = 'active'`,
  );
  t.equal(rows[0].busy, 0);
});

t.test('a large transaction has the time it takes, and only it', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const database = openDatabase({ connectionString, maxConnections: 1, log: silentLog });
  t.teardown(() => database.close());
  const slow = 'SELECT pg_sleep(1.2)';
  await t.resolves(database.largeTransaction((tx) => tx.query(slow)));
  const failing = database.largeTransaction(async (tx) => {
    await tx.query(slow);
    throw new Error('changed my mind');
  });
  await t.rejects(failing, { message: 'changed my mind' });
  const start = performance.now();
  const error = await database.pool.query(slow).catch((reason: unknown) => reason);
  t.ok(isDatabaseUnavailable(error), 'the connection is as impatient as before');
  t.ok(performance.now() - start < 1100);
  const { rows } = await database.pool.query('SHOW statement_timeout');
  t.same(rows, [{ statement_timeout: '800ms' }]);
});

t.test('ended sessions, idle or lent out, do not end the process', async (t) => {
  const { connectionString, name } = await createTestDatabase(t);
  const database = openDatabase({ connectionString, log: silentLog });
  t.teardown(() => database.close());
  const admin = openDatabase({ connectionString, log: silentLog });
  t.teardown(() => admin.close());
  const endOthers = () =>
    admin.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = $1 AND pid <> pg_backend_pid()`,
      [name],
    );
  await database.pool.query('SELECT 1');
  await endOthers();
  const work = database.transaction(async (tx) => {
    await tx.query('SELECT 1');
    await endOthers();
    await sleep(50);
    await tx.query('SELECT 1');
  });
  const error = await work.catch((reason: unknown) => reason);
  t.ok(isDatabaseUnavailable(error), 'the transaction fails as unavailable', { error });
  t.ok(await database.ping(1000));
});

t.test('a transaction is all or nothing, and its connection is given back', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const database = openDatabase({ connectionString, maxConnections: 1, log: silentLog });
  t.teardown(() => database.close());
  const add = `INSERT INTO organizations (id, name) VALUES ('o1', 'One')`;
  const failing = database.transaction(async (tx) => {
    await tx.query(add);
    throw new Error('changed my mind');
  });
  await t.rejects(failing, { message: 'changed my mind' });
  t.equal(await database.prisma.organization.count(), 0);
  await database.transaction((tx) => tx.query(add));
  const conflict = await database.transaction((tx) => tx.query(add)).catch((e: unknown) => e);
  t.match(conflict, { code: '23505' });
  t.notOk(isDatabaseUnavailable(conflict), 'a conflict is no outage');
  t.equal(await database.prisma.organization.count(), 1);
});

t.test(
  'timestamps mean the same to pg, to Prisma and to the database, whatever its zone',
  async (t) => {
    const { connectionString, name } = await createTestDatabase(t);
    const database = openDatabase({ connectionString, log: silentLog });
    t.teardown(() => database.close());
    await database.pool.query(`ALTER DATABASE ${name} SET timezone = 'Asia/Tokyo'`);
    const other = openDatabase({ connectionString, log: silentLog });
    t.teardown(() => other.close());
    const createdAt = new Date('2026-11-21T12:00:00.123Z');
    await other.prisma.organization.create({ data: { id: 'o1', name: 'One', createdAt } });
    const { rows } = await other.pool.query('SELECT created_at FROM organizations');
    t.same(rows[0].created_at, createdAt);
    t.same((await other.prisma.organization.findFirst())?.createdAt, createdAt);
  },
);

t.test('closing does not wait for a transaction that never ends', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const database = openDatabase({ connectionString, maxConnections: 4, log: silentLog });
  const begun = Promise.withResolvers<void>();
  void database
    .transaction(async () => {
      begun.resolve();
      await new Promise(() => {});
    })
    .catch(() => {});
  await begun.promise;
  const start = performance.now();
  await database.close();
  const took = performance.now() - start;
  t.ok(took < 4_000, 'two seconds are enough', { took });
});

t.test('of two transactions that wait for each other, one is told to come again', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const database = openDatabase({ connectionString, log: silentLog });
  t.teardown(() => database.close());
  await database.pool.query(`INSERT INTO organizations (id, name) VALUES ('o1', ''), ('o2', '')`);
  const hold = 'SELECT FROM organizations WHERE id = $1 FOR UPDATE';
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  // A large one waits long enough for Postgres to look for deadlocks.
  const lock = (first: string, second: string, own: 0 | 1) =>
    database.largeTransaction(async (tx) => {
      await tx.query(hold, [first]);
      gates[own].resolve();
      await gates[own === 0 ? 1 : 0].promise;
      await tx.query(hold, [second]);
    });
  const ends = await Promise.allSettled([lock('o1', 'o2', 0), lock('o2', 'o1', 1)]);
  const reasons = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
  t.match(reasons, [{ code: '40P01' }]);
  t.ok(isDatabaseUnavailable(reasons[0]));
});

t.test('a column added by another process fails no query of this one', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const database = openDatabase({ connectionString, maxConnections: 3, log: silentLog });
  t.teardown(() => database.close());
  await database.pool.query('CREATE TABLE things (id int)');
  const ask = { name: 'all_things', text: 'SELECT * FROM things' };
  const askAtOnce = () => Promise.all([1, 2, 3, 4, 5, 6].map(() => database.pool.query(ask)));
  await askAtOnce();
  await database.pool.query('ALTER TABLE things ADD COLUMN more int');
  await t.resolves(askAtOnce());

  await database.pool.query('ALTER TABLE things ADD COLUMN even_more int');
  const inTransaction = () => database.transaction((tx) => tx.query(ask));
  const failures: unknown[] = [];
  for (let i = 0; i < 6; i += 1) await inTransaction().catch((error) => failures.push(error));
  t.ok(failures.length <= 3, 'a transaction fails once for a connection');
  t.ok(
    failures.every((error) => isDatabaseUnavailable(error)),
    'and may be tried again',
  );
});
