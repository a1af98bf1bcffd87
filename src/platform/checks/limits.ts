import { durationSeconds, limitKind, windowSeconds } from '../durations.ts';
import type { FilePath } from '../problems.ts';
import type { PartialPlatformFile } from '../schema-problems.ts';
import { entries, type Finding } from './check.ts';

/** As far as Postgres counts: its type integer. What a higher figure promised could not be kept. */
const HIGHEST_FIGURE = 2_147_483_647;

/** The end of a window must be a time that Postgres and JavaScript have. */
const LONGEST_WINDOW = '36500d';

/** What is counted in Postgres: quotas, the keys that strangers get, the deliveries of a webhook. */
export function* durableCounts(file: PartialPlatformFile): Iterable<Finding> {
  const quotas = entries(file.limits, ['limits']).filter(([, { window }]) => isQuota(window));
  for (const [, quota, at] of quotas) yield* outOfReach(quota, at);
  const names = quotas.map(([name]) => name);
  for (const [, { limits }, at] of entries(file.plans, ['plans'])) {
    for (const [name, limit, place] of entries(limits, [...at, 'limits'])) {
      if (names.includes(name)) yield* tooHigh(limit, place);
    }
  }
  yield* outOfReach(file.playground_keys?.issue_rate, ['playground_keys', 'issue_rate']);
  yield* outOfReach(file.webhooks?.delivery_rate, ['webhooks', 'delivery_rate']);
}

const isQuota = (window: string | undefined) =>
  window !== undefined && limitKind(windowSeconds(window)) === 'quota';

function* outOfReach(
  count: { limit?: number | undefined; window?: string | undefined } | undefined,
  at: FilePath,
): Iterable<Finding> {
  yield* tooHigh(count?.limit, [...at, 'limit']);
  yield* tooLong(count?.window, [...at, 'window']);
}

function* tooHigh(figure: number | undefined, at: FilePath): Iterable<Finding> {
  if (figure === undefined || figure <= HIGHEST_FIGURE) return;
  yield {
    at,
    expected: `at most ${HIGHEST_FIGURE}: further it cannot be counted`,
    found: String(figure),
    hint: `Write ${HIGHEST_FIGURE} where there shall be as good as no limit.`,
  };
}

function* tooLong(window: string | undefined, at: FilePath): Iterable<Finding> {
  if (window === undefined || window === 'lifetime') return;
  if (durationSeconds(window) <= durationSeconds(LONGEST_WINDOW)) return;
  yield { at, expected: `at most ${LONGEST_WINDOW}`, found: window };
}
