import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import type { Platform } from '../platform/platform.ts';
import { JWT_BEARER } from './grants/jwt-bearer.ts';
import {
  IDENTITY_SCOPES,
  PROTOCOL_SCOPES,
  type Resource,
  resourcesOf,
  splitScope,
} from './scopes.ts';

type ScopedClient = { scope?: string | undefined };

export type ResourcePolicy = ReturnType<typeof createResourcePolicy>;

/** Which audience a token is for, and which scopes may be asked for it (RFC 8707, RFC 6749 §3.3). */
export function createResourcePolicy(platform: Platform) {
  const resources = new Map(
    resourcesOf(platform).map((resource) => [resource.identifier, resource]),
  );
  const known = new Set([...PROTOCOL_SCOPES, ...platform.scopes.map((scope) => scope.name)]);

  /** Worked out once for each client, and again when the client changes. */
  const servers = new WeakMap<object, Map<string, ResourceServer>>();
  function serverFor(resource: Resource, client: ScopedClient): ResourceServer {
    const ofClient = servers.get(client) ?? new Map<string, ResourceServer>();
    servers.set(client, ofClient);
    const known = ofClient.get(resource.identifier);
    if (known) return known;
    const registered = splitScope(client.scope);
    const scopes = resource.scopes.filter((scope) => registered.includes(scope));
    const made: ResourceServer = {
      scope: [...IDENTITY_SCOPES, ...scopes].join(' '),
      audience: resource.identifier,
      accessTokenTTL: platform.tokens.accessTokenTtlSeconds,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'ES256' } },
    };
    ofClient.set(resource.identifier, made);
    return made;
  }

  const oneOf = (named: readonly string[]): string | string[] =>
    named.includes(platform.api.identifier) ? platform.api.identifier : [...named];

  return {
    /** The platform's API, unless the client names another resource. */
    async defaultResource(
      _ctx: KoaContextWithOIDC,
      _client: unknown,
      named?: readonly string[],
    ): Promise<string | string[]> {
      return named ? oneOf(named) : platform.api.identifier;
    },

    /**
     * Asked before a refresh token is rotated: a resource that was not granted, or has nothing of what is
     * asked for, must not cost the client its token.
     *
     * @throws InvalidTarget (RFC 8707 §2.2)
     * @throws InvalidScope
     */
    async mayRotate(ctx: KoaContextWithOIDC): Promise<boolean> {
      const { params, entities } = ctx.oidc;
      checkThatSomeResourceHasSome(ctx, resources);
      const asked = [params?.resource ?? []].flat() as string[];
      const granted = entities.RefreshToken!.resourceIndicators;
      const isOne = asked.length < 2 || typeof oneOf(asked) === 'string';
      if (isOne && asked.every((resource) => granted.has(resource))) return true;
      throw new errors.InvalidTarget('resource was not granted');
    },

    /**
     * What a token for the resource may hold: its scopes, as far as they are the client's still.
     *
     * @throws InvalidTarget for a resource that the platform does not have
     */
    async getResourceServerInfo(
      ctx: KoaContextWithOIDC,
      identifier: string,
      client: ScopedClient,
    ): Promise<ResourceServer> {
      const resource = resources.get(identifier);
      if (!resource) throw new errors.InvalidTarget('resource is not known here');
      applyDefaultScope(ctx, client, resource.scopes);
      checkScope(ctx, client, known);
      checkThatSomeResourceHasSome(ctx, resources);
      return serverFor(resource, client);
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
  if (speaksForItself(params.grant_type)) {
    const registered = splitScope(client.scope);
    const scope = ofResource.filter((name) => registered.includes(name));
    if (scope.length > 0) params.scope = scope.join(' ');
  } else if (route === 'authorization' || route === 'pushed_authorization_request') {
    throw new errors.InvalidScope('scope is required: name what the app needs', undefined as never);
  }
}

/** A grant without a user: by the client's secret, or by a service account's signature. */
const speaksForItself = (grantType: unknown) =>
  grantType === 'client_credentials' || grantType === JWT_BEARER;

/**
 * A token holds what was asked for and its resource has (RFC 8707 §2.1). Where that is nothing, the library
 * would issue a token without a scope and say nothing of it, against RFC 6749 §5.1.
 *
 * @throws InvalidScope
 */
function checkThatSomeResourceHasSome(
  ctx: KoaContextWithOIDC,
  resources: ReadonlyMap<string, Resource>,
): void {
  const { params, route, entities } = ctx.oidc;
  if (route === 'resume') return;
  const asked = splitScope(params?.scope).filter((scope) => !PROTOCOL_SCOPES.has(scope));
  const named = [params?.resource ?? entities.RefreshToken?.resource ?? []].flat() as string[];
  if (named.length === 0) return;
  const isHeld = (scope: string) =>
    named.some((identifier) => resources.get(identifier)?.scopes.includes(scope));
  if (asked.length === 0 || asked.some(isHeld)) return;
  const scope = asked.join(' ');
  throw new errors.InvalidScope(`the resource asked for knows nothing of ${scope}`, scope);
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
    if (speaksForItself(params?.grant_type) && PROTOCOL_SCOPES.has(scope)) {
      throw new errors.InvalidScope('client credentials speak for no user', scope);
    }
  }
}
