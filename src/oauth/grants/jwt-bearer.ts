import Provider, { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { ServiceAccount } from '../../credentials/service-accounts/service-account.ts';
import type { RedeemAssertion } from '../../credentials/service-accounts/service-assertions.ts';
import type { Platform } from '../../platform/platform.ts';
import { askDatabase } from '../unavailable.ts';
import { createAccountClients } from './account-clients.ts';
import { type AdmitToGrants, clientCredentialsOf } from './provider-with-grants.ts';

/** @see RFC 7523 §2.1 */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Stands for whoever sends an assertion and nothing else, until the assertion has said who that is. */
const BEARER_OF_ASSERTION = 'urn:gatehouse:bearer-of-assertion';

/**
 * The JWT bearer grant: a service account trades a JWT it has signed for an access token. Proving the
 * account is ours; from there on it is a client with credentials, and the library does as for any other:
 * scope, resource, DPoP, the answer.
 *
 * Without service JWTs on the platform the grant is `unsupported_grant_type`.
 *
 * @see RFC 7523 §2.1, §3.1, RFC 7521 §4.1
 */
export function addJwtBearerGrant(
  provider: Provider,
  deps: {
    platform: Platform;
    issuer: string;
    tokenEndpoint: string;
    expandScopes: (scopes: readonly string[]) => ReadonlySet<string>;
    redeemAssertion: RedeemAssertion;
    admit: AdmitToGrants;
  },
): void {
  const { platform, issuer, tokenEndpoint, admit } = deps;
  admitWithoutClient(provider, platform.serviceJwts.enabled, platform);
  if (!platform.serviceJwts.enabled) return;
  const clients = createAccountClients(provider, { ...deps, grantType: JWT_BEARER });
  const asClientCredentials = clientCredentialsOf(provider);

  provider.registerGrantType<{ assertion?: string }>(
    JWT_BEARER,
    async (ctx) => {
      const { assertion } = ctx.oidc.params;
      if (!assertion) throw new errors.InvalidRequest('assertion is missing: send the signed JWT');
      const account = await redeem(deps.redeemAssertion, assertion, {
        audiences: [issuer, tokenEndpoint],
        clientId: clientNamedBy(ctx),
        admit,
      });
      ctx.oidc.entity('Client', clients.of(account));
      await asClientCredentials(ctx);
    },
    ['assertion', 'scope', 'resource'],
    ['resource'],
  );
}

/** @throws InvalidGrant which says what is wrong with the assertion */
async function redeem(
  redeemAssertion: RedeemAssertion,
  ...request: Parameters<RedeemAssertion>
): Promise<ServiceAccount> {
  const verdict = await askDatabase(() => redeemAssertion(...request));
  if ('account' in verdict) return verdict.account;
  throw Object.assign(new errors.InvalidGrant(verdict.why), {
    error_description: `the assertion is refused: ${verdict.why}`,
  });
}

function clientNamedBy({ oidc }: KoaContextWithOIDC): string | undefined {
  const named = oidc.body?.client_id;
  return typeof named === 'string' && named !== '' ? named : undefined;
}

/** What of the library's context the parameters are part of. */
interface TokenContext {
  readonly route: string;
  readonly ctx: { headers: { authorization?: string } };
}

type TokenParameters = Record<string, string | string[] | undefined>;

/**
 * The library wants a client with every request, where the assertion is proof enough (RFC 7523 §3.1). A
 * request that brings no other proof gets a client that may use this one grant and is nobody.
 */
function admitWithoutClient(provider: Provider, isEnabled: boolean, platform: Platform): void {
  Object.defineProperty(provider.OIDCContext.prototype, 'params', {
    configurable: true,
    get: () => undefined,
    set(this: TokenContext, params: TokenParameters) {
      if (this.route === 'token' && isProvenByAssertion(this, params)) {
        params.client_id = BEARER_OF_ASSERTION;
      }
      Object.defineProperty(this, 'params', { value: params, writable: true, enumerable: true });
    },
  });
  const clients = createAccountClients(provider, { platform, grantType: JWT_BEARER });
  const find = provider.Client.find.bind(provider.Client);
  provider.Client.find = async (id) => {
    if (id !== BEARER_OF_ASSERTION || !isAssertionGrant()) return find(id);
    if (!isEnabled) throw new errors.UnsupportedGrantType();
    return clients.nobody(BEARER_OF_ASSERTION);
  };
}

const isAssertionGrant = () => {
  const { route, params } = Provider.ctx?.oidc ?? {};
  return route === 'token' && params?.grant_type === JWT_BEARER;
};

const isProvenByAssertion = ({ ctx }: TokenContext, params: TokenParameters) =>
  params.grant_type === JWT_BEARER &&
  ctx.headers.authorization === undefined &&
  params.client_secret === undefined &&
  params.client_assertion === undefined &&
  !Array.isArray(params.client_id);
