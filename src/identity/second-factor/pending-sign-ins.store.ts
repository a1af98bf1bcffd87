import type { Executor } from '../../database/executor.ts';
import type { Use } from '../admission.ts';

/** How long the second step may take, in milliseconds. */
export const PENDING_MS = 10 * 60_000;

/**
 * Begins a second step, in the transaction that has admitted the password: a password that is changed from
 * then on ends it.
 */
export async function insertPendingSignIn(
  executor: Executor,
  idHash: Buffer,
  userId: string,
  now: Date,
): Promise<void> {
  await executor.query({
    name: 'identity.insert-pending-sign-in',
    text: `INSERT INTO pending_sign_ins (id_hash, user_id, created_at, expires_at)
           VALUES ($1, $2, $3, $4)`,
    values: [idHash, userId, now, new Date(now.getTime() + PENDING_MS)],
  });
}

/** Whose second step is due; undefined: it is done, has expired, or never was. */
export async function findPendingSignIn(
  executor: Executor,
  idHash: Buffer,
  now: Date,
): Promise<string | undefined> {
  const { rows } = await executor.query<{ user_id: string }>({
    name: 'identity.find-pending-sign-in',
    text: `SELECT p.user_id FROM pending_sign_ins p JOIN users u ON u.id = p.user_id
           WHERE p.id_hash = $1 AND p.expires_at > $2 AND u.disabled_at IS NULL`,
    values: [idHash, now],
  });
  return rows[0]?.user_id;
}

/**
 * Ends a second step for good. That it is still there says that the password of the first step is the
 * user's still: whoever changes that ends it, see {@link deletePendingSignIns}.
 */
export function endingPendingSignIn(idHash: Buffer, userId: string, now: Date): Use {
  return {
    held: (name, after) => (from) => ({
      parts: `${name} AS (
        SELECT 1 FROM pending_sign_ins pending, ${after}
        WHERE id_hash = $${from} AND user_id = $${from + 1} AND expires_at > $${from + 2}
        FOR UPDATE OF pending)`,
      values: [idHash, userId, now],
    }),
    usedUp: (from) => ({
      parts: `ended AS (DELETE FROM pending_sign_ins USING admitted WHERE id_hash = $${from})`,
      values: [idHash],
    }),
  };
}

/** Those that rest on a password which is one no more. */
export async function deletePendingSignIns(executor: Executor, userId: string): Promise<void> {
  await executor.query('DELETE FROM pending_sign_ins WHERE user_id = $1', [userId]);
}
