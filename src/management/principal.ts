import type { AuditActor } from '../audit/audit.ts';
import { GATE_DECIDE } from '../credentials/scope-policy.ts';
import type { CredentialVerifier } from '../gate/principal.ts';
import type { MasterKey } from '../lib/master-key.ts';

/** Who calls the management API. `root` is whoever holds ADMIN_KEY. */
export type Principal =
  | { readonly kind: 'root' }
  | { readonly kind: 'api_key'; readonly id: string; readonly scopes: ReadonlySet<string> };

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
    case 'api_key':
      return permission === GATE_DECIDE && principal.scopes.has(GATE_DECIDE);
  }
}

/** How the audit log names a principal. */
export function actorOf(principal: Principal): AuditActor {
  switch (principal.kind) {
    case 'root':
      return { kind: 'admin' };
    case 'api_key':
      return { kind: 'api_key', id: principal.id };
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
    const { id, scopes } = verdict.principal;
    return { kind: 'api_key', id, scopes };
  };
}
