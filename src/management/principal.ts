import type { AuditActor } from '../audit/audit.ts';
import type { Maker } from '../credentials/api-keys/api-keys.service.ts';
import { GATE_DECIDE } from '../credentials/scope-policy.ts';
import type { CredentialVerifier, Principal as GatePrincipal } from '../gate/principal.ts';
import type { MasterKey } from '../lib/master-key.ts';

/** Who calls the management API. `root` is whoever holds ADMIN_KEY; `caller` has a credential of the platform. */
export type Principal =
  | { readonly kind: 'root' }
  | { readonly kind: 'caller'; readonly credential: GatePrincipal };

export type ManagedResource =
  | 'organizations'
  | 'users'
  | 'memberships'
  | 'clients'
  | 'declarations'
  | 'signing-keys'
  | 'consents'
  | 'api-keys'
  | 'audit';

export type Permission = `${ManagedResource}:${'read' | 'write'}` | typeof GATE_DECIDE;

/** What a route asks of its caller. There is no default: a route that doesn't say is not registered. */
export type RouteAccess = 'anyone' | Permission;

export function mayUse(principal: Principal, permission: Permission): boolean {
  switch (principal.kind) {
    case 'root':
      return true;
    case 'caller':
      return permission === GATE_DECIDE && principal.credential.scopes.has(GATE_DECIDE);
  }
}

/** Whose things a principal may see; null: everybody's. */
export interface Tenant {
  readonly organizationId: string | null;
}

/** What isn't the tenant's answers like what isn't there. */
export const tenantOf = (principal: Principal | null): Tenant =>
  principal?.kind === 'root'
    ? { organizationId: null }
    : { organizationId: principal?.credential.organizationId ?? '' };

/** What a principal may hand on to the credentials it makes. */
export const makerOf = (principal: Principal | null): Maker =>
  principal?.kind === 'root'
    ? { organizationId: null, scopes: 'all' }
    : { ...tenantOf(principal), scopes: principal?.credential.scopes ?? new Set() };

/** How the audit log names a principal. */
export function actorOf(principal: Principal): AuditActor {
  switch (principal.kind) {
    case 'root':
      return { kind: 'admin' };
    case 'caller':
      return { kind: 'api_key', id: principal.credential.id };
  }
}

/**
 * @param address the caller's, which a key's allow-list may refuse
 * @returns undefined when the header holds no credential that is good here
 */
export type Authenticate = (
  authorization: string,
  address: string,
) => Promise<Principal | undefined>;

/**
 * Recognises bearers by keyed hashes, compared in constant time.
 *
 * @see RFC 6750 §2.1
 */
export function createAuthentication(deps: {
  adminKey: string;
  masterKey: MasterKey;
  apiKeys: CredentialVerifier;
}): Authenticate {
  const { adminKey, masterKey, apiKeys } = deps;
  const adminHash = masterKey.hashSecret(adminKey);

  return async function authenticate(authorization, address) {
    const presented = /^Bearer +(\S.*?) *$/i.exec(authorization)?.[1];
    if (presented === undefined) return undefined;
    if (masterKey.sameHash(masterKey.hashSecret(presented), adminHash)) return { kind: 'root' };
    if (!apiKeys.recognises(presented)) return undefined;
    const verdict = await apiKeys.verify(presented, address);
    if ('refusal' in verdict) return undefined;
    return { kind: 'caller', credential: verdict.principal };
  };
}
