import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext, AuditValue } from '../audit/audit.ts';
import { endLineage } from '../credentials/api-keys/lineage.store.ts';
import type { Database } from '../database/database.ts';
import { findDeedsOf, type KeyDeeds } from './leaked-key-deeds.store.ts';
import { recordLeak } from './leaked-keys-shown.store.ts';

/**
 * Revokes the API key behind a secret that was found in public, if it still works, and what descends from
 * it; notes all of it in the organization's log, which its receivers hear of, with the keys that it rotated or
 * changed and that go on working. Of several reports at once, one does it.
 *
 * @param hash of the whole key string
 * @returns whether there is such a key, or was
 */
export async function revokeLeakedKey(
  database: Database,
  hash: Uint8Array,
  now: Date,
  details: Record<string, AuditValue> & { found_at: string },
  audit: AuditContext,
): Promise<boolean> {
  // However many keys were made with it.
  return database.largeTransaction(async (tx) => {
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
    const { id, organization_id: organizationId } = key;
    const about = { organizationId, target: { kind: 'api_key', id } };
    const deeds = toDetails(await findDeedsOf(tx, { id, organizationId }));
    const event = { ...audit, ...about, type: 'api_key.leaked' } as const;
    await recordAuditEvent(tx, { ...event, details: { ...details, ...deeds } });
    await recordLeak(tx, id, { place: details.found_at, reportedAt: now });
    await endLineage(tx, { id, organizationId }, now, audit);
    return true;
  });
}

/** What the key has done to others, so that whoever reads or receives the event need not search for it. */
function toDetails({ rotated, changed, hasMore }: KeyDeeds): Record<string, AuditValue> {
  return {
    ...(rotated.length > 0 ? { rotated_ids: rotated.map(({ id }) => id) } : {}),
    ...(changed.length > 0 ? { changed_ids: changed.map(({ id }) => id) } : {}),
    ...(hasMore ? { and_more: true } : {}),
  };
}
