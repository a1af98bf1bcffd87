/** What the client takes from its surroundings; all of it can be given. */
export interface Runtime {
  readonly fetch: typeof globalThis.fetch;
  /** Variables by name. Default: the process's, where there is one. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Seconds since the epoch. */
  readonly now: () => number;
  /** Rejects with the signal's reason when that is aborted. */
  readonly sleep: (seconds: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 up to 1. */
  readonly random: () => number;
}

export const createRuntime = (given: Partial<Runtime> = {}): Runtime => ({
  // Called as a plain function: browsers refuse another `this`.
  fetch: (input, init) => globalThis.fetch(input, init),
  env: environment(),
  now: () => Date.now() / 1000,
  sleep,
  random: Math.random,
  ...given,
});

function environment(): Runtime['env'] {
  const { process } = globalThis as { process?: { env?: Runtime['env'] } };
  return process?.env ?? {};
}

function sleep(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
