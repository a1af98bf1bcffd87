import { recordingIf } from '../audit/audit.store.ts';
import type { AuditEvent } from '../audit/audit.ts';
import type { Executor } from '../database/executor.ts';
import type { Clock } from '../lib/clock.ts';
import { type Admission, inTurn } from './admission.ts';
import { type Settlement, settling } from './sign-in-attempts.store.ts';
import { USER_COLUMNS as COLUMNS, toUser, type UserRow } from './user-row.ts';
import type { SignInRecord } from './users.store.ts';

/** Part of the user store: hashes, and what is stored because a password was right. */
export function passwordWrites({ clock }: { clock: Clock }) {
  return {
    /**
     * Replaces a password hash, provided it is still the one the caller has seen. A user who is disabled
     * meanwhile, or has changed the password, is left alone.
     *
     * @returns whether the hash was replaced
     */
    async replacePasswordHash(
      executor: Executor,
      id: string,
      hashes: { from: string | null; to: string },
    ): Promise<boolean> {
      const { rowCount } = await executor.query(
        `UPDATE users SET password_hash = $3, updated_at = $4
         WHERE id = $1 AND password_hash IS NOT DISTINCT FROM $2 AND disabled_at IS NULL`,
        [id, hashes.from, hashes.to, clock.now()],
      );
      return rowCount === 1;
    },

    /** The same password by another hash: for nobody who looks at the user has anything changed. */
    async renewPasswordHash(
      executor: Executor,
      id: string,
      hashes: { from: string; to: string },
    ): Promise<void> {
      await executor.query(
        `UPDATE users SET password_hash = $3
         WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL`,
        [id, hashes.from, hashes.to],
      );
    },

    /** The user, whose row is held until the transaction ends. */
    async hold(executor: Executor, id: string): Promise<SignInRecord | undefined> {
      const { rows } = await executor.query<UserRow & { passwordHash: string | null }>(
        `SELECT ${COLUMNS}, password_hash AS "passwordHash" FROM users WHERE id = $1
         FOR NO KEY UPDATE`,
        [id],
      );
      return rows[0] && toRecord(rows[0]);
    },

    /** What a sign-in is checked against, once more: it may be another by now. */
    async findSignInRecord(executor: Executor, id: string): Promise<SignInRecord | undefined> {
      const { rows } = await executor.query<UserRow & { passwordHash: string | null }>(
        `SELECT ${COLUMNS}, password_hash AS "passwordHash" FROM users WHERE id = $1`,
        [id],
      );
      return rows[0] && toRecord(rows[0]);
    },

    admissionOf,

    /** Stores an admission by itself. @returns false when it stands no more, and nothing was recorded */
    async admit(executor: Executor, admission: Admission): Promise<boolean> {
      const { parts, values } = admission.within(1);
      const { rowCount } = await executor.query({
        name: 'identity.admit-sign-in',
        text: `WITH ${parts} SELECT FROM admitted`,
        values,
      });
      return rowCount === 1;
    },
  };
}

const toRecord = (row: UserRow & { passwordHash: string | null }): SignInRecord => ({
  user: toUser(row),
  passwordHash: row.passwordHash,
});

/**
 * The record of a sign-in that may be stored as long as what it was checked against still stands: a user
 * who was disabled, changed the password or turned the second step on a moment ago doesn't slip in. The
 * user's row is held for it as long as the transaction.
 */
function admissionOf(
  { user, passwordHash }: SignInRecord,
  event: AuditEvent,
  settlement: Settlement,
): Admission {
  return {
    by: 'password',
    within: (first) =>
      inTurn(first, [
        (from) => ({
          parts: `admitted AS (SELECT 1 FROM users WHERE id = $${from} AND password_hash = $${from + 1}
            AND disabled_at IS NULL AND second_factor = $${from + 2}::boolean FOR SHARE)`,
          values: [user.id, passwordHash, user.secondFactor],
        }),
        (from) => recordingIf('admitted', [event], from),
        (from) => settling(settlement, from),
      ]),
  };
}
