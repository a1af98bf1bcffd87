import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Executor } from '../../database/executor.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Use } from '../admission.ts';
import { spendChallenge, spendingChallenge } from './spent-challenges.store.ts';

const NONCE_BYTES = 16;
const TIME_BYTES = 6;
const SEALED_BYTES = NONCE_BYTES + TIME_BYTES + 32;

/** How long a page that asks for a passkey may lie open, in milliseconds. */
export const CHALLENGE_MS = 15 * 60_000;

/**
 * Challenges that carry their own proof: whoever asks for a page leaves nothing behind here, and only one
 * that was answered rightly is remembered, so that it is never answered twice.
 *
 * @see WebAuthn Level 3 §13.4.3
 */
export interface Challenges {
  /** @param purpose what it is asked for, and whom or which sign-in it is bound to */
  make(purpose: string): Uint8Array<ArrayBuffer>;
  /** Whether it was made here for this purpose, and not long ago. */
  isGood(challenge: string, purpose: string): boolean;
  /** Uses it up; false: it was. */
  spend(executor: Executor, challenge: string): Promise<boolean>;
  /** The same for a sign-in, as the last of what it uses up. */
  spending(challenge: string): Use;
}

export function createChallenges(deps: {
  clock: Clock;
  hashSecret: (secret: string) => Buffer;
}): Challenges {
  const { clock, hashSecret } = deps;
  const seal = (content: Buffer, purpose: string) =>
    hashSecret(`passkey-challenge ${content.toString('base64url')} ${purpose}`);

  return {
    make(purpose) {
      const time = Buffer.alloc(TIME_BYTES);
      time.writeUIntBE(clock.now().getTime(), 0, TIME_BYTES);
      const content = Buffer.concat([randomBytes(NONCE_BYTES), time]);
      return new Uint8Array(Buffer.concat([content, seal(content, purpose)]));
    },
    isGood(challenge, purpose) {
      const bytes = Buffer.from(challenge, 'base64url');
      if (bytes.length !== SEALED_BYTES) return false;
      const content = bytes.subarray(0, NONCE_BYTES + TIME_BYTES);
      const ageMs = clock.now().getTime() - content.readUIntBE(NONCE_BYTES, TIME_BYTES);
      if (ageMs > CHALLENGE_MS) return false;
      return timingSafeEqual(bytes.subarray(content.length), seal(content, purpose));
    },
    spend(executor, challenge) {
      const now = clock.now();
      return spendChallenge(executor, challenge, now, new Date(now.getTime() + CHALLENGE_MS));
    },
    spending(challenge) {
      const now = clock.now();
      return spendingChallenge(challenge, now, new Date(now.getTime() + CHALLENGE_MS));
    },
  };
}
