import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext, AuditValue } from '../audit/audit.ts';
import { endPlaygroundKey } from '../credentials/playground-keys/playground-keys.store.ts';
import type { Database } from '../database/database.ts';

/**
 * Ends the playground key behind a string that was found in public, if it still works, and notes it in the
 * operator's log: a stranger's key is no organization's. Of several reports at once, one does it.
 *
 * @param hash of the whole key string
 * @returns whether there is such a key, or was as far as is remembered
 */
export async function endLeakedPlaygroundKey(
  database: Database,
  hash: Uint8Array,
  now: Date,
  details: Record<string, AuditValue>,
  audit: AuditContext,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const key = await endPlaygroundKey(tx, hash, now);
    if (!key) return false;
    if (key.hasEnded) {
      const target = { kind: 'playground_key', id: key.id };
      await recordAuditEvent(tx, { ...audit, target, type: 'api_key.leaked', details });
    }
    return true;
  });
}
