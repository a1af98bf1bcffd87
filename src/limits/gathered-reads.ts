import { type Count, type CounterStore, CounterStoreUnavailableError } from './counter-store.ts';
import { answered, type Patience, TooLateError } from './patience.ts';

/** What an asker waits: for the reading under way, and for its own. */
const PATIENCE: Patience = { turns: 5, turnMs: 50 };
/** After a reading that failed or was late, for so long nobody asks. */
const RESPITE_MS = 1000;

/** What one reading asks for, while it may still be joined. */
interface Reading {
  readonly keys: Set<string>;
  now: Date;
  readonly counts: Promise<ReadonlyMap<string, Count>>;
}

/**
 * Reads durable counts for very many askers with one query at a time: whoever comes while one is under way
 * shares the next. So every count is as it stood after it was asked for, never one kept from before, and a
 * flood of askers costs the database no more than one patient one.
 *
 * Fails with CounterStoreUnavailableError after 250 milliseconds without an answer, and then at once for a
 * second: for every asker of this process, whose reading would have waited for the same database.
 *
 * @param patience default 250 milliseconds
 */
export function createGatheredReads(
  store: Pick<CounterStore, 'read'>,
  patience: Patience = PATIENCE,
): CounterStore['read'] {
  let before: Promise<unknown> = Promise.resolve();
  let next: Reading | undefined;
  /** Milliseconds since the epoch. */
  let quietUntil = 0;

  function gather(): Reading {
    const counts = before.then(async () => {
      next = undefined;
      const found = await store.read([...reading.keys], reading.now);
      return new Map(found.map((count) => [count.key, count]));
    });
    const reading: Reading = { keys: new Set(), now: new Date(0), counts };
    before = counts.catch(() => {});
    return reading;
  }

  return async (keys, now) => {
    if (keys.length === 0) return [];
    // Nobody asks later because the clock was set back.
    const quietMs = quietUntil - now.getTime();
    if (quietMs > 0 && quietMs <= RESPITE_MS) {
      throw new CounterStoreUnavailableError('postgres', new Error('it did not answer just now'));
    }
    next ??= gather();
    for (const key of keys) next.keys.add(key);
    next.now = now;
    try {
      const counts = await answered(next.counts, patience);
      return keys.flatMap((key) => counts.get(key) ?? []);
    } catch (error) {
      quietUntil = now.getTime() + RESPITE_MS;
      throw error instanceof TooLateError
        ? new CounterStoreUnavailableError('postgres', error)
        : error;
    }
  };
}
