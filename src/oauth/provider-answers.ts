import Provider, { errors, type KoaContextWithOIDC } from 'oidc-provider';

/** Where a standard wants another answer than the one oidc-provider gives. */
export function correctAnswers(provider: Provider): void {
  provider.use(async (ctx, next) => {
    await next();
    nameFailedAuthentication(ctx as KoaContextWithOIDC);
    refusePublicIntrospection(ctx as KoaContextWithOIDC);
    challenge(ctx as KoaContextWithOIDC, provider.issuer);
  });
  nameUnauthorizedClients(provider);
}

/** What the library finds wrong with a client's authentication, and calls `invalid_request`. */
const FAILED_AUTHENTICATION: ReadonlySet<unknown> = new Set([
  'no client authentication mechanism provided',
  'invalid authorization header value format',
  'client_id and client_secret in the authorization header are not properly encoded',
  'client_secret must be provided in the Authorization header',
  'invalid client_assertion format',
]);

/**
 * No client authentication, a scheme that is not supported or a value that cannot be read is
 * `invalid_client`, with 401 (RFC 6749 §5.2, RFC 7523 §3.2). Two ways at once stay `invalid_request`, and so
 * does a parameter that came twice: who asks may have gone unseen for that.
 */
function nameFailedAuthentication(ctx: KoaContextWithOIDC): void {
  if (ctx.status !== 400 || ctx.oidc?.client) return;
  const { error, error_description } = (ctx.body ?? {}) as Record<string, unknown>;
  if (error !== 'invalid_request' || !FAILED_AUTHENTICATION.has(error_description)) return;
  if (Object.values(ctx.oidc.params ?? {}).some(Array.isArray)) return;
  ctx.status = 401;
  ctx.body = { error: 'invalid_client', error_description };
}

/**
 * Introspection asks for a client that authenticates (RFC 7662 §2.1). The library lets a public one ask,
 * and would tell it by its answer which tokens exist.
 */
function refusePublicIntrospection(ctx: KoaContextWithOIDC): void {
  if (ctx.oidc?.route !== 'introspection' || ctx.status !== 200) return;
  if (ctx.oidc.client?.clientAuthMethod !== 'none') return;
  const { statusCode, error, error_description } = new errors.InvalidClientAuth();
  ctx.status = statusCode;
  ctx.body = { error, error_description };
}

/**
 * A 401 says how to do better (RFC 9110 §15.5.2), not only to who used HTTP Basic. An assertion is no HTTP
 * authentication scheme, and its client has no secret to send instead.
 */
function challenge(ctx: KoaContextWithOIDC, issuer: string): void {
  if (ctx.status !== 401 || ctx.res.hasHeader('www-authenticate')) return;
  if (ctx.oidc?.params?.client_assertion) return;
  ctx.set('www-authenticate', `Basic realm="${issuer}", error="invalid_client"`);
}

/** A grant type that is not the client's is `unauthorized_client` (RFC 6749 §5.2), not `invalid_request`. */
function nameUnauthorizedClients(provider: Provider): void {
  const client = provider.Client.prototype;
  const allowed = client.grantTypeAllowed;
  client.grantTypeAllowed = function (type) {
    if (allowed.call(this, type)) return true;
    const oidc = Provider.ctx?.oidc;
    if (oidc?.route === 'token' && oidc.params?.grant_type === type) {
      throw new errors.UnauthorizedClient('requested grant type is not allowed for this client');
    }
    return false;
  };
}
