import { LRUCache } from 'lru-cache';
import type { Notifications } from './notifications.ts';

/** A bounded in-process cache in front of the database (decision 6). */
export interface ReadCache<Value> {
  /** The value, or undefined when there is none; misses are cached too. */
  get(key: string): Promise<Value | undefined>;
  /** The cached value without a round trip, for a caller that cannot wait. */
  peek(key: string): Value | undefined;
  invalidate(key: string): void;
}

export interface ReadCacheOptions<Value> {
  load: (key: string) => Promise<Value | undefined>;
  /** Entries kept at the most. */
  max: number;
  /** Milliseconds after which an entry is read again even without a notification. */
  ttlMs?: number;
  notifications: Notifications;
  /** The channel whose payload names the key that changed. */
  channel: string;
}

/** Misses kept at the most, apart from the entries: strangers who guess can push out each other only. */
const MAX_MISSES = 10_000;

/**
 * Reads through while the listener is down, because a change could be missed then; and a load that was
 * overtaken by an invalidation is answered but not kept.
 */
export function createReadCache<Value extends object>(
  options: ReadCacheOptions<Value>,
): ReadCache<Value> {
  const { load, notifications } = options;
  const ttl = options.ttlMs ?? 60_000;
  const entries = new LRUCache<string, Value>({ max: options.max, ttl });
  const misses = new LRUCache<string, true>({ max: Math.min(options.max, MAX_MISSES), ttl });
  const loading = new Map<string, Promise<Value | undefined>>();
  let generation = 0;

  const invalidate = (key: string) => {
    generation += 1;
    loading.delete(key);
    entries.delete(key);
    misses.delete(key);
  };
  const flush = () => {
    generation += 1;
    loading.clear();
    entries.clear();
    misses.clear();
  };
  notifications.on(options.channel, invalidate);
  notifications.onLost(flush);
  notifications.onRestored(flush);

  async function loadAndKeep(key: string): Promise<Value | undefined> {
    const startedIn = generation;
    try {
      const value = await load(key);
      if (!notifications.healthy || generation !== startedIn) return value;
      if (value) entries.set(key, value);
      else misses.set(key, true);
      return value;
    } finally {
      loading.delete(key);
    }
  }

  return {
    async get(key) {
      const known = entries.get(key);
      if (known !== undefined || misses.has(key)) return known;
      if (!notifications.healthy) return load(key);
      const underway = loading.get(key);
      if (underway) return underway;
      const load$ = loadAndKeep(key);
      loading.set(key, load$);
      return load$;
    },
    peek: (key) => entries.get(key),
    invalidate,
  };
}
