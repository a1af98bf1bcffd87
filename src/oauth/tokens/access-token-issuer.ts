import { type KeyObject, sign } from 'node:crypto';
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
  readonly aud: string | string[];
  readonly scope?: string;
  /** Seconds. */
  readonly expiration: number;
  readonly jkt?: string;
}

/**
 * Has the provider's access tokens written here: a JWT of RFC 9068, signed by the current key without
 * leaving the thread. The library's way to the same token goes through WebCrypto's thread pool, which
 * costs more than the signature (docs/performance.md).
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
    const issuedAt = epochSeconds(clock);
    const claims = {
      iss: issuer,
      sub: this.accountId ?? this.clientId,
      aud: this.aud,
      client_id: this.clientId,
      jti: this.jti,
      iat: issuedAt,
      exp: issuedAt + this.expiration,
      scope: this.scope || undefined,
      ...extraTokenClaims(context(), this),
      ...(this.jkt ? { cnf: { jkt: this.jkt } } : {}),
    };
    const key = signingKeys.all[0]!;
    return { value: signJwt(claims, key) };
  }

  for (const model of [provider.AccessToken, provider.ClientCredentials]) {
    Object.assign(model.prototype, { getValueAndPayload });
  }
}

const headers = new Map<string, string>();

/** JWS compact serialization by ES256 (RFC 7515 §3.1, RFC 7518 §3.4). */
function signJwt(claims: object, key: { kid: string; privateKey: KeyObject }): string {
  let header = headers.get(key.kid);
  if (!header) {
    header = base64url({ alg: 'ES256', typ: 'at+jwt', kid: key.kid });
    headers.set(key.kid, header);
  }
  const input = `${header}.${base64url(claims)}`;
  const options = { key: key.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${input}.${sign('sha256', Buffer.from(input), options).toString('base64url')}`;
}

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
