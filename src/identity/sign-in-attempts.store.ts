import { type Executor, WITHOUT_WAITING_FOR_DISK } from '../database/executor.ts';

/** At most `limit` attempts under one key within a window that begins with the first of them. */
export interface AttemptBudget {
  key: string;
  limit: number;
  windowMs: number;
  /** Kept down by the attempt that is refused first, for {@link listRefusals}; absent: nothing is. */
  refusal?: RefusalNote;
}

export interface RefusalNote {
  /** Grows with time. */
  id: string;
  /** Whose account it is, where it is one that has an e-mail address. */
  maskedEmail: string | null;
}

/** The outcome of taking an attempt from a budget. */
export interface TakenAttempt {
  admitted: boolean;
  /** The first one refused in this window: worth a line in the audit log, unlike the thousand after it. */
  firstRefusal: boolean;
  windowEndsAt: Date;
}

/**
 * Takes one attempt from a budget, in one statement: however many callers come at once, `limit` of them
 * are admitted. The count stops at limit + 2, which is how a first refusal is told from the next, and a
 * refused attempt never moves the end of the window.
 */
export async function takeAttempt(
  executor: Executor,
  budget: AttemptBudget,
  now: Date,
): Promise<TakenAttempt> {
  const { rows } = await executor.query<{ attempts: number; windowEndsAt: Date }>({
    name: 'identity.take-attempt',
    text: `WITH taken AS (${take({ key: '$2', endsAt: '$3', limit: '$4', id: '$5', mask: '$6' })})
      SELECT attempts, window_ends_at AS "windowEndsAt" FROM taken`,
    values: [now, ...valuesOf(budget, now), ...refusalOf(budget)],
  });
  const { attempts, windowEndsAt } = rows[0]!;
  return {
    ...{ admitted: attempts <= budget.limit, firstRefusal: attempts === budget.limit + 1 },
    windowEndsAt,
  };
}

const valuesOf = ({ key, limit, windowMs }: AttemptBudget, now: Date): unknown[] => [
  ...[key, new Date(now.getTime() + windowMs), limit],
];

const refusalOf = ({ refusal }: AttemptBudget): unknown[] => [
  ...[refusal?.id ?? null, refusal?.maskedEmail ?? null],
];

/**
 * The refusal is written by the statement that refuses, so that there is none without it; for a window that
 * already refused when processes kept none, by the next. `$1` is now.
 */
function take(
  parameters: { key: string; endsAt: string; limit: string; id: string; mask: string },
  from = '',
): string {
  const { key, endsAt, limit, id, mask } = parameters;
  const ofRefusal = (column: string, value: string) => `${column} = CASE
      WHEN counted.window_ends_at <= $1 OR counted.attempts < ${limit} THEN NULL
      WHEN counted.attempts = ${limit} OR counted.refusal_id IS NULL THEN ${value}::text
      ELSE counted.${column} END`;
  return `
  INSERT INTO sign_in_attempts AS counted (key, attempts, window_ends_at)
  SELECT ${key}, 1, ${endsAt}::timestamptz ${from}
  ON CONFLICT (key) DO UPDATE SET
    attempts = CASE WHEN counted.window_ends_at <= $1 THEN 1
      ELSE least(counted.attempts + 1, ${limit}::integer + 2) END,
    window_ends_at = CASE WHEN counted.window_ends_at <= $1 THEN excluded.window_ends_at
      ELSE counted.window_ends_at END,
    ${ofRefusal('refusal_id', id)},
    ${ofRefusal('masked_email', mask)}
  RETURNING attempts, window_ends_at`;
}

/** A query whose row comes along, in the same round trip; its parameters begin at $8. */
export interface Alongside<Row> {
  /** Of the prepared statement. */
  readonly name: string;
  readonly query: string;
  readonly values: readonly unknown[];
  /** Only says what the query's columns are. */
  readonly row?: Row;
}

/**
 * Takes one attempt from each of two budgets, in one statement; from the second only if the first had one
 * left. A crash of the database may forget the attempts of its last half second.
 *
 * @param alongside asked only when both are admitted
 * @returns the second is undefined when it was not asked
 */
export async function takeTwoAttempts<Row extends object>(
  executor: Executor,
  first: AttemptBudget,
  second: AttemptBudget,
  now: Date,
  alongside: Alongside<Row> = NOTHING_ALONGSIDE,
): Promise<{ first: TakenAttempt; second: TakenAttempt | undefined; row: Row }> {
  const $ = (index: number) => `$${8 + alongside.values.length + index}`;
  const { rows } = await executor.query<
    Row & {
      firstAttempts: number;
      firstEndsAt: Date;
      secondAttempts: number | null;
      secondEndsAt: Date | null;
    }
  >({
    name: alongside.name,
    text: `WITH first AS (${take({ key: '$2', endsAt: '$3', limit: '$4', id: $(0), mask: $(1) })}),
      second AS (${take(
        { key: '$5', endsAt: '$6', limit: '$7', id: $(2), mask: $(3) },
        'FROM first WHERE first.attempts <= $4',
      )})
      SELECT first.attempts AS "firstAttempts", first.window_ends_at AS "firstEndsAt",
        second.attempts AS "secondAttempts", second.window_ends_at AS "secondEndsAt", alongside.*
      FROM first LEFT JOIN second ON true
        LEFT JOIN LATERAL (${alongside.query}) AS alongside ON second.attempts <= $7
      WHERE ${WITHOUT_WAITING_FOR_DISK}`,
    values: [
      now,
      ...[...valuesOf(first, now), ...valuesOf(second, now), ...alongside.values],
      ...[...refusalOf(first), ...refusalOf(second)],
    ],
  });
  const row = rows[0]!;
  const taken = (attempts: number, limit: number, windowEndsAt: Date): TakenAttempt => ({
    ...{ admitted: attempts <= limit, firstRefusal: attempts === limit + 1, windowEndsAt },
  });
  return {
    row,
    first: taken(row.firstAttempts, first.limit, row.firstEndsAt),
    second:
      row.secondAttempts === null
        ? undefined
        : taken(row.secondAttempts, second.limit, row.secondEndsAt!),
  };
}

const NOTHING_ALONGSIDE: Alongside<never> = {
  name: 'identity.take-two-attempts',
  query: 'SELECT',
  values: [],
};

/** Gives one attempt back to the window it was taken from, if that is still the current one. */
export async function returnAttempt(
  executor: Executor,
  { key, limit }: AttemptBudget,
  windowEndsAt: Date,
): Promise<void> {
  await executor.query({
    name: 'identity.return-attempt',
    text: `UPDATE sign_in_attempts SET attempts = least(attempts, $3) - 1
     WHERE key = $1 AND window_ends_at = $2 AND attempts > 0`,
    values: [key, windowEndsAt, limit],
  });
}

/** What a success does to the counts. */
export interface Settlement {
  readonly forgotten: { readonly key: string; readonly windowEndsAt: Date };
  readonly returned: { readonly budget: AttemptBudget; readonly windowEndsAt: Date };
}

/**
 * Gives one attempt back to a window, and forgets every attempt of another: as parts of a WITH in which
 * `admitted` has a row if it is a success. In the order in which {@link takeTwoAttempts} takes them, so
 * that two of these never wait for each other.
 *
 * @param from number of the first of its five parameters
 */
export function settling(
  { forgotten, returned }: Settlement,
  from: number,
): { parts: string; values: unknown[] } {
  const $ = (index: number) => `$${from + index}`;
  return {
    parts: `returned AS (
        UPDATE sign_in_attempts SET attempts = least(attempts, ${$(2)}::integer) - 1
        WHERE key = ${$(0)} AND window_ends_at = ${$(1)} AND attempts > 0
          AND EXISTS (SELECT FROM admitted)
        RETURNING key),
      forgotten AS (
        DELETE FROM sign_in_attempts USING (SELECT count(key) FROM returned) AS first
        WHERE sign_in_attempts.key = ${$(3)} AND window_ends_at = ${$(4)}
          AND EXISTS (SELECT FROM admitted))`,
    values: [
      ...[returned.budget.key, returned.windowEndsAt, returned.budget.limit],
      ...[forgotten.key, forgotten.windowEndsAt],
    ],
  };
}

/** {@link settling} by itself. */
export async function settleAttempts(executor: Executor, settlement: Settlement): Promise<void> {
  const { parts, values } = settling(settlement, 1);
  await executor.query({
    name: 'identity.settle-attempts',
    text: `WITH admitted AS (SELECT), ${parts} SELECT`,
    values,
  });
}

/** The counts of windows that go on, by their keys; what is not counted is not in it. */
export async function findAttempts(
  executor: Executor,
  keys: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, { attempts: number; windowEndsAt: Date }>> {
  const { rows } = await executor.query<{ key: string; attempts: number; windowEndsAt: Date }>(
    `SELECT key, attempts, window_ends_at AS "windowEndsAt" FROM sign_in_attempts
     WHERE key = ANY ($1) AND window_ends_at > $2 AND attempts > 0`,
    [keys, now],
  );
  return new Map(rows.map(({ key, ...counted }) => [key, counted]));
}

/** A window that refuses all further attempts until it ends. */
export interface RefusingWindow {
  /** Of the refusal; another window under the same key has another. */
  id: string;
  /** What is counted: the key's first word. */
  kind: string;
  /** The key's other words. */
  counted: string;
  maskedEmail: string | null;
  attempts: number;
  windowEndsAt: Date;
}

/** Which windows to read: those past their limit. */
export interface RefusalFilter {
  /** By kind. */
  limits: Readonly<Record<string, number>>;
  now: Date;
  /** What no refusal of a window that goes on is below. */
  from: string;
}

const REFUSING = `SELECT refusal_id AS id, split_part(key, ':', 1) AS kind,
    substr(key, strpos(key, ':') + 1) AS counted, masked_email AS "maskedEmail", attempts,
    window_ends_at AS "windowEndsAt"
  FROM sign_in_attempts
  WHERE window_ends_at > $1 AND attempts > ($2::jsonb ->> split_part(key, ':', 1))::integer`;

/** The newest refusal first. */
export async function listRefusals(
  executor: Executor,
  { limits, now, from }: RefusalFilter,
  { before, size }: { before: string | undefined; size: number },
): Promise<RefusingWindow[]> {
  const { rows } = await executor.query<RefusingWindow>(
    `${REFUSING} AND refusal_id >= $3 AND ($4::text IS NULL OR refusal_id < $4)
     ORDER BY refusal_id DESC LIMIT $5`,
    [now, limits, from, before ?? null, size],
  );
  return rows;
}

/** One of {@link listRefusals}; undefined once it has ended. */
export async function findRefusal(
  executor: Executor,
  { limits, now }: Pick<RefusalFilter, 'limits' | 'now'>,
  id: string,
): Promise<RefusingWindow | undefined> {
  const { rows } = await executor.query<RefusingWindow>(`${REFUSING} AND refusal_id = $3`, [
    ...[now, limits, id],
  ]);
  return rows[0];
}

/**
 * Forgets the attempts of a window that refuses. Of callers who come at once, one has done it.
 *
 * @returns false: nothing is counted under it any more
 */
export async function liftRefusal(executor: Executor, id: string): Promise<boolean> {
  const { rowCount } = await executor.query('DELETE FROM sign_in_attempts WHERE refusal_id = $1', [
    id,
  ]);
  return rowCount === 1;
}

/** As if nothing had been tried. */
export async function forgetAttempts(executor: Executor, keys: readonly string[]): Promise<void> {
  await executor.query('DELETE FROM sign_in_attempts WHERE key = ANY ($1)', [keys]);
}
