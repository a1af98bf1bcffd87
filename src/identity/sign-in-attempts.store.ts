import type { Executor } from '../database/executor.ts';

/** At most `limit` attempts under one key within a window that begins with the first of them. */
export interface AttemptBudget {
  key: string;
  limit: number;
  windowMs: number;
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
  { key, limit, windowMs }: AttemptBudget,
  now: Date,
): Promise<TakenAttempt> {
  const { rows } = await executor.query<{ attempts: number; windowEndsAt: Date }>({
    name: 'identity.take-attempt',
    text: `INSERT INTO sign_in_attempts AS counted (key, attempts, window_ends_at)
      VALUES ($1, 1, $2)
      ON CONFLICT (key) DO UPDATE SET
        attempts = CASE WHEN counted.window_ends_at <= $3 THEN 1
          ELSE least(counted.attempts + 1, $4::integer + 2) END,
        window_ends_at = CASE WHEN counted.window_ends_at <= $3 THEN excluded.window_ends_at
          ELSE counted.window_ends_at END
      RETURNING attempts, window_ends_at AS "windowEndsAt"`,
    values: [key, new Date(now.getTime() + windowMs), now, limit],
  });
  const { attempts, windowEndsAt } = rows[0]!;
  return { admitted: attempts <= limit, firstRefusal: attempts === limit + 1, windowEndsAt };
}

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

/** Forgets every attempt of the window. */
export async function clearAttempts(
  executor: Executor,
  key: string,
  windowEndsAt: Date,
): Promise<void> {
  await executor.query({
    name: 'identity.clear-attempts',
    text: 'DELETE FROM sign_in_attempts WHERE key = $1 AND window_ends_at = $2',
    values: [key, windowEndsAt],
  });
}
