import type { webcrypto } from 'node:crypto';
import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { type Clock, epochSeconds } from '../../lib/clock.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';
import { extraTokenClaims } from './token-claims.ts';

/** What oidc-provider's AccessToken and ClientCredentials know when they are saved. */
interface TokenModel {
  readonly kind: string;
  readonly jti: string;
  readonly clientId: string;
  readonly accountId?: string;
  readonly grantId?: string;
  readonly aud?: string | string[];
  readonly scope?: string;
  /** Seconds. */
  readonly expiration: number;
  /** The key it is bound to: of a DPoP proof (RFC 9449 §6), of a client certificate (RFC 8705 §3). */
  readonly jkt?: string;
  readonly 'x5t#S256'?: string;
}

/**
 * Has the provider's access tokens written here, as JWTs of RFC 9068. The library's own way to the same
 * token passes through layers that cost more than the signature. test/oauth/access-token-format.test.ts
 * holds the two against each other.
 */
export function issueAccessTokens(
  provider: Provider,
  deps: {
    signingKeys: SigningKeys;
    issuer: string;
    clock: Clock;
    context: () => KoaContextWithOIDC;
  },
): void {
  const { signingKeys, issuer, clock, context } = deps;

  async function getValueAndPayload(this: TokenModel): Promise<{ value: string }> {
    if (!this.aud?.length) throw new Error('an access token needs an audience (RFC 9068 §2.2)');
    const issuedAt = epochSeconds(clock);
    const claims = {
      ...extraTokenClaims(context(), this),
      iss: issuer,
      sub: this.accountId ?? this.clientId,
      aud: this.aud,
      client_id: this.clientId,
      jti: this.jti,
      iat: issuedAt,
      exp: issuedAt + this.expiration,
      scope: this.scope || undefined,
      cnf: confirmationOf(this),
    };
    return { value: await signAccessToken(claims, signingKeys.all[0]!) };
  }

  for (const model of [provider.AccessToken, provider.ClientCredentials]) {
    Object.assign(model.prototype, { getValueAndPayload });
  }
}

/** @see RFC 7800 §3.1 */
function confirmationOf(token: TokenModel): object | undefined {
  const { jkt, 'x5t#S256': x5t } = token;
  if (!jkt && !x5t) return undefined;
  return { ...(x5t ? { 'x5t#S256': x5t } : {}), ...(jkt ? { jkt } : {}) };
}

/** By kid, since they never change. */
const headers = new Map<string, string>();

const ES256 = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** JWS compact serialization (RFC 7515 §3.1, RFC 7518 §3.4). The signature is made off the main thread. */
export async function signAccessToken(
  claims: object,
  key: { kid: string; signer: webcrypto.CryptoKey },
): Promise<string> {
  let header = headers.get(key.kid);
  if (!header) {
    header = base64url({ alg: 'ES256', typ: 'at+jwt', kid: key.kid });
    headers.set(key.kid, header);
  }
  const input = `${header}.${base64url(claims)}`;
  const signature = await crypto.subtle.sign(ES256, key.signer, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
