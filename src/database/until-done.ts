import type { Notifications } from './notifications.ts';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2000;

/**
 * Reads something anew in the background after a notification. A failure is tried again, because the
 * notification does not come a second time; until the listener is lost, for its restoration asks again.
 * Runs do not overlap, so that an old answer never replaces a newer one.
 *
 * @param onFailure told of a run's first failure
 */
export function untilDone(
  notifications: Pick<Notifications, 'healthy'>,
  read: () => Promise<void>,
  onFailure: (error: unknown) => void = () => {},
): () => void {
  let wanted = 0;
  let running = false;

  async function run(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    let done = -1;
    do {
      const aim = wanted;
      try {
        await read();
        done = aim;
      } catch (error) {
        if (retryMs === FIRST_RETRY_MS) onFailure(error);
        await new Promise<void>((resolve) => {
          setTimeout(resolve, retryMs).unref();
        });
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      }
    } while (done !== wanted && notifications.healthy);
  }

  return () => {
    wanted += 1;
    if (running) return;
    running = true;
    void run().finally(() => {
      running = false;
    });
  };
}
