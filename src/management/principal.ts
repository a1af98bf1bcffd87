import type { IncomingHttpHeaders } from 'node:http';
import type { AuditActor } from '../audit/audit.ts';
import { type Maker, OPERATOR } from '../credentials/maker.ts';
import { EVENTS_PUBLISH, GATE_DECIDE } from '../credentials/scope-policy.ts';
import type { CredentialVerifier, Principal as GatePrincipal } from '../gate/principal.ts';
import type { MasterKey } from '../lib/master-key.ts';
import type { Platform } from '../platform/platform.ts';
import type { TenantResource } from '../platform/tenant-resources.ts';

/** Who calls the management API. `root` is whoever holds ADMIN_KEY; `caller` has a credential of the platform. */
export type Principal =
  | { readonly kind: 'root' }
  | {
      readonly kind: 'caller';
      readonly credential: GatePrincipal;
      /** What its scopes let it manage, in its own organization; empty without one. */
      readonly manages: ReadonlySet<TenantResource>;
    };

/** What the platform file declares is read by whoever manages anything. */
export type ManagedResource = TenantResource | 'declarations';

export type Permission =
  | `${ManagedResource}:${'read' | 'write'}`
  | typeof GATE_DECIDE
  | typeof EVENTS_PUBLISH;

/**
 * What a route asks of its caller; `operator` is root alone. There is no default: a route that doesn't say
 * is not registered.
 */
export type RouteAccess = 'anyone' | 'operator' | Permission;

export function mayUse(principal: Principal, access: 'operator' | Permission): boolean {
  if (principal.kind === 'root') return true;
  const { credential, manages } = principal;
  if (access === 'operator') return false;
  if (access === GATE_DECIDE) return credential.scopes.has(GATE_DECIDE);
  if (access === EVENTS_PUBLISH) return mayPublish(principal) || manages.has('webhooks');
  const resource = access.slice(0, access.lastIndexOf(':')) as ManagedResource;
  return resource === 'declarations' ? manages.size > 0 : manages.has(resource);
}

/** Whether events may be published for organizations other than the principal's own. */
export const mayPublish = (principal: Principal): boolean =>
  principal.kind === 'root' || principal.credential.scopes.has(EVENTS_PUBLISH);

/** Whose things a principal may see; null: everybody's. */
export interface Tenant {
  readonly organizationId: string | null;
}

/** What isn't the tenant's answers like what isn't there. */
export const tenantOf = (principal: Principal | null): Tenant =>
  principal?.kind === 'root'
    ? { organizationId: null }
    : { organizationId: principal?.credential.organizationId ?? NOBODYS };

/** Looks like no identifier, so it finds nothing. */
const NOBODYS = '';

/**
 * The organization that a list is narrowed to; undefined: it isn't. Without one named, a tenant's own; one
 * that isn't theirs finds nothing, as one that isn't there.
 */
export function narrowedTo(principal: Principal | null, named?: string): string | undefined {
  const { organizationId: own } = tenantOf(principal);
  if (own === null) return named;
  return named === undefined || named === own ? own : NOBODYS;
}

/** Whether something that belongs to the organization (null: to the operator) is the principal's to see. */
export function isTheirs(principal: Principal | null, organizationId: string | null): boolean {
  const { organizationId: own } = tenantOf(principal);
  return own === null || own === organizationId;
}

/** What a principal may hand on to the credentials it makes. */
export function makerOf(principal: Principal | null): Maker {
  if (principal?.kind === 'root') return OPERATOR;
  const { credential } = principal ?? {};
  const maker = { ...tenantOf(principal), scopes: credential?.scopes ?? new Set<string>() };
  if (credential?.kind !== 'api_key') return maker;
  const { environment, limits, expiresAt = null, allowedAddresses = [] } = credential;
  return { ...maker, environment, limits, expiresAt, allowedAddresses };
}

/** How the audit log names a principal. */
export function actorOf(principal: Principal): AuditActor {
  if (principal.kind === 'root') return { kind: 'admin' };
  const { kind, id, subject, subjectKind = 'client' } = principal.credential;
  switch (kind) {
    case 'api_key':
      return { kind, id };
    case 'access_token':
      return { kind: subjectKind, id: subject };
    case 'service_jwt':
      return { kind: 'service_account', id: subject };
    case 'playground_key':
      throw new Error('playground keys do not come in here');
  }
}

/** Why a request has no principal: it carried no credential, more than one, or one that is no good. */
export interface Nobody {
  readonly kind: 'nobody';
  readonly because: 'missing' | 'several' | 'refused';
}

/**
 * @param address the caller's, which a key's allow-list may refuse
 * @throws when what is needed to tell is away
 */
export type Authenticate = (
  headers: IncomingHttpHeaders,
  address: string,
) => Promise<Principal | Nobody>;

/**
 * Recognises ADMIN_KEY and whatever the gate takes, but for playground keys: as bearer, or where the
 * platform has API keys in a header of their own, in that one.
 *
 * @see RFC 6750 §2.1
 */
export function createAuthentication(deps: {
  platform: Platform;
  adminKey: string;
  masterKey: MasterKey;
  verifiers: readonly CredentialVerifier[];
}): Authenticate {
  const { platform, adminKey, masterKey } = deps;
  const adminHash = masterKey.hashSecret(adminKey);
  const keyHeaders = keyHeadersOf(platform);
  const managedBy = new Map(platform.scopes.map(({ name, manages }) => [name, manages]));
  const verifiers = deps.verifiers.filter(({ kind }) => kind !== 'playground_key');

  async function verify(
    presented: string,
    address: string,
    from: readonly CredentialVerifier[],
  ): Promise<Principal | Nobody> {
    const verdict = await from
      .find(({ recognises }) => recognises(presented))
      ?.verify(presented, address);
    if (!verdict || 'refusal' in verdict) return REFUSED;
    const { principal: credential } = verdict;
    const managed = [...credential.scopes].flatMap((scope) => managedBy.get(scope) ?? []);
    const manages = new Set(credential.organizationId === null ? [] : managed);
    return { kind: 'caller', credential, manages };
  }

  return async function authenticate(headers, address) {
    const { authorization } = headers;
    const keys = keyHeaders.flatMap((name) => headers[name] || []);
    if (keys.length + (authorization === undefined ? 0 : 1) > 1) return SEVERAL;
    if (keys[0] !== undefined) {
      return verify(
        keys[0],
        address,
        verifiers.filter(({ kind }) => kind === 'api_key'),
      );
    }
    if (authorization === undefined) return MISSING;
    // Nothing in it looks for the end twice: a header is 16 KiB of whatever a stranger likes.
    const presented = /^Bearer +(\S.*)$/i.exec(authorization)?.[1]?.trimEnd();
    if (presented === undefined) return REFUSED;
    if (masterKey.sameHash(masterKey.hashSecret(presented), adminHash)) return { kind: 'root' };
    return verify(presented, address, verifiers);
  };
}

/** Lower-cased names of the headers in which the platform takes API keys. */
export const keyHeadersOf = ({ presentations }: Platform): string[] =>
  presentations.flatMap((place) =>
    place.in === 'header' && place.credentials.includes('api_key') ? [place.name] : [],
  );

const MISSING: Nobody = { kind: 'nobody', because: 'missing' };
const SEVERAL: Nobody = { kind: 'nobody', because: 'several' };
const REFUSED: Nobody = { kind: 'nobody', because: 'refused' };
