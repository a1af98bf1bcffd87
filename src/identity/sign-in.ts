import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext, AuditEvent } from '../audit/audit.ts';
import type { Executor } from '../database/executor.ts';
import { newSecret } from '../lib/master-key.ts';
import type { Admission, Entrance } from './admission.ts';
import type { IdentityDependencies } from './identity.service.ts';
import type { User } from './identity.ts';
import { matchAnew } from './match-anew.ts';
import { PasswordQueueFullError } from './passwords.ts';
import { insertPendingSignIn } from './second-factor/pending-sign-ins.store.ts';
import type { Settlement } from './sign-in-attempts.store.ts';
import { type SignInRecord, toSignInRecord } from './users.store.ts';

export interface SignInAttempt {
  email: string;
  password: string;
  /** The caller's IP address. */
  address: string;
  requestId?: string | undefined;
}

/** The caller must wait. */
export interface Wait {
  /** throttled: too many attempts (429); overloaded: too many passwords to hash at once (503). */
  outcome: 'throttled' | 'overloaded';
  retryAfterSeconds: number;
}

/** The password was right, and isn't enough: whoever holds the secret may do the second step. */
export interface SecondStepDue {
  outcome: 'second_step';
  /** Of a pending sign-in; see second-factor/second-step.ts. */
  secret: string;
}

export type SignInOutcome =
  | { outcome: 'signed_in'; user: User }
  | SecondStepDue
  | { outcome: 'rejected' }
  | Wait;

/**
 * Checks an e-mail address and a password. A wrong password, an account that doesn't exist, one without a
 * password and one that is disabled cost the same work and get the same answer; which it was stands in the
 * audit log.
 */
export function createSignIn(dependencies: IdentityDependencies) {
  const { users, passwords, throttle, database, clock } = dependencies;
  const admitAlone: Entrance<User> = (_user, admission) =>
    admission === undefined ? Promise.resolve(true) : users.admit(database.pool, admission);

  /** @param enter what the sign-in is for; called with a right password that is enough */
  return async function signIn(
    attempt: SignInAttempt,
    enter: Entrance<User> = admitAlone,
  ): Promise<SignInOutcome> {
    const { email: account, address } = attempt;
    const reservation = await throttle.reserve({ account, address }, users.signInQuery(account));
    if (!reservation.allowed) {
      const { retryAfterSeconds, firstRefusal } = reservation;
      if (firstRefusal) {
        const context = contextOf(attempt);
        const occurredAt = clock.now();
        await recordAuditEvent(database.pool, {
          ...context,
          type: 'sign_in.throttled',
          occurredAt,
        });
      }
      return { outcome: 'throttled', retryAfterSeconds };
    }
    const record = toSignInRecord(reservation.row);
    try {
      const matches = await passwords.verify(record?.passwordHash ?? null, attempt.password);
      const { settlement } = reservation;
      let current = matches && !record?.user.disabled ? record : undefined;
      while (current) {
        const admitted = await admit(dependencies, current, settlement, attempt, enter);
        if (admitted) return admitted;
        const { user, passwordHash } = current;
        current = await matchAnew(dependencies, user.id, passwordHash, attempt.password);
      }
      await recordFailure(dependencies, record, matches, attempt);
      return { outcome: 'rejected' };
    } catch (error) {
      if (!(error instanceof PasswordQueueFullError)) throw error;
      await reservation.withdrawn();
      return { outcome: 'overloaded', retryAfterSeconds: error.retryAfterSeconds };
    }
  };
}

/**
 * Lets a right password begin what it is for, with the record of it; the second step, where one is due.
 *
 * @returns undefined when the user is disabled, or was or changed the password since it was read
 */
async function admit(
  dependencies: IdentityDependencies,
  record: SignInRecord,
  settlement: Settlement,
  attempt: SignInAttempt,
  enter: Entrance<User>,
): Promise<SignInOutcome | undefined> {
  const { users, database, clock } = dependencies;
  const { user } = record;
  const event: AuditEvent = {
    ...contextOf(attempt),
    actor: { kind: 'user', id: user.id },
    type: user.secondFactor ? 'sign_in.password_accepted' : 'sign_in.succeeded',
    target: { kind: 'user', id: user.id },
    occurredAt: clock.now(),
  };
  const admission = users.admissionOf(record, event, settlement);
  const outcome = user.secondFactor
    ? await database.transaction((tx) => awaitSecondStep(dependencies, tx, user, admission))
    : (await enter(user, admission)) && ({ outcome: 'signed_in', user } as const);
  if (!outcome) return undefined;
  await renewHash(dependencies, record, attempt.password);
  return outcome;
}

async function awaitSecondStep(
  { users, clock, hashSecret }: IdentityDependencies,
  tx: Executor,
  user: User,
  admission: Admission,
): Promise<SecondStepDue | undefined> {
  if (!(await users.admit(tx, admission))) return undefined;
  const secret = newSecret();
  await insertPendingSignIn(tx, hashSecret(secret), user.id, clock.now());
  return { outcome: 'second_step', secret };
}

/** Brings a hash to today's cost; what hinders that is no reason to turn anybody away. */
async function renewHash(
  { users, passwords, database, log }: IdentityDependencies,
  { user, passwordHash: from }: SignInRecord,
  password: string,
): Promise<void> {
  if (from === null || !passwords.needsRehash(from)) return;
  try {
    const to = await passwords.hash(password);
    await users.renewPasswordHash(database.pool, user.id, { from, to });
  } catch (error) {
    log.warn({ err: error, userId: user.id }, 'a password keeps its old hash for now');
  }
}

async function recordFailure(
  { database, clock }: IdentityDependencies,
  record: SignInRecord | undefined,
  matches: boolean,
  attempt: SignInAttempt,
): Promise<void> {
  let reason = record === undefined ? 'unknown_account' : 'wrong_password';
  if (matches) reason = record?.user.disabled ? 'disabled' : 'changed_meanwhile';
  await recordAuditEvent(database.pool, {
    ...contextOf(attempt),
    type: 'sign_in.failed',
    // The address as typed stays out: people type their password into that field.
    target: record && { kind: 'user', id: record.user.id },
    details: { reason },
    occurredAt: clock.now(),
  });
}

/** Nobody is known by what they claim to be. */
function contextOf({ address, requestId }: SignInAttempt): AuditContext {
  return { actor: { kind: 'system' }, address, requestId };
}
