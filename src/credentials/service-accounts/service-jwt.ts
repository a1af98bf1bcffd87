import { canonicalAlgorithm } from './public-keys.ts';

/** A JWT that an account may have signed, as it describes itself: nothing of it is proven yet. */
export interface ServiceJwt {
  readonly alg: unknown;
  readonly kid: unknown;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** What is asked of the claims. */
export interface ClaimRules {
  /** Any one of them must be among the JWT's. */
  readonly audiences: readonly string[];
  /** The longest `exp - iat`, seconds. */
  readonly maxLifetimeSeconds: number;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** The claims that matter, once they are found to be in order. */
export interface ServiceJwtClaims {
  readonly sub: string;
  /** Seconds since the epoch. */
  readonly exp: number;
  readonly jti: string | undefined;
}

export interface JwtProblem {
  readonly refusal: 'invalid_token' | 'expired_token';
  /** For whoever made the JWT: what to mend. Says nothing that is not in the JWT itself. */
  readonly why: string;
}

const LONGEST_JWT = 8192;
const LONGEST_JTI = 256;

/** By how much the clock of whoever signs may be ahead of ours: seconds. */
const CLOCK_SKEW_SECONDS = 30;

const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * A JWS in compact serialization, each part spelled in the one way there is; else undefined. `typ` tells it
 * from what else is a JWT: an access token is an `at+jwt`. A header that asks for more than a signature
 * (`crit`, `b64`) is refused, and a key that it brings or points to (`jwk`, `jku`, `x5u`, …) never looked at.
 *
 * @see RFC 7515 §3.1, §4.1, RFC 7519 §5.1, RFC 8725 §3.11
 */
export function readServiceJwt(text: string): ServiceJwt | undefined {
  if (text.length > LONGEST_JWT || !COMPACT.test(text)) return undefined;
  const parts = text.split('.');
  if (!parts.every(isCanonical)) return undefined;
  const header = readObject(parts[0]!);
  const claims = readObject(parts[1]!);
  if (!header || !claims || !isPlainJwt(header)) return undefined;
  return { alg: canonicalAlgorithm(header.alg), kid: header.kid, claims };
}

/** By its header alone, which the signature must then confirm. */
export function looksLikeServiceJwt(text: string): boolean {
  if (text.length > LONGEST_JWT || !COMPACT.test(text)) return false;
  const header = readObject(text.slice(0, text.indexOf('.')));
  return header !== undefined && isPlainJwt(header);
}

function isPlainJwt(header: Record<string, unknown>): boolean {
  const { typ } = header;
  const isJwt = typ === undefined || (typeof typ === 'string' && typ.toUpperCase() === 'JWT');
  return isJwt && !('crit' in header) && !('b64' in header);
}

/**
 * base64url leaves up to four bits of its last character unused, and decoders ignore them, so several
 * texts would pass for one JWT (RFC 4648 §3.5).
 */
const isCanonical = (part: string) => Buffer.from(part, 'base64url').toString('base64url') === part;

const utf8 = new TextDecoder('utf-8', { fatal: true });

function readObject(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(Buffer.from(part, 'base64url')));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Holds the claims against the rules.
 *
 * @see RFC 7523 §3
 */
export function readClaims(
  claims: ServiceJwt['claims'],
  rules: ClaimRules,
): ServiceJwtClaims | JwtProblem {
  const { iss, sub, exp, jti } = claims;
  if (typeof sub !== 'string' || sub !== iss) return invalid('iss and sub must both be its id');
  const audience = [claims.aud].flat();
  if (!audience.every((one) => typeof one === 'string')) return invalid('aud must be text');
  if (!rules.audiences.some((one) => audience.includes(one))) {
    return invalid(`aud must include ${rules.audiences.join(' or ')}`);
  }
  if (jti !== undefined && (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_JTI)) {
    return invalid(`jti must be text of 1 to ${LONGEST_JTI} characters`);
  }
  const problem = lifetimeProblem(claims, rules);
  return problem ?? { sub, exp: exp as number, jti };
}

function lifetimeProblem(
  { exp, iat, nbf }: ServiceJwt['claims'],
  { now, maxLifetimeSeconds }: ClaimRules,
): JwtProblem | undefined {
  if (!isTime(exp) || !isTime(iat)) {
    return invalid('exp and iat are required, in seconds since the epoch');
  }
  if (exp - iat > maxLifetimeSeconds) {
    return invalid(`exp may be at most ${maxLifetimeSeconds} seconds after iat`);
  }
  if (iat > now + CLOCK_SKEW_SECONDS) {
    return invalid('iat lies in the future; set the clock of the machine that signs');
  }
  if (nbf !== undefined && !(isTime(nbf) && nbf <= now + CLOCK_SKEW_SECONDS)) {
    return invalid('nbf lies in the future, or is no time');
  }
  return exp <= now
    ? { refusal: 'expired_token', why: 'exp has passed; sign a new one' }
    : undefined;
}

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);

export const invalid = (why: string): JwtProblem => ({ refusal: 'invalid_token', why });
