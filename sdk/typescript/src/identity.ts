import { fromBase64Url } from './base64.ts';
import { ConfigurationError } from './errors.ts';
import { createKeySet, type KeySet, KeysUnavailableError } from './key-set.ts';
import { createRuntime, type Runtime } from './runtime.ts';
import { type HeaderValues, textOf } from './webhooks.ts';

/** Who is calling, as Gatehouse says and signs. */
export interface Principal {
  /** Of the credential: api_key, access_token, service_jwt, playground_key. */
  readonly kind: string;
  /** Of the credential: the key's, the grant's or client's, the service account's. */
  readonly id: string;
  /** Who stands behind it: a user, a client, a service account, a key. */
  readonly subject: string;
  /** Null: no tenant. */
  readonly organizationId: string | null;
  /** Of a key: the environment it is for. */
  readonly environment: string | null;
  readonly scopes: readonly string[];
  /** Known from the gate only. */
  readonly plan: string | null;
}

export interface IdentityOptions {
  /** Gatehouse's origin, `iss` of what it signs. */
  readonly issuer: string;
  /** The identifier of this API, `aud` of what is for it. */
  readonly audience: string;
  /** Default: /oauth/jwks of the issuer. */
  readonly jwksUri?: string;
  /**
   * What is taken. The gate's assertion proves that the gate let the request through; an access token alone
   * does not say whether plan and limits allow it. Default both, and where there is an assertion, that alone.
   */
  readonly accept?: readonly ('assertion' | 'access_token')[];
  /** How far clocks may differ. Default 5. */
  readonly clockToleranceSeconds?: number;
  readonly runtime?: Partial<Pick<Runtime, 'fetch' | 'now'>>;
}

/** Who is calling, or the answer to give. */
export type Verdict =
  | { readonly principal: Principal }
  | {
      readonly status: 401 | 403 | 503;
      /** Lower-cased names. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: { readonly error: string; readonly message: string };
    };

export interface IdentityVerifier {
  verify(headers: HeaderValues): Promise<Verdict>;
}

const ASSERTION_TYPE = 'gatehouse-assertion+jwt';
const ACCESS_TOKEN_TYPE = 'at+jwt';

/**
 * Checks what the gate forwarded, or an access token, without asking anybody: the issuer's keys are kept.
 * Whether an access token was revoked is therefore not seen.
 *
 * @see RFC 8725, RFC 9068 §4
 */
export function createIdentityVerifier(options: IdentityOptions): IdentityVerifier {
  const { issuer, audience, accept = ['assertion', 'access_token'] } = options;
  if (!issuer || !audience) throw new ConfigurationError('Give issuer and audience, both.');
  const { fetch, now } = createRuntime(options.runtime);
  const keys = createKeySet(options.jwksUri ?? `${issuer}/oauth/jwks`, { fetch, now });
  const expected = { issuer, audience, tolerance: options.clockToleranceSeconds ?? 5, keys, now };

  return {
    async verify(headers) {
      const presented = present(headers, accept);
      if (!presented) return unauthenticated();
      try {
        const claims = await verifyJwt(presented.token, { ...expected, type: presented.type });
        const principal = claims && presented.toPrincipal(claims);
        return principal ? { principal } : refused();
      } catch (error) {
        if (error instanceof KeysUnavailableError) return unavailable();
        throw error;
      }
    },
  };
}

function present(headers: HeaderValues, accept: readonly string[]) {
  const assertion = accept.includes('assertion') && textOf(headers, 'x-gatehouse-assertion');
  if (assertion) return { token: assertion, type: ASSERTION_TYPE, toPrincipal: ofAssertion };
  const authorization = accept.includes('access_token') && textOf(headers, 'authorization');
  const token = /^Bearer +(.*)$/i.exec(authorization || '')?.[1];
  return token ? { token, type: ACCESS_TOKEN_TYPE, toPrincipal: ofAccessToken } : undefined;
}

type Claims = Readonly<Record<string, unknown>>;

interface Expected {
  readonly issuer: string;
  readonly audience: string;
  readonly tolerance: number;
  readonly type: string;
  readonly keys: KeySet;
  readonly now: () => number;
}

/** Undefined: it is not good, for whatever reason. */
async function verifyJwt(token: string, expected: Expected): Promise<Claims | undefined> {
  const [header, payload, signature, ...more] = token.split('.');
  if (!header || !payload || !signature || more.length > 0) return undefined;
  const head = objectIn(header);
  const bytes = fromBase64Url(signature);
  if (!head || bytes?.length !== 64 || !isHeaderGood(head, expected.type)) return undefined;
  const key = await expected.keys.find(head.kid as string);
  const input = new TextEncoder().encode(`${header}.${payload}`);
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  if (!key || !(await crypto.subtle.verify(algorithm, key, bytes, input))) return undefined;
  const claims = objectIn(payload);
  return claims && areClaimsGood(claims, expected) ? claims : undefined;
}

/** The algorithm is the key's, never the token's word; `typ` tells one kind of JWT from another. */
const isHeaderGood = ({ alg, typ, kid, crit }: Claims, type: string) =>
  alg === 'ES256' &&
  typeof typ === 'string' &&
  typ.toLowerCase() === type &&
  typeof kid === 'string' &&
  crit === undefined;

function areClaimsGood({ iss, aud, exp, iat, sub }: Claims, expected: Expected): boolean {
  const now = expected.now();
  return (
    iss === expected.issuer &&
    [aud].flat().includes(expected.audience) &&
    typeof exp === 'number' &&
    exp + expected.tolerance > now &&
    typeof iat === 'number' &&
    iat - expected.tolerance <= now &&
    typeof sub === 'string'
  );
}

function objectIn(part: string): Claims | undefined {
  const bytes = fromBase64Url(part);
  if (!bytes) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}

function ofAssertion(claims: Claims): Principal | undefined {
  const { credential, credential_id } = claims;
  if (typeof credential !== 'string' || typeof credential_id !== 'string') return undefined;
  return { ...commonOf(claims), kind: credential, id: credential_id };
}

/** One bound to a key (RFC 7800) is nobody's without proof of it, which is not asked for here. */
function ofAccessToken(claims: Claims): Principal | undefined {
  const id = claims.grant_id ?? claims.client_id;
  if (typeof id !== 'string' || claims.cnf !== undefined) return undefined;
  return { ...commonOf(claims), kind: 'access_token', id };
}

function commonOf({ sub, org_id, environment, scope, plan }: Claims) {
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  return {
    subject: sub as string,
    organizationId: text(org_id),
    environment: text(environment),
    scopes: (text(scope) ?? '').split(' ').filter(Boolean),
    plan: text(plan),
  };
}

/** A 403 for a principal without all these scopes, else undefined (RFC 6750 §3.1). */
export function missingScope(
  principal: Principal,
  scopes: readonly string[],
): Exclude<Verdict, { principal: Principal }> | undefined {
  if (scopes.every((scope) => principal.scopes.includes(scope))) return undefined;
  const message = `This needs ${scopes.join(' and ')}.`;
  return {
    status: 403,
    headers: {
      'www-authenticate': `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`,
    },
    body: { error: 'insufficient_scope', message },
  };
}

/** Nothing was presented: no error code (RFC 6750 §3.1). */
export const unauthenticated = () =>
  ({
    status: 401,
    headers: { 'www-authenticate': 'Bearer' },
    body: { error: 'missing_credential', message: 'No credential was provided.' },
  }) as const;

const refused = () =>
  ({
    status: 401,
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    body: { error: 'invalid_token', message: 'The token is not valid, or not any more.' },
  }) as const;

const unavailable = () =>
  ({
    status: 503,
    headers: { 'retry-after': '2' },
    body: { error: 'temporarily_unavailable', message: 'Temporarily unavailable. Please retry.' },
  }) as const;
