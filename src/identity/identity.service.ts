import type { Database } from '../database/database.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createChangePassword } from './change-password.ts';
import { createChangeUser } from './change-user.ts';
import { createFoundOrganization } from './found-organization.ts';
import { createMembershipStore, type MembershipStore } from './memberships.store.ts';
import { createOrganizationStore, type OrganizationStore } from './organizations.store.ts';
import type { Passwords } from './passwords.ts';
import type { RevocationPort } from './revocation-port.ts';
import { createSignIn } from './sign-in.ts';
import type { SignInThrottle } from './sign-in-throttle.ts';
import { createCreateUser, createSignUp } from './sign-up.ts';
import { createUserStore, type UserStore } from './users.store.ts';

export interface IdentityOptions {
  database: Database;
  clock: Clock;
  passwords: Passwords;
  throttle: SignInThrottle;
  revocations: RevocationPort;
  log: Log;
  /** Keyed, for what people hold for a short while: see MasterKey. */
  hashSecret: (secret: string) => Buffer;
  /** The platform's name, which makes a poor password. */
  platformName?: string | undefined;
  /** The plan of a new organization, unless another is named. */
  defaultPlan: string;
}

/** What the rules of this room need; each rule takes its part. */
export interface IdentityDependencies extends IdentityOptions {
  users: UserStore;
  organizations: OrganizationStore;
  memberships: MembershipStore;
}

export type IdentityService = ReturnType<typeof createIdentityService>;

/**
 * People and organizations. What has rules is a method here; plain reading and writing is done through
 * `users`, `organizations` and `memberships`, whose writes audit and revoke by themselves.
 */
export function createIdentityService(options: IdentityOptions) {
  const users = createUserStore(options);
  const organizations = createOrganizationStore(options);
  const memberships = createMembershipStore(options);
  const dependencies: IdentityDependencies = { ...options, users, organizations, memberships };
  return {
    users,
    organizations,
    memberships,
    signIn: createSignIn(dependencies),
    signUp: createSignUp(dependencies),
    createUser: createCreateUser(dependencies),
    foundOrganization: createFoundOrganization(dependencies),
    changePassword: createChangePassword(dependencies),
    changeUser: createChangeUser(dependencies),
    findUser: users.find,
    findActiveUser: users.findActive,
    membershipsOf: memberships.namedOf,
  };
}
