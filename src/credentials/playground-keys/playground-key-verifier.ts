import type { Database } from '../../database/database.ts';
import type { Notifications } from '../../database/notifications.ts';
import { createReadCache } from '../../database/read-cache.ts';
import type { CredentialVerifier, Principal, Verdict } from '../../gate/principal.ts';
import type { Clock } from '../../lib/clock.ts';
import type { MasterKey } from '../../lib/master-key.ts';
import type { Platform } from '../../platform/platform.ts';
import { isWellFormedKey } from '../key-format.ts';
import { playgroundPrincipal } from './playground-key.ts';
import { findPlaygroundKey, PLAYGROUND_KEYS_CHANNEL } from './playground-keys.store.ts';

const CACHED_KEYS = 20_000;

interface Prepared {
  readonly principal: Principal;
  readonly expiresAt: Date;
}

/**
 * Verifies playground keys, from whatever address they come: whom a key stands for was settled when it was
 * issued. On a platform without them it recognises nothing.
 */
export function createPlaygroundKeyVerifier(deps: {
  platform: Platform;
  database: Database;
  notifications: Notifications;
  masterKey: MasterKey;
  clock: Clock;
}): CredentialVerifier {
  const { platform, database, notifications, masterKey, clock } = deps;
  const policy = platform.playgroundKeys;
  if (!policy.enabled) return NONE;
  const { prefix } = platform.keyEnvironments.find(({ name }) => name === policy.environment)!;
  const cache = createReadCache<Prepared>({
    load: async (hash) => {
      const key = await findPlaygroundKey(database.pool, Buffer.from(hash, 'hex'));
      if (!key) return undefined;
      return { principal: playgroundPrincipal(policy, key.identity), expiresAt: key.expiresAt };
    },
    max: CACHED_KEYS,
    notifications,
    channel: PLAYGROUND_KEYS_CHANNEL,
  });

  function judge(found: Prepared | undefined): Verdict {
    if (!found) return UNKNOWN;
    if (found.expiresAt <= clock.now()) return { refusal: 'expired_credential' };
    return { principal: found.principal };
  }

  return {
    kind: 'playground_key',
    recognises: (text) => text.startsWith(prefix),
    verify(text) {
      if (!isWellFormedKey(text, prefix)) return UNKNOWN;
      const hash = masterKey.hashSecret(text).toString('hex');
      const known = cache.peek(hash);
      return known ? judge(known) : cache.get(hash).then(judge);
    },
  };
}

const UNKNOWN: Verdict = { refusal: 'invalid_api_key' };

const NONE: CredentialVerifier = {
  kind: 'playground_key',
  recognises: () => false,
  verify: () => UNKNOWN,
};
