import Provider, {
  type AdapterFactory,
  type Configuration,
  interactionPolicy,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import type { ScopePolicy } from '../credentials/scope-policy.ts';
import type { RedeemAssertion } from '../credentials/service-accounts/service-assertions.ts';
import type { Clock } from '../lib/clock.ts';
import type { MasterKey } from '../lib/master-key.ts';
import type { OutboundFetch } from '../lib/outbound.ts';
import { LANGUAGES } from '../pages/words/words.ts';
import type { Platform } from '../platform/platform.ts';
import { createAssertionPolicy } from './clients/client-assertions.ts';
import type { ClientDirectory } from './clients/client-directory.ts';
import { clientOf } from './clients/client-instances.ts';
import { answerEscapedErrors } from './escaped-errors.ts';
import { answerByFormPost, ProviderWithFormPost } from './form-post.ts';
import { addJwtBearerGrant } from './grants/jwt-bearer.ts';
import type { GrantLoader } from './grants/load-grant.ts';
import { type AdmitToGrants, admitToGrants } from './grants/provider-with-grants.ts';
import { lookAgainAtResume } from './interactions/resume.ts';
import type { OAuthPages } from './oauth-pages.ts';
import { correctAnswers } from './provider-answers.ts';
import { extendModels } from './provider-models.ts';
import { createResourcePolicy, type ResourcePolicy } from './resource-policy.ts';
import { JWKS_CACHE_SECONDS, type SigningKeys } from './signing-keys/signing-keys.ts';
import { issueAccessTokens } from './tokens/access-token-issuer.ts';
import { DPOP_ALGORITHMS } from './tokens/dpop.ts';

export interface ProviderDependencies {
  readonly platform: Platform;
  readonly issuer: string;
  readonly adapter: AdapterFactory;
  readonly clients: ClientDirectory;
  readonly signingKeys: SigningKeys;
  readonly masterKey: MasterKey;
  readonly clock: Clock;
  readonly findAccount: NonNullable<Configuration['findAccount']>;
  readonly loadGrant: GrantLoader;
  readonly pages: OAuthPages;
  /** For jwks_uri: refuses private addresses. */
  readonly fetch: OutboundFetch;
  readonly redeemAssertion: RedeemAssertion;
  readonly expandScopes: ScopePolicy['expand'];
  /** Before a client's code or assertion is used up. */
  readonly admit: AdmitToGrants;
}

/** Every token of this server is signed with it; a client may not choose another. */
const ALGORITHM = 'ES256' as const;

/** How a client may prove itself, at every endpoint that asks for it. */
const CLIENT_AUTH_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const;

/** What a client's assertion may be signed with (RFC 7523). */
const ASSERTION_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'] as const;

/** Where the protocol's endpoints are: a contract. */
export const OAUTH_ROUTES = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  revocation: '/oauth/revoke',
  introspection: '/oauth/introspect',
  userinfo: '/oauth/userinfo',
  jwks: '/oauth/jwks',
  pushed_authorization_request: '/oauth/par',
  end_session: '/oauth/logout',
} as const;

/**
 * oidc-provider, configured. Its key set is fixed at construction: after a rotation a new one is built
 * and takes the place of the old (see provider-host.ts).
 */
export function createProvider(deps: ProviderDependencies): Provider {
  const provider = new ProviderWithFormPost(deps.issuer, configuration(deps));
  // Host and X-Forwarded-* are set by the protocol door, never taken from the caller.
  provider.proxy = true;
  provider.use(sayWhenToRetry);
  provider.use(answerEscapedErrors(deps.pages));
  provider.use(letDocumentsBeCached);
  provider.use(answerNobodySignedIn(deps.pages));
  answerByFormPost(provider, deps.pages.renderFormPost);
  extendModels(provider, deps);
  lookAgainAtResume(provider);
  admitToGrants(provider, deps.admit);
  addJwtBearerGrant(provider, { ...deps, tokenEndpoint: deps.issuer + OAUTH_ROUTES.token });
  issueAccessTokens(provider, { ...deps, context: () => Provider.ctx! });
  correctAnswers(provider);
  return provider;
}

function configuration(deps: ProviderDependencies): Configuration {
  const { platform, pages } = deps;
  const resources = createResourcePolicy(platform);
  return {
    adapter: deps.adapter,
    jwks: { keys: deps.signingKeys.all.map((key) => key.privateJwk) } as Configuration['jwks'],
    routes: OAUTH_ROUTES,
    scopes: ['openid', 'offline_access', ...platform.scopes.map((scope) => scope.name)],
    claims: { openid: ['sub', 'amr'], profile: ['name'], email: ['email', 'email_verified'] },
    responseTypes: ['code'],
    clientDefaults: {
      grant_types: ['authorization_code'],
      response_types: ['code'],
      id_token_signed_response_alg: ALGORITHM,
      token_endpoint_auth_method: 'client_secret_basic',
    },
    clientAuthMethods: [...CLIENT_AUTH_METHODS],
    assertJwtClientAuthClaimsAndHeader: createAssertionPolicy(deps.clock),
    enabledJWA: signingAlgorithms(),
    cookies: cookies(deps.issuer),
    features: features(deps, resources),
    ttl: lifetimes(platform),
    pkce: { required: (_ctx, client) => clientOf(client).requirePkce },
    interactions: {
      url: (_ctx, interaction) => `/interaction/${interaction.uid}`,
      policy: interactionRules(),
    },
    findAccount: deps.findAccount,
    loadExistingGrant: deps.loadGrant,
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed('refresh_token') &&
      (platform.oauth.refreshTokens === 'always' || code.scopes.has('offline_access')),
    rotateRefreshToken: resources.mayRotate,
    // Signing out of Gatehouse leaves connected apps connected; they are revoked one by one.
    expiresWithSession: async () => false,
    revokeGrantPolicy: async () => true,
    allowOmittingSingleRegisteredRedirectUri: false,
    // Our own pages are at no other origin; a browser names it with every POST.
    clientBasedCORS: (_ctx, origin, client) =>
      origin === deps.issuer || isOriginOf(client.redirectUris ?? [], origin),
    renderError: pages.renderError,
    fetch: deps.fetch,
    discovery: {
      service_documentation: `${deps.issuer}/docs/authentication`,
      ui_locales_supported: LANGUAGES,
      // Unsaid, they would be client_secret_basic only, or unknown (RFC 8414 §2).
      revocation_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
      revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
      introspection_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS.filter(
        (method) => method !== 'none',
      ),
      introspection_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    },
  };
}

function features(
  { pages }: ProviderDependencies,
  resources: ResourcePolicy,
): Configuration['features'] {
  return {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: mayIntrospect },
    // Somebody else's token: the answer is 200 and nothing happens (RFC 7009 §2.2).
    revocation: {
      enabled: true,
      allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId,
    },
    pushedAuthorizationRequests: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: pages.renderSignOut,
      postLogoutSuccessSource: pages.renderSignedOut,
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: resources.defaultResource,
      getResourceServerInfo: resources.getResourceServerInfo,
      useGrantedResource: async () => true,
    },
    dPoP: { enabled: true },
    userinfo: { enabled: true },
  };
}

/**
 * Whether a web page of that origin is the client's. A redirect URI of another scheme has the origin "null"
 * (URL Standard §4.7), and so has every sandboxed frame.
 */
function isOriginOf(redirectUris: readonly string[], origin: string): boolean {
  return redirectUris.some((redirectUri) => {
    const uri = URL.parse(redirectUri);
    return (uri?.protocol === 'https:' || uri?.protocol === 'http:') && uri.origin === origin;
  });
}

/** Documents that are the same for everybody, and the only ones that caches may keep. */
const PUBLIC_DOCUMENTS: readonly (string | undefined)[] = ['jwks', 'discovery'];

/** A refusal is not kept: the door has said so. */
async function letDocumentsBeCached(
  ctx: KoaContextWithOIDC,
  next: () => Promise<void>,
): Promise<void> {
  await next();
  if (ctx.method !== 'GET' || ctx.status !== 200) return;
  if (!PUBLIC_DOCUMENTS.includes(ctx.oidc?.route)) return;
  ctx.set('cache-control', `public, max-age=${JWKS_CACHE_SECONDS}`);
  ctx.remove('pragma');
}

/** Whoever is sent to sign out without being signed in gets a form of the library's own, in its English. */
function answerNobodySignedIn({ replaceNobodySignedIn }: OAuthPages) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next();
    if (ctx.oidc?.route !== 'end_session' || ctx.status !== 200) return;
    if (!ctx.oidc.session?.accountId) replaceNobodySignedIn(ctx);
  };
}

/** 503 comes with Retry-After, in seconds, as at every door. */
async function sayWhenToRetry(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next();
  if (ctx.status === 503) ctx.set('retry-after', '2');
}

/**
 * A client sees its own tokens; a resource server also those addressed to a resource it serves
 * (RFC 7662 §2.1). A public client gets no answer at all: see provider-answers.ts.
 */
async function mayIntrospect(
  _ctx: KoaContextWithOIDC,
  client: { clientId: string },
  token: { clientId?: string | undefined; aud?: string | string[] | undefined },
): Promise<boolean> {
  if (token.clientId === client.clientId) return true;
  const audience = Array.isArray(token.aud) ? token.aud : [token.aud];
  return clientOf(client).introspectionAudiences.some((served) => audience.includes(served));
}

function lifetimes({ tokens }: Platform): Configuration['ttl'] {
  return {
    AccessToken: tokens.accessTokenTtlSeconds,
    ClientCredentials: tokens.accessTokenTtlSeconds,
    AuthorizationCode: tokens.authorizationCodeTtlSeconds,
    IdToken: tokens.idTokenTtlSeconds,
    RefreshToken: tokens.refreshTokenTtlSeconds,
    Grant: tokens.grantTtlSeconds,
    Session: tokens.sessionTtlSeconds,
    Interaction: tokens.interactionTtlSeconds,
  };
}

function signingAlgorithms(): Configuration['enabledJWA'] {
  return {
    clientAuthSigningAlgValues: ASSERTION_ALGORITHMS,
    idTokenSigningAlgValues: [ALGORITHM],
    userinfoSigningAlgValues: [ALGORITHM],
    introspectionSigningAlgValues: [ALGORITHM],
    authorizationSigningAlgValues: [ALGORITHM],
    dPoPSigningAlgValues: DPOP_ALGORITHMS,
  } as Configuration['enabledJWA'];
}

/** `__Host-` and Secure wherever the issuer is https; http is for a developer's own machine. */
function cookies(issuer: string): Configuration['cookies'] {
  const secure = issuer.startsWith('https:');
  const options = { httpOnly: true, sameSite: 'lax', secure } as const;
  return {
    names: cookieNames(issuer),
    long: { ...options, path: '/' },
    short: options,
  } as Configuration['cookies'];
}

/** The session's cookie belongs to the host; the other two to a path, which `__Host-` forbids. */
export function cookieNames(issuer: string) {
  const secure = issuer.startsWith('https:');
  return {
    session: secure ? '__Host-gatehouse_session' : 'gatehouse_session',
    interaction: secure ? '__Secure-gatehouse_interaction' : 'gatehouse_interaction',
    resume: secure ? '__Secure-gatehouse_resume' : 'gatehouse_resume',
  };
}

/**
 * The library's own rules, but for one: who is asked at every sign-in. An app that comes back by https is
 * known by its domain; one that comes back to a loopback address or a scheme of its own could be any
 * program on the device, unless it has a secret and a server to keep it (RFC 8252 §8.6).
 */
function interactionRules() {
  const policy = interactionPolicy.base();
  const native = policy.get('consent')!.checks.get('native_client_prompt')!;
  native.check = ({ oidc: { client, params, result } }) => {
    const isHttps = String(params?.redirect_uri ?? '').startsWith('https:');
    const isServer = client!.applicationType !== 'native' && client!.clientAuthMethod !== 'none';
    return isHttps || isServer || result?.consent !== undefined
      ? interactionPolicy.Check.NO_NEED_TO_PROMPT
      : interactionPolicy.Check.REQUEST_PROMPT;
  };
  return policy;
}
