import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext, AuditEvent } from '../audit/audit.ts';
import type { IdentityDependencies } from './identity.service.ts';
import type { User } from './identity.ts';
import { PasswordQueueFullError } from './passwords.ts';
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

export type SignInOutcome = { outcome: 'signed_in'; user: User } | { outcome: 'rejected' } | Wait;

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
      if (!matches || !record || !(await admit(dependencies, record, settlement, attempt))) {
        await recordFailure(dependencies, record, matches, attempt);
        return { outcome: 'rejected' };
      }
    } catch (error) {
      if (!(error instanceof PasswordQueueFullError)) throw error;
      await reservation.withdrawn();
      return { outcome: 'overloaded', retryAfterSeconds: error.retryAfterSeconds };
    }
    return { outcome: 'signed_in', user: record.user };
  };
}

/**
 * Records the success and settles its attempts, unless the user is disabled, or was or changed the password
 * since it was read; and brings the hash to today's cost.
 */
async function admit(
  { users, database, clock, passwords, log }: IdentityDependencies,
  record: SignInRecord,
  settlement: Settlement,
  attempt: SignInAttempt,
): Promise<boolean> {
  const { user, passwordHash } = record;
  if (user.disabled || passwordHash === null) return false;
  const better = passwords.needsRehash(passwordHash)
    ? await passwords.hash(attempt.password).catch((error: unknown) => {
        log.warn({ err: error, userId: user.id }, 'a password keeps its old hash for now');
        return undefined;
      })
    : undefined;
  const event: AuditEvent = {
    ...contextOf(attempt),
    actor: { kind: 'user', id: user.id },
    type: 'sign_in.succeeded',
    target: { kind: 'user', id: user.id },
    occurredAt: clock.now(),
  };
  if (better === undefined) {
    return users.admitSignIn(database.pool, record, event, settlement);
  }
  return database.transaction(async (tx) => {
    if (!(await users.admitSignIn(tx, record, event, settlement))) return false;
    await users.replacePasswordHash(tx, user.id, { from: passwordHash, to: better });
    return true;
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
