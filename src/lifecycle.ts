import { type Log, reasonOf } from './database/log.ts';

/** From the signal to the end, in any case: milliseconds. Docker kills after ten seconds. */
const STOP_PATIENCE_MS = 9_500;

/** How long a part that is late has for ending in a hurry. */
const HURRY_MS = 400;

/** Signals that close are one Ctrl-C: the terminal sends it to all of `npm start`, and npm hands it on. */
const SAME_SIGNAL_MS = 500;

/** Ends a part. When `late` aborts it has to drop what is still under way. */
export type Stop = (late: AbortSignal) => Promise<unknown>;

/** What a process has begun, and how it ends. */
export interface Lifecycle {
  /**
   * Says how to end what was just begun; ends come in the opposite order.
   *
   * @param timeMs what is kept for it of the time for all. What the parts before it left over is its too.
   * @throws StoppedError when a signal has come meanwhile: the start goes no further
   */
  onStop(timeMs: number, stop: Stop): void;
  /**
   * Waits for a step of the start. A signal ends the wait: what is under way then is left to end with the
   * process, so it must be a step that may be cut off anywhere, as by a kill.
   *
   * @throws StoppedError when a signal comes meanwhile
   */
  step<Result>(work: Promise<Result>): Promise<Result>;
  /**
   * Runs the start; when it fails, what it had begun is ended.
   *
   * @throws what the start threw, unless a signal stopped it
   */
  start(work: () => Promise<void>): Promise<void>;
  /** For a signal: ends everything, whether it is still starting or not, and exits. A second Ctrl-C exits at once. */
  stopOn(signal: NodeJS.Signals): void;
}

class StoppedError extends Error {}

export function createLifecycle(options: {
  log: Log;
  exit: (code: number) => void;
  /** From a signal to the exit; default 9.5 seconds. */
  patienceMs?: number;
}): Lifecycle {
  const { log, exit, patienceMs = STOP_PATIENCE_MS } = options;
  const parts: { timeMs: number; stop: Stop }[] = [];
  let starting = false;
  /** When the signal came. */
  let signalledAt: number | undefined;
  const signalled = Promise.withResolvers<never>();
  signalled.promise.catch(() => {});

  /** @returns whether every part ended in its time */
  async function stopAll(): Promise<boolean> {
    const deadline = (signalledAt ?? performance.now()) + patienceMs;
    let inTime = true;
    for (let part = parts.pop(); part; part = parts.pop()) {
      const kept = parts.reduce((sum, { timeMs }) => sum + timeMs, 0);
      const leftMs = Math.max(0, Math.floor(deadline - kept - performance.now()));
      if (!(await endsWithin(leftMs, part.stop))) inTime = false;
    }
    return inTime;
  }

  async function endsWithin(timeMs: number, stop: Stop): Promise<boolean> {
    const ended = stop(AbortSignal.timeout(Math.max(0, timeMs - HURRY_MS))).catch(
      (error: unknown) => log.error({ err: error }, 'a part did not stop as it should'),
    );
    const { promise: tooLate, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), timeMs);
    const inTime = await Promise.race([ended.then(() => true), tooLate]);
    clearTimeout(timer);
    if (!inTime) log.warn('a part took too long to stop and was left behind');
    return inTime;
  }

  const finish = async () => {
    const inTime = await stopAll();
    log.info('stopped');
    exit(inTime ? 0 : 1);
  };

  return {
    onStop(timeMs, stop) {
      parts.push({ timeMs, stop });
      if (signalledAt !== undefined) throw new StoppedError();
    },
    step: (work) => Promise.race([work, signalled.promise]),
    async start(work) {
      starting = true;
      try {
        await work();
      } catch (error) {
        if (signalledAt === undefined) {
          await stopAll();
          throw error;
        }
        if (!(error instanceof StoppedError)) {
          log.warn({ reason: reasonOf(error) }, 'the start had failed');
        }
      }
      starting = false;
      if (signalledAt !== undefined) await finish();
    },
    stopOn(signal) {
      const now = performance.now();
      if (signalledAt !== undefined) {
        if (signal === 'SIGINT' && now - signalledAt > SAME_SIGNAL_MS) exit(130);
        return;
      }
      signalledAt = now;
      signalled.reject(new StoppedError());
      log.info({ signal }, 'stopping: finishing what is in flight');
      setTimeout(() => {
        log.warn('not everything could be finished in time');
        exit(1);
      }, patienceMs).unref();
      // A start under way notices at its next step.
      if (!starting) void finish();
    },
  };
}
