import type { Executor } from '../database/executor.ts';
import type { Page } from '../lib/cursor.ts';
import { pageOf, readCursor } from '../lib/cursor.ts';
import type { Outcome, UsageBatch, UsageCount } from './usage-recorder.ts';

/** What the requests of a bucket can be told apart by. */
export const USAGE_GROUPS = ['route', 'credential', 'outcome'] as const;

export type UsageGroup = (typeof USAGE_GROUPS)[number];

/** An hour or a day (UTC) of an organization, and of every field it was asked to be told apart by. */
export interface UsageBucket {
  readonly start: Date;
  /** Null: not known, or no tenant. */
  readonly organizationId: string | null;
  readonly requests: number;
  /** Absent: not asked for. Null: not known. */
  readonly credentialKind?: string | null;
  readonly credentialId?: string | null;
  readonly route?: string | null;
  readonly outcome?: Outcome;
}

export interface UsageFilter {
  /** The start of a bucket. */
  readonly from: Date;
  /** The start of the first bucket that is too late. */
  readonly to: Date;
  readonly bucketHours: number;
  readonly groupBy: readonly UsageGroup[];
  /** Null: all, and requests that no organization is known for; for the operator's eyes only. */
  readonly organizationId: string | null;
  readonly credentialId?: string | undefined;
  readonly route?: string | undefined;
  readonly outcome?: string | undefined;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly after?: string | undefined;
}

const HOUR_MS = 3_600_000;
const SLICE_MS = 31 * 24 * HOUR_MS;
/** The hour a bucket starts in, and the digest that it is known by in there. */
const POSITION = /^\d{1,7}-[0-9a-f]{64}$/;

/**
 * Adds a batch to the counts, once: with the id of a batch that was added before, nothing happens, and
 * while such a one is under way, this one waits to learn its end. Rows are taken in one order by every
 * process, so that none waits for another in a circle.
 */
export async function addUsage(executor: Executor, batch: UsageBatch, now: Date): Promise<void> {
  const column = <Name extends keyof UsageCount>(name: Name) =>
    batch.counts.map((count) => count[name]);
  await executor.query({
    name: 'add_usage',
    text: `WITH batch AS (
             INSERT INTO usage_batches (id, written_at) VALUES ($1, $2)
             ON CONFLICT (id) DO NOTHING RETURNING id)
           INSERT INTO usage_counts AS counted (hour, organization_id, credential_kind,
             credential_id, route, outcome, requests)
           SELECT to_timestamp(hour * 3600.0), organization_id, credential_kind, credential_id,
             route, outcome, requests
           FROM unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
             $9::bigint[]) AS gathered(hour, organization_id, credential_kind, credential_id,
             route, outcome, requests)
           WHERE EXISTS (SELECT FROM batch)
           ORDER BY organization_id, hour, credential_kind, credential_id, route, outcome
           ON CONFLICT (organization_id, hour, credential_kind, credential_id, route, outcome)
             DO UPDATE SET requests = counted.requests + EXCLUDED.requests`,
    values: [
      ...[batch.id, now, column('hour'), column('organizationId'), column('credentialKind')],
      ...[column('credentialId'), column('route'), column('outcome'), column('requests')],
    ],
  });
}

const COLUMNS: Readonly<Record<UsageGroup, readonly string[]>> = {
  route: ['route'],
  credential: ['credential_kind', 'credential_id'],
  outcome: ['outcome'],
};

interface Row {
  start: Date;
  /** Of the fields that the buckets of one start differ in. */
  digest: string;
  /** A bigint, as text. */
  requests: string;
  organization_id: string;
  credential_kind?: string;
  credential_id?: string;
  route?: string;
  outcome?: Outcome;
}

/**
 * One page of buckets, in the order of time; empty ones are left out. What lies behind the page is not
 * read, and no statement reads more than a month.
 *
 * @throws InvalidCursorError
 */
export async function listUsage(
  executor: Executor,
  filter: UsageFilter,
): Promise<Page<UsageBucket>> {
  // A place in a list of other buckets is none in this one.
  const list = ['usage', filter.bucketHours, ...filter.groupBy].join(' ');
  const after = positionOf(readCursor(list, filter.after, POSITION), filter.bucketHours);
  const wanted = filter.limit + 1;
  const rows: Row[] = [];
  let from = after && after.start > filter.from ? after.start : filter.from;
  while (from < filter.to && rows.length < wanted) {
    const to = new Date(Math.min(from.getTime() + SLICE_MS, filter.to.getTime()));
    const slice = { ...filter, from, to, limit: wanted - rows.length };
    rows.push(...(await readSlice(executor, slice, after)));
    from = to;
  }
  const page = pageOf(list, rows, filter.limit, (row) => {
    return `${row.start.getTime() / HOUR_MS}-${row.digest}`;
  });
  return { ...page, items: page.items.map(toBucket) };
}

/** Buckets are made one start after the other, until there are enough of them. */
async function readSlice(
  executor: Executor,
  filter: UsageFilter,
  after: Position | undefined,
): Promise<Row[]> {
  const columns = ['organization_id', ...filter.groupBy.flatMap((group) => COLUMNS[group])];
  const names = columns.join(', ');
  const { rows } = await executor.query<Row>(
    `SELECT bucket.start, counted.*
     FROM (SELECT start FROM generate_series($1::timestamptz, $2::timestamptz - $3::interval,
             $3::interval) AS series(start) ORDER BY start) AS bucket
     CROSS JOIN LATERAL (
       SELECT ${names}, sum(requests)::bigint AS requests,
         encode(sha256(convert_to(concat_ws(chr(10), ${names}), 'UTF8')), 'hex') AS digest
       FROM usage_counts
       WHERE hour >= bucket.start AND hour < bucket.start + $3::interval
         AND ($4::text IS NULL OR organization_id = $4)
         AND ($5::text IS NULL OR credential_id = $5)
         AND ($6::text IS NULL OR route = $6) AND ($7::text IS NULL OR outcome = $7)
       GROUP BY ${names}) AS counted
     WHERE $8::timestamptz IS NULL OR (bucket.start, counted.digest) > ($8, $9::text)
     ORDER BY bucket.start, counted.digest LIMIT $10`,
    [
      ...[filter.from, filter.to, `${filter.bucketHours} hours`, filter.organizationId],
      ...[filter.credentialId ?? null, filter.route ?? null, filter.outcome ?? null],
      ...[after?.start ?? null, after?.digest ?? null, filter.limit],
    ],
  );
  return rows;
}

/** Where a page ended. */
interface Position {
  readonly start: Date;
  readonly digest: string;
}

function positionOf(text: string | undefined, bucketHours: number): Position | undefined {
  if (text === undefined) return undefined;
  const [hour, digest] = text.split('-') as [string, string];
  // One that somebody made up may lie in the middle of a bucket.
  const startHour = Number(hour) - (Number(hour) % bucketHours);
  return { start: new Date(startHour * HOUR_MS), digest };
}

function toBucket(row: Row): UsageBucket {
  return {
    start: row.start,
    organizationId: row.organization_id || null,
    requests: Number(row.requests),
    ...(row.credential_kind === undefined ? {} : { credentialKind: row.credential_kind || null }),
    ...(row.credential_id === undefined ? {} : { credentialId: row.credential_id || null }),
    ...(row.route === undefined ? {} : { route: row.route || null }),
    ...(row.outcome === undefined ? {} : { outcome: row.outcome }),
  };
}
