import { databaseUrl, ensureTemplate, joinTestServer, withClient } from './postgres-server.ts';

export interface TestDatabase {
  connectionString: string;
  /** Of the server's own database, for what must be done from outside, such as ending sessions. */
  adminConnectionString: string;
  name: string;
}

let server: ReturnType<typeof joinTestServer> | null = null;
let users = 0;
let made = 0;

/**
 * A database of the caller's own, with every migration applied, dropped when the test ends.
 *
 * @param t the test whose end is the database's; close your pools in a later `t.teardown`, which tap
 *   runs first
 * @param options.migrated false for an empty database
 */
export async function createTestDatabase(
  t: { teardown(work: () => Promise<void>): unknown },
  options: { migrated?: boolean } = {},
): Promise<TestDatabase> {
  users += 1;
  server ??= joinTestServer();
  const joined = await server;
  const admin = joined.connectionString;
  const name = `test_${process.pid}_${++made}_${Math.random().toString(36).slice(2, 8)}`;
  t.teardown(async () => {
    await withClient(admin, (client) =>
      client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
    );
    users -= 1;
    if (users > 0) return;
    server = null;
    await joined.stop();
  });
  const template = (options.migrated ?? true) ? await ensureTemplate(admin) : 'template1';
  // For one as small as this, copying files takes half the time of going through the log.
  await withClient(admin, (client) =>
    client.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`),
  );
  const connectionString = databaseUrl(admin, name);
  // The first connection of all fills the catalog's caches on disk; the tests are about what comes after.
  await withClient(connectionString, (client) => client.query('SELECT 1'));
  return { name, connectionString, adminConnectionString: admin };
}
