import {
  type Admission,
  type Charge,
  type Count,
  type CounterStore,
  firstExhausted,
} from './counter-store.ts';

interface Entry {
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
    if (known && known.endsAt > now) return known;
    const endsAt = charge.windowSeconds === null ? Infinity : now + charge.windowSeconds * 1000;
    return { used: 0, endsAt };
  }

  return {
    admit(charges, at): Admission {
      const now = at.getTime();
      const found = charges.map((charge) => current(charge, now));
      const before = found.map((entry, i) => toCount(charges[i]!, entry));
      const exhausted = firstExhausted(before);
      if (exhausted) return { admitted: false, counts: before, exhausted };
      if (entries.size + charges.length > maxCounts) forget(entries, now, maxCounts);
      for (const [i, entry] of found.entries()) {
        entry.used += 1;
        entries.set(charges[i]!.key, entry);
      }
      return { admitted: true, counts: found.map((entry, i) => toCount(charges[i]!, entry)) };
    },
    async read(keys, at) {
      const now = at.getTime();
      return keys.flatMap((key) => {
        const entry = entries.get(key);
        if (!entry || entry.endsAt <= now) return [];
        return [toCount({ key, limit: Number.POSITIVE_INFINITY }, entry)];
      });
    },
    async reset(key) {
      entries.delete(key);
    },
  };
}

const toCount = ({ key, limit }: Pick<Charge, 'key' | 'limit'>, entry: Entry): Count => ({
  ...{ key, limit, used: entry.used },
  resetsAt: entry.used === 0 || entry.endsAt === Infinity ? null : new Date(entry.endsAt),
});

/** Drops what has ended; if that is not enough, a tenth of what may be kept: that which ends soonest. */
function forget(entries: Map<string, Entry>, now: number, maxCounts: number): void {
  for (const [key, entry] of entries) if (entry.endsAt <= now) entries.delete(key);
  const kept = Math.floor(maxCounts * 0.9);
  let surplus = entries.size - kept;
  if (surplus <= 0) return;
  const ends = Float64Array.from(entries.values(), ({ endsAt }) => endsAt).sort();
  const lastToGo = ends[surplus - 1]!;
  for (const [key, { endsAt }] of entries) {
    if (surplus === 0) return;
    if (endsAt > lastToGo) continue;
    entries.delete(key);
    surplus -= 1;
  }
}
