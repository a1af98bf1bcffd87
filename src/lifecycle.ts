import { type Log, reasonOf } from './database/log.ts';

/** From SIGTERM to the end, in any case: milliseconds. Docker kills after ten seconds. */
const STOP_PATIENCE_MS = 9_500;

/** What a process has begun, and how it ends. */
export interface Lifecycle {
  /**
   * Says how to end what was just begun; ends come in the opposite order.
   *
   * @throws StoppedError when a signal has come meanwhile: the start goes no further
   */
  onStop(stop: () => Promise<unknown>): void;
  /**
   * Runs the start; when it fails, what it had begun is ended.
   *
   * @throws what the start threw, unless a signal stopped it
   */
  start(work: () => Promise<void>): Promise<void>;
  /** For a signal: ends everything, whether it is still starting or not, and exits. */
  stopOn(signal: NodeJS.Signals): void;
}

class StoppedError extends Error {}

export function createLifecycle(options: { log: Log; exit: (code: number) => void }): Lifecycle {
  const { log, exit } = options;
  const stops: (() => Promise<unknown>)[] = [];
  let starting = false;
  let stopping = false;

  async function stopAll(): Promise<void> {
    for (let stop = stops.pop(); stop; stop = stops.pop()) {
      await stop().catch((error: unknown) => {
        log.error({ err: error }, 'a part did not stop as it should');
      });
    }
  }

  return {
    onStop(stop) {
      stops.push(stop);
      if (stopping) throw new StoppedError();
    },
    async start(work) {
      starting = true;
      try {
        await work();
      } catch (error) {
        await stopAll();
        if (!stopping) throw error;
        if (!(error instanceof StoppedError)) {
          log.warn({ reason: reasonOf(error) }, 'the start had failed');
        }
      }
      starting = false;
      if (stopping) await stopAll().then(() => exit(0));
    },
    stopOn(signal) {
      if (stopping) return;
      stopping = true;
      log.info({ signal }, 'stopping: finishing what is in flight');
      setTimeout(() => {
        log.warn('not everything could be finished in time');
        exit(1);
      }, STOP_PATIENCE_MS).unref();
      // A start under way notices at its next step.
      if (!starting) void stopAll().then(() => exit(0));
    },
  };
}
