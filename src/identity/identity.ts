/** A person who signs in. */
export interface User {
  id: string;
  /** Normalised: the identity of the account. */
  email: string;
  emailVerified: boolean;
  name: string;
  /** A disabled user can't sign in, and nothing issued to them is honoured. */
  disabled: boolean;
  /** Beside their roles in organizations; null for almost everybody. */
  platformRole: PlatformRole | null;
  /** A password alone doesn't sign them in: a passkey or a recovery code is asked for, too. */
  secondFactor: boolean;
  createdAt: Date;
  updatedAt: Date;
}

/** `operator`: sees and changes what belongs to the platform as a whole. */
export const PLATFORM_ROLES = ['operator'] as const;

export type PlatformRole = (typeof PLATFORM_ROLES)[number];

/** A tenant. */
export interface Organization {
  id: string;
  name: string;
  /** The name of a plan in the platform file. */
  plan: string;
  createdAt: Date;
  updatedAt: Date;
}

/** From the most to the least powerful. */
export const ROLES = ['owner', 'admin', 'member'] as const;

export type Role = (typeof ROLES)[number];

export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

export function isDemotion(from: Role, to: Role): boolean {
  return ROLES.indexOf(to) > ROLES.indexOf(from);
}

/** A user's place in an organization. */
export interface Membership {
  userId: string;
  organizationId: string;
  role: Role;
  createdAt: Date;
}

/** A membership as its user sees it. */
export interface NamedMembership {
  organizationId: string;
  organizationName: string;
  role: Role;
}

export type IdentityErrorCode =
  | 'email_taken'
  | 'user_not_found'
  | 'organization_not_found'
  | 'already_member'
  | 'role_out_of_reach'
  | 'last_owner';

const MESSAGES: Record<IdentityErrorCode, string> = {
  email_taken: 'Another user has this e-mail address',
  user_not_found: 'There is no such user',
  organization_not_found: 'There is no such organization',
  already_member: 'The user is a member of this organization already',
  role_out_of_reach: 'Whoever asks may not take this role from a member, or give it',
  last_owner: 'An organization must keep an owner',
};

/** A write that the rules of this room refuse; the transaction it was part of leaves nothing behind. */
export class IdentityError extends Error {
  readonly code: IdentityErrorCode;

  constructor(code: IdentityErrorCode, options?: ErrorOptions) {
    super(MESSAGES[code], options);
    this.name = 'IdentityError';
    this.code = code;
  }
}

/** What is wrong with one field of a form; the code is for a view or a client to word. */
export interface FieldProblem {
  field: 'email' | 'name' | 'password' | 'newPassword' | 'organizationName' | 'role';
  code: 'required' | 'invalid' | 'too_short' | 'too_long' | 'too_common';
}

const MAX_NAME_LENGTH = 200;

/** What keeps a text from naming a person or an organization; up to 200 characters in any script do. */
export function nameProblem(name: string): FieldProblem['code'] | undefined {
  if (name.trim() === '') return 'required';
  if (name.length > MAX_NAME_LENGTH) return 'too_long';
  return /\p{Cc}/u.test(name) || !name.isWellFormed() ? 'invalid' : undefined;
}
