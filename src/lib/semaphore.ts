/** Lets a few pieces of work run at once, a few more wait in line, and turns the rest away. */
export interface Semaphore {
  /**
   * Runs the work when its turn comes.
   *
   * @param signal aborts the wait; work that has begun runs to its end
   * @throws SemaphoreFullError when the line is full; the signal's reason when aborted while waiting
   */
  run<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result>;
  readonly running: number;
  readonly waiting: number;
}

export class SemaphoreFullError extends Error {
  constructor() {
    super('Too much work is waiting already');
    this.name = 'SemaphoreFullError';
  }
}

/**
 * @param concurrency pieces of work that run at once, at least 1
 * @param maxWaiting pieces of work that may wait in line
 */
export function createSemaphore(concurrency: number, maxWaiting: number): Semaphore {
  const line = new Set<() => void>();
  let running = 0;

  function leave(): void {
    const [next] = line;
    if (next === undefined) {
      running -= 1;
      return;
    }
    // The place is handed over, never freed in between: a newcomer can't slip in before the line.
    line.delete(next);
    next();
  }

  function enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (running < concurrency) {
      running += 1;
      return Promise.resolve();
    }
    if (line.size >= maxWaiting) throw new SemaphoreFullError();
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        line.delete(turn);
        reject(signal?.reason);
      };
      line.add(turn);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  return {
    async run(work, signal) {
      await enter(signal);
      try {
        return await work();
      } finally {
        leave();
      }
    },
    get running() {
      return running;
    },
    get waiting() {
      return line.size;
    },
  };
}
