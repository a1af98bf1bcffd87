import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext } from '../audit/audit.ts';
import { isEmail, normaliseEmail } from '../lib/email.ts';
import type { IdentityDependencies } from './identity.service.ts';
import type { FieldProblem, Membership, Organization, Role, User } from './identity.ts';
import { IdentityError, nameProblem } from './identity.ts';
import { passwordProblem } from './password-policy.ts';
import { PasswordQueueFullError } from './passwords.ts';
import type { Wait } from './sign-in.ts';

export interface SignUp {
  email: string;
  password: string;
  name: string;
  /** Default: the person's organization. */
  organizationName?: string | undefined;
  /** The caller's IP address. */
  address: string;
  requestId?: string | undefined;
}

export type SignUpOutcome =
  | { outcome: 'created'; user: User; organization: Organization }
  | { outcome: 'invalid'; problems: FieldProblem[] }
  | { outcome: 'email_taken' }
  | Wait;

/** A user made by an operator. */
export interface NewAccount {
  email: string;
  name: string;
  /** Absent: the user can't sign in with a password. */
  password?: string | undefined;
  emailVerified?: boolean | undefined;
  organizationId?: string | undefined;
  /** Default member. */
  role?: Role | undefined;
}

export type CreateUserOutcome =
  | { outcome: 'created'; user: User; membership: Membership | undefined }
  | { outcome: 'invalid'; problems: FieldProblem[] }
  | { outcome: 'email_taken' | 'organization_not_found' }
  | Wait;

/**
 * Lets a stranger in: a user, an organization, and the user as its owner, all or nothing. Of several who
 * come with one e-mail address at once, one gets it.
 */
export function createSignUp(dependencies: IdentityDependencies) {
  const { users, organizations, memberships, passwords, throttle, database } = dependencies;

  return async function signUp(form: SignUp): Promise<SignUpOutcome> {
    const problems = problemsOf(form, dependencies.platformName);
    if (problems.length > 0) return { outcome: 'invalid', problems };
    const reservation = await throttle.reserveSignUp({ address: form.address });
    if (!reservation.allowed) {
      const { retryAfterSeconds, firstRefusal } = reservation;
      if (firstRefusal) {
        await recordAuditEvent(database.pool, {
          ...{ actor: { kind: 'system' }, address: form.address, requestId: form.requestId },
          ...{ type: 'sign_up.throttled', occurredAt: dependencies.clock.now() },
        });
      }
      return { outcome: 'throttled', retryAfterSeconds };
    }
    try {
      const passwordHash = await passwords.hash(form.password);
      return await database.transaction(async (tx) => {
        const { email, name, address, requestId } = form;
        const newcomer: AuditContext = { actor: { kind: 'system' }, address, requestId };
        const user = await users.insert(tx, { email, name, passwordHash }, newcomer);
        const context: AuditContext = { ...newcomer, actor: { kind: 'user', id: user.id } };
        const title = form.organizationName?.trim() || `${possessive(user.name)} organization`;
        const organization = await organizations.insert(tx, { name: title }, context);
        const place = { userId: user.id, organizationId: organization.id, role: 'owner' as const };
        await memberships.insert(tx, place, context);
        return { outcome: 'created', user, organization };
      });
    } catch (error) {
      if (error instanceof PasswordQueueFullError) await reservation.withdrawn();
      return outcomeOf(error, ['email_taken']);
    }
  };
}

/** Makes a user on an operator's word, with a place in an organization if one is named. */
export function createCreateUser(dependencies: IdentityDependencies) {
  const { users, memberships, passwords, database, platformName } = dependencies;

  return async function createUser(
    account: NewAccount,
    context: AuditContext,
  ): Promise<CreateUserOutcome> {
    const { email, name, password, emailVerified, organizationId, role = 'member' } = account;
    const problems = problemsOf(account, platformName);
    if (problems.length > 0) return { outcome: 'invalid', problems };
    try {
      const passwordHash = password === undefined ? null : await passwords.hash(password);
      return await database.transaction(async (tx) => {
        const user = await users.insert(tx, { email, name, passwordHash, emailVerified }, context);
        const membership =
          organizationId === undefined
            ? undefined
            : await memberships.insert(tx, { userId: user.id, organizationId, role }, context);
        return { outcome: 'created', user, membership };
      });
    } catch (error) {
      return outcomeOf(error, ['email_taken', 'organization_not_found']);
    }
  };
}

function problemsOf(
  form: Pick<SignUp, 'email' | 'name' | 'organizationName'> & { password?: string | undefined },
  platform: string | undefined,
): FieldProblem[] {
  const { name, password, organizationName } = form;
  const email = normaliseEmail(form.email);
  const checks: [FieldProblem['field'], FieldProblem['code'] | undefined | false][] = [
    ['email', email === '' ? 'required' : !isEmail(email) && 'invalid'],
    ['name', nameProblem(name)],
    ['password', password !== undefined && passwordProblem(password, { email, name, platform })],
    ['organizationName', !!organizationName?.trim() && nameProblem(organizationName)],
  ];
  return checks.flatMap(([field, code]) => (code ? [{ field, code }] : []));
}

/** @throws the error itself when it is none that a caller expects */
function outcomeOf<Code extends IdentityError['code']>(
  error: unknown,
  expected: Code[],
): { outcome: Code } | Wait {
  if (error instanceof PasswordQueueFullError) {
    return { outcome: 'overloaded', retryAfterSeconds: error.retryAfterSeconds };
  }
  const code = error instanceof IdentityError && expected.find((each) => each === error.code);
  if (!code) throw error;
  return { outcome: code };
}

function possessive(name: string): string {
  return /s$/i.test(name) ? `${name}'` : `${name}'s`;
}
