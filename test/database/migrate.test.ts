import { appendFile, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
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

t.test('leaves alone what a newer version has already applied', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  t.same(await migrate({ connectionString, directory: t.testdir() }), []);
});
