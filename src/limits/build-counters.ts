import type { Database } from '../database/database.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { CounterStore } from './counter-store.ts';
import { createMemoryCounters } from './memory-counters.ts';
import { createPostgresCounters } from './postgres-counters.store.ts';
import { createRedisCounters } from './redis-counters.ts';

/** Where a deployment counts what. */
export interface Counters {
  /** Per minute, per hour: in Redis where there is one, else in this process. */
  readonly rates: CounterStore;
  /** Per day, for life: durable and exact. */
  readonly quotas: CounterStore;
  /** Whether Redis answers; undefined where none is used. */
  redisHealth(): boolean | undefined;
  close(): Promise<void>;
}

/** Does not fail because of a Redis that is away: the platform file says what follows from that. */
export async function buildCounters(options: {
  database: Database;
  /** Undefined: this is the only process, or each may count for itself. */
  redisUrl: string | undefined;
  clock: Clock;
  log: Log;
}): Promise<Counters> {
  const { database, redisUrl: url, clock, log } = options;
  const quotas = createPostgresCounters({ database });
  if (url === undefined) {
    const rates = createMemoryCounters();
    return { rates, quotas, redisHealth: () => undefined, close: async () => {} };
  }
  const redis = createRedisCounters({ url, clock, log });
  await redis.start();
  return { rates: redis, quotas, redisHealth: () => redis.healthy, close: () => redis.close() };
}
