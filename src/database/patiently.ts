import { setTimeout as sleep } from 'node:timers/promises';
import { isDatabaseUnavailable } from './unavailable.ts';

const PATIENCE_MS = 10_000;
const PAUSE_MS = 100;

/**
 * For the steps of a start: processes that start together wait for each other's locks longer than a
 * statement may take, so what failed for the moment only is tried again for ten seconds.
 */
export async function patiently<Result>(work: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isDatabaseUnavailable(error) || performance.now() > deadline) throw error;
    }
    await sleep(PAUSE_MS);
  }
}
