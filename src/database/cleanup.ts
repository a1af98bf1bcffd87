import type { Clock } from '../lib/clock.ts';
import { LONGEST_ACCESS_TOKEN_SECONDS } from '../platform/checks/lifetimes.ts';
import type { Database } from './database.ts';
import type { Executor } from './executor.ts';
import { type Log, reasonOf } from './log.ts';

/** One process at a time, so that ten of them do not do the same work ten times. */
const CLEANUP_LOCK = 7_011_985;
const BATCH_ROWS = 500;
/** Of what is ended first: each is noted in a log. */
const BATCH_ENDINGS = 100;
/** Bounds one run to 50,000 rows of a table; the next run takes the rest. */
const BATCHES_PER_RUN = 100;
/** Each pause differs by up to a fifth, so that processes started together drift apart. */
const JITTER = 0.2;

/**
 * By then no access token is left that a grant or one of its refresh tokens brought at its end: whoever disables its
 * user finds the grant, and the token ends with it. A minute for clocks that differ.
 */
const SILENT = `$1::timestamptz - interval '${LONGEST_ACCESS_TOKEN_SECONDS + 60} seconds'`;

/** What may go, in this order: a grant waits for its refresh tokens, whose replay must be recognised. */
const EXPIRED: readonly { table: string; condition: string }[] = [
  { table: 'artifacts', condition: 'expires_at <= $1' },
  { table: 'refresh_tokens', condition: `expires_at <= ${SILENT}` },
  { table: 'sessions', condition: 'expires_at <= $1' },
  { table: 'revoked_tokens', condition: 'expires_at <= $1' },
  { table: 'sign_in_attempts', condition: 'window_ends_at <= $1' },
  { table: 'pending_sign_ins', condition: 'expires_at <= $1' },
  { table: 'limit_counters', condition: 'ends_at <= $1' },
  // Whoever still sends one hears that it has expired, and not that it never was.
  { table: 'playground_keys', condition: `expires_at <= $1::timestamptz - interval '30 days'` },
  // Until then it is shown as expired, and can be sent again.
  { table: 'invitations', condition: `expires_at <= $1::timestamptz - interval '30 days'` },
  // With the deliveries made of it, none of which waits: src/webhooks/expired-deliveries.store.ts.
  {
    table: 'outbox',
    condition: `delivered_at IS NOT NULL AND created_at <= $1::timestamptz - interval '30 days'
      AND NOT EXISTS (SELECT FROM webhook_deliveries
        WHERE webhook_deliveries.event_id = outbox.id AND webhook_deliveries.status = 'pending')`,
  },
  { table: 'webhook_secrets', condition: 'expires_at <= $1' },
  // What the management API can still be asked for: src/usage/usage.service.ts.
  { table: 'usage_counts', condition: `hour < $1::timestamptz - interval '400 days'` },
  // Far longer than any process goes on sending a batch.
  { table: 'usage_batches', condition: `written_at < $1::timestamptz - interval '30 days'` },
  {
    table: 'grants',
    condition: `expires_at <= ${SILENT}
      AND NOT EXISTS (SELECT FROM refresh_tokens WHERE refresh_tokens.grant_id = grants.id)`,
  },
];

/**
 * Ends, and notes, what must not vanish in silence, in the transaction of a batch.
 *
 * @param most rows at the most
 * @returns how many
 */
export type Ending = (tx: Executor, now: Date, most: number) => Promise<number>;

export interface CleanupOptions {
  database: Pick<Database, 'transaction'>;
  clock: Clock;
  /** Milliseconds from the end of one run to the start of the next, on average */
  intervalMs: number;
  log: Log;
  /** What is done for rows that a removal waits for; default nothing */
  endings?: readonly Ending[];
  /** 0 ≤ n < 1; default Math.random */
  random?: () => number;
}

export interface Cleanup {
  start(): void;
  /** Waits for the batch under way. */
  stop(): Promise<void>;
  /**
   * Removes what has expired, in batches of 500 rows with a transaction each; rows another transaction
   * holds are left for the next run.
   *
   * @returns how many rows went; 0 also when another process is at it
   */
  runOnce(): Promise<number>;
}

/** Removes expired rows in the background. Correctness never depends on it: readers check expiry. */
export function createCleanup(options: CleanupOptions): Cleanup {
  const { database, clock, intervalMs, log, endings = [], random = Math.random } = options;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = true;

  async function removeExpired(enough: () => boolean): Promise<number> {
    const now = clock.now();
    let total = 0;
    for (const { work, most, removes } of [...endings.map(toEnd), ...EXPIRED.map(toRemove)]) {
      for (let batch = 0; batch < BATCHES_PER_RUN; batch += 1) {
        const done = await doBatch(database, (tx) => work(tx, now, most)).catch(
          (error: unknown) => {
            if (removes) throw error;
            // It holds up no removal: what waits for its ending stays.
            log.warn({ reason: reasonOf(error) }, 'an ending failed; trying again later');
            return 0;
          },
        );
        if (done === null) return total;
        if (removes) total += done;
        if (done < most) break;
        if (enough()) return total;
      }
    }
    return total;
  }

  async function run(): Promise<void> {
    try {
      const removed = await removeExpired(() => stopped);
      if (removed > 0) log.info({ removed }, 'expired rows removed');
    } catch (error) {
      log.warn(
        { reason: reasonOf(error) },
        'expired rows could not be removed; trying again later',
      );
    }
    schedule();
  }

  function schedule(): void {
    if (stopped) return;
    const delayMs = intervalMs * (1 + JITTER * (2 * random() - 1));
    timer = setTimeout(() => {
      running = run();
    }, delayMs);
    timer.unref();
  }

  return {
    runOnce: () => removeExpired(() => false),
    start() {
      if (!stopped) return;
      stopped = false;
      schedule();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

const toEnd = (work: Ending) => ({ work, most: BATCH_ENDINGS, removes: false });

const toRemove = ({ table, condition }: { table: string; condition: string }) => ({
  ...{ most: BATCH_ROWS, removes: true },
  async work(tx: Executor, now: Date, most: number): Promise<number> {
    const { rowCount } = await tx.query(
      `DELETE FROM ${table} WHERE ctid = ANY(ARRAY(
         SELECT ctid FROM ${table} WHERE ${condition}
         LIMIT ${most} FOR UPDATE SKIP LOCKED))`,
      [now],
    );
    return rowCount ?? 0;
  },
});

/** @returns the number of rows, or null when another process holds the lock */
async function doBatch(
  database: Pick<Database, 'transaction'>,
  work: (tx: Executor) => Promise<number>,
): Promise<number | null> {
  return database.transaction(async (tx) => {
    const lock = await tx.query<{ granted: boolean }>(
      'SELECT pg_try_advisory_xact_lock($1) AS granted',
      [CLEANUP_LOCK],
    );
    return lock.rows[0]?.granted ? work(tx) : null;
  });
}
