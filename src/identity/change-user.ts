import type { AuditContext } from '../audit/audit.ts';
import type { Executor } from '../database/executor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import { replacePassword } from './change-password.ts';
import type { IdentityDependencies } from './identity.service.ts';
import type { FieldProblem, PlatformRole, User } from './identity.ts';
import { nameProblem } from './identity.ts';
import { passwordProblem } from './password-policy.ts';
import { PasswordQueueFullError } from './passwords.ts';
import { turnOffSecondFactor } from './second-factor/second-factor.store.ts';
import type { Wait } from './sign-in.ts';

/** What an operator changes of a user; what is left out stays as it is. */
export interface UserChange {
  name?: string | undefined;
  emailVerified?: boolean | undefined;
  disabled?: boolean | undefined;
  /** Ends everything that was issued to the user before. */
  password?: string | undefined;
  platformRole?: PlatformRole | null | undefined;
  /** Turns it off, for somebody who has lost their passkey and their recovery codes. */
  secondFactor?: false | undefined;
}

export type ChangeUserOutcome =
  | { outcome: 'changed'; user: User }
  | { outcome: 'invalid'; problems: FieldProblem[] }
  /** `user_disabled`: a password is set for a user who is let in. */
  | { outcome: 'not_found' | 'user_disabled' }
  | Wait;

/** Changes a user on an operator's word: all that was asked for, or nothing. */
export function createChangeUser(dependencies: IdentityDependencies) {
  const { users, passwords, database } = dependencies;

  return async function changeUser(
    id: string,
    change: UserChange,
    context: AuditContext,
  ): Promise<ChangeUserOutcome> {
    if (!looksLikeId(id)) return { outcome: 'not_found' };
    const current = await users.find(id);
    if (current === undefined) return { outcome: 'not_found' };
    const problems = problemsOf(current, change, dependencies.platformName);
    if (problems.length > 0) return { outcome: 'invalid', problems };
    if (lacksEntry(current, change)) return { outcome: 'user_disabled' };
    try {
      // Hashed before the transaction, which would hold its connection and the row as long.
      const { password } = change;
      const hash = password === undefined ? undefined : await passwords.hash(password);
      return await database.largeTransaction((tx) =>
        apply(dependencies, tx, { id, change, hash, context }),
      );
    } catch (error) {
      if (!(error instanceof PasswordQueueFullError)) throw error;
      return { outcome: 'overloaded', retryAfterSeconds: error.retryAfterSeconds };
    }
  };
}

interface CheckedChange {
  id: string;
  change: UserChange;
  /** Of the new password. */
  hash: string | undefined;
  context: AuditContext;
}

/** Letting in comes first and shutting out last: a password is set for a user who is let in. */
async function apply(
  dependencies: IdentityDependencies,
  tx: Executor,
  { id, change, hash, context }: CheckedChange,
): Promise<ChangeUserOutcome> {
  const { users } = dependencies;
  const held = await users.hold(tx, id);
  if (held === undefined) return { outcome: 'not_found' };
  if (lacksEntry(held.user, change)) return { outcome: 'user_disabled' };
  const { name, emailVerified, disabled, platformRole } = change;
  if (disabled === false) await users.setDisabledWithin(tx, id, false, context);
  if (hash !== undefined) {
    await replacePassword(dependencies, tx, id, { from: held.passwordHash, to: hash }, context);
  }
  if (name !== undefined || emailVerified !== undefined || platformRole !== undefined) {
    await users.updateWithin(tx, id, { name, emailVerified, platformRole }, context);
  }
  if (change.secondFactor === false) {
    await turnOffSecondFactor(tx, id, dependencies.clock.now(), context);
  }
  if (disabled) await users.setDisabledWithin(tx, id, true, context);
  return { outcome: 'changed', user: (await users.hold(tx, id))!.user };
}

const lacksEntry = (user: User, { password, disabled }: UserChange) =>
  password !== undefined && user.disabled && disabled !== false;

function problemsOf(
  user: User,
  { name, password }: UserChange,
  platform: string | undefined,
): FieldProblem[] {
  const ofName = name === undefined ? undefined : nameProblem(name);
  const ofPassword =
    password === undefined ? undefined : passwordProblem(password, { ...user, platform });
  return [
    ...(ofName ? [{ field: 'name' as const, code: ofName }] : []),
    ...(ofPassword ? [{ field: 'password' as const, code: ofPassword }] : []),
  ];
}
