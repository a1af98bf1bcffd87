import { createFields } from '../credentials/user-tokens/field-style.ts';
import { PLATFORM_CLIENT_ID } from '../credentials/user-tokens/platform-client.ts';
import { PLAYGROUND_CLIENT_ID } from '../oauth/clients/house-clients.ts';
import { JWT_BEARER } from '../oauth/grants/jwt-bearer.ts';
import { OAUTH_ROUTES } from '../oauth/provider.ts';
import { splitScope } from '../oauth/scopes.ts';
import type { Platform, Presentation } from '../platform/platform.ts';
import { type DescribedRequest, env, type Fields } from '../snippets/described-request.ts';
import type { OwnApp } from './own-app.ts';
import { CALLBACK_PATH } from './playground-client.ts';
import type { Call } from './setup.ts';

export type Requests = ReturnType<typeof createRequests>;

const CLIENT = { username: env('CLIENT_ID'), password: env('CLIENT_SECRET') };

/** The platform's API, as its callers see it. */
export interface Api {
  /** Its origin. */
  readonly url: string;
  /** This very server stands in front of it, as a proxy: what the page sends arrives. */
  readonly isHere: boolean;
}

/** The playground's own client. */
const HOUSE: Pick<OwnApp, 'id' | 'auth'> = { id: PLAYGROUND_CLIENT_ID, auth: 'none' };

/**
 * Every request of the playground, as its snippets show it and its page sends it. What is secret, or known
 * to the page alone, is a variable.
 *
 * @param app whose flows are tried; default the playground's own client
 */
export function createRequests(
  platform: Platform,
  issuer: string,
  api: Api,
  app: Pick<OwnApp, 'id' | 'auth'> = HOUSE,
) {
  const itself: Fields = [['client_id', app.id]];
  const redirectUri = issuer + CALLBACK_PATH;
  const post = (path: string, form: Fields, basic?: DescribedRequest['basic']) => ({
    ...{ method: 'POST', url: issuer + path, body: { form } },
    ...(basic ? { basic } : {}),
  });
  /** As the client itself, with its secret where it has one (RFC 6749 §2.3.1). */
  const asItself = (path: string, form: Fields) => {
    const password = env('APP_SECRET');
    if (app.auth === 'client_secret_basic') return post(path, form, { username: app.id, password });
    const proof: Fields = app.auth === 'none' ? [] : [['client_secret', password]];
    return post(path, [...form, ...itself, ...proof]);
  };
  const asked = (scope: string): Fields => (scope === '' ? [] : [['scope', scope]]);

  return {
    ...{ issuer, api },
    authorize: (scope: string): DescribedRequest => ({
      method: 'GET',
      url: `${issuer}${OAUTH_ROUTES.authorization}?${query([
        ...itself,
        ['redirect_uri', redirectUri],
        ['response_type', 'code'],
        ['scope', scope],
        ['state', env('STATE')],
        // A nonce is for an ID token, which comes with openid alone.
        ...(splitScope(scope).includes('openid') ? [['nonce', env('NONCE')] as const] : []),
        ['code_challenge', env('CODE_CHALLENGE')],
        ['code_challenge_method', 'S256'],
      ])}`,
      opensInBrowser: true,
    }),
    redeem: (code: string, verifier: string) =>
      asItself(OAUTH_ROUTES.token, [
        ['grant_type', 'authorization_code'],
        ['code', env(code)],
        ['redirect_uri', redirectUri],
        ['code_verifier', env(verifier)],
      ]),
    renew: (token: string, scope = '') =>
      asItself(OAUTH_ROUTES.token, [
        ['grant_type', 'refresh_token'],
        ['refresh_token', env(token)],
        ...asked(scope),
      ]),
    clientToken: (secret: string, scope: string) => {
      const basic = { ...CLIENT, password: env(secret) };
      return post(
        OAUTH_ROUTES.token,
        [['grant_type', 'client_credentials'], ...asked(scope)],
        basic,
      );
    },
    exchange: (assertion: string, scope: string) =>
      post(OAUTH_ROUTES.token, [
        ['grant_type', JWT_BEARER],
        ['assertion', env(assertion)],
        ...asked(scope),
      ]),
    introspect: () => post(OAUTH_ROUTES.introspection, [['token', env('ACCESS_TOKEN')]], CLIENT),
    introspectAsItself: () =>
      post(OAUTH_ROUTES.introspection, [['token', env('ACCESS_TOKEN')], ...itself]),
    revoke: (as: 'itself' | 'platform' | 'client') => {
      const token: Fields = [['token', env('ACCESS_TOKEN')]];
      if (as === 'client') return post(OAUTH_ROUTES.revocation, token, CLIENT);
      if (as === 'itself') return asItself(OAUTH_ROUTES.revocation, token);
      return post(OAUTH_ROUTES.revocation, [...token, ['client_id', PLATFORM_CLIENT_ID]]);
    },
    ...userTokenRequests(platform, issuer),
    /** A key for a stranger; undefined where there are none. */
    key: platform.playgroundKeys.enabled
      ? {
          ...{ method: 'POST', url: issuer + platform.playgroundKeys.path },
          body: { json: [['fingerprint', env('FINGERPRINT')] as const] },
        }
      : undefined,

    /** @param credential the name of its variable; undefined: the call has none */
    call: (call: Call, way: Presentation, credential: string | undefined): DescribedRequest => {
      const { organizationHeader } = platform;
      const given: Fields = credential && way.in !== 'query' ? [headerOf(way, credential)] : [];
      const inQuery =
        credential && way.in === 'query' ? `?${query([[way.name, env(credential)]])}` : '';
      return {
        method: call.method,
        url: api.url + pathOf(call) + inQuery,
        headers: [
          ...given,
          ...(organizationHeader
            ? [[wireName(organizationHeader.name), env('ORGANIZATION_ID')] as const]
            : []),
        ],
      };
    },
  };
}

/** The platform's own token endpoints, in its own words. */
function userTokenRequests({ userTokens }: Platform, issuer: string) {
  if (!userTokens.enabled) return {};
  const { nameOf } = createFields(userTokens.fieldStyle);
  const post = (path: string, json: Fields) => ({
    ...{ method: 'POST', url: issuer + path, body: { json } },
  });
  return {
    signIn: (password: string) =>
      post(userTokens.tokenPath, [
        ['email', env('EMAIL')],
        ['password', env(password)],
      ]),
    renewSignIn: (token: string) =>
      post(userTokens.refreshPath, [[nameOf('refreshToken'), env(token)]]),
  };
}

/** A credential where a header carries it. @param credential the name of its variable */
export function headerOf(
  way: Exclude<Presentation, { in: 'query' }>,
  credential: string,
): readonly [string, string] {
  return way.in === 'bearer'
    ? ['Authorization', `Bearer ${env(credential)}`]
    : [wireName(way.name), env(credential)];
}

/** `x-api-key` as people write it. */
export const wireName = (name: string): string =>
  name.replaceAll(/\bapi\b/g, 'API').replaceAll(/(?<=^|-)[a-z]/g, (first) => first.toUpperCase());

/** The organization is a variable; any other parameter is an example. */
function pathOf({ route }: Call): string {
  const parts = route.segments.flatMap((segment) => {
    if (segment.kind === 'rest') return [];
    if (segment.kind === 'literal') return [segment.text];
    return [segment.name === route.organizationParam ? env('ORGANIZATION_ID') : 'example'];
  });
  return `/${parts.join('/')}`;
}

/** Variables stay as they are: their values need no encoding. */
const query = (fields: Fields) =>
  fields
    .map(([name, value]) => {
      const isVariable = value.startsWith('${');
      return `${encodeURIComponent(name)}=${isVariable ? value : encodeURIComponent(value)}`;
    })
    .join('&');
