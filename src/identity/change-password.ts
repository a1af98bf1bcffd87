import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext } from '../audit/audit.ts';
import type { Executor } from '../database/executor.ts';
import type { IdentityDependencies } from './identity.service.ts';
import type { FieldProblem } from './identity.ts';
import { matchAnew } from './match-anew.ts';
import { passwordProblem } from './password-policy.ts';
import { PasswordQueueFullError } from './passwords.ts';
import { deletePendingSignIns } from './second-factor/pending-sign-ins.store.ts';
import type { Wait } from './sign-in.ts';
import type { Refusal } from './sign-in-throttle.ts';

export interface PasswordChange {
  userId: string;
  currentPassword: string;
  newPassword: string;
  /** The caller's IP address. */
  address: string;
  requestId?: string | undefined;
}

export type ChangePasswordOutcome =
  | { outcome: 'changed' }
  | { outcome: 'rejected' }
  | { outcome: 'invalid'; problems: FieldProblem[] }
  | Wait;

/**
 * Changes a password for someone who knows the current one, and ends everything that was issued under it:
 * who knew the old one as well is out. The caller must begin a new session for the user.
 *
 * Attempts at the current password count as sign-in attempts: a stolen session is no way around those.
 */
export function createChangePassword(dependencies: IdentityDependencies) {
  const { users, passwords, throttle, platformName } = dependencies;
  const replace = (userId: string, hashes: { from: string; to: string }, context: AuditContext) =>
    dependencies.database.largeTransaction((tx) =>
      replacePassword(dependencies, tx, userId, hashes, context),
    );

  return async function changePassword(change: PasswordChange): Promise<ChangePasswordOutcome> {
    const { userId, currentPassword, newPassword, address, requestId } = change;
    const user = await users.findActive(userId);
    if (user === undefined) return { outcome: 'rejected' };
    const problem = passwordProblem(newPassword, { ...user, platform: platformName });
    if (problem !== undefined) return invalid(problem);
    const reservation = await throttle.reserve({ account: user.email, address });
    const context: AuditContext = { actor: { kind: 'user', id: userId }, address, requestId };
    if (!reservation.allowed) return refused(dependencies, reservation, context);
    try {
      let from = await users.findPasswordHash(userId);
      const matches = await passwords.verify(from ?? null, currentPassword);
      if (!matches || !from) return { outcome: 'rejected' };
      const to = await passwords.hash(newPassword);
      while (!(await replace(userId, { from, to }, context))) {
        from = (await matchAnew(dependencies, userId, from, currentPassword))?.passwordHash;
        if (!from) return { outcome: 'rejected' };
      }
    } catch (error) {
      if (error instanceof PasswordQueueFullError) await reservation.withdrawn();
      return overloadedOr(error);
    }
    await reservation.succeeded();
    return { outcome: 'changed' };
  };
}

async function refused(
  { database, clock }: IdentityDependencies,
  { retryAfterSeconds, firstRefusal }: Refusal,
  context: AuditContext,
): Promise<Wait> {
  if (firstRefusal) {
    const occurredAt = clock.now();
    await recordAuditEvent(database.pool, { ...context, type: 'sign_in.throttled', occurredAt });
  }
  return { outcome: 'throttled', retryAfterSeconds };
}

/**
 * Replaces a hash that is still the one the caller has seen, and ends what was issued before.
 *
 * @returns whether it was replaced
 */
export async function replacePassword(
  { users, revocations, clock }: Pick<IdentityDependencies, 'users' | 'revocations' | 'clock'>,
  executor: Executor,
  userId: string,
  hashes: { from: string | null; to: string },
  context: AuditContext,
): Promise<boolean> {
  if (!(await users.replacePasswordHash(executor, userId, hashes))) return false;
  await deletePendingSignIns(executor, userId);
  await revocations.denySubject(executor, userId);
  await recordAuditEvent(executor, {
    ...context,
    type: 'password.changed',
    target: { kind: 'user', id: userId },
    occurredAt: clock.now(),
  });
  return true;
}

function invalid(code: FieldProblem['code']): { outcome: 'invalid'; problems: FieldProblem[] } {
  return { outcome: 'invalid', problems: [{ field: 'newPassword', code }] };
}

function overloadedOr(error: unknown): Wait {
  if (!(error instanceof PasswordQueueFullError)) throw error;
  return { outcome: 'overloaded', retryAfterSeconds: error.retryAfterSeconds };
}
