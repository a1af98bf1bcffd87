import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditContext } from '../../audit/audit.ts';
import type { Executor } from '../../database/executor.ts';
import type { KeyAbove } from './api-key.ts';
import type { KeyStanding } from './lineage.ts';

/** Tells every process which secret (hash in hex) stands for something else now. */
export const API_KEYS_CHANNEL = 'gatehouse_api_keys';

/** Keys that descend from another, and how many steps below it they are. @param id an SQL expression */
export const descendantsOf = (id: string): string => `descendants AS (
  SELECT id, 1 AS depth FROM api_keys WHERE created_by_kind = 'api_key' AND created_by_id = ${id}
  UNION ALL
  SELECT k.id, d.depth + 1 FROM api_keys k JOIN descendants d ON k.created_by_id = d.id
  WHERE k.created_by_kind = 'api_key')`;

/** The keys above a key `k`, and how many steps. */
const MAKERS_ROWS = `makers AS (
     SELECT m.*, 1 AS depth FROM api_keys m
     WHERE k.created_by_kind = 'api_key' AND m.id = k.created_by_id
     UNION ALL
     SELECT m.*, below.depth + 1 FROM api_keys m JOIN makers below ON m.id = below.created_by_id
     WHERE below.created_by_kind = 'api_key')`;

/** How the keys above a key `k` stand, nearest first. */
export const MAKERS_OF_KEY = `
  (WITH RECURSIVE ${MAKERS_ROWS}
   SELECT COALESCE(json_agg(json_build_object('scopes', scopes, 'limits', limits,
     'allowedAddresses', allowed_addresses, 'expiresAt', expires_at,
     'isShutOut', revoked_at IS NOT NULL OR disabled_at IS NOT NULL) ORDER BY depth), '[]')
   FROM makers)`;

/** A column beside the key, in the same read. */
export const MAKERS = `${MAKERS_OF_KEY} AS makers`;

export type MakersColumn = (Omit<KeyStanding, 'expiresAt'> & { expiresAt: string | null })[];

export const toMakers = (column: MakersColumn): KeyStanding[] =>
  column.map((maker) => ({
    ...maker,
    expiresAt: toDate(maker.expiresAt),
  }));

/** Whether the keys above a key `k` work, nearest first: a column beside the key, for whoever looks at it. */
export const ABOVE = `
  (WITH RECURSIVE ${MAKERS_ROWS}
   SELECT COALESCE(json_agg(json_build_object(
     'id', CASE WHEN makers.organization_id = k.organization_id THEN makers.id END,
     'expiresAt', expires_at, 'disabledAt', disabled_at, 'revokedAt', revoked_at)
     ORDER BY depth), '[]')
   FROM makers) AS above`;

export type AboveColumn = (Record<'expiresAt' | 'disabledAt' | 'revokedAt', string | null> & {
  id: string | null;
})[];

export const toAbove = (column: AboveColumn): KeyAbove[] =>
  column.map(({ id, expiresAt, disabledAt, revokedAt }) => ({
    id,
    expiresAt: toDate(expiresAt),
    disabledAt: toDate(disabledAt),
    revokedAt: toDate(revokedAt),
  }));

/** A moment as JSON has it. */
const toDate = (text: string | null): Date | null => (text === null ? null : new Date(text));

/** Generations of keys, the first included. The gate reads as many rows for a key it does not know. */
export const MOST_GENERATIONS = 10;

/**
 * Holds the key that makes another, and all above it, until the transaction ends: whoever changes or
 * revokes one of them waits, and then sees what was made. Locks go from the first key down, here and where
 * a line is ended, so that nobody waits in a circle. They are not shared: whoever goes on making keys with one
 * would keep its revocation waiting.
 *
 * @returns whether it may: not if one of them is revoked, nor below the last generation
 */
export async function holdMakers(
  tx: Executor,
  makerId: string,
): Promise<'held' | 'revoked' | 'last_generation'> {
  const { rows } = await tx.query<{ revoked_at: Date | null }>(
    `WITH RECURSIVE line AS (
       SELECT id, created_by_kind, created_by_id, 1 AS depth FROM api_keys WHERE id = $1
       UNION ALL
       SELECT m.id, m.created_by_kind, m.created_by_id, below.depth + 1
       FROM api_keys m JOIN line below ON m.id = below.created_by_id
       WHERE below.created_by_kind = 'api_key')
     SELECT k.revoked_at FROM line JOIN api_keys k ON k.id = line.id
     ORDER BY line.depth DESC FOR NO KEY UPDATE OF k`,
    [makerId],
  );
  if (rows.length === 0 || rows.some((each) => each.revoked_at !== null)) return 'revoked';
  return rows.length < MOST_GENERATIONS ? 'held' : 'last_generation';
}

/**
 * What follows from a key's being revoked: every process hears of it, and all that descends from it is
 * revoked, too, each with an event of its own. The key's row is updated already: that keeps its line from
 * growing.
 */
export async function endLineage(
  tx: Executor,
  key: { id: string; organizationId: string },
  now: Date,
  audit: AuditContext,
): Promise<void> {
  const held = await tx.query<{ id: string }>(
    `WITH RECURSIVE ${descendantsOf('$1')}
     SELECT k.id FROM descendants d JOIN api_keys k ON k.id = d.id
     WHERE k.revoked_at IS NULL ORDER BY d.depth, k.id FOR UPDATE OF k`,
    [key.id],
  );
  const ids = held.rows.map(({ id }) => id);
  await announceLineage(tx, key.id);
  await recordRevoked(tx, key.id, key.organizationId, audit);
  if (ids.length === 0) return;
  await tx.query('UPDATE api_keys SET revoked_at = $2, updated_at = $2 WHERE id = ANY($1)', [
    ids,
    now,
  ]);
  for (const id of ids) {
    await recordRevoked(tx, id, key.organizationId, audit, { descends_from: key.id });
  }
}

/** The cache knows keys by their secrets; what descends from a key is bounded by it. */
export async function announceLineage(tx: Executor, keyId: string): Promise<void> {
  await tx.query(
    `WITH RECURSIVE ${descendantsOf('$1')}
     SELECT pg_notify('${API_KEYS_CHANNEL}', encode(hash, 'hex')) FROM api_key_secrets
     WHERE api_key_id = $1 OR api_key_id IN (SELECT id FROM descendants)`,
    [keyId],
  );
}

/** How many keys a revocation would end besides the one. */
export async function countDescendants(executor: Executor, keyId: string): Promise<number> {
  const { rows } = await executor.query<{ count: number }>(
    `WITH RECURSIVE ${descendantsOf('$1')}
     SELECT count(*)::int AS count FROM descendants d JOIN api_keys k ON k.id = d.id
     WHERE k.revoked_at IS NULL`,
    [keyId],
  );
  return rows[0]!.count;
}

function recordRevoked(
  tx: Executor,
  id: string,
  organizationId: string,
  audit: AuditContext,
  details: Record<string, string> = {},
): Promise<void> {
  const target = { kind: 'api_key', id };
  return recordAuditEvent(tx, {
    ...audit,
    type: 'api_key.deleted',
    organizationId,
    target,
    details,
  });
}
