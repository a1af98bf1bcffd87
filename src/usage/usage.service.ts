import { type Database, isDatabaseUnavailable } from '../database/database.ts';
import type { Clock } from '../lib/clock.ts';
import type { Page } from '../lib/cursor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import type { Log } from '../lib/log.ts';
import { createSemaphore, type Semaphore, SemaphoreFullError } from '../lib/semaphore.ts';
import {
  addUsage,
  listUsage,
  USAGE_GROUPS,
  type UsageBucket,
  type UsageGroup,
} from './usage.store.ts';
import { createUsageRecorder, type Outcome } from './usage-recorder.ts';

/** Bucket lengths, and the longest range of each: days. Counts are kept for 400. */
export const USAGE_INTERVALS = {
  hour: { hours: 1, maxDays: 92 },
  day: { hours: 24, maxDays: 400 },
} as const;

export type UsageInterval = keyof typeof USAGE_INTERVALS;

export interface UsageQuery {
  /** Only this one's. */
  readonly organizationId?: string | undefined;
  /** Inclusive, taken down to the start of its bucket. Default: 24 hours before `to`. */
  readonly from?: Date | undefined;
  /** Exclusive, taken up to the end of its bucket. Default: the end of this hour. */
  readonly to?: Date | undefined;
  readonly interval: UsageInterval;
  readonly groupBy: readonly UsageGroup[];
  readonly credentialId?: string | undefined;
  /** As it is counted: `GET /v1/notes/*`. */
  readonly route?: string | undefined;
  readonly outcome?: Outcome | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export type UsageAnswer =
  | { readonly outcome: 'read'; readonly page: Page<UsageBucket> }
  /** So many read at once that nobody else would get at the database. */
  | { readonly outcome: 'busy' }
  | { readonly outcome: 'invalid'; readonly field: 'from'; readonly message: string };

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
/** A reader waits so long for what this process has not written yet: milliseconds. */
const FRESHNESS_PATIENCE_MS = 300;
/** Reading a long range keeps a database connection busy: few at once, so that the gate keeps its own. */
const READERS = 2;
const WAITING_READERS = 20;
/** What stands beside other things keeps one connection at the most, and nobody waits for it. */
const GLANCES = 1;

export type Usage = ReturnType<typeof createUsage>;

/** How much the platform's API is called: counted at every decision of the gate, read by hour and day. */
export function createUsage(deps: {
  database: Pick<Database, 'pool'>;
  clock: Clock;
  log: Pick<Log, 'warn' | 'error'>;
}) {
  const { database, clock, log } = deps;
  const { record, flush, settle } = createUsageRecorder({
    ...{ clock, log },
    write: (batch) => addUsage(database.pool, batch, clock.now()),
  });
  const readers = createSemaphore(READERS, WAITING_READERS);
  const glances = createSemaphore(GLANCES, 0);

  async function list(tenant: Tenant, query: UsageQuery, places: Semaphore): Promise<UsageAnswer> {
    const range = rangeOf(query, clock.now());
    if ('message' in range) return { outcome: 'invalid', ...range };
    const organizationId = query.organizationId ?? tenant.organizationId;
    const isForeign = tenant.organizationId !== null && organizationId !== tenant.organizationId;
    // The empty text stands for nobody known, whom no tenant is.
    const isNobody = organizationId !== null && !looksLikeId(organizationId);
    if (isForeign || isNobody || !isCounted(query)) {
      return { outcome: 'read', page: { items: [], nextCursor: null } };
    }
    const { credentialId, route, outcome, limit, cursor } = query;
    const filter = {
      ...range,
      ...{ organizationId, credentialId, route, outcome, limit, after: cursor },
      bucketHours: USAGE_INTERVALS[query.interval].hours,
      groupBy: USAGE_GROUPS.filter((group) => query.groupBy.includes(group)),
    };
    try {
      const page = await places.run(() => listUsage(database.pool, filter));
      return { outcome: 'read', page };
    } catch (error) {
      if (error instanceof SemaphoreFullError) return { outcome: 'busy' };
      throw error;
    }
  }

  return {
    record,
    flush,
    settle,

    /**
     * One page of buckets. What this process has counted is in there, what others have within seconds.
     *
     * @throws InvalidCursorError
     */
    async read(tenant: Tenant, query: UsageQuery): Promise<UsageAnswer> {
      await atMost(FRESHNESS_PATIENCE_MS, flush());
      return list(tenant, query, readers);
    },

    /**
     * As `read`, for what a page can do without: the counts of the last seconds may be missing, and it is
     * `busy` as soon as the database has no answer to spare.
     *
     * @throws InvalidCursorError
     */
    async glance(tenant: Tenant, query: UsageQuery): Promise<UsageAnswer> {
      try {
        return await list(tenant, query, glances);
      } catch (error) {
        if (isDatabaseUnavailable(error)) return { outcome: 'busy' };
        throw error;
      }
    },
  };
}

/** Whose requests may be seen; null: everybody's, and those of nobody known. */
interface Tenant {
  readonly organizationId: string | null;
}

/** Whether the fields asked for could be of any count: Postgres takes no NUL, even to look for. */
const isCounted = ({ credentialId, route }: UsageQuery) =>
  (credentialId === undefined || looksLikeId(credentialId)) && !route?.includes('\0');

/** Whole buckets. */
function rangeOf(
  { from, to, interval }: UsageQuery,
  now: Date,
): { from: Date; to: Date } | { field: 'from'; message: string } {
  const { hours, maxDays } = USAGE_INTERVALS[interval];
  const until = to ?? new Date(floored(now, 1).getTime() + HOUR_MS);
  const since = from ?? new Date(until.getTime() - DAY_HOURS * HOUR_MS);
  if (since >= until) {
    const end = to ? '`to`' : 'the end of this hour, which `to` is when it is left out';
    return { field: 'from', message: `must lie before ${end}` };
  }
  if (until.getTime() - since.getTime() > maxDays * DAY_HOURS * HOUR_MS) {
    const words = `lies too far before \`to\`: by ${interval}, at most ${maxDays} days are read at once`;
    return { field: 'from', message: words };
  }
  return { from: floored(since, hours), to: ceiled(until, hours) };
}

const floored = (date: Date, hours: number) =>
  new Date(Math.floor(date.getTime() / (hours * HOUR_MS)) * hours * HOUR_MS);

const ceiled = (date: Date, hours: number) =>
  new Date(Math.ceil(date.getTime() / (hours * HOUR_MS)) * hours * HOUR_MS);

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, patience]).finally(() => clearTimeout(timer));
}
