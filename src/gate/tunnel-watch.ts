import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Log } from '../lib/log.ts';
import type { DenialReason } from '../platform/denial-reasons.ts';
import type { Denial } from './context.ts';

const LOOK_MS = 1_000;

/** Answers that have to be waited for: so many at once, that requests find a connection, too. */
const ASKED_AT_ONCE = 4;

/** Asked without waiting before whatever else there is to do has its turn. */
const ASKED_IN_A_TURN = 64;

/** Whether a tunnel may stay open: undefined, or the denial. */
export type StillHolds = () => Denial | undefined | Promise<Denial | undefined>;

/** Has an eye on open tunnels, all of them by one timer, which runs while there are any. */
export interface TunnelWatch {
  /**
   * Asks every second, as a rule; what the database keeps waiting is asked again when it has answered.
   *
   * @param onNo called once at most. Not when it can't be told now, as with a database that is away: what
   *   was allowed stays so until somebody says no
   */
  watch(stillHolds: StillHolds, onNo: (reason: DenialReason) => void): { stop(): void };
}

interface Watched {
  readonly stillHolds: StillHolds;
  readonly onNo: (reason: DenialReason) => void;
}

export function createTunnelWatch({ log }: { log: Pick<Log, 'error'> }): TunnelWatch {
  const watched = new Set<Watched>();
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;

  function unwatch(one: Watched): void {
    watched.delete(one);
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  function conclude(one: Watched, denial: Denial | undefined): void {
    if (!denial || denial.reason === 'temporarily_unavailable' || !watched.has(one)) return;
    unwatch(one);
    one.onNo(denial.reason);
  }

  async function askEach(line: Iterable<Watched>, failures: unknown[]): Promise<void> {
    let asked = 0;
    for (const one of line) {
      try {
        const answer = one.stillHolds();
        conclude(one, answer instanceof Promise ? await answer : answer);
      } catch (error) {
        failures.push(error);
      }
      asked += 1;
      if (asked % ASKED_IN_A_TURN === 0) await nextTurn();
    }
  }

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    // One line for all who ask: each tunnel is taken by one of them.
    const line = [...watched].values();
    const failures: unknown[] = [];
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, () => askEach(line, failures)));
    isLooking = false;
    if (failures.length === 0) return;
    const [err] = failures;
    log.error({ err, tunnels: failures.length }, 'whether tunnels may stay open is not known');
  }

  return {
    watch(stillHolds, onNo) {
      const one = { stillHolds, onNo };
      watched.add(one);
      timer ??= setInterval(look, LOOK_MS);
      return { stop: () => unwatch(one) };
    },
  };
}
