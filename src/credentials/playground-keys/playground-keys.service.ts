import type { Database } from '../../database/database.ts';
import type { Clock } from '../../lib/clock.ts';
import { newId } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import type { MasterKey } from '../../lib/master-key.ts';
import type { Count, CounterStore } from '../../limits/counter-store.ts';
import type { Platform } from '../../platform/platform.ts';
import { keyHint, newKey } from '../key-format.ts';
import { KEY_LIFETIME_MS, type PlaygroundPolicy } from './playground-key.ts';
import { insertPlaygroundKey } from './playground-keys.store.ts';
import { createPlaygroundLimits, type PlaygroundLimit } from './playground-limits.ts';
import { createStrangers, type Stranger } from './strangers.ts';

export interface IssuedPlaygroundKey {
  /** Known to nobody but whom it is shown to, once. */
  readonly key: string;
  readonly hint: string;
  readonly expiresAt: Date;
  readonly limits: readonly PlaygroundLimit[];
}

export type IssueOutcome =
  | { outcome: 'issued'; issued: IssuedPlaygroundKey; asked: Count }
  /** The address has asked too often. */
  | { outcome: 'too_many'; asked: Count };

export type PlaygroundKeyService = ReturnType<typeof createPlaygroundKeyService>;

/** Keys for strangers: whoever asks gets one, and counts on what they have used before. */
export function createPlaygroundKeyService(deps: {
  platform: Platform;
  policy: PlaygroundPolicy;
  database: Database;
  masterKey: MasterKey;
  clock: Clock;
  log: Pick<Log, 'info'>;
  rates: CounterStore;
  /** Durable: the issue rate counts here, too. */
  quotas: CounterStore;
}) {
  const { platform, policy, database, masterKey, clock, log, quotas } = deps;
  const { prefix } = platform.keyEnvironments.find(({ name }) => name === policy.environment)!;
  const strangers = createStrangers(deps);
  const limitsOf = createPlaygroundLimits(deps);

  return {
    policy,
    /**
     * A new key for a stranger, old or new.
     *
     * @throws when the database is away, or the counters in it
     */
    async issue(stranger: Stranger): Promise<IssueOutcome> {
      const now = clock.now();
      const network = strangers.networkKey(stranger.address);
      const charge = { key: `playground_keys:network:${network}`, ...policy.issueRate };
      const { admitted, counts } = await quotas.admit([charge], now);
      const asked = counts[0]!;
      if (!admitted) return { outcome: 'too_many', asked };

      const identity = await strangers.identityOf(stranger);
      const key = newKey(prefix);
      const id = newId(now);
      const hint = keyHint(key, prefix);
      const expiresAt = new Date(now.getTime() + KEY_LIFETIME_MS);
      const hash = masterKey.hashSecret(key);
      await insertPlaygroundKey(database.pool, { id, hash, hint, identity, expiresAt }, now);
      log.info({ keyId: id, identity }, 'playground key issued');
      const limits = await limitsOf(identity);
      return { outcome: 'issued', issued: { key, hint, expiresAt, limits }, asked };
    },
  };
}
