import type { AuditContext } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Executor } from '../../database/executor.ts';
import type { Clock } from '../../lib/clock.ts';
import { listPasskeys } from '../passkeys/passkeys.store.ts';
import { newRecoveryCode, RECOVERY_CODES, readRecoveryCode } from './recovery-codes.ts';
import {
  consumeRecoveryCode,
  countRecoveryCodes,
  holdSecondFactor,
  replaceRecoveryCodes,
  turnOffSecondFactor,
  turnOnSecondFactor,
} from './second-factor.store.ts';

/** Ten codes, each shown this once. */
export type CodesOutcome = { outcome: 'done'; codes: readonly string[] };

export type SecondFactorService = ReturnType<typeof createSecondFactor>;

/** Whether a password alone signs a user in, and the codes that stand in for a passkey. */
export function createSecondFactor(deps: {
  database: Database;
  clock: Clock;
  hashSecret: (secret: string) => Buffer;
}) {
  const { database, clock, hashSecret } = deps;
  const hashOf = (userId: string, code: string) => hashSecret(`recovery-code ${userId} ${code}`);

  async function newCodes(tx: Executor, userId: string, context: AuditContext) {
    const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
    const hashes = codes.map((code) => hashOf(userId, code));
    await replaceRecoveryCodes(tx, userId, hashes, clock.now(), context);
    return codes;
  }

  return {
    codesLeft: (userId: string) => countRecoveryCodes(database.pool, userId),

    /** From now on a password alone doesn't sign the user in. */
    turnOn(
      userId: string,
      context: AuditContext,
    ): Promise<CodesOutcome | { outcome: 'no_passkey' | 'on_already' }> {
      return database.transaction(async (tx) => {
        await holdSecondFactor(tx, userId);
        if ((await listPasskeys(tx, userId)).length === 0) return { outcome: 'no_passkey' };
        const turned = await turnOnSecondFactor(tx, userId, clock.now(), context);
        if (!turned) return { outcome: 'on_already' };
        return { outcome: 'done', codes: await newCodes(tx, userId, context) };
      });
    },

    /** The codes go, too. */
    turnOff: (userId: string, context: AuditContext): Promise<boolean> =>
      database.transaction(async (tx) => {
        await holdSecondFactor(tx, userId);
        return turnOffSecondFactor(tx, userId, clock.now(), context);
      }),

    /** New codes; those before are worth nothing any more. */
    renewCodes(userId: string, context: AuditContext): Promise<CodesOutcome | { outcome: 'off' }> {
      return database.transaction(async (tx) => {
        const held = await holdSecondFactor(tx, userId);
        if (!held?.secondFactor) return { outcome: 'off' };
        return { outcome: 'done', codes: await newCodes(tx, userId, context) };
      });
    },

    /** Uses a code up in the caller's transaction; false: it is none of the user's, or was used. */
    async consumeCode(executor: Executor, userId: string, typed: string): Promise<boolean> {
      const code = readRecoveryCode(typed);
      if (code === undefined) return false;
      return consumeRecoveryCode(executor, userId, hashOf(userId, code));
    },
  };
}
