import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { migrate } from '../../src/database/migrate.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { withClient } from '../support/postgres-server.ts';

const original = new URL('../../prisma/migrations/', import.meta.url);
const OURS = '20261122090100_makers_of_apps';

t.test('clients from before are told their maker by the log, else by its id', async (t) => {
  const { connectionString } = await createTestDatabase(t, { migrated: false });
  const directory = t.testdir();
  for (const name of await readdir(original)) {
    if (name < OURS) await cp(new URL(name, original), join(directory, name), { recursive: true });
  }
  await migrate({ connectionString, directory });
  await withClient(connectionString, async (client) => {
    await client.query(
      `INSERT INTO organizations (id, name, plan, updated_at) VALUES ('org', 'Acme', 'free', now());
       INSERT INTO users (id, email, name, updated_at)
         VALUES ('ada', 'ada@example.com', 'Ada', now());
       INSERT INTO api_keys (id, organization_id, name, environment, created_by_kind, updated_at)
         VALUES ('key', 'org', 'A key', 'live', 'admin', now());
       INSERT INTO service_accounts (id, organization_id, name, jwks, created_by_kind, updated_at)
         VALUES ('job', 'org', 'A job', '{}', 'admin', now())`,
    );
    const makers = {
      root: null,
      ada: 'ada',
      key: 'key',
      job: 'job',
      gone: 'gone',
      other: 'app-ada',
    };
    for (const [id, createdBy] of Object.entries({ ...makers, silent: null })) {
      await client.query(
        `INSERT INTO clients (client_id, client_name, token_endpoint_auth_method, created_by, updated_at)
         VALUES ($1, $1, 'none', $2, now())`,
        [`app-${id}`, createdBy],
      );
    }
    for (const [id, kind, actor] of [
      ['root', 'admin', null],
      ['gone', 'service_account', 'gone'],
    ]) {
      await client.query(
        `INSERT INTO audit_events (type, actor_kind, actor_id, target_kind, target_id)
         VALUES ('client.created', $2, $3, 'client', $1)`,
        [`app-${id}`, kind, actor],
      );
    }
  });
  const applied = await migrate({ connectionString });
  t.equal(applied[0], OURS);
  await withClient(connectionString, async (client) => {
    const { rows } = await client.query(
      'SELECT client_id, created_by_kind, created_by FROM clients ORDER BY client_id',
    );
    t.strictSame(
      rows.map((row) => [row.client_id, row.created_by_kind, row.created_by]),
      [
        ['app-ada', 'user', 'ada'],
        ['app-gone', 'service_account', 'gone'],
        ['app-job', 'service_account', 'job'],
        ['app-key', 'api_key', 'key'],
        ['app-other', 'client', 'app-ada'],
        ['app-root', 'admin', null],
        ['app-silent', null, null],
      ],
    );
  });
});
