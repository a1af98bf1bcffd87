import type { OAuthClient } from '../oauth/clients/client.ts';
import type { ClientInput } from '../oauth/clients/clients.service.ts';
import { isLoopback, redirectUriFault } from '../oauth/redirect-uris.ts';
import type { AppKind, RedirectProblem } from '../pages/apps-models.ts';

type Setup = Pick<ClientInput, 'applicationType' | 'grantTypes' | 'tokenEndpointAuthMethod'>;

/** What the choice of a kind comes to (RFC 6749 §2.1, RFC 8252, RFC 9700 §2). */
export const SETUPS: Readonly<Record<AppKind, Setup>> = {
  web: {
    applicationType: 'web',
    grantTypes: ['authorization_code', 'refresh_token'],
    tokenEndpointAuthMethod: 'client_secret_basic',
  },
  single_page: {
    applicationType: 'web',
    grantTypes: ['authorization_code', 'refresh_token'],
    tokenEndpointAuthMethod: 'none',
  },
  native: {
    applicationType: 'native',
    grantTypes: ['authorization_code', 'refresh_token'],
    tokenEndpointAuthMethod: 'none',
  },
  service: {
    applicationType: 'web',
    grantTypes: ['client_credentials'],
    tokenEndpointAuthMethod: 'client_secret_basic',
  },
};

export const isAppKind = (text: string | undefined): text is AppKind =>
  text !== undefined && Object.hasOwn(SETUPS, text);

export const usesSecret = ({ tokenEndpointAuthMethod }: OAuthClient): boolean =>
  tokenEndpointAuthMethod.startsWith('client_secret_');

/** Whether people sign in for it. */
export const hasUsers = ({ grantTypes }: OAuthClient): boolean =>
  grantTypes.includes('authorization_code');

/** The kind that a client would be of; `other` for one that none of them makes. */
export function kindOf(client: OAuthClient): AppKind | 'other' {
  const { applicationType, grantTypes, tokenEndpointAuthMethod: method } = client;
  const actsForItself = grantTypes.includes('client_credentials');
  if (!hasUsers(client)) return actsForItself && usesSecret(client) ? 'service' : 'other';
  if (actsForItself) return 'other';
  if (method === 'none') return applicationType === 'native' ? 'native' : 'single_page';
  return usesSecret(client) && applicationType === 'web' ? 'web' : 'other';
}

const LONGEST_URI = 2000;

/** What is wrong with the redirect URIs of an app of that kind, each by itself. */
export function redirectProblems(
  kind: AppKind | 'other' | undefined,
  uris: readonly string[],
): RedirectProblem[] {
  return uris.flatMap((uri): RedirectProblem[] => {
    const fault =
      uri.length > LONGEST_URI ? 'too_long' : (redirectUriFault(uri) ?? misfit(kind, uri));
    return fault ? [{ uri, kind: fault }] : [];
  });
}

/** What fits some app, and not this one. The second is the library's own rule for native apps. */
function misfit(
  kind: AppKind | 'other' | undefined,
  uri: string,
): RedirectProblem['kind'] | undefined {
  const url = new URL(uri);
  const isWeb = /^https?:$/.test(url.protocol);
  if ((kind === 'web' || kind === 'single_page') && !isWeb) return 'web_only';
  if (kind === 'native' && url.protocol === 'https:' && isLoopback(url)) return 'secure_loopback';
  return undefined;
}
