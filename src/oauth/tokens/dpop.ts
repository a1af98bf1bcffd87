import { hash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, type JWTPayload, jwtVerify } from 'jose';
import { type Clock, epochSeconds } from '../../lib/clock.ts';

/** What a proof may be signed with, at every endpoint. */
export const DPOP_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519'] as const;

/** How far a proof's iat may be from now, either way, in seconds: as oidc-provider has it elsewhere. */
const PROOF_WINDOW_SECONDS = 300;

/** Longer is no proof that anybody needs. */
const LONGEST_PROOF = 8192;
const LONGEST_JTI = 256;

/** A request with an access token that is bound to a key. */
export interface BoundRequest {
  /** The DPoP header: exactly one. */
  readonly proof: string | string[] | undefined;
  readonly method: string;
  /** Of the endpoint, without query and fragment. */
  readonly url: string;
  readonly accessToken: string;
  readonly clientId: string;
  /** The thumbprint in the token's `cnf.jkt`. */
  readonly jkt: string;
}

export type ProofVerdict =
  | { readonly proven: true }
  | {
      readonly proven: false;
      /** `invalid_token`: a good proof, of another key. */
      readonly error: 'invalid_dpop_proof' | 'invalid_token';
      readonly description: string;
    };

export type ProofVerifier = (request: BoundRequest) => Promise<ProofVerdict>;

/**
 * Proof that the caller has the key which an access token is bound to.
 *
 * @param options.claimJti whether a jti of a client is seen for the first time; it is from then on not.
 *   Asked last, so that only who has the key can fill its memory
 * @see RFC 9449 §4.3, §7.1
 */
export function createProofVerifier(options: {
  clock: Clock;
  /** @param expiresAt seconds since the epoch */
  claimJti: (clientId: string, jti: string, expiresAt: number) => Promise<boolean>;
}): ProofVerifier {
  const { clock, claimJti } = options;

  return async function verifyProof(request) {
    const proof = await open(request.proof, clock);
    if (typeof proof === 'string') return invalid(proof);
    const problem = problemOf(proof.claims, request, epochSeconds(clock));
    if (problem) return invalid(problem);
    if (proof.thumbprint !== request.jkt) {
      return refusal('invalid_token', 'the token is bound to another key than that of the proof');
    }
    const { jti, iat } = proof.claims as { jti: string; iat: number };
    // Remembered until its iat is too old, and a minute more for clocks that differ.
    const expiresAt = Math.ceil(iat) + PROOF_WINDOW_SECONDS + 60;
    const isFirst = await claimJti(request.clientId, jti, expiresAt);
    return isFirst ? { proven: true } : invalid('the DPoP proof was used before');
  };
}

/** A well-formed JWT by the key it carries, or what is wrong with it. */
async function open(
  proof: BoundRequest['proof'],
  clock: Clock,
): Promise<{ claims: JWTPayload; thumbprint: string } | string> {
  if (proof === undefined || proof === '') return 'the DPoP proof is missing';
  // Node joins what came in several headers with a comma, which no JWT has.
  if (typeof proof !== 'string' || proof.includes(',')) return 'more than one DPoP proof was sent';
  if (proof.length > LONGEST_PROOF) return 'the DPoP proof is too long';
  try {
    // EmbeddedJWK takes public keys only; the algorithm is held against the key's.
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      algorithms: [...DPOP_ALGORITHMS],
      typ: 'dpop+jwt',
      currentDate: clock.now(),
    });
    return { claims: payload, thumbprint: await calculateJwkThumbprint(protectedHeader.jwk!) };
  } catch {
    return 'the DPoP proof is malformed, or its signature is wrong';
  }
}

/** What of the claims does not fit the request, in words for the caller. */
function problemOf(
  { jti, iat, htm, htu, ath, nonce }: JWTPayload,
  { method, url, accessToken }: BoundRequest,
  now: number,
): string | undefined {
  if (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_JTI) {
    return 'the DPoP proof has no jti, or one that is too long';
  }
  if (typeof iat !== 'number' || !(Math.abs(now - iat) <= PROOF_WINDOW_SECONDS)) {
    return 'the iat of the DPoP proof is not recent';
  }
  if (nonce !== undefined) return 'the DPoP proof has a nonce, which was never asked for';
  if (htm !== method) return 'the htm of the DPoP proof is not the method';
  if (!isSameUrl(htu, url)) return 'the htu of the DPoP proof is not the URL';
  if (ath !== hash('sha256', accessToken, 'base64url')) {
    return 'the ath of the DPoP proof is not the hash of the access token';
  }
  return undefined;
}

/** But for query and fragment, after syntax-based normalisation (RFC 9449 §4.3). */
function isSameUrl(htu: unknown, url: string): boolean {
  const found = typeof htu === 'string' ? URL.parse(htu) : null;
  if (!found) return false;
  found.search = '';
  found.hash = '';
  return found.href === new URL(url).href;
}

const invalid = (description: string) => refusal('invalid_dpop_proof', description);

const refusal = (
  error: 'invalid_dpop_proof' | 'invalid_token',
  description: string,
): ProofVerdict => ({ proven: false, error, description });
