import type { AdapterPayload } from 'oidc-provider';
import type { MasterKey } from '../../lib/master-key.ts';
import type { NewClient, OAuthClient } from './client.ts';

/** What oidc-provider's Client carries beside the metadata it knows. */
export const EXTRA_CLIENT_METADATA = [
  'organization_id',
  'organization_name',
  'require_pkce',
  'introspection_audiences',
  'secret_hashes',
];

/** The extra metadata, as it stands on oidc-provider's Client. */
export interface ExtraClientMetadata {
  organization_id?: string;
  organization_name?: string;
  require_pkce: boolean;
  introspection_audiences: readonly string[];
  secret_hashes: readonly string[];
}

/** Scopes of OpenID Connect that every client with a user may ask for. */
const OPENID_SCOPES = ['openid', 'profile', 'email', 'offline_access'];

/**
 * A client in oidc-provider's words. The library caches clients by the bytes of this, so the order of
 * members is fixed. It never sees a secret: `client_secret` is a placeholder that nothing is compared
 * with (see {@link secretMatches}).
 */
export function toProviderMetadata(client: OAuthClient | NewClient): AdapterPayload {
  const secrets = 'secrets' in client ? client.secrets : [];
  const usesSecret = client.tokenEndpointAuthMethod.startsWith('client_secret_');
  const metadata: Record<string, unknown> = {
    client_id: client.id,
    client_name: client.name,
    application_type: client.applicationType,
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    grant_types: [...client.grantTypes],
    response_types: [...client.responseTypes],
    scope: [...new Set([...scopesWithUser(client), ...client.scopes])].join(' ') || undefined,
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
    organization_id: client.organizationId ?? undefined,
    organization_name: ('organizationName' in client && client.organizationName) || undefined,
    require_pkce: client.requirePkce,
    introspection_audiences: [...client.introspectionAudiences],
    secret_hashes: secrets.map(
      (secret) =>
        `${Buffer.from(secret.hash).toString('hex')}:${secret.expiresAt?.getTime() ?? ''}`,
    ),
  };
  return Object.fromEntries(
    Object.entries(metadata).filter(([, value]) => value !== undefined),
  ) as AdapterPayload;
}

function scopesWithUser(client: Pick<OAuthClient, 'grantTypes'>): string[] {
  return client.grantTypes.includes('authorization_code') ? OPENID_SCOPES : [];
}

/** Compares a presented client secret with every secret that has not expired, in constant time each. */
export function secretMatches(
  hashes: readonly string[],
  presented: string,
  masterKey: MasterKey,
  now: Date,
): boolean {
  let matches = false;
  for (const stored of hashes) {
    const [hash = '', expiresAt = ''] = stored.split(':');
    const live = expiresAt === '' || Number(expiresAt) > now.getTime();
    if (masterKey.matches(presented, Buffer.from(hash, 'hex')) && live) matches = true;
  }
  return matches;
}
