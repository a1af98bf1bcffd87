import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditContext } from '../../audit/audit.ts';
import type { Executor } from '../../database/executor.ts';
import type { Use } from '../admission.ts';

/** Holds the user's row until the transaction ends; what changes their second factor waits for it. */
export async function holdSecondFactor(
  executor: Executor,
  userId: string,
): Promise<{ secondFactor: boolean } | undefined> {
  const { rows } = await executor.query<{ secondFactor: boolean }>(
    `SELECT second_factor AS "secondFactor" FROM users WHERE id = $1 AND disabled_at IS NULL
     FOR NO KEY UPDATE`,
    [userId],
  );
  return rows[0];
}

/** @returns false when it is on already */
export async function turnOnSecondFactor(
  executor: Executor,
  userId: string,
  now: Date,
  context: AuditContext,
): Promise<boolean> {
  return setSecondFactor(executor, userId, true, now, context);
}

/** With its recovery codes. @returns false when it is off already */
export async function turnOffSecondFactor(
  executor: Executor,
  userId: string,
  now: Date,
  context: AuditContext,
): Promise<boolean> {
  await executor.query('DELETE FROM recovery_codes WHERE user_id = $1', [userId]);
  return setSecondFactor(executor, userId, false, now, context);
}

async function setSecondFactor(
  executor: Executor,
  userId: string,
  on: boolean,
  now: Date,
  context: AuditContext,
): Promise<boolean> {
  const { rowCount } = await executor.query(
    'UPDATE users SET second_factor = $2, updated_at = $3 WHERE id = $1 AND second_factor <> $2',
    [userId, on, now],
  );
  if (rowCount === 0) return false;
  await recordAuditEvent(executor, {
    ...context,
    type: on ? 'second_factor.enabled' : 'second_factor.disabled',
    target: { kind: 'user', id: userId },
    occurredAt: now,
  });
  return true;
}

/** The user's codes are these from now on, and no others. */
export async function replaceRecoveryCodes(
  executor: Executor,
  userId: string,
  hashes: readonly Buffer[],
  now: Date,
  context: AuditContext,
): Promise<void> {
  await executor.query('DELETE FROM recovery_codes WHERE user_id = $1', [userId]);
  await executor.query(
    `INSERT INTO recovery_codes (user_id, hash, created_at)
     SELECT $1, hash, $3 FROM unnest($2::bytea[]) AS hash`,
    [userId, hashes, now],
  );
  await recordAuditEvent(executor, {
    ...context,
    type: 'recovery_codes.created',
    target: { kind: 'user', id: userId },
    occurredAt: now,
  });
}

/** Uses a code of the user's up. */
export function usingRecoveryCode(userId: string, hash: Buffer): Use {
  return {
    held: (name, after) => (from) => ({
      parts: `${name} AS (
        SELECT 1 FROM recovery_codes code, ${after}
        WHERE user_id = $${from} AND hash = $${from + 1} FOR UPDATE OF code)`,
      values: [userId, hash],
    }),
    usedUp: (from) => ({
      parts: `code_used AS (
        DELETE FROM recovery_codes USING admitted WHERE user_id = $${from} AND hash = $${from + 1})`,
      values: [userId, hash],
    }),
  };
}

export async function countRecoveryCodes(executor: Executor, userId: string): Promise<number> {
  const { rows } = await executor.query<{ count: number }>(
    'SELECT count(*)::integer AS count FROM recovery_codes WHERE user_id = $1',
    [userId],
  );
  return rows[0]!.count;
}
