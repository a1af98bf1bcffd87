import { type Database, isDatabaseUnavailable } from '../database/database.ts';
import type { Executor } from '../database/executor.ts';
import {
  type Admission,
  type Charge,
  type Count,
  type CounterStore,
  CounterStoreUnavailableError,
  firstExhausted,
} from './counter-store.ts';
import { createGatheredCharges } from './gathered-charges.ts';

interface Row {
  key: string;
  used: number;
  ends_at: Date | null;
}

/**
 * Durable counts: for quotas, which must survive restarts and never over-admit, whatever the number of
 * processes. A charge is one conditional upsert, so that two callers at the last unit take turns on its
 * row and one is refused. Those who come to one count while its row is being charged are charged together:
 * createGatheredCharges says how many, and how long they wait.
 */
export function createPostgresCounters({ database }: { database: Database }): CounterStore {
  const admitAlone = createGatheredCharges(chargeTogether);

  async function admit(charges: readonly Charge[], now: Date): Promise<Admission> {
    if (charges.length === 0) return { admitted: true, counts: [] };
    if (charges.length === 1) return admitAlone(charges[0]!, now);
    // Always in one order, so that two callers with the same counts cannot wait for each other.
    const ordered = charges.toSorted((one, other) => (one.key < other.key ? -1 : 1));
    const charged = await chargeAll(ordered, now);
    if (charged) return { admitted: true, counts: inOrder(charges, charged) };
    const counts = inOrder(charges, await readRows(database.pool, charges.map(keyOf), now));
    // Room came back in between: the answer is no all the same, and the caller may try again.
    const exhausted = firstExhausted(counts) ?? counts[0]!;
    return { admitted: false, counts, exhausted };
  }

  /** One statement, and another where there was no room: for how the count stands then. */
  async function chargeTogether(charge: Charge, requests: number, now: Date) {
    const [charged] = await upsert(database.pool, [charge], now, requests);
    if (charged) return { charged: true, count: toCount(charged, charge.limit) };
    const [count] = inOrder([charge], await readRows(database.pool, [charge.key], now));
    return { charged: false, count: count! };
  }

  /** The rows after the charge; undefined when one had no room, and then nothing was charged. */
  async function chargeAll(charges: readonly Charge[], now: Date): Promise<Row[] | undefined> {
    const noRoom = new Error('no room');
    try {
      return await database.transaction(async (tx) => {
        const rows = await upsert(tx, charges, now);
        if (rows.length < charges.length) throw noRoom;
        return rows;
      });
    } catch (error) {
      if (error === noRoom) return undefined;
      throw error;
    }
  }

  return {
    admit: (charges, now) => translated(admit(charges, now)),
    read: (keys, now) =>
      translated(
        readRows(database.pool, keys, now).then((rows) =>
          rows.map((row) => toCount(row, Number.POSITIVE_INFINITY)),
        ),
      ),
    reset: (key) =>
      translated(
        database.pool.query('DELETE FROM limit_counters WHERE key = $1', [key]).then(() => {}),
      ),
  };
}

/** @param amount requests, charged to every count */
async function upsert(
  executor: Executor,
  charges: readonly Charge[],
  now: Date,
  amount = 1,
): Promise<Row[]> {
  const { rows } = await executor.query<Row>({
    name: 'charge_counters',
    text: `INSERT INTO limit_counters AS counter (key, used, ends_at)
           SELECT key, $5, $4::timestamptz + make_interval(secs => window_seconds)
           FROM unnest($1::text[], $2::int[], $3::float8[]) AS charge(key, room, window_seconds)
           WHERE room >= $5::int ORDER BY key
           ON CONFLICT (key) DO UPDATE SET
             used = CASE WHEN counter.ends_at <= $4 THEN $5 ELSE counter.used + $5 END,
             ends_at = CASE WHEN counter.ends_at <= $4 THEN EXCLUDED.ends_at ELSE counter.ends_at END
             WHERE counter.ends_at <= $4 OR counter.used + $5 <= (
               SELECT room FROM unnest($1::text[], $2::int[]) AS charge(key, room)
               WHERE charge.key = counter.key)
           RETURNING key, used, ends_at`,
    values: [
      charges.map(keyOf),
      charges.map((charge) => charge.limit),
      charges.map((charge) => charge.windowSeconds),
      now,
      amount,
    ],
  });
  return rows;
}

async function readRows(executor: Executor, keys: readonly string[], now: Date): Promise<Row[]> {
  const { rows } = await executor.query<Row>({
    name: 'read_counters',
    text: `SELECT key, used, ends_at FROM limit_counters
           WHERE key = ANY($1) AND (ends_at IS NULL OR ends_at > $2)`,
    values: [keys, now],
  });
  return rows;
}

function inOrder(charges: readonly Charge[], rows: readonly Row[]): Count[] {
  const byKey = new Map(rows.map((row) => [row.key, row]));
  return charges.map(({ key, limit }) =>
    toCount(byKey.get(key) ?? { key, used: 0, ends_at: null }, limit),
  );
}

const toCount = (row: Row, limit: number): Count => ({
  key: row.key,
  limit,
  used: row.used,
  resetsAt: row.ends_at,
});

const keyOf = (charge: Charge) => charge.key;

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isDatabaseUnavailable(error)
      ? new CounterStoreUnavailableError('postgres', error)
      : error;
  }
}
