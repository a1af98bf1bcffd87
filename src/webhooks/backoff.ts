const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];

/** Milliseconds after the first failure, the second, and so on: 23 hours and 42 minutes together. */
const DELAYS_MS = [
  ...[5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE],
  ...[1 * HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 10 * HOUR],
];

/** Each delay differs by up to a fifth, so that what failed together does not come back together. */
const JITTER = 0.2;

/** How long to wait after so many failures, in milliseconds; undefined: it is given up. */
export type Backoff = (failures: number) => number | undefined;

/** Ten more attempts over a day. */
export const overADay: Backoff = (failures) => {
  const delay = DELAYS_MS[failures - 1];
  return delay === undefined
    ? undefined
    : Math.round(delay * (1 + JITTER * (2 * Math.random() - 1)));
};
