import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import type { Platform } from '../platform/platform.ts';
import { IDENTITY_SCOPES, OFFLINE_ACCESS, resourcesOf, splitScope } from './scopes.ts';

type ScopedClient = { scope?: string | undefined };

/** Which audience a token is for, and which scopes may be asked for it (RFC 8707, RFC 6749 §3.3). */
export function createResourcePolicy(platform: Platform) {
  const resources = new Map(
    resourcesOf(platform).map((resource) => [resource.identifier, resource]),
  );
  const known = new Set([
    ...IDENTITY_SCOPES,
    OFFLINE_ACCESS,
    ...platform.scopes.map((scope) => scope.name),
  ]);

  return {
    /** The platform's API, unless the client names another resource. */
    async defaultResource(
      _ctx: KoaContextWithOIDC,
      _client: unknown,
      oneOf?: readonly string[],
    ): Promise<string | string[]> {
      if (!oneOf) return platform.api.identifier;
      return oneOf.includes(platform.api.identifier) ? platform.api.identifier : [...oneOf];
    },

    /** @throws InvalidTarget for a resource that the platform does not have */
    async getResourceServerInfo(
      ctx: KoaContextWithOIDC,
      identifier: string,
      client: ScopedClient,
    ): Promise<ResourceServer> {
      const resource = resources.get(identifier);
      if (!resource) throw new errors.InvalidTarget('resource is not known here');
      applyDefaultScope(ctx, client, resource.scopes);
      checkScope(ctx, client, known);
      return {
        scope: [...IDENTITY_SCOPES, ...resource.scopes].join(' '),
        audience: resource.identifier,
        accessTokenTTL: platform.tokens.accessTokenTtlSeconds,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      };
    },
  };
}

/**
 * A service that names no scope gets what it was registered for; a user is never asked for something
 * that the app did not name.
 */
function applyDefaultScope(
  ctx: KoaContextWithOIDC,
  client: ScopedClient,
  ofResource: readonly string[],
): void {
  const { params, route } = ctx.oidc;
  if (!params || params.scope) return;
  if (params.grant_type === 'client_credentials') {
    const registered = splitScope(client.scope);
    const scope = ofResource.filter((name) => registered.includes(name));
    if (scope.length > 0) params.scope = scope.join(' ');
  } else if (route === 'authorization' || route === 'pushed_authorization_request') {
    throw new errors.InvalidScope('scope is required: name what the app needs', undefined as never);
  }
}

/** The library lets an unknown scope pass in silence; a typing error deserves an answer. */
function checkScope(
  ctx: KoaContextWithOIDC,
  client: ScopedClient,
  known: ReadonlySet<string>,
): void {
  const { params, route } = ctx.oidc;
  const isRefresh = params?.grant_type === 'refresh_token';
  if (isRefresh || route === 'resume') return;
  const registered = new Set(splitScope(client.scope));
  for (const scope of splitScope(params?.scope)) {
    if (!known.has(scope)) throw new errors.InvalidScope(`scope ${scope} is not known here`, scope);
    if (!registered.has(scope)) {
      throw new errors.InvalidScope('requested scope is not allowed for this client', scope);
    }
    if (params?.grant_type === 'client_credentials' && OF_A_USER.has(scope)) {
      throw new errors.InvalidScope('client credentials speak for no user', scope);
    }
  }
}

const OF_A_USER: ReadonlySet<string> = new Set([...IDENTITY_SCOPES, OFFLINE_ACCESS]);
