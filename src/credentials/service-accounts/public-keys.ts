import { createPublicKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { privateMembersOf } from '../../oauth/clients/public-keys.ts';
import type { PublicKey, SigningAlgorithm } from './service-account.ts';

/** A key as somebody sent it. */
export type GivenKey = Readonly<Record<string, unknown>>;

/** What is wrong with a member of the set, e.g. at `jwks.keys[0].alg`. */
export interface KeySetProblem {
  readonly field: string;
  readonly message: string;
}

const MOST_KEYS = 10;
const LONGEST_KID = 200;
const RSA_BITS = { least: 2048, most: 8192 } as const;
/** 65537. Small exponents have a history of broken implementations; large ones cost us time. */
const RSA_EXPONENT = 'AQAB';

/** The algorithms a kind of key can be registered for, the default first. */
const ALGORITHMS: Readonly<Record<string, readonly SigningAlgorithm[]>> = {
  'EC P-256': ['ES256'],
  'EC P-384': ['ES384'],
  'OKP Ed25519': ['EdDSA'],
  RSA: ['RS256', 'PS256'],
};

const KINDS = 'EC with P-256 or P-384, OKP with Ed25519, or RSA';

/** The members that make the key: all that is kept beside kid, alg and use (RFC 7518 §6, RFC 8037 §2). */
const MEMBERS: Readonly<Record<PublicKey['kty'], readonly string[]>> = {
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
  RSA: ['n', 'e'],
};

/**
 * Public keys as they are registered: each with a kid (by default its thumbprint, RFC 7638) and exactly
 * one algorithm. Or everything that is wrong with them.
 */
export async function readKeySet(
  given: readonly GivenKey[],
): Promise<{ keys: PublicKey[]; problems: KeySetProblem[] }> {
  const problems: KeySetProblem[] = [];
  if (given.length < 1 || given.length > MOST_KEYS) {
    problems.push({ field: 'jwks.keys', message: `has 1 to ${MOST_KEYS} keys` });
    return { keys: [], problems };
  }
  const keys: PublicKey[] = [];
  const seen = { kids: new Set<string>(), thumbprints: new Set<string>() };
  for (const [index, jwk] of given.entries()) {
    const field = `jwks.keys[${index}]`;
    const read = await readKey(jwk, field);
    if ('problems' in read) {
      problems.push(...read.problems);
      continue;
    }
    const { key, thumbprint } = read;
    if (seen.kids.has(key.kid)) {
      problems.push({ field: `${field}.kid`, message: 'is the kid of another key of the set' });
    } else if (seen.thumbprints.has(thumbprint)) {
      problems.push({ field, message: 'is the same key as another of the set' });
    }
    seen.kids.add(key.kid);
    seen.thumbprints.add(thumbprint);
    keys.push(key);
  }
  return { keys, problems };
}

type ReadKey =
  | { readonly key: PublicKey; readonly thumbprint: string }
  | { readonly problems: KeySetProblem[] };

async function readKey(jwk: GivenKey, field: string): Promise<ReadKey> {
  const refuse = (member: string, message: string): ReadKey => ({
    problems: [{ field: member === '' ? field : `${field}.${member}`, message }],
  });
  const secret = privateMembersOf(jwk as JWK);
  if (secret.length > 0) {
    return {
      problems: secret.map((member) => ({
        field: `${field}.${member}`,
        message: 'is part of a private key; send the public half alone, and make a new key pair',
      })),
    };
  }
  const kind = jwk.kty === 'RSA' ? 'RSA' : `${jwk.kty} ${jwk.crv}`;
  const algorithms = Object.hasOwn(ALGORITHMS, kind) ? ALGORITHMS[kind] : undefined;
  if (!algorithms) return refuse('kty', `is not one that can be registered: ${KINDS}`);
  const alg = jwk.alg === undefined ? algorithms[0]! : canonicalAlgorithm(jwk.alg);
  if (!algorithms.some((one) => one === alg)) {
    return refuse('alg', `of such a key is ${algorithms.join(' or ')}`);
  }
  if (jwk.use !== undefined && jwk.use !== 'sig') return refuse('use', 'is sig, or left out');
  if (Array.isArray(jwk.key_ops) && !jwk.key_ops.includes('verify')) {
    return refuse('key_ops', 'includes verify, or is left out');
  }
  const kid = jwk.kid;
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > LONGEST_KID)) {
    return refuse('kid', `is text of 1 to ${LONGEST_KID} characters`);
  }
  const kty = jwk.kty as PublicKey['kty'];
  const material = Object.fromEntries(MEMBERS[kty].map((name) => [name, jwk[name]]));
  const problem = materialProblem({ kty, ...material });
  if (problem) return refuse('', problem);
  const thumbprint = await calculateJwkThumbprint({ kty, ...material } as JWK);
  const key = { kid: kid ?? thumbprint, alg, use: 'sig', kty, ...material } as PublicKey;
  return { key, thumbprint };
}

/** What is wrong with the numbers themselves: a point that is not on its curve, a modulus that is weak. */
function materialProblem(jwk: GivenKey): string | undefined {
  const isSpelledRight = Object.values(jwk).every(
    (value) => typeof value === 'string' && /^[\w-]+$/.test(value),
  );
  if (!isSpelledRight)
    return 'lacks a member that such a key has, or has one that is not base64url';
  if (jwk.kty === 'RSA') {
    if (jwk.e !== RSA_EXPONENT) return `has another public exponent than 65537 (${RSA_EXPONENT})`;
    const modulus = BigInt(`0x0${Buffer.from(String(jwk.n), 'base64url').toString('hex')}`);
    const bits = modulus.toString(2).length;
    if (bits < RSA_BITS.least || bits > RSA_BITS.most || modulus % 2n === 0n) {
      return `has a modulus of ${bits} bits; an RSA key has ${RSA_BITS.least} to ${RSA_BITS.most}`;
    }
  }
  try {
    createPublicKey({ key: jwk as JWK, format: 'jwk' });
    return undefined;
  } catch {
    return 'is not a public key: its numbers do not fit together';
  }
}

/** `Ed25519` and `EdDSA` are two names for the same with such a key (RFC 9864 §2.2). */
export const canonicalAlgorithm = (alg: unknown): unknown => (alg === 'Ed25519' ? 'EdDSA' : alg);

const opened = new WeakMap<PublicKey, KeyObject>();

/** The key as Node knows it; made once. */
export function openKey(key: PublicKey): KeyObject {
  const known = opened.get(key);
  if (known) return known;
  const made = createPublicKey({ key: key as JWK, format: 'jwk' });
  opened.set(key, made);
  return made;
}
