import type { Clock } from '../lib/clock.ts';
import type { UsageBar, UsageChart, UsageRangeKind } from '../pages/usage-models.ts';
import type { DenialReason } from '../platform/denial-reasons.ts';
import { USAGE_INTERVALS, type Usage, type UsageInterval } from '../usage/usage.service.ts';
import type { UsageBucket } from '../usage/usage.store.ts';

/** Which requests a report is of; what is left out does not narrow it. */
export interface UsageNarrowing {
  readonly credentialId?: string | undefined;
  readonly route?: string | undefined;
}

/** The requests of an organization over a time, as a chart. */
export type UsageReports = (
  organizationId: string,
  kind: UsageRangeKind,
  narrowing: UsageNarrowing,
) => Promise<UsageChart | 'busy'>;

interface Range {
  readonly interval: UsageInterval;
  readonly bars: number;
  /** Every so many bars, the start is written. */
  readonly markEvery: number;
}

/** The bar under way is the last one. */
const RANGES: Readonly<Record<UsageRangeKind, Range>> = {
  day: { interval: 'hour', bars: 24, markEvery: 6 },
  week: { interval: 'day', bars: 7, markEvery: 1 },
  month: { interval: 'day', bars: 30, markEvery: 7 },
};

export const USAGE_RANGES = Object.keys(RANGES) as UsageRangeKind[];

const HOUR_MS = 3_600_000;
/** A bar has as many buckets as there are outcomes, at the most. */
const MOST_BUCKETS = 1_000;
/** Of the width that a bar has to itself. */
const BAR_SHARE = 0.72;
const HEIGHT = 100;

export function createUsageReports(deps: {
  usage: Pick<Usage, 'read'>;
  clock: Clock;
}): UsageReports {
  return async (organizationId, kind, narrowing) => {
    const { interval, bars } = RANGES[kind];
    const barMs = USAGE_INTERVALS[interval].hours * HOUR_MS;
    const to = new Date((Math.floor(deps.clock.now().getTime() / barMs) + 1) * barMs);
    const from = new Date(to.getTime() - bars * barMs);
    const answer = await deps.usage.read(
      { organizationId },
      { ...narrowing, interval, from, to, groupBy: ['outcome'], limit: MOST_BUCKETS },
    );
    if (answer.outcome === 'invalid') throw new Error(answer.message);
    if (answer.outcome === 'busy') return 'busy';
    const starts = Array.from({ length: bars }, (_, i) => new Date(from.getTime() + i * barMs));
    return chartOf(kind, starts, answer.page.items);
  };
}

/** Bars that stand side by side, the refused requests of each on top of the allowed ones. */
export function chartOf(
  kind: UsageRangeKind,
  starts: readonly Date[],
  buckets: readonly Pick<UsageBucket, 'start' | 'outcome' | 'requests'>[],
): UsageChart {
  const counts = starts.map((start) => {
    const own = buckets.filter((bucket) => bucket.start.getTime() === start.getTime());
    const allowed = sum(own.filter(({ outcome }) => outcome === 'allowed'));
    return { start, allowed, refused: sum(own) - allowed };
  });
  const top = roundUp(Math.max(...counts.map(({ allowed, refused }) => allowed + refused)));
  const slot = 100 / starts.length;
  const bars = counts.map(
    (count, index): UsageBar => ({
      ...count,
      x: rounded(slot * (index + (1 - BAR_SHARE) / 2)),
      width: rounded(slot * BAR_SHARE),
      allowedHeight: rounded((count.allowed / top) * HEIGHT),
      refusedHeight: rounded((count.refused / top) * HEIGHT),
      marked: isMarked(index, counts.length, RANGES[kind].markEvery),
    }),
  );
  const allowed = counts.reduce((all, each) => all + each.allowed, 0);
  const refused = counts.reduce((all, each) => all + each.refused, 0);
  return { kind, bars, allowed, refused, top, reasons: reasonsOf(buckets) };
}

function reasonsOf(buckets: readonly Pick<UsageBucket, 'outcome' | 'requests'>[]) {
  const refusals = buckets.filter(({ outcome }) => outcome !== 'allowed');
  return [...Map.groupBy(refusals, ({ outcome }) => outcome as DenialReason)]
    .map(([error, own]) => ({ error, requests: sum(own) }))
    .toSorted((one, other) => other.requests - one.requests);
}

/** Words that begin close to the right edge would not fit. */
const isMarked = (index: number, bars: number, every: number) =>
  index % every === 0 && index + every * 0.6 <= bars;

const sum = (buckets: readonly { requests: number }[]) =>
  buckets.reduce((all, { requests }) => all + requests, 0);

/** To one digit and noughts, at least 4; half of it is a whole figure, which stands at the line in the middle. */
function roundUp(figure: number): number {
  if (figure <= 4) return 4;
  const magnitude = 10 ** Math.floor(Math.log10(figure));
  return magnitude * ([1, 2, 3, 4, 6, 8, 10].find((step) => step * magnitude >= figure) ?? 10);
}

const rounded = (figure: number) => Math.round(figure * 100) / 100;
