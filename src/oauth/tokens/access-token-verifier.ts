import { errors as joseErrors, jwtVerify } from 'jose';
import type { Clock } from '../../lib/clock.ts';
import type { Denylist } from '../denylist/denylist.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';

/** The claims of a Gatehouse access token (RFC 9068 §2.2). */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly aud: string | string[];
  /** The user, or for client credentials the client itself. */
  readonly sub: string;
  readonly client_id: string;
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
  readonly scope?: string;
  readonly org_id?: string;
  /** The authorization it came from; absent for client credentials. */
  readonly grant_id?: string;
  readonly cnf?: { jkt?: string; 'x5t#S256'?: string };
}

export interface AccessTokenVerifier {
  /**
   * The claims of a token that this server signed, that has not expired and that is not denied; else
   * undefined. The caller checks audience and scope.
   *
   * @throws when the denylist cannot be consulted
   */
  verify(token: string): Promise<AccessTokenClaims | undefined>;
  /** Signature, issuer and lifetime alone, for a caller who keeps the answer and asks the denylist itself. */
  verifySignature(token: string): Promise<SignatureVerdict>;
  /** Whether good claims are denied by now. */
  isDenied(claims: AccessTokenClaims): boolean | Promise<boolean>;
}

export type SignatureVerdict =
  | { readonly claims: AccessTokenClaims }
  | { readonly refusal: 'invalid_token' | 'expired_token' };

/** @see RFC 9068 §4 */
export function createAccessTokenVerifier(options: {
  issuer: string;
  signingKeys: SigningKeys;
  denylist: Denylist;
  clock: Clock;
}): AccessTokenVerifier {
  const { issuer, signingKeys, denylist, clock } = options;

  async function verifySignature(token: string): Promise<SignatureVerdict> {
    if (!isCanonical(token)) return { refusal: 'invalid_token' };
    try {
      const { payload } = await jwtVerify(
        token,
        (header) => {
          const key = header.kid === undefined ? undefined : signingKeys.find(header.kid);
          if (!key) throw new joseErrors.JWKSNoMatchingKey();
          return key.publicKey;
        },
        {
          // The algorithm is the key's, never the token's word (RFC 8725 §3.1).
          algorithms: ['ES256'],
          typ: 'at+jwt',
          issuer,
          currentDate: clock.now(),
          requiredClaims: ['exp', 'iat', 'jti', 'sub', 'client_id', 'aud'],
        },
      );
      return { claims: payload as unknown as AccessTokenClaims };
    } catch (error) {
      if (error instanceof joseErrors.JWTExpired) return { refusal: 'expired_token' };
      if (error instanceof joseErrors.JOSEError) return { refusal: 'invalid_token' };
      throw error;
    }
  }

  const isDenied = (claims: AccessTokenClaims) =>
    denylist.isDenied({
      jti: claims.jti,
      clientId: claims.client_id,
      grantId: claims.grant_id,
      organizationId: claims.org_id,
      issuedAt: claims.iat,
    });

  return {
    verifySignature,
    isDenied,
    async verify(token) {
      const verdict = await verifySignature(token);
      if ('refusal' in verdict) return undefined;
      return (await isDenied(verdict.claims)) ? undefined : verdict.claims;
    },
  };
}

/**
 * Whether the signature is spelled in the one way there is: base64url leaves four bits of its last
 * character unused, and decoders ignore them, so sixteen texts would pass for one token (RFC 4648 §3.5).
 */
function isCanonical(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}
