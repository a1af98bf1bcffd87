import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext } from '../audit/audit.ts';
import type { IdentityDependencies } from './identity.service.ts';
import type { FieldProblem, User } from './identity.ts';
import { passwordProblem } from './password-policy.ts';
import { PasswordQueueFullError } from './passwords.ts';
import type { Wait } from './sign-in.ts';

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

  return async function changePassword(change: PasswordChange): Promise<ChangePasswordOutcome> {
    const { userId, currentPassword, newPassword, address, requestId } = change;
    const user = await users.findActive(userId);
    if (user === undefined) return { outcome: 'rejected' };
    const problem = passwordProblem(newPassword, { ...user, platform: platformName });
    if (problem !== undefined) return invalid(problem);
    const reservation = await throttle.reserve({ account: user.email, address });
    if (!reservation.allowed) {
      return { outcome: 'throttled', retryAfterSeconds: reservation.retryAfterSeconds };
    }
    try {
      const from = await users.findPasswordHash(userId);
      const matches = await passwords.verify(from ?? null, currentPassword);
      if (!matches || !from) return { outcome: 'rejected' };
      const to = await passwords.hash(newPassword);
      const context: AuditContext = { actor: { kind: 'user', id: userId }, address, requestId };
      if (!(await replace(dependencies, user, { from, to }, context))) {
        return { outcome: 'rejected' };
      }
    } catch (error) {
      if (error instanceof PasswordQueueFullError) await reservation.withdrawn();
      return overloadedOr(error);
    }
    await reservation.succeeded();
    return { outcome: 'changed' };
  };
}

/** Sets a password on an operator's word, and ends everything that was issued before. */
export function createSetPassword(dependencies: IdentityDependencies) {
  const { users, passwords, platformName } = dependencies;

  return async function setPassword(
    { userId, newPassword }: Pick<PasswordChange, 'userId' | 'newPassword'>,
    context: AuditContext,
  ): Promise<Exclude<ChangePasswordOutcome, { outcome: 'rejected' }> | { outcome: 'not_found' }> {
    const user = await users.find(userId);
    const from = await users.findPasswordHash(userId);
    if (user === undefined || from === undefined) return { outcome: 'not_found' };
    const problem = passwordProblem(newPassword, { ...user, platform: platformName });
    if (problem !== undefined) return invalid(problem);
    try {
      const to = await passwords.hash(newPassword);
      const replaced = await replace(dependencies, user, { from, to }, context);
      return { outcome: replaced ? 'changed' : 'not_found' };
    } catch (error) {
      return overloadedOr(error);
    }
  };
}

async function replace(
  { users, database, revocations, clock }: IdentityDependencies,
  user: User,
  hashes: { from: string | null; to: string },
  context: AuditContext,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    if (!(await users.replacePasswordHash(tx, user.id, hashes))) return false;
    await revocations.denySubject(tx, user.id);
    await recordAuditEvent(tx, {
      ...context,
      type: 'password.changed',
      target: { kind: 'user', id: user.id },
      occurredAt: clock.now(),
    });
    return true;
  });
}

function invalid(code: FieldProblem['code']): { outcome: 'invalid'; problems: FieldProblem[] } {
  return { outcome: 'invalid', problems: [{ field: 'newPassword', code }] };
}

function overloadedOr(error: unknown): Wait {
  if (!(error instanceof PasswordQueueFullError)) throw error;
  return { outcome: 'overloaded', retryAfterSeconds: error.retryAfterSeconds };
}
