import type { Log } from './log.ts';

/** Small jobs that run again and again in the background of a process. */
export interface Schedule {
  /** Runs `job` every `intervalMs`, one run at a time; a failure is logged and tried again next time. */
  every(intervalMs: number, name: string, job: () => Promise<unknown>): void;
  /** Waits for what is running. */
  stop(): Promise<void>;
}

export function createSchedule({ log }: { log: Log }): Schedule {
  const timers: NodeJS.Timeout[] = [];
  const running = new Set<Promise<unknown>>();
  return {
    every(intervalMs, name, job) {
      let busy = false;
      const timer = setInterval(() => {
        if (busy) return;
        busy = true;
        const run = job()
          .catch((error: unknown) => log.warn({ err: error }, `${name}: will be tried again`))
          .finally(() => {
            busy = false;
            running.delete(run);
          });
        running.add(run);
      }, intervalMs);
      timer.unref();
      timers.push(timer);
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running);
    },
  };
}
