import type { Platform } from '../platform/platform.ts';

/** OpenID Connect's own scopes that Gatehouse answers (OpenID Connect Core §5.4, §11). */
export const IDENTITY_SCOPES = ['openid', 'profile', 'email'] as const;
export const OFFLINE_ACCESS = 'offline_access';

/** The scopes that are the protocol's, not the platform's: all of them are about a user. */
export const PROTOCOL_SCOPES: ReadonlySet<string> = new Set([...IDENTITY_SCOPES, OFFLINE_ACCESS]);

/** A resource, as the `aud` of a token names it, and the scopes it understands. */
export interface Resource {
  readonly identifier: string;
  readonly name: string;
  readonly scopes: readonly string[];
}

/** The platform's API first: it is the audience when a client names none (RFC 8707 §2). */
export function resourcesOf(platform: Platform): readonly Resource[] {
  const { api } = platform;
  const all = platform.scopes.map((scope) => scope.name);
  return [{ identifier: api.identifier, name: api.name, scopes: all }, ...api.additionalResources];
}

/** A space-separated scope parameter as a list without repetitions (RFC 6749 §3.3). */
export const splitScope = (scope: unknown): string[] =>
  typeof scope === 'string' ? [...new Set(scope.split(' ').filter(Boolean))] : [];
