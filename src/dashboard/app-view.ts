import type { GrantableScopes } from '../credentials/scope-policy.ts';
import type { OAuthClient } from '../oauth/clients/client.ts';
import type { AppPage, AppRow, Endpoint } from '../pages/apps-models.ts';
import type { MakerView } from '../pages/keys-models.ts';
import { permissionOf } from '../pages/platform-text.ts';
import type { Permission } from '../pages/view-models.ts';
import type { Platform } from '../platform/platform.ts';
import { kindOf } from './app-kinds.ts';
import { pathOf } from './frame.ts';

/** The address of an app's page. */
export const appPath = (organizationId: string, clientId: string): string =>
  `${pathOf('apps', organizationId)}/${clientId}`;

export const rowOf = (client: OAuthClient, organizationId: string): AppRow => ({
  name: client.name,
  href: appPath(organizationId, client.id),
  clientId: client.id,
  kind: kindOf(client),
  disabled: client.disabled,
  since: client.createdAt,
});

/** Those of the platform's scopes that are wanted, in its order and words. */
export const permissionsOf = (platform: Platform, wanted: GrantableScopes): Permission[] =>
  platform.scopes
    .filter(({ name }) => wanted === 'all' || wanted.has(name))
    .map((scope) => permissionOf(platform, scope));

/** Where an app finds this server (RFC 8414 §2). */
export function endpointsOf(issuer: string, client: OAuthClient): Endpoint[] {
  const hasUsers = client.grantTypes.includes('authorization_code');
  return [
    { kind: 'issuer', url: issuer },
    ...(hasUsers ? [{ kind: 'authorize', url: `${issuer}/oauth/authorize` } as const] : []),
    { kind: 'token', url: `${issuer}/oauth/token` },
    { kind: 'jwks', url: `${issuer}/oauth/jwks` },
    { kind: 'discovery', url: `${issuer}/.well-known/openid-configuration` },
  ];
}

/** The app as its page tells it. */
export function detailsOf(
  client: OAuthClient,
  organizationId: string,
  maker: MakerView,
): AppPage['app'] {
  const { clientUri, tosUri, policyUri } = client;
  return {
    ...rowOf(client, organizationId),
    ...{ authMethod: client.tokenEndpointAuthMethod, maker },
    redirectUris: client.redirectUris,
    ...(clientUri ? { clientUri } : {}),
    ...(tosUri ? { tosUri } : {}),
    ...(policyUri ? { policyUri } : {}),
  };
}

/** For apps whose people come back here with a code; a secret is typed in there, a private key is not. */
export function playgroundOf(
  platform: Platform,
  issuer: string,
  client: OAuthClient,
): AppPage['playground'] {
  const isTried =
    client.grantTypes.includes('authorization_code') &&
    client.tokenEndpointAuthMethod !== 'private_key_jwt' &&
    !client.requirePushedRequests;
  if (!platform.oauth.playgroundEnabled || !isTried || client.disabled) return undefined;
  const redirectUri = `${issuer}/playground/callback`;
  return {
    href: `/playground?client_id=${encodeURIComponent(client.id)}`,
    ...(client.redirectUris.includes(redirectUri) ? {} : { missingRedirectUri: redirectUri }),
  };
}
