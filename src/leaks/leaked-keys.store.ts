import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext, AuditValue } from '../audit/audit.ts';
import { API_KEYS_CHANNEL } from '../credentials/api-keys/api-keys.store.ts';
import type { Database } from '../database/database.ts';

/**
 * Revokes the API key behind a secret that was found in public, if it still works; notes both in the
 * organization's log, which its receivers hear of. Of several reports at once, one does it.
 *
 * @param hash of the whole key string
 * @returns whether there is such a key, or was
 */
export async function revokeLeakedKey(
  database: Database,
  hash: Uint8Array,
  now: Date,
  details: Record<string, AuditValue>,
  audit: AuditContext,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.query<{ id: string; organization_id: string }>(
      `UPDATE api_keys k SET revoked_at = $2, updated_at = $2 FROM api_key_secrets s
       WHERE s.hash = $1 AND k.id = s.api_key_id AND k.revoked_at IS NULL
         AND (s.expires_at IS NULL OR s.expires_at > $2)
       RETURNING k.id, k.organization_id`,
      [hash, now],
    );
    const key = rows[0];
    if (!key) {
      const known = await tx.query('SELECT FROM api_key_secrets WHERE hash = $1', [hash]);
      return known.rowCount === 1;
    }
    // The cache knows keys by their secrets, all of them.
    await tx.query(
      `SELECT pg_notify('${API_KEYS_CHANNEL}', encode(hash, 'hex'))
       FROM api_key_secrets WHERE api_key_id = $1`,
      [key.id],
    );
    const about = { organizationId: key.organization_id, target: { kind: 'api_key', id: key.id } };
    await recordAuditEvent(tx, { ...audit, ...about, type: 'api_key.leaked', details });
    await recordAuditEvent(tx, { ...audit, ...about, type: 'api_key.deleted' });
    return true;
  });
}
