import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '../src/database/embedded.ts';
import { migrate } from '../src/database/migrate.ts';
import { diffScript } from './schema-engine.ts';

// `npm run check:drift [schema.prisma]`: do the migrations build what the schema says? Applies them to a
// throw-away Postgres and asks Prisma's engine for the difference. It sees tables, columns, defaults,
// plain indexes and foreign keys; the CHECK constraints and partial indexes at the end of the first
// migration have no counterpart in schema.prisma and are guarded by test/database/schema.test.ts.

const schemaFile = process.argv[2] ?? fileURLToPath(new URL('schema.prisma', import.meta.url));

async function findDrift(): Promise<string> {
  const schema = await readFile(schemaFile, 'utf8');
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-drift-'));
  try {
    const server = await startEmbeddedPostgres({ dataDir, durable: false });
    try {
      const { connectionString } = server;
      await migrate({ connectionString });
      return await diffScript({ connectionString, schema, from: 'database' });
    } finally {
      await server.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

const drift = await findDrift();
if (drift === '') {
  console.log('The migrations and schema.prisma agree.');
} else {
  console.error(`The migrations don't build what ${schemaFile} says. What is missing, as SQL:\n`);
  console.error(drift);
  console.error(
    'Put it into a new migration: prisma/migrations/<yyyymmddhhmmss>_<name>/migration.sql',
  );
  process.exitCode = 1;
}
