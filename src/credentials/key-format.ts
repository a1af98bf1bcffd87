import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

// A key string is <prefix><43 characters: 256 random bits><6 characters: CRC-32>, all in base 62. The
// checksum tells a mistyped or cut-off key from an unknown one without asking anybody, and lets scanners
// recognise a leaked one.

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SECRET_BYTES = 32;
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const BODY = new RegExp(`^[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`);

/** A new key string: the prefix says the environment, the rest is 256 random bits and their checksum. */
export function newKey(prefix: string): string {
  const body =
    prefix + base62(BigInt(`0x${randomBytes(SECRET_BYTES).toString('hex')}`), SECRET_LENGTH);
  return body + checksumOf(body);
}

/** Whether the string is a whole, well-typed key under this prefix. Says nothing of whether it exists. */
export function isWellFormedKey(key: string, prefix: string): boolean {
  if (!key.startsWith(prefix) || !BODY.test(key.slice(prefix.length))) return false;
  return key.endsWith(checksumOf(key.slice(0, -CHECKSUM_LENGTH)));
}

/** How a key begins and ends, so that people can tell theirs apart: `kliq_live_…x7Qd`. */
export const keyHint = (key: string, prefix: string) => `${prefix}…${key.slice(-4)}`;

/** Of every request that brings a key: without big integers, which take ten times as long. */
function checksumOf(text: string): string {
  let digits = '';
  let rest = crc32(text);
  for (let i = 0; i < CHECKSUM_LENGTH; i += 1) {
    digits = ALPHABET[rest % 62]! + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

function base62(value: bigint, length: number): string {
  let digits = '';
  let rest = value;
  for (let i = 0; i < length; i += 1) {
    digits = ALPHABET[Number(rest % 62n)]! + digits;
    rest /= 62n;
  }
  return digits;
}
