import type { AdapterPayload } from 'oidc-provider';
import type { MasterKey } from '../../lib/master-key.ts';
import { PROTOCOL_SCOPES } from '../scopes.ts';
import type { ClientSecret, NewClient } from './client.ts';

/**
 * A client in oidc-provider's words. It never sees a secret: `client_secret` is a placeholder that
 * nothing is compared with (see {@link secretMatches}).
 *
 * @param knownScopes the platform's: one that left the platform file is no longer the client's
 */
export function toProviderMetadata(
  client: NewClient,
  knownScopes: ReadonlySet<string>,
): AdapterPayload {
  const usesSecret = client.tokenEndpointAuthMethod.startsWith('client_secret_');
  const scopes = client.scopes.filter((scope) => knownScopes.has(scope));
  const metadata: Record<string, unknown> = {
    client_id: client.id,
    client_name: client.name,
    application_type: client.applicationType,
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    grant_types: [...client.grantTypes],
    response_types: [...client.responseTypes],
    scope: [...scopesWithUser(client), ...scopes].join(' ') || undefined,
    token_endpoint_auth_method: client.tokenEndpointAuthMethod,
    token_endpoint_auth_signing_alg: client.tokenEndpointAuthAlg ?? undefined,
    jwks: client.jwks ?? undefined,
    jwks_uri: client.jwksUri ?? undefined,
    client_uri: client.clientUri ?? undefined,
    logo_uri: client.logoUri ?? undefined,
    policy_uri: client.policyUri ?? undefined,
    tos_uri: client.tosUri ?? undefined,
    contacts: client.contacts.length > 0 ? [...client.contacts] : undefined,
    require_pushed_authorization_requests: client.requirePushedRequests || undefined,
    client_secret: usesSecret ? 'stored as a keyed hash' : undefined,
  };
  return Object.fromEntries(
    Object.entries(metadata).filter(([, value]) => value !== undefined),
  ) as AdapterPayload;
}

/** Every client with a user may ask who that is. */
function scopesWithUser(client: Pick<NewClient, 'grantTypes'>): string[] {
  return client.grantTypes.includes('authorization_code') ? [...PROTOCOL_SCOPES] : [];
}

/** Compares a presented client secret with every secret that has not expired, in constant time each. */
export function secretMatches(
  secrets: readonly ClientSecret[],
  presented: string,
  masterKey: MasterKey,
  now: Date,
): boolean {
  const hash = masterKey.hashSecret(presented);
  let matches = false;
  for (const secret of secrets) {
    const isLive = !secret.expiresAt || secret.expiresAt > now;
    if (masterKey.sameHash(hash, secret.hash) && isLive) matches = true;
  }
  return matches;
}
