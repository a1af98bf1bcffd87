import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { connectOrExplain } from './connection-refusal.ts';
import { type Log, reasonOf, silentLog } from './log.ts';

// Applies prisma/migrations and keeps Prisma's books, so that Prisma's own tools agree about what has
// been applied. We have a runner because theirs is a binary to download, and because many processes
// start at once.

/** The advisory lock Prisma takes for the same purpose. */
const MIGRATION_LOCK = 72_707_369;

/** A start that cannot reach its database says so soon. */
const CONNECT_PATIENCE_MS = 5000;

/**
 * What a migration waits for a table that somebody holds. Whoever comes after it queues behind it, so that this
 * is well below what a query of ours may take (database.ts); then it lets them through and tries again.
 */
const LOCK_PATIENCE = '400ms';
const LOCK_ATTEMPTS = 30;
const LOCK_RETRY_MS = 1000;
/** lock_not_available and deadlock_detected: somebody was there first, and nothing of the file remains. */
const HELD = ['55P03', '40P01'];

const MIGRATIONS = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** In `logs` while a file runs. Who still finds it there, and holds the lock, comes after one that was killed. */
const UNDER_WAY = 'under way, in one transaction with its end in these books';
/** The same for a file that commits by itself, half-way. */
const UNDER_WAY_IN_PARTS = 'under way, in more than one transaction';

/** As Prisma makes it; `finished_at` null and `rolled_back_at` null means it failed half-way. */
const BOOKS = `
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                  VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum            VARCHAR(64) NOT NULL,
    finished_at         TIMESTAMPTZ,
    migration_name      VARCHAR(255) NOT NULL,
    logs                TEXT,
    rolled_back_at      TIMESTAMPTZ,
    started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`;

export interface MigrateOptions {
  connectionString: string;
  log?: Log;
  /** Default: prisma/migrations */
  directory?: string;
  /** Between attempts at a table that somebody else holds. Default 1000 */
  retryMs?: number;
}

interface Migration {
  name: string;
  sql: string;
  /** Hex SHA-256 of the file's bytes */
  checksum: string;
}

interface Entry {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
  logs: string | null;
}

/** The books and the files disagree; the message says how to mend it. Nothing was changed. */
export class MigrationError extends Error {
  override name = 'MigrationError';
}

/**
 * Brings the database up to the newest migration. Any number of processes may call it at once: one
 * applies, the others wait for it and find nothing to do.
 *
 * Migrations that are applied but not among the files (by a newer version, during a rolling update) are
 * left alone.
 *
 * @returns the names of the migrations this call applied
 * @throws DatabaseConnectionError when the database cannot be reached or refuses this user
 * @throws MigrationError when an applied file was changed, or an earlier attempt failed half-way,
 *   or a table was held all the time (the next start tries that again)
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const { log = silentLog, retryMs = LOCK_RETRY_MS } = options;
  const migrations = await readMigrations(options.directory ?? MIGRATIONS);
  const client = new pg.Client({
    connectionString: options.connectionString,
    connectionTimeoutMillis: CONNECT_PATIENCE_MS,
    keepAlive: true,
    application_name: 'gatehouse-migrate',
  });
  client.on('error', () => {});
  await connectOrExplain(client, options.connectionString);
  try {
    await lock(client, log);
    await client.query(`SET lock_timeout = '${LOCK_PATIENCE}'`);
    await client.query(BOOKS);
    await forgetKilled(client, log);
    const pending = findPending(migrations, await readBooks(client));
    for (const migration of pending) {
      await apply(client, migration, { log, retryMs });
      log.info({ migration: migration.name }, 'migration applied');
    }
    return pending.map(({ name }) => name);
  } finally {
    // Ends the session and, with it, the lock.
    await client.end().catch(() => {});
  }
}

/**
 * The migrations of a directory, in order of their names.
 *
 * @throws Error when a migration's directory has no migration.sql
 */
export async function readMigrations(directory: string = MIGRATIONS): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.sort().map(async (name) => {
      const bytes = await readFile(join(directory, name, 'migration.sql'));
      const checksum = createHash('sha256').update(bytes).digest('hex');
      return { name, sql: bytes.toString('utf8'), checksum };
    }),
  );
}

async function lock(client: pg.Client, log: Log): Promise<void> {
  const { rows } = await client.query<{ locked: boolean }>(
    'SELECT pg_try_advisory_lock($1) AS locked',
    [MIGRATION_LOCK],
  );
  if (rows[0]?.locked) return;
  log.info({}, 'another process is migrating the database; waiting for it');
  await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
}

/**
 * A process that was killed while a file ran has left nothing of it, as the file and its end in the books are
 * one transaction: it may run again, here or, when it is of a newer version, wherever that is started next.
 */
async function forgetKilled(client: pg.Client, log: Log): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `UPDATE _prisma_migrations SET rolled_back_at = now(), logs = 'its process was killed'
     WHERE finished_at IS NULL AND rolled_back_at IS NULL AND logs = $1
     RETURNING migration_name AS name`,
    [UNDER_WAY],
  );
  for (const { name } of rows) {
    log.warn({ migration: name }, 'a migration had been killed; nothing of it remains');
  }
}

async function readBooks(client: pg.Client): Promise<Map<string, Entry>> {
  const { rows } = await client.query<Entry>(
    `SELECT migration_name, checksum, finished_at, logs FROM _prisma_migrations
     WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  return new Map(rows.map((entry) => [entry.migration_name, entry]));
}

function findPending(migrations: Migration[], books: Map<string, Entry>): Migration[] {
  for (const entry of books.values()) {
    if (entry.finished_at === null) throw new MigrationError(unfinished(entry));
  }
  return migrations.filter(({ name, checksum }) => {
    const entry = books.get(name);
    if (entry && entry.checksum !== checksum) throw new MigrationError(changed(name));
    return !entry;
  });
}

/** What ran as one transaction with its books has left nothing; of anything else only a look at the tables tells. */
function unfinished({ migration_name: name, logs }: Entry): string {
  const isFailed = logs !== null && logs !== UNDER_WAY_IN_PARTS;
  return (
    `Migration ${name} was started and did not finish` +
    (isFailed
      ? '; the reason is in _prisma_migrations.logs. Its file ran as one transaction, so unless it has ' +
        'its own COMMIT nothing of it remains. When the cause is mended, '
      : ': its process was killed. Look whether any of its changes are there, and undo them. Then ') +
    'let it run again: UPDATE _prisma_migrations SET rolled_back_at = now() ' +
    `WHERE migration_name = '${name}' AND finished_at IS NULL;`
  );
}

function changed(name: string): string {
  return (
    `Migration ${name} was changed after it had been applied to this database. Restore its ` +
    'migration.sql (git checkout) and put the change into a new migration.'
  );
}

async function apply(
  client: pg.Client,
  migration: Migration,
  options: { log: Log; retryMs: number },
): Promise<void> {
  const id = randomUUID();
  await client.query(
    'INSERT INTO _prisma_migrations (id, checksum, migration_name, logs) VALUES ($1, $2, $3, $4)',
    [
      id,
      migration.checksum,
      migration.name,
      commitsItself(migration) ? UNDER_WAY_IN_PARTS : UNDER_WAY,
    ],
  );
  try {
    await run(client, migration, id, options);
  } catch (error) {
    const logs = describe(error);
    await client
      .query(
        `UPDATE _prisma_migrations SET logs = $2, rolled_back_at = CASE WHEN $3 THEN now() END
         WHERE id = $1`,
        [id, logs, isHeld(error)],
      )
      .catch(() => {});
    const mend = isHeld(error) ? heldTooLong : '';
    throw new MigrationError(`Migration ${migration.name} failed: ${logs}${mend}`, {
      cause: error,
    });
  }
}

/**
 * The file and its end in the books go as one simple query, which Postgres runs as one transaction.
 *
 * @param id a UUID of ours
 */
async function run(
  client: pg.Client,
  { name, sql }: Migration,
  id: string,
  { log, retryMs }: { log: Log; retryMs: number },
): Promise<void> {
  const whole = `${withOurPatience(sql)};
    UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1, logs = NULL
    WHERE id = '${id}'`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(whole);
      return;
    } catch (error) {
      if (!isHeld(error) || attempt === LOCK_ATTEMPTS) throw error;
      log.warn({ migration: name, err: error }, 'a table is in use; the migration is tried again');
    }
    await sleep(retryMs);
  }
}

const commitsItself = ({ sql }: Migration): boolean => /\bCOMMIT\b/i.test(sql);

/** Files of before the runner had a patience bring one of their own, which is longer than what queries may take. */
const withOurPatience = (sql: string) => sql.replace(/^SET LOCAL lock_timeout = '2s';$/m, '');

const isHeld = (error: unknown): boolean => HELD.includes((error as pg.DatabaseError).code ?? '');

const heldTooLong =
  '. Nothing of it remains, and the next start tries it again. pg_stat_activity shows which ' +
  'transaction has been open for long: wait for it, or end it with pg_terminate_backend(pid).';

function describe(error: unknown): string {
  const { position, detail } = error as pg.DatabaseError;
  const place = position ? ` (at character ${position})` : '';
  return `${reasonOf(error)}${place}${detail ? `: ${detail}` : ''}`;
}
