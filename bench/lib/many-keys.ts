import pg from 'pg';
import { embeddedDatabase } from './embedded-database.ts';

/** Stores keys that nobody has, straight into the embedded database of a started Gatehouse. */
export async function storeStrangersKeys(
  dataDir: string,
  organizationId: string,
  count: number,
): Promise<void> {
  const client = new pg.Client(await embeddedDatabase(dataDir));
  await client.connect();
  try {
    await client.query(
      `INSERT INTO api_keys (id, organization_id, name, environment, scopes, allowed_addresses,
         created_by_kind)
       SELECT 'stranger-' || n, $1, 'Stranger', 'live', '{}', '{}', 'system'
       FROM generate_series(1, $2::int) AS n`,
      [organizationId, count],
    );
    await client.query(
      `INSERT INTO api_key_secrets (id, api_key_id, hash, hint)
       SELECT 'stranger-' || n, 'stranger-' || n, sha256(n::text::bytea), 'stranger'
       FROM generate_series(1, $1::int) AS n`,
      [count],
    );
    await client.query('VACUUM ANALYZE api_keys, api_key_secrets');
  } finally {
    await client.end();
  }
}
