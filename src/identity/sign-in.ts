import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext, AuditEvent } from '../audit/audit.ts';
import { newSecret } from '../lib/master-key.ts';
import type { IdentityDependencies } from './identity.service.ts';
import type { User } from './identity.ts';
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

  return async function signIn(attempt: SignInAttempt): Promise<SignInOutcome> {
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
      const admitted =
        matches && record && (await admit(dependencies, record, settlement, attempt));
      if (admitted) return admitted;
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
 * Records the success and settles its attempts, unless the user is disabled, or was or changed the password
 * since it was read; and brings the hash to today's cost. Where a second step is due, it begins here.
 */
async function admit(
  dependencies: IdentityDependencies,
  record: SignInRecord,
  settlement: Settlement,
  attempt: SignInAttempt,
): Promise<SignInOutcome | undefined> {
  const { users, database, clock, hashSecret } = dependencies;
  const { user, passwordHash } = record;
  if (user.disabled || passwordHash === null) return undefined;
  const better = await betterHash(dependencies, record, attempt.password);
  const event: AuditEvent = {
    ...contextOf(attempt),
    actor: { kind: 'user', id: user.id },
    type: user.secondFactor ? 'sign_in.password_accepted' : 'sign_in.succeeded',
    target: { kind: 'user', id: user.id },
    occurredAt: clock.now(),
  };
  const signedIn: SignInOutcome = { outcome: 'signed_in', user };
  if (better === undefined && !user.secondFactor) {
    const stands = await users.admitSignIn(database.pool, record, event, settlement, true);
    return stands ? signedIn : undefined;
  }
  return database.transaction(async (tx) => {
    if (!(await users.admitSignIn(tx, record, event, settlement))) return undefined;
    if (better !== undefined) {
      await users.replacePasswordHash(tx, user.id, { from: passwordHash, to: better });
    }
    if (!user.secondFactor) return signedIn;
    const secret = newSecret();
    await insertPendingSignIn(tx, hashSecret(secret), user.id, clock.now());
    return { outcome: 'second_step', secret };
  });
}

/** @returns undefined where the hash is at today's cost, or cannot be brought there now */
async function betterHash(
  { passwords, log }: IdentityDependencies,
  { user, passwordHash }: SignInRecord,
  password: string,
): Promise<string | undefined> {
  if (passwordHash === null || !passwords.needsRehash(passwordHash)) return undefined;
  return passwords.hash(password).catch((error: unknown) => {
    log.warn({ err: error, userId: user.id }, 'a password keeps its old hash for now');
    return undefined;
  });
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
