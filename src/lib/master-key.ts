import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { LRUCache } from 'lru-cache';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** What the one MASTER_KEY is used for; every purpose has a key of its own (HKDF, RFC 5869). */
export interface MasterKey {
  /**
   * Keyed SHA-256 of a machine secret (≥ 192 random bits). Whoever reads the database can neither use
   * the hashes nor test guesses against them without MASTER_KEY.
   */
  hashSecret(secret: string): Buffer;
  /** Constant-time comparison of two hashes. */
  sameHash(one: Uint8Array, other: Uint8Array): boolean;
  /**
   * AES-256-GCM; the result is iv ‖ tag ‖ ciphertext.
   *
   * @param context what the plaintext belongs to (e.g. a kid); decryption demands the same
   */
  encrypt(plaintext: Uint8Array, context: string): Buffer;
  /** @throws Error when the box was altered, or belongs to another context or another master key */
  decrypt(box: Uint8Array, context: string): Buffer;
}

/** @param key 32 bytes from a cryptographic random source */
export function createMasterKey(key: Uint8Array): MasterKey {
  if (key.length !== 32) throw new RangeError(`a master key has 32 bytes, this one ${key.length}`);
  const derive = (purpose: string) =>
    Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `gatehouse:${purpose}`, 32));
  const hashKey = createSecretKey(derive('secret-hash'));
  const hashSecret = remembered((secret) => createHmac('sha256', hashKey).update(secret).digest());
  const boxKey = derive('encryption');

  return {
    hashSecret,
    sameHash: (one, other) => one.length === other.length && timingSafeEqual(one, other),
    encrypt(plaintext, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', boxKey, iv).setAAD(Buffer.from(context));
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]);
    },
    decrypt(box, context) {
      const bytes = Buffer.from(box);
      const decipher = createDecipheriv('aes-256-gcm', boxKey, bytes.subarray(0, IV_BYTES))
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return Buffer.concat([
        decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)),
        decipher.final(),
      ]);
    },
  };
}

/** Hashes kept at the most. */
const REMEMBERED = 10_000;

/**
 * The same few secrets come again and again: what one was hashed to is looked up by its plain digest,
 * which says as little of 192 random bits as the keyed one.
 */
function remembered(hashSecret: (secret: string) => Buffer): (secret: string) => Buffer {
  const known = new LRUCache<string, Buffer>({ max: REMEMBERED });
  return (secret) => {
    const digest = hash('sha256', secret, 'base64');
    const found = known.get(digest);
    if (found) return found;
    const made = hashSecret(secret);
    known.set(digest, made);
    return made;
  };
}

/** A machine secret: `bytes` random bytes (default 32, 256 bits) in base64url. */
export function newSecret(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}
