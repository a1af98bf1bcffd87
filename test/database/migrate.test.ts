import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { silentLog } from '../../src/database/log.ts';
import { MigrationError, migrate } from '../../src/database/migrate.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { withClient } from '../support/postgres-server.ts';

const original = new URL('../../prisma/migrations', import.meta.url);
const names = (await readdir(original)).filter((name) => /^\d+_/.test(name));

t.test(
  'of eight processes that start at once, one migrates and seven find nothing to do',
  async (t) => {
    const { connectionString } = await createTestDatabase(t, { migrated: false });
    const applied = await Promise.all(
      Array.from({ length: 8 }, () => migrate({ connectionString })),
    );
    t.same(
      applied.filter((list) => list.length > 0),
      [names],
    );
    await withClient(connectionString, async (client) => {
      const { rows } = await client.query(
        'SELECT migration_name, length(checksum) AS size, finished_at, logs FROM _prisma_migrations',
      );
      t.equal(rows.length, names.length);
      t.match(rows[0], { migration_name: names[0], size: 64, finished_at: Date, logs: null });
    });
  },
);

t.test('refuses a database whose migration was changed afterwards', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const directory = join(t.testdir(), 'migrations');
  await cp(original, directory, { recursive: true });
  t.same(await migrate({ connectionString, directory }), [], 'an exact copy is no change');
  await appendFile(join(directory, names[0]!, 'migration.sql'), '\n');
  const refusal = migrate({ connectionString, directory });
  await t.rejects(refusal, { name: 'MigrationError', message: /changed after.*git checkout/ });
});

t.test(
  'a failing migration leaves nothing behind, is refused, and runs again when mended',
  async (t) => {
    const { connectionString } = await createTestDatabase(t);
    const directory = join(t.testdir(), 'migrations');
    await cp(original, directory, { recursive: true });
    const file = join(directory, '29990101000000_broken', 'migration.sql');
    await mkdir(join(file, '..'));
    await writeFile(file, 'CREATE TABLE half (id int); SELECT missing FROM half;');
    const attempt = () => migrate({ connectionString, directory });

    await t.rejects(attempt(), { message: /29990101000000_broken failed: column "missing"/ });
    const again = await attempt().catch((error: unknown) => error);
    t.type(again, MigrationError);
    const mend = /UPDATE _prisma_migrations .*;/.exec((again as Error).message)?.[0];
    t.ok(mend, 'the refusal says how to mend it');
    await withClient(connectionString, async (client) => {
      const { rows } = await client.query(`SELECT to_regclass('half') AS half`);
      t.equal(rows[0].half, null);
      await client.query(mend!);
    });
    await writeFile(file, 'CREATE TABLE half (id int);');
    t.same(await attempt(), ['29990101000000_broken']);
  },
);

/** A directory with one migration that gives up soon where somebody reads the table. */
async function impatient(t: Test, patience = `SET LOCAL lock_timeout = '20ms';`) {
  const { connectionString } = await createTestDatabase(t, { migrated: false });
  const directory = t.testdir({
    '1_things': { 'migration.sql': 'CREATE TABLE things (id int);' },
  });
  await migrate({ connectionString, directory });
  const name = '2_column';
  await mkdir(join(directory, name));
  await writeFile(
    join(directory, name, 'migration.sql'),
    `${patience}\nALTER TABLE things ADD COLUMN more int;`,
  );
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (about: unknown) => void warnings.push(about) };
  const attempt = () => migrate({ connectionString, directory, log, retryMs: 5 });
  return { connectionString, name, warnings, attempt };
}

t.test('a table that is read for long is tried again, until it is free', async (t) => {
  const { connectionString, name, warnings, attempt } = await impatient(t);
  await withClient(connectionString, async (reader) => {
    await reader.query('BEGIN');
    await reader.query('SELECT FROM things');
    const migrated = attempt();
    while (warnings.length < 2) await reader.query('SELECT FROM things');
    await reader.query('COMMIT');
    t.same(await migrated, [name]);
    const { rows } = await reader.query('SELECT count(*)::int AS count FROM _prisma_migrations');
    t.same(rows, [{ count: 2 }], 'the books have it once');
  });
});

t.test('one that stays held is told, and the next start needs no mending', async (t) => {
  const { connectionString, name, warnings, attempt } = await impatient(t);
  await withClient(connectionString, async (reader) => {
    await reader.query('BEGIN');
    await reader.query('SELECT FROM things');
    await t.rejects(attempt(), {
      ...{ name: 'MigrationError', message: /2_column failed: .*lock timeout.*pg_stat_activity/ },
    });
    t.equal(warnings.length, 29);
    await reader.query('COMMIT');
    t.same(await attempt(), [name]);
    t.same(await attempt(), []);
  });
});

t.test(
  'a migration holds one table at the most, not for long, and not while it changes rows',
  async (t) => {
    const later = names.filter((name) => name > '20261122080000');
    for (const name of later) {
      const sql = await readFile(join(original.pathname, name, 'migration.sql'), 'utf8');
      const tables = (pattern: RegExp) => Array.from(sql.matchAll(pattern), ([, table]) => table);
      const made = tables(/^CREATE TABLE "(\w+)"/gm);
      const held = new Set(
        tables(/^(?:ALTER TABLE|CREATE .*INDEX .* ON) "(\w+)"/gm).filter(
          (one) => !made.includes(one),
        ),
      );
      t.ok(held.size <= 1, name);
      if (held.size === 0) continue;
      // The runner's own is shorter; these are from before it had one.
      if (name > '20261122092000') t.notMatch(sql, /lock_timeout/, name);
      else t.match(sql, /SET LOCAL lock_timeout/, name);
      t.notMatch(sql, /^(UPDATE|INSERT|DELETE)/m, `${name} changes rows in a file of its own`);
    }
  },
);

for (const [how, patience] of [
  ['', ''],
  [', whatever the file asks for', "SET LOCAL lock_timeout = '2s';"],
] as const) {
  t.test(`who reads a table that a migration waits for is let through soon${how}`, async (t) => {
    const { connectionString, attempt } = await impatient(t, patience);
    await withClient(connectionString, async (reader) => {
      await reader.query('BEGIN');
      await reader.query('SELECT FROM things');
      const migrated = attempt();
      await withClient(connectionString, async (bystander) => {
        // As much as the server's own queries have (database.ts).
        await bystander.query(`SET statement_timeout = '800ms'`);
        const waiting = `SELECT FROM pg_locks WHERE relation = 'things'::regclass AND NOT granted`;
        for (let reads = 0; reads < 3; reads += 1) {
          while ((await bystander.query(waiting)).rowCount === 0);
          await bystander.query('SELECT FROM things');
        }
      });
      await reader.query('COMMIT');
      await migrated;
    });
  });
}

/** Migrates in a process of its own, with a file that takes long, and kills that process while it does. */
async function killed(t: Test, sql: string) {
  const { connectionString } = await createTestDatabase(t, { migrated: false });
  const directory = t.testdir({ '1_things': { 'migration.sql': sql } });
  const source = new URL('../../src/database/migrate.ts', import.meta.url).href;
  const program = `import { migrate } from ${JSON.stringify(source)};
    await migrate(${JSON.stringify({ connectionString, directory })});`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  const ended = once(child, 'exit');
  await withClient(connectionString, async (client) => {
    const asleep = `SELECT FROM pg_stat_activity WHERE application_name = 'gatehouse-migrate'
      AND datname = current_database() AND wait_event = 'PgSleep'`;
    while ((await client.query(asleep)).rowCount === 0);
  });
  child.kill('SIGKILL');
  await ended;
  return { connectionString, attempt: () => migrate({ connectionString, directory }) };
}

/** As where the connection dies with its process. */
const endMigration = (connectionString: string) =>
  withClient(connectionString, (client) =>
    client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'gatehouse-migrate' AND datname = current_database()`,
    ),
  );

t.test(
  'a process killed while it migrates is no obstacle for the next, whatever came of it',
  async (t) => {
    // Postgres goes on with the query of a process that is gone, and commits it.
    const { connectionString, attempt } = await killed(
      t,
      'CREATE TABLE things (id int); SELECT pg_sleep(1);',
    );
    t.same(await attempt(), [], 'it waits for that end');
    await withClient(connectionString, async (client) => {
      t.match((await client.query('SELECT finished_at, logs FROM _prisma_migrations')).rows, [
        { finished_at: Date, logs: null },
      ]);
      t.equal((await client.query('SELECT FROM things')).rowCount, 0);
    });
  },
);

t.test('one whose connection dies with it runs again by itself', async (t) => {
  const { connectionString, attempt } = await killed(
    t,
    "CREATE TABLE things (id int); SELECT pg_sleep(600 * (1 - count(*))) FROM pg_class WHERE relname = 'again';",
  );
  await withClient(connectionString, async (client) => {
    await client.query('CREATE TABLE again (id int)');
  });
  await endMigration(connectionString);
  t.same(await attempt(), ['1_things']);
  t.same(await attempt(), []);
});

t.test('a version that has no such file, as one that is gone back to, starts too', async (t) => {
  const { connectionString } = await killed(
    t,
    'CREATE TABLE things (id int); SELECT pg_sleep(600);',
  );
  await endMigration(connectionString);
  t.ok((await migrate({ connectionString })).length > 0);
  t.same(await migrate({ connectionString }), []);
});

t.test('one that commits by itself is for a person to look at', async (t) => {
  const { connectionString, attempt } = await killed(
    t,
    'CREATE TABLE things (id int); COMMIT; SELECT pg_sleep(600);',
  );
  await endMigration(connectionString);
  await t.rejects(attempt(), {
    ...{ name: 'MigrationError', message: /killed.*Look whether.*UPDATE _prisma_migrations/ },
  });
});

t.test('leaves alone what a newer version has already applied', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  t.same(await migrate({ connectionString, directory: t.testdir() }), []);
});
