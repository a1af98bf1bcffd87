import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditContext, AuditEvent } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Entrance, Use } from '../admission.ts';
import type { User } from '../identity.ts';
import { amrOfPasskey } from '../passkeys/passkey.ts';
import type { PasskeyService } from '../passkeys/passkeys.service.ts';
import type { Wait } from '../sign-in.ts';
import type { Refusal, SignInThrottle } from '../sign-in-throttle.ts';
import type { UserStore } from '../users.store.ts';
import { endingPendingSignIn, findPendingSignIn } from './pending-sign-ins.store.ts';
import type { SecondFactorService } from './second-factor.service.ts';
import { stepAdmission } from './step-admission.store.ts';

/** Where a request comes from: for the throttle and the audit log. */
export interface StepOrigin {
  readonly address: string;
  readonly requestId?: string | undefined;
}

/** Somebody who has proven who they are. */
export interface ProvenByStep {
  readonly user: User;
  /** How (RFC 8176 §2). */
  readonly amr: readonly string[];
}

/** Begins what a sign-in is for. */
export type EnterStep = Entrance<ProvenByStep>;

export type StepOutcome =
  | ({ outcome: 'signed_in' } & ProvenByStep)
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

/**
 * What follows a password that isn't enough, and signing in with a passkey alone. Every attempt is counted
 * before it is looked at; what is used up (the pending sign-in, a code, an answer) is used up in the
 * statement that stores what the sign-in is for, and the event that says so.
 */
export function createSecondStep(deps: SecondStepDependencies) {
  const { database, clock, users, passkeys, throttle } = deps;

  return {
    /** Whose second step is due; undefined: begin again with the password. */
    async pendingUser(secret: string): Promise<User | undefined> {
      const userId = await findPendingSignIn(database.pool, deps.hashSecret(secret), clock.now());
      return userId === undefined ? undefined : users.findActive(userId);
    },

    /** @param enter what the sign-in is for; called with an answer that is right */
    byPasskey: (secret: string, answer: unknown, origin: StepOrigin, enter: EnterStep) =>
      takeStep(deps, secret, { by: 'passkey', origin, enter }, async (user) => {
        const assertion = await passkeys.check(answer, {
          kind: 'second_step',
          pendingSecret: secret,
        });
        if (assertion?.passkey.userId !== user.id) return undefined;
        const amr = ['pwd', ...amrOfPasskey(assertion.passkey)];
        return { amr, uses: assertion.uses };
      }),

    /** @param enter what the sign-in is for; only its statement knows whether the code is right */
    byRecoveryCode: (secret: string, code: string, origin: StepOrigin, enter: EnterStep) =>
      takeStep(deps, secret, { by: 'recovery_code', origin, enter }, async (user) => {
        const use = deps.secondFactor.useOfCode(user.id, code);
        return use && { amr: ['pwd', 'otp', 'mfa'], uses: [use] };
      }),

    /**
     * A passkey instead of the password: it is verified by its owner's device, so it is enough.
     *
     * @param enter what the sign-in is for; called with an answer that is right
     */
    async byPasskeyAlone(
      answer: unknown,
      origin: StepOrigin,
      enter: EnterStep,
    ): Promise<StepOutcome> {
      const reservation = await throttle.reserve({
        account: `passkey:${idIn(answer)}`,
        address: origin.address,
      });
      if (!reservation.allowed) return refused(deps, reservation, origin);
      const assertion = await passkeys.check(answer, { kind: 'sign_in' });
      const user = assertion && (await users.findActive(assertion.passkey.userId));
      if (!user) return rejected(deps, origin, undefined, 'passkey_rejected');
      const proven = { user, amr: amrOfPasskey(assertion.passkey) };
      const admission = stepAdmission({
        ...{ by: 'passkey', userId: user.id, uses: assertion.uses },
        ...{ events: eventsOf(deps, user, origin, 'passkey'), settlement: reservation.settlement },
      });
      if (await enter(proven, admission)) return { outcome: 'signed_in', ...proven };
      return rejected(deps, origin, user.id, 'passkey_rejected');
    },
  };
}

interface Proof {
  readonly amr: readonly string[];
  readonly uses: readonly Use[];
}

type By = 'passkey' | 'recovery_code';

async function takeStep(
  deps: SecondStepDependencies,
  secret: string,
  { by, origin, enter }: { by: By; origin: StepOrigin; enter: EnterStep },
  prove: (user: User) => Promise<Proof | undefined>,
): Promise<StepOutcome> {
  const { database, clock, hashSecret, users, throttle } = deps;
  const idHash = hashSecret(secret);
  const userId = await findPendingSignIn(database.pool, idHash, clock.now());
  const user = userId === undefined ? undefined : await users.findActive(userId);
  if (!user) return { outcome: 'expired' };
  const account = secondStepAccount(user.id);
  const { address } = origin;
  const reservation = await throttle.reserve({ account, email: user.email, address });
  if (!reservation.allowed) return refused(deps, reservation, origin);
  const proof = await prove(user);
  if (!proof) return rejected(deps, origin, user.id, `${by}_rejected`);
  const { amr, uses } = proof;
  const admission = stepAdmission({
    ...{ by: `password_and_${by}`, userId: user.id },
    uses: [endingPendingSignIn(idHash, user.id, clock.now()), ...uses],
    ...{ events: eventsOf(deps, user, origin, by), settlement: reservation.settlement },
  });
  if (await enter({ user, amr }, admission)) return { outcome: 'signed_in', user, amr };
  return rejected(deps, origin, user.id, `${by}_rejected`);
}

/** What is written down of a sign-in. */
function eventsOf(
  { clock }: SecondStepDependencies,
  user: User,
  origin: StepOrigin,
  by: By,
): AuditEvent[] {
  const event: Omit<AuditEvent, 'type'> = {
    ...contextOf(origin),
    actor: { kind: 'user', id: user.id },
    target: { kind: 'user', id: user.id },
    occurredAt: clock.now(),
  };
  return [
    ...(by === 'recovery_code' ? [{ ...event, type: 'recovery_code.used' } as const] : []),
    { ...event, type: 'sign_in.succeeded', details: { by } },
  ];
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
