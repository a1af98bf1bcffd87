import {
  type Admission,
  type Charge,
  type Count,
  type CounterStore,
  firstExhausted,
} from './counter-store.ts';

interface Entry {
  limit: number;
  used: number;
  /** Milliseconds since the epoch; Infinity for life. */
  endsAt: number;
}

/** Counts kept at the most; beyond, those that end soonest are forgotten first. */
const MAX_COUNTS = 200_000;

/**
 * Counts in this process: for rates of a single process, and for development. Several processes count
 * each for itself.
 */
export function createMemoryCounters(options: { maxCounts?: number } = {}): CounterStore {
  const maxCounts = options.maxCounts ?? MAX_COUNTS;
  const entries = new Map<string, Entry>();

  function current(charge: Charge, now: number): Entry {
    const known = entries.get(charge.key);
    if (known && known.endsAt > now) {
      known.limit = charge.limit;
      return known;
    }
    const endsAt = charge.windowSeconds === null ? Infinity : now + charge.windowSeconds * 1000;
    return { limit: charge.limit, used: 0, endsAt };
  }

  return {
    admit(charges, at): Admission {
      const now = at.getTime();
      const found = charges.map((charge) => current(charge, now));
      const before = found.map((entry, i) => toCount(charges[i]!.key, entry));
      const exhausted = firstExhausted(before);
      if (exhausted) return { admitted: false, counts: before, exhausted };
      if (entries.size >= maxCounts) forget(entries, now, maxCounts);
      for (const [i, entry] of found.entries()) {
        entry.used += 1;
        entries.set(charges[i]!.key, entry);
      }
      return { admitted: true, counts: found.map((entry, i) => toCount(charges[i]!.key, entry)) };
    },
    async read(keys, at) {
      const now = at.getTime();
      return keys.flatMap((key) => {
        const entry = entries.get(key);
        return entry && entry.endsAt > now ? [toCount(key, entry)] : [];
      });
    },
    async reset(key) {
      entries.delete(key);
    },
  };
}

const toCount = (key: string, entry: Entry): Count => ({
  key,
  limit: entry.limit,
  used: entry.used,
  resetsAt: entry.endsAt === Infinity ? null : new Date(entry.endsAt),
});

/** Drops what has ended; if that is not enough, the tenth that was charged longest ago. */
function forget(entries: Map<string, Entry>, now: number, maxCounts: number): void {
  for (const [key, entry] of entries) if (entry.endsAt <= now) entries.delete(key);
  let surplus = entries.size - Math.floor(maxCounts * 0.9);
  for (const [key, entry] of entries) {
    if (surplus <= 0) return;
    if (entry.endsAt === Infinity) continue;
    entries.delete(key);
    surplus -= 1;
  }
}
