import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditContext, AuditEvent } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Executor } from '../../database/executor.ts';
import type { Clock } from '../../lib/clock.ts';
import type { User } from '../identity.ts';
import { amrOfPasskey } from '../passkeys/passkey.ts';
import type { PasskeyService } from '../passkeys/passkeys.service.ts';
import type { Wait } from '../sign-in.ts';
import type { Refusal, SignInThrottle } from '../sign-in-throttle.ts';
import type { UserStore } from '../users.store.ts';
import { consumePendingSignIn, findPendingSignIn } from './pending-sign-ins.store.ts';
import type { SecondFactorService } from './second-factor.service.ts';
import { holdSecondFactor } from './second-factor.store.ts';

/** Where a request comes from: for the throttle and the audit log. */
export interface StepOrigin {
  readonly address: string;
  readonly requestId?: string | undefined;
}

export type StepOutcome =
  /** `amr`: how they have proven who they are (RFC 8176 §2). */
  | { outcome: 'signed_in'; user: User; amr: readonly string[] }
  | { outcome: 'rejected' }
  /** The password has to be given again. */
  | { outcome: 'expired' }
  | Wait;

export interface SecondStepDependencies {
  database: Database;
  clock: Clock;
  hashSecret: (secret: string) => Buffer;
  users: Pick<UserStore, 'findActive'>;
  passkeys: PasskeyService;
  secondFactor: SecondFactorService;
  throttle: SignInThrottle;
}

export type SecondStep = ReturnType<typeof createSecondStep>;

/** What the throttle counts second steps by: a right password forgets none of them. */
export const secondStepAccount = (userId: string) => `second-step:${userId}`;

/** A rollback's reason: the answer was right, and somebody else was faster with it. */
class AlreadyUsedError extends Error {}

/**
 * What follows a password that isn't enough, and signing in with a passkey alone. Every attempt is counted
 * before it is looked at; what is used up (the pending sign-in, a code, an answer) is used up in one
 * transaction with the event that says so.
 */
export function createSecondStep(deps: SecondStepDependencies) {
  const { database, clock, users, passkeys, throttle } = deps;

  return {
    /** Whose second step is due; undefined: begin again with the password. */
    async pendingUser(secret: string): Promise<User | undefined> {
      const userId = await findPendingSignIn(database.pool, deps.hashSecret(secret), clock.now());
      return userId === undefined ? undefined : users.findActive(userId);
    },

    byPasskey: (secret: string, answer: unknown, origin: StepOrigin): Promise<StepOutcome> =>
      takeStep(deps, secret, origin, 'passkey', async (user) => {
        const assertion = await passkeys.check(answer, {
          kind: 'second_step',
          pendingSecret: secret,
        });
        if (assertion?.passkey.userId !== user.id) return undefined;
        const amr = ['pwd', ...amrOfPasskey(assertion.passkey)];
        return { amr, consume: assertion.consume };
      }),

    byRecoveryCode: (secret: string, code: string, origin: StepOrigin): Promise<StepOutcome> =>
      takeStep(deps, secret, origin, 'recovery_code', async (user) => ({
        amr: ['pwd', 'otp', 'mfa'],
        consume: (executor) => deps.secondFactor.consumeCode(executor, user.id, code),
      })),

    /** A passkey instead of the password: it is verified by its owner's device, so it is enough. */
    async byPasskeyAlone(answer: unknown, origin: StepOrigin): Promise<StepOutcome> {
      const reservation = await throttle.reserve({
        account: `passkey:${idIn(answer)}`,
        address: origin.address,
      });
      if (!reservation.allowed) return refused(deps, reservation, origin);
      const assertion = await passkeys.check(answer, { kind: 'sign_in' });
      const user = assertion && (await users.findActive(assertion.passkey.userId));
      const done =
        user && (await finish(deps, user, origin, { by: 'passkey' }, [assertion.consume]));
      if (!done) return rejected(deps, origin, user?.id, 'passkey_rejected');
      await reservation.succeeded();
      return { outcome: 'signed_in', user, amr: amrOfPasskey(assertion.passkey) };
    },
  };
}

type Consume = (executor: Executor) => Promise<boolean>;

interface Proof {
  readonly amr: readonly string[];
  readonly consume: Consume;
}

async function takeStep(
  deps: SecondStepDependencies,
  secret: string,
  origin: StepOrigin,
  by: 'passkey' | 'recovery_code',
  prove: (user: User) => Promise<Proof | undefined>,
): Promise<StepOutcome> {
  const { database, clock, hashSecret, users, throttle } = deps;
  const idHash = hashSecret(secret);
  const userId = await findPendingSignIn(database.pool, idHash, clock.now());
  const user = userId === undefined ? undefined : await users.findActive(userId);
  if (!user) return { outcome: 'expired' };
  const account = secondStepAccount(user.id);
  const reservation = await throttle.reserve({ account, address: origin.address });
  if (!reservation.allowed) return refused(deps, reservation, origin);
  const proof = await prove(user);
  const endPending: Consume = (tx) => consumePendingSignIn(tx, idHash, clock.now());
  const done = proof && (await finish(deps, user, origin, { by }, [endPending, proof.consume]));
  if (!done) return rejected(deps, origin, user.id, `${by}_rejected`);
  await reservation.succeeded();
  return { outcome: 'signed_in', user, amr: proof.amr };
}

/** All is used up and the sign-in written down, or nothing. */
async function finish(
  { database, clock }: SecondStepDependencies,
  user: User,
  origin: StepOrigin,
  { by }: { by: 'passkey' | 'recovery_code' },
  uses: readonly Consume[],
): Promise<boolean> {
  const event: Omit<AuditEvent, 'type'> = {
    ...contextOf(origin),
    actor: { kind: 'user', id: user.id },
    target: { kind: 'user', id: user.id },
    occurredAt: clock.now(),
  };
  try {
    await database.transaction(async (tx) => {
      // Whoever disables the user, or changes the password, goes first or waits.
      if (!(await holdSecondFactor(tx, user.id))) throw new AlreadyUsedError();
      for (const use of uses) if (!(await use(tx))) throw new AlreadyUsedError();
      if (by === 'recovery_code') {
        await recordAuditEvent(tx, { ...event, type: 'recovery_code.used' });
      }
      await recordAuditEvent(tx, { ...event, type: 'sign_in.succeeded', details: { by } });
    });
    return true;
  } catch (error) {
    if (error instanceof AlreadyUsedError) return false;
    throw error;
  }
}

async function rejected(
  { database, clock }: SecondStepDependencies,
  origin: StepOrigin,
  userId: string | undefined,
  reason: string,
): Promise<StepOutcome> {
  await recordAuditEvent(database.pool, {
    ...contextOf(origin),
    type: 'sign_in.failed',
    ...(userId === undefined ? {} : { target: { kind: 'user', id: userId } }),
    details: { reason },
    occurredAt: clock.now(),
  });
  return { outcome: 'rejected' };
}

async function refused(
  { database, clock }: SecondStepDependencies,
  { retryAfterSeconds, firstRefusal }: Refusal,
  origin: StepOrigin,
): Promise<Wait> {
  if (firstRefusal) {
    const occurredAt = clock.now();
    const context = contextOf(origin);
    await recordAuditEvent(database.pool, { ...context, type: 'sign_in.throttled', occurredAt });
  }
  return { outcome: 'throttled', retryAfterSeconds };
}

/** Nobody is known by what they claim to be. */
const contextOf = ({ address, requestId }: StepOrigin): AuditContext => ({
  actor: { kind: 'system' },
  ...{ address, requestId },
});

/** Which passkey an answer is about, as it says itself: only to count its attempts by. */
const idIn = (answer: unknown) =>
  typeof answer === 'string' ? (/"id":"([\w-]{1,200})"/.exec(answer)?.[1] ?? '') : '';
