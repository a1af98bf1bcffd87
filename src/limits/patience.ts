/** So many turns of the event loop, each of so many milliseconds. */
export interface Patience {
  readonly turns: number;
  readonly turnMs: number;
}

export class TooLateError extends Error {
  constructor({ turns, turnMs }: Patience) {
    super(`no answer within ${turns * turnMs} ms`);
    this.name = 'TooLateError';
  }
}

/**
 * Fails with TooLateError when the work takes longer. Many short turns and not one long timer: a process
 * that was busy with itself for a while, its answers waiting to be read, does not take a store for dead.
 */
export async function answered<Reply>(work: Promise<Reply>, patience: Patience): Promise<Reply> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  let left = patience.turns;
  const timer = setInterval(() => {
    left -= 1;
    if (left === 0) reject(new TooLateError(patience));
  }, patience.turnMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearInterval(timer);
  }
}
