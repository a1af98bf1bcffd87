import { hash } from 'node:crypto';
import type { Executor } from '../../database/executor.ts';

/**
 * Takes a jti of an account for the first and only time. The unique insert decides: of any number at once,
 * in any number of processes, exactly one hears true.
 *
 * @param expiresAt when no JWT with it can be good any more
 * @see RFC 7519 §4.1.7, RFC 7523 §3, item 7
 */
export async function claimJti(
  executor: Executor,
  { accountId, jti }: { accountId: string; jti: string },
  now: Date,
  expiresAt: Date,
): Promise<boolean> {
  const { rowCount } = await executor.query({
    name: 'claim_service_jwt',
    text: `INSERT INTO artifacts (kind, id_hash, details, created_at, expires_at)
           VALUES ('ServiceJwt', $1, '{}', $2, $3)
           ON CONFLICT (kind, id_hash) DO UPDATE
             SET created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at
             WHERE artifacts.expires_at <= $2`,
    values: [hash('sha256', `${accountId} ${jti}`, 'buffer'), now, expiresAt],
  });
  return rowCount === 1;
}
