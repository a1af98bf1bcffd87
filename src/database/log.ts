import type { Log } from '../lib/log.ts';

export type { Log };

const nothing = (): void => {};

/** For callers without a logger. */
export const silentLog: Log = { info: nothing, warn: nothing, error: nothing, debug: nothing };

/** What an unknown thrown value has to say, in one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}
