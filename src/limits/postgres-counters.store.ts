import { type Database, isDatabaseUnavailable } from '../database/database.ts';
import type { Executor } from '../database/executor.ts';
import {
  type Admission,
  type Charge,
  type Count,
  type CounterStore,
  CounterStoreUnavailableError,
} from './counter-store.ts';
import { createGatheredCharges } from './gathered-charges.ts';

/** What the column holds; a platform file says no more (platform/checks/limits.ts), and a count goes no further. */
const HIGHEST_COUNT = 2_147_483_647;

interface Row {
  key: string;
  used: number;
  ends_at: Date | null;
}

/**
 * Durable counts: for quotas, which must survive restarts and never over-admit, whatever the number of
 * processes. A charge is one conditional upsert, so that two callers at the last unit take turns on its
 * row and one is refused. Those who come to the same counts while their rows are being charged are charged
 * together: createGatheredCharges says how many, and how long they wait.
 */
export function createPostgresCounters({ database }: { database: Database }): CounterStore {
  const admitGathered = createGatheredCharges(chargeTogether);

  async function admit(charges: readonly Charge[], now: Date): Promise<Admission> {
    return charges.length === 0
      ? { admitted: true, counts: [] }
      : admitGathered(charges.map(withinReach), now);
  }

  /** And a statement more where there was no room: for how the counts stand then. */
  async function chargeTogether(charges: readonly Charge[], requests: number, now: Date) {
    const charged = await chargeAll(charges, requests, now);
    const rows = charged ?? (await readRows(database.pool, charges.map(keyOf), now));
    return { charged: charged !== undefined, counts: inOrder(charges, rows) };
  }

  /** The rows after the charge; undefined when one had no room, and then nothing was charged. */
  async function chargeAll(
    charges: readonly Charge[],
    requests: number,
    now: Date,
  ): Promise<Row[] | undefined> {
    if (charges.length === 1) {
      const rows = await upsert(database.pool, charges, now, requests);
      return rows.length === 1 ? rows : undefined;
    }
    const noRoom = new Error('no room');
    try {
      return await database.transaction(async (tx) => {
        const rows = await upsert(tx, charges, now, requests);
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

/**
 * Rows always in one order, so that two callers with the same counts cannot wait for each other.
 *
 * @param amount requests, charged to every count
 */
async function upsert(
  executor: Executor,
  charges: readonly Charge[],
  now: Date,
  amount: number,
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
             WHERE counter.ends_at <= $4 OR counter.used <= (
               SELECT room - $5 FROM unnest($1::text[], $2::int[]) AS charge(key, room)
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

const withinReach = (charge: Charge): Charge => ({
  ...charge,
  limit: Math.min(charge.limit, HIGHEST_COUNT),
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
