import type { Database } from '../../database/database.ts';
import type { Notifications } from '../../database/notifications.ts';
import { createReadCache } from '../../database/read-cache.ts';
import type {
  CredentialRefusal,
  CredentialVerifier,
  Principal,
  Verdict,
} from '../../gate/principal.ts';
import type { Clock } from '../../lib/clock.ts';
import type { MasterKey } from '../../lib/master-key.ts';
import type { KeyEnvironment, Platform } from '../../platform/platform.ts';
import { isWellFormedKey } from '../key-format.ts';
import type { ScopePolicy } from '../scope-policy.ts';
import { findBySecret, type PresentedKey } from './api-keys.store.ts';
import { API_KEYS_CHANNEL } from './lineage.store.ts';
import { type Held, heldBy } from './lineage.ts';

const CACHED_KEYS = 50_000;

/** What a cached key comes to; worked out once, and anew when it or a key above it changes. */
interface Prepared {
  readonly principal: Principal;
  readonly held: Held;
}

/**
 * Verifies API keys: by prefix and checksum without asking anybody, then by their keyed hash in a cache
 * that hears of every change within a second.
 */
export function createApiKeyVerifier(deps: {
  platform: Platform;
  database: Database;
  notifications: Notifications;
  masterKey: MasterKey;
  clock: Clock;
  scopePolicy: ScopePolicy;
  /** Told of every use; must not wait. */
  used: (keyId: string) => void;
}): CredentialVerifier {
  const { platform, database, masterKey, clock, scopePolicy } = deps;
  const environments = platform.keyEnvironments.filter(({ issues }) => issues === 'api_key');
  const environmentOf = (text: string) =>
    environments.find(({ prefix }) => text.startsWith(prefix));
  const prepared = new WeakMap<PresentedKey, Prepared>();
  const cache = createReadCache<PresentedKey>({
    load: (hash) => findBySecret(database.pool, Buffer.from(hash, 'hex')),
    max: CACHED_KEYS,
    notifications: deps.notifications,
    channel: API_KEYS_CHANNEL,
  });

  function judge(
    presented: PresentedKey | undefined,
    environment: KeyEnvironment,
    address: string,
  ): Verdict {
    // A key keeps to the environment its prefix names, even if the file has moved the prefix since.
    if (!presented || presented.key.environment !== environment.name) return UNKNOWN;
    const { key, secretExpiresAt } = presented;
    const { principal, held } = prepare(presented, environment);
    const { comesFrom, expiresAt } = held;
    const refuse = (refusal: CredentialRefusal): Verdict => ({ refusal, owner: principal });
    if (held.isShutOut) return refuse('invalid_api_key');
    const now = clock.now();
    if (secretExpiresAt && secretExpiresAt <= now) return refuse('invalid_api_key');
    if (expiresAt && expiresAt <= now) return refuse('expired_credential');
    if (comesFrom && !comesFrom(address)) return refuse('address_not_allowed');
    deps.used(key.id);
    return { principal };
  }

  function prepare(presented: PresentedKey, environment: KeyEnvironment): Prepared {
    const known = prepared.get(presented);
    if (known) return known;
    const { key, makers } = presented;
    const isShutOut = key.revokedAt !== null || key.disabledAt !== null;
    const held = heldBy([{ ...key, isShutOut }, ...makers], scopePolicy);
    const { limits, expiresAt, allowedAddresses } = held;
    const made: Prepared = {
      held,
      principal: {
        ...{ kind: 'api_key', id: key.id, subject: key.id },
        ...{ organizationId: key.organizationId, environment: key.environment, identity: null },
        scopes: scopePolicy.within(held.scopes, environment),
        ...{ limits, expiresAt, allowedAddresses },
      },
    };
    prepared.set(presented, made);
    return made;
  }

  return {
    kind: 'api_key',
    recognises: (text) => environmentOf(text) !== undefined,
    verify(text, address) {
      const environment = environmentOf(text)!;
      if (!isWellFormedKey(text, environment.prefix)) return UNKNOWN;
      const hash = masterKey.hashSecret(text).toString('hex');
      const known = cache.peek(hash);
      if (known) return judge(known, environment, address);
      return cache.get(hash).then((found) => judge(found, environment, address));
    },
  };
}

const UNKNOWN: Verdict = { refusal: 'invalid_api_key' };
