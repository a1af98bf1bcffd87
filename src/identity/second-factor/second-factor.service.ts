import type { AuditContext } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Executor } from '../../database/executor.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Use } from '../admission.ts';
import { listPasskeys } from '../passkeys/passkeys.store.ts';
import { newRecoveryCode, RECOVERY_CODES, readRecoveryCode } from './recovery-codes.ts';
import {
  countRecoveryCodes,
  holdSecondFactor,
  replaceRecoveryCodes,
  turnOffSecondFactor,
  turnOnSecondFactor,
  usingRecoveryCode,
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

    /** A code for a sign-in to use up, whether or not it is one of the user's; undefined: it is no code. */
    useOfCode(userId: string, typed: string): Use | undefined {
      const code = readRecoveryCode(typed);
      return code === undefined ? undefined : usingRecoveryCode(userId, hashOf(userId, code));
    },
  };
}
