import type { AuditActor } from '../audit/audit.ts';
import type { MasterKey } from '../lib/master-key.ts';

/** Who calls the management API. `root` is whoever holds ADMIN_KEY. */
export type Principal = { readonly kind: 'root' };

export type ManagedResource =
  | 'organizations'
  | 'users'
  | 'memberships'
  | 'clients'
  | 'declarations'
  | 'signing-keys'
  | 'consents'
  | 'audit';

export type Permission = `${ManagedResource}:${'read' | 'write'}`;

/** What a route asks of its caller. There is no default: a route that doesn't say is not registered. */
export type RouteAccess = 'anyone' | Permission;

export function mayUse(principal: Principal, _permission: Permission): boolean {
  switch (principal.kind) {
    case 'root':
      return true;
  }
}

/** How the audit log names a principal. */
export function actorOf(principal: Principal): AuditActor {
  switch (principal.kind) {
    case 'root':
      return { kind: 'admin' };
  }
}

/** @returns undefined when the header holds no credential that is good here */
export type Authenticate = (authorization: string) => Promise<Principal | undefined>;

/**
 * Recognises bearers by keyed hashes, compared in constant time.
 *
 * @see RFC 6750 §2.1
 */
export function createAuthentication(deps: {
  adminKey: string;
  masterKey: MasterKey;
}): Authenticate {
  const { adminKey, masterKey } = deps;
  const adminHash = masterKey.hashSecret(adminKey);

  return async function authenticate(authorization) {
    const presented = /^Bearer +(\S.*?) *$/i.exec(authorization)?.[1];
    if (presented === undefined) return undefined;
    return masterKey.sameHash(masterKey.hashSecret(presented), adminHash)
      ? { kind: 'root' }
      : undefined;
  };
}
