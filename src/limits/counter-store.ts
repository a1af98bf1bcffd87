/**
 * One count to be raised: at most `limit` within a window that begins with the first request of it.
 * A null window never ends: the count is for life.
 */
export interface Charge {
  /**
   * Who counts what, e.g. `{0192…}requests_per_minute:api_key:0193…`. What stands in braces at its
   * beginning says which counts a distributed store keeps together: all charges of one call agree on it.
   */
  readonly key: string;
  readonly limit: number;
  readonly windowSeconds: number | null;
}

/** A count after (or, when it was not admitted, as it stood at) a request. */
export interface Count {
  readonly key: string;
  /** What the charge said; read without one, Infinity. */
  readonly limit: number;
  readonly used: number;
  /** Null for a count for life, and where nothing was counted yet. */
  readonly resetsAt: Date | null;
}

export type Admission =
  | { readonly admitted: true; readonly counts: readonly Count[] }
  /** `exhausted` is the first count without room; nothing was charged. */
  | { readonly admitted: false; readonly counts: readonly Count[]; readonly exhausted: Count };

/**
 * Counts requests. All charges of one call are admitted together or none is: whatever the number of
 * callers and processes, no count ever exceeds its limit.
 */
export interface CounterStore {
  /** Charges one request to every count, if each has room. An answer without waiting where there is one. */
  admit(charges: readonly Charge[], now: Date): Admission | Promise<Admission>;
  /** The counts as they stand; one that was never charged is not among them. */
  read(keys: readonly string[], now: Date): Promise<readonly Count[]>;
  /** Forgets a count, for an operator's hand. */
  reset(key: string): Promise<void>;
}

/** The store does not answer. What follows is the platform's policy. */
export class CounterStoreUnavailableError extends Error {
  readonly store: 'redis' | 'postgres';

  constructor(store: 'redis' | 'postgres', cause: unknown) {
    super(`the counters in ${store} do not answer`, { cause });
    this.name = 'CounterStoreUnavailableError';
    this.store = store;
  }
}

/** The verdict over counts as they stand, the same for every store. */
export function firstExhausted(counts: readonly Count[]): Count | undefined {
  return counts.find((count) => count.used >= count.limit);
}
