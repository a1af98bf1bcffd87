import { createPublicKey, X509Certificate } from 'node:crypto';
import type { GivenKey } from '../credentials/service-accounts/public-keys.ts';
import { privateMembersOf } from '../oauth/clients/public-keys.ts';
import type { KeyError } from '../pages/service-account-models.ts';

/** A public key out of what somebody pasted, or why there is none. What was pasted goes no further. */
export type PastedKey = { readonly key: GivenKey } | { readonly error: KeyError };

/** Of every kind there is: PKCS#8, PKCS#1, SEC 1, encrypted, OpenSSH, PGP (RFC 7468 §10, §11). */
const PRIVATE_PEM = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/i;

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

/**
 * Reads a public key as PEM (SPKI, PKCS#1, or a certificate's) or as JWK, or the only one of a JWK Set. A
 * private key is refused for what it is, wherever in the text it stands.
 *
 * @see RFC 7468 §5, §13, RFC 7517 §4, §5
 */
export function readPastedKey(pasted: unknown): PastedKey {
  const text = typeof pasted === 'string' ? pasted.trim() : '';
  if (text === '') return refused('required');
  if (PRIVATE_PEM.test(text)) return refused('private');
  return text.startsWith('{') ? readJwk(text) : readPem(text);
}

function readPem(text: string): PastedKey {
  const blocks = Array.from(text.matchAll(PEM), ([block]) => block);
  if (blocks.length > 1) return refused('several');
  const [block] = blocks;
  if (!block) return refused('unreadable');
  try {
    const key = block.includes('CERTIFICATE')
      ? new X509Certificate(block).publicKey
      : createPublicKey({ key: block, format: 'pem' });
    return { key: { ...key.export({ format: 'jwk' }) } };
  } catch {
    return refused('unreadable');
  }
}

function readJwk(text: string): PastedKey {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused('unreadable');
  }
  const keys: unknown = (value as { keys?: unknown }).keys ?? [value];
  const jwks = Array.isArray(keys) ? keys.filter(isObject) : [];
  if (jwks.some((jwk) => privateMembersOf(jwk).length > 0)) return refused('private');
  if (jwks.length > 1) return refused('several');
  const [key] = jwks;
  return key && typeof key.kty === 'string' ? { key } : refused('unreadable');
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const refused = (kind: 'required' | 'private' | 'unreadable' | 'several'): PastedKey => ({
  error: { kind },
});
