import { availableParallelism } from 'node:os';
import argon2 from 'argon2';
import { createSemaphore, SemaphoreFullError } from '../lib/semaphore.ts';
import { exceedsAnyPassword, normalisePassword } from './password-policy.ts';

/** argon2id with 19 MiB and two passes (OWASP's and the design's choice), one lane; about 25 ms. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * A hash that no password has, at the same cost as the real ones: verified against where there is no
 * account, so that the time taken doesn't tell.
 */
const NOBODYS_HASH = [
  '',
  'argon2id',
  'v=19',
  `m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}`,
  unpadded(Buffer.alloc(16)),
  unpadded(Buffer.alloc(32)),
].join('$');

/** Hashing keeps a thread of libuv's pool busy, which has four; one is left for files, DNS and crypto. */
const MAX_THREADS = 3;

/** A cautious guess at one hashing's time, for telling callers when to come back. */
const HASHING_SECONDS = 0.05;

/** The processors are busy with other passwords. Answer 503 with Retry-After. */
export class PasswordQueueFullError extends Error {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super('Too many passwords are waiting to be hashed');
    this.name = 'PasswordQueueFullError';
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Every method may throw PasswordQueueFullError, or the signal's reason when aborted while waiting. */
export interface Passwords {
  /** @returns argon2id in PHC string form */
  hash(password: string, signal?: AbortSignal): Promise<string>;
  /**
   * Whether the password is the one that was hashed. With null (no account, or none with a password) the
   * answer is no, after the same work.
   */
  verify(hash: string | null, password: string, signal?: AbortSignal): Promise<boolean>;
  /** Whether the hash was made at another cost than today's. */
  needsRehash(hash: string): boolean;
}

export interface PasswordsOptions {
  /**
   * Passwords hashed at once. Default: one more than the processors, so that none of them idles while the
   * next is handed over; at most three.
   */
  concurrency?: number;
  /** Passwords waiting for their turn. Default 64. */
  maxQueue?: number;
}

/**
 * Hashing on a bounded queue: a flood of sign-ins takes its share of the processors and no more, and who
 * comes when the queue is full is told at once.
 */
export function createPasswords({
  concurrency = Math.min(availableParallelism() + 1, MAX_THREADS),
  maxQueue = 64,
}: PasswordsOptions = {}): Passwords {
  const semaphore = createSemaphore(concurrency, maxQueue);

  async function queued<Result>(
    work: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    try {
      return await semaphore.run(work, signal);
    } catch (error) {
      if (!(error instanceof SemaphoreFullError)) throw error;
      throw new PasswordQueueFullError(Math.ceil((maxQueue * HASHING_SECONDS) / concurrency) || 1);
    }
  }

  return {
    hash: (password, signal) =>
      queued(
        () => argon2.hash(normalisePassword(password), { ...COST, type: argon2.argon2id }),
        signal,
      ),
    async verify(hash, password, signal) {
      const possible = hash !== null && !exceedsAnyPassword(password);
      const against = possible ? hash : NOBODYS_HASH;
      const presented = possible ? normalisePassword(password) : '';
      const matches = await queued(() => argon2.verify(against, presented), signal);
      return matches && possible;
    },
    needsRehash: (hash) => argon2.needsRehash(hash, COST),
  };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
