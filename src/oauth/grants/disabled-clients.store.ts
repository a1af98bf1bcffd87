import type { Executor } from '../../database/executor.ts';

/** Why a grant ended whose client was disabled. */
export const CLIENT_DISABLED = 'client_disabled';

/**
 * Ends what disabled clients still have, a batch at a time: for the cleanup. Nothing waits for it. As long as
 * a client is disabled its grants are refused with it, and whoever lets it in again ends what is left. What
 * somebody else holds this moment is left for later.
 *
 * @param tx of a transaction
 * @param most grants at the most
 * @returns how many
 */
export async function endGrantsOfDisabledClients(
  tx: Executor,
  now: Date,
  most: number,
): Promise<number> {
  // Client by client, or the grants of all clients would be read through to find those of a few.
  const { rowCount } = await tx.query(
    `WITH ending AS MATERIALIZED (
       SELECT g.id FROM clients c CROSS JOIN LATERAL (
         SELECT id FROM grants WHERE client_id = c.client_id AND revoked_at IS NULL
         LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED) g
       WHERE c.disabled_at IS NOT NULL LIMIT $2)
     UPDATE grants SET revoked_at = $1, revoked_reason = '${CLIENT_DISABLED}'
     FROM ending WHERE grants.id = ending.id`,
    [now, most],
  );
  return rowCount ?? 0;
}
