import { randomUUID } from 'node:crypto';
import type { AdapterPayload } from 'oidc-provider';
import type { AccessTokenClaims, AccessTokenVerifier } from './access-token-verifier.ts';

/**
 * oidc-provider introspects and revokes only tokens that its store knows, and refuses JWTs. So a JWT
 * that a caller presents is verified first and goes in under a handle, valid while its request lasts;
 * client authentication and policy then run as for any other token.
 */
export interface PresentedTokens {
  /** The handle to pass on, and what to call when the request is over. */
  present(token: string): Promise<{ handle: string; release: () => void }>;
  find(handle: string): AdapterPayload | undefined;
}

export function createPresentedTokens(verifier: AccessTokenVerifier): PresentedTokens {
  const underway = new Map<string, AdapterPayload>();
  return {
    async present(token) {
      const handle = `presented:${randomUUID()}`;
      const claims = await verifier.verify(token);
      if (claims) underway.set(handle, toPayload(claims));
      return { handle, release: () => void underway.delete(handle) };
    },
    find: (handle) => underway.get(handle),
  };
}

/** A JWT has dots, signed or encrypted; Gatehouse's opaque tokens have none. */
export const looksLikeJwt = (token: string) => token.includes('.');

/**
 * Without grantId on purpose: the denylist has spoken for the grant already, and revoking one access
 * token leaves its siblings alone (RFC 7009 §2.1).
 */
function toPayload(claims: AccessTokenClaims): AdapterPayload {
  const ofClient = claims.grant_id === undefined;
  return {
    kind: ofClient ? 'ClientCredentials' : 'AccessToken',
    jti: claims.jti,
    clientId: claims.client_id,
    ...(ofClient ? {} : { accountId: claims.sub }),
    aud: claims.aud,
    scope: claims.scope,
    iat: claims.iat,
    exp: claims.exp,
    ...claims.cnf,
    extra: {
      ...(claims.org_id ? { org_id: claims.org_id } : {}),
      ...(ofClient ? { sub: claims.sub } : {}),
    },
  } as AdapterPayload;
}
