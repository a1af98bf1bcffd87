import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded.ts';
import { migrate, readMigrations } from '../../src/database/migrate.ts';
import { isAlive } from '../../src/database/postmaster.ts';

// One Postgres for all test files. Every process that needs it joins it, the last one to leave stops it
// (see src/database/embedded.ts); tap's before script leaves a keeper behind, so that it lasts a whole run.

/** In the clone, where git and the compiler don't look. */
export const testServerDirectory = fileURLToPath(
  new URL('../../.data/test-postgres', import.meta.url),
);

/** An arbitrary advisory lock: one process at a time makes the template. */
const TEMPLATE_LOCK = 7_011_984;

/** Starts or joins the shared server; TEST_DATABASE_URL names another one to use instead. */
export async function joinTestServer(): Promise<
  Pick<EmbeddedPostgres, 'connectionString' | 'stop'>
> {
  const outside = process.env.TEST_DATABASE_URL;
  if (outside) return { connectionString: outside, stop: async () => {} };
  return startEmbeddedPostgres({
    dataDir: testServerDirectory,
    durable: false,
    maxConnections: 400,
  });
}

/** Runs work on a connection of its own. */
export async function withClient<T>(
  connectionString: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The same server and account, another database. */
export function databaseUrl(connectionString: string, database: string): string {
  const url = new URL(connectionString);
  url.pathname = `/${database}`;
  return url.href;
}

/**
 * Makes sure that a migrated database to copy exists, and names it. Its name follows from the migrations,
 * so an edited migration makes a new one.
 */
export async function ensureTemplate(connectionString: string): Promise<string> {
  const migrations = await readMigrations();
  const sum = createHash('sha256').update(migrations.map(({ checksum }) => checksum).join());
  const name = `gatehouse_template_${sum.digest('hex').slice(0, 12)}`;
  await withClient(connectionString, async (client) => {
    const exists = async () => {
      const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      return found.rowCount === 1;
    };
    if (await exists()) return;
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    if (await exists()) return;
    const draft = `${name}_draft`;
    await client.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${draft}`);
    await migrate({ connectionString: databaseUrl(connectionString, draft) });
    await client.query(`ALTER DATABASE ${draft} RENAME TO ${name}`);
  });
  return name;
}

/** Drops what killed test processes left: their databases carry their process id. */
export async function dropLeftovers(connectionString: string): Promise<void> {
  await withClient(connectionString, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      `SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'`,
    );
    for (const { datname } of rows) {
      const pid = Number(datname.split('_')[1]);
      if (pid > 0 && !isAlive(pid)) await client.query(`DROP DATABASE ${datname} WITH (FORCE)`);
    }
  });
}
