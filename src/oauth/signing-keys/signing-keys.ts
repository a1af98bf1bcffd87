import { createPublicKey, generateKeyPair, type KeyObject, type webcrypto } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditActor } from '../../audit/audit.ts';
import { type Database, isDatabaseUnavailable } from '../../database/database.ts';
import type { Executor } from '../../database/executor.ts';
import type { Notifications } from '../../database/notifications.ts';
import { patiently } from '../../database/patiently.ts';
import { untilDone } from '../../database/until-done.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { MasterKey } from '../../lib/master-key.ts';
import {
  activateKey,
  deleteRetiredKeys,
  insertSigningKey,
  listSigningKeys,
  retireCurrentKey,
  SIGNING_KEYS_CHANNEL,
  type SigningKeyStatus,
  type StoredSigningKey,
  withRotationLock,
} from './signing-keys.store.ts';

export interface SigningKey {
  readonly kid: string;
  readonly status: SigningKeyStatus;
  readonly publicKey: KeyObject;
  /** Signs access tokens. */
  readonly signer: webcrypto.CryptoKey;
  /** With its private members: for the signer only, never for an answer. */
  readonly privateJwk: JWK;
  readonly activatedAt: Date | null;
  readonly retiresAt: Date | null;
}

/** The key pairs that sign tokens: current first, then next, then previous ones. */
export interface SigningKeys {
  readonly all: readonly SigningKey[];
  find(kid: string): SigningKey | undefined;
  /** Loads the keys, making the first ones when there are none. */
  start(): Promise<void>;
  /**
   * next → current → previous; and a new next is published. Tokens signed before stay valid until they
   * expire, because a previous key is published at least as long.
   *
   * A next key is refused while caches of the JWKS may not know it yet. By force it signs all the same:
   * right for a current key that somebody else has, though callers may refuse new tokens for as long.
   */
  rotate(actor: AuditActor, options?: { force?: boolean }): Promise<RotationOutcome>;
  /** Rotates when the current key is old enough, and forgets keys nobody needs; safe in every process. */
  rotateIfDue(): Promise<void>;
  /** Called after every change of the set, in every process. */
  onChange(listener: () => void): void;
}

export type RotationOutcome =
  | { outcome: 'rotated' }
  | { outcome: 'next_key_too_young'; retryAfterSeconds: number };

/** How long others may keep the JWKS; nothing is signed with a key that was published for less. */
export const JWKS_CACHE_SECONDS = 300;

/** The same, and what another process may take to hear of a key and publish it too. */
const KNOWN_AFTER_SECONDS = JWKS_CACHE_SECONDS + 30;

const generate = promisify(generateKeyPair);

export interface SigningKeysOptions {
  database: Database;
  notifications: Notifications;
  masterKey: MasterKey;
  clock: Clock;
  log: Log;
  /** Age of the current key at which it is replaced. */
  rotationSeconds: number;
  /** The longest life of anything a key signs. */
  longestTokenSeconds: number;
}

export function createSigningKeys(options: SigningKeysOptions): SigningKeys {
  const { database, masterKey, clock, log } = options;
  const listeners: (() => void)[] = [];
  let all: readonly SigningKey[] = [];
  let byKid = new Map<string, SigningKey>();
  let asked = 0;
  let answered = 0;

  async function reload(): Promise<void> {
    asked += 1;
    const question = asked;
    const stored = await listSigningKeys(database.pool);
    // A later question was faster.
    if (question < answered) return;
    answered = question;
    const opened = await Promise.all(stored.map((key) => open(key, masterKey)));
    all = opened.sort(byUse);
    byKid = new Map(all.map((key) => [key.kid, key]));
    for (const listener of listeners) listener();
  }
  const reloadInBackground = untilDone(options.notifications, reload, (error) =>
    // Tried again until it succeeds; meanwhile the keys at hand go on signing.
    isDatabaseUnavailable(error)
      ? log.warn({ err: error }, 'signing keys could not be read yet')
      : log.error({ err: error }, 'signing keys could not be read'),
  );
  options.notifications.on(SIGNING_KEYS_CHANNEL, reloadInBackground);
  options.notifications.onRestored(reloadInBackground);

  const advance = (tx: Executor, keys: StoredSigningKey[], actor: AuditActor) =>
    advanceKeys(tx, keys, actor, options);

  return {
    get all() {
      return all;
    },
    find: (kid) => byKid.get(kid),
    onChange: (listener) => void listeners.push(listener),
    async start() {
      const hasCurrent = (keys: readonly StoredSigningKey[]) =>
        keys.some((key) => key.status === 'current');
      await patiently(async () => {
        if (hasCurrent(await listSigningKeys(database.pool))) return;
        await withRotationLock(database, async (tx, keys) => {
          if (!hasCurrent(keys)) await advance(tx, keys, { kind: 'system' });
        });
      });
      await patiently(reload);
    },
    async rotate(actor, { force = false } = {}) {
      const outcome = await withRotationLock(
        database,
        async (tx, keys): Promise<RotationOutcome> => {
          const retryAfterSeconds = force ? 0 : secondsUntilKnown(keys, clock.now());
          if (retryAfterSeconds > 0) return { outcome: 'next_key_too_young', retryAfterSeconds };
          await advance(tx, keys, actor);
          return { outcome: 'rotated' };
        },
      );
      await reload();
      return outcome;
    },
    async rotateIfDue() {
      const now = clock.now().getTime();
      const isDue = (keys: readonly KeyAge[]) => isRotationDue(keys, now, options.rotationSeconds);
      const retired = all.some((key) => key.retiresAt && key.retiresAt.getTime() <= now);
      if (!isDue(all) && !retired) return;
      await withRotationLock(database, async (tx, keys) => {
        if (isDue(keys)) await advance(tx, keys, { kind: 'system' });
        else await deleteRetiredKeys(tx, clock.now());
      });
      await reload();
    },
  };
}

/** next → current → previous, and a new next. */
async function advanceKeys(
  tx: Executor,
  keys: readonly StoredSigningKey[],
  actor: AuditActor,
  options: Pick<SigningKeysOptions, 'masterKey' | 'clock' | 'longestTokenSeconds'>,
): Promise<void> {
  const { masterKey } = options;
  const now = options.clock.now();
  const next = keys.find((key) => key.status === 'next');
  await retireCurrentKey(
    tx,
    new Date(now.getTime() + (options.longestTokenSeconds + JWKS_CACHE_SECONDS) * 1000),
  );
  if (next) await activateKey(tx, next.kid, now);
  else await insertSigningKey(tx, await makeKey('current', masterKey), now);
  await insertSigningKey(tx, await makeKey('next', masterKey), now);
  await deleteRetiredKeys(tx, now);
  await recordAuditEvent(tx, {
    type: 'signing_key.rotated',
    actor,
    ...(next ? { target: { kind: 'signing_key', id: next.kid } } : {}),
  });
}

/** Until no cache of the JWKS is without the next key. */
function secondsUntilKnown(keys: readonly StoredSigningKey[], now: Date): number {
  const next = keys.find((key) => key.status === 'next');
  if (!next) return 0;
  const ageMs = now.getTime() - next.createdAt.getTime();
  return Math.max(0, Math.ceil(KNOWN_AFTER_SECONDS - ageMs / 1000));
}

type KeyAge = Pick<SigningKey, 'status' | 'activatedAt'>;

function isRotationDue(keys: readonly KeyAge[], nowMs: number, rotationSeconds: number): boolean {
  const current = keys.find((key) => key.status === 'current');
  if (!current?.activatedAt) return true;
  return nowMs - current.activatedAt.getTime() >= rotationSeconds * 1000;
}

const ORDER: Record<SigningKeyStatus, number> = { current: 0, next: 1, previous: 2 };
const byUse = (a: SigningKey, b: SigningKey) => ORDER[a.status] - ORDER[b.status];

async function open(key: StoredSigningKey, masterKey: MasterKey): Promise<SigningKey> {
  const secret = decryptJwk(key, masterKey);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  return {
    kid: key.kid,
    status: key.status,
    signer: await crypto.subtle.importKey('jwk', secret as webcrypto.JsonWebKey, algorithm, false, [
      'sign',
    ]),
    publicKey: createPublicKey({ key: key.publicJwk as Record<string, string>, format: 'jwk' }),
    privateJwk: { ...secret, kid: key.kid, alg: key.algorithm, use: 'sig' },
    activatedAt: key.activatedAt,
    retiresAt: key.retiresAt,
  };
}

/** MASTER_KEY is not the one the database was filled with. */
class MasterKeyError extends Error {
  override name = 'MasterKeyError';
}

/** @throws MasterKeyError */
function decryptJwk(key: StoredSigningKey, masterKey: MasterKey): JWK {
  try {
    return JSON.parse(masterKey.decrypt(key.privateEncrypted, boxOf(key.kid)).toString('utf8'));
  } catch (cause) {
    throw new MasterKeyError(
      `Signing key ${key.kid} cannot be decrypted: MASTER_KEY is not the one this database was used with. Start with the right one; it cannot be recovered from the database.`,
      { cause },
    );
  }
}

const boxOf = (kid: string) => `signing-key:${kid}`;

/** The kid is the key's own thumbprint (RFC 7638), so it is unique and says nothing. */
async function makeKey(status: SigningKeyStatus, masterKey: MasterKey) {
  const { privateKey, publicKey } = await generate('ec', { namedCurve: 'P-256' });
  const publicJwk = publicKey.export({ format: 'jwk' }) as JWK;
  const kid = await calculateJwkThumbprint(publicJwk);
  const secret = Buffer.from(JSON.stringify(privateKey.export({ format: 'jwk' })));
  return {
    kid,
    status,
    publicJwk,
    privateEncrypted: masterKey.encrypt(secret, boxOf(kid)),
  };
}
