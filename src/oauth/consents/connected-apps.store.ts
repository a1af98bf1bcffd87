import type { Executor } from '../../database/executor.ts';

/** When the app last came for tokens, by consent; those without a refresh token are not in it. */
export async function findLastTokenTimes(
  executor: Executor,
  userId: string,
): Promise<ReadonlyMap<string, Date>> {
  const { rows } = await executor.query<{ consent_id: string; issued_at: Date }>(
    `SELECT g.consent_id, max(r.issued_at) AS issued_at
     FROM grants g JOIN refresh_tokens r ON r.grant_id = g.id
     WHERE g.user_id = $1 AND g.consent_id IS NOT NULL AND g.revoked_at IS NULL
     GROUP BY g.consent_id`,
    [userId],
  );
  return new Map(rows.map((row) => [row.consent_id, row.issued_at]));
}
