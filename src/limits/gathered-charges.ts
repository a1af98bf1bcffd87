import {
  type Admission,
  type Charge,
  type Count,
  CounterStoreUnavailableError,
  firstExhausted,
} from './counter-store.ts';
import { type Patience, TooLateError } from './patience.ts';

/** Requests charged by one statement: so many may be counted for nobody when its answer is lost. */
const MOST_TOGETHER = 32;
/** Who may wait in one line. */
const MOST_WAITING = 2000;
const TURN_MS = 50;
/** What a caller waits to be charged; one who waited for so long is not charged any more. */
const IN_LINE: Patience = { turns: 20, turnMs: TURN_MS };
/** What a caller waits altogether, being charged included. */
const IN_ALL: Patience = { turns: 36, turnMs: TURN_MS };

/**
 * Charges so many requests to every count if all of them have room in each, else none to any.
 *
 * @returns whether they were charged, and the counts as they then stand, in the order of the charges
 */
export type ChargeTogether = (
  charges: readonly Charge[],
  requests: number,
  now: Date,
) => Promise<{ readonly charged: boolean; readonly counts: readonly Count[] }>;

interface Waiter {
  /** In the order in which they were asked for. */
  readonly charges: readonly Charge[];
  /** By key: in the order of all who are in the line. */
  readonly ordered: readonly Charge[];
  readonly now: Date;
  readonly decided: PromiseWithResolvers<Admission>;
  turnsWaited: number;
  /** While a statement is under way that charges it. */
  isServed: boolean;
}

/** Of the same counts, in the order in which they came: all that are not decided yet. */
interface Line {
  readonly waiters: Set<Waiter>;
  /** As the last statement left them, by key; others may have charged them since. */
  counts: readonly Count[];
}

/**
 * Charges to the same counts, one statement at a time: whoever comes while one is under way is charged together
 * with others who came meanwhile and are held to the same figures, and each is given a place of its own. One
 * caller alone waits for nobody. A crowd takes one connection, where it would have them all wait for its rows.
 * A count that turns out to be full is so for all who had come before it was looked at. Who shares only some of
 * the counts is in another line: the store keeps those two apart.
 *
 * Fails with CounterStoreUnavailableError
 * - at once when 2000 wait for the same counts,
 * - after one second in the line: then the request is not charged,
 * - after 1.8 seconds while it is being charged: then it may have been, as when an answer is lost, and with it
 *   at most 31 others.
 *
 * When a statement fails, so do those who waited for it: none of them was charged, and none waits anew.
 */
export function createGatheredCharges(chargeTogether: ChargeTogether) {
  /** By the keys, while somebody is served. */
  const lines = new Map<string, Line>();

  async function serve(keys: string, line: Line): Promise<void> {
    const timer = setInterval(() => passTurn(line), TURN_MS);
    while (line.waiters.size > 0) {
      try {
        await serveNext(line);
        // Who had no place in a batch, as there was less room than seemed, may have waited for too long by now.
        sendAway(line);
      } catch (error) {
        for (const waiter of line.waiters) leave(line, waiter).reject(error);
      }
    }
    clearInterval(timer);
    lines.delete(keys);
  }

  async function serveNext(line: Line): Promise<void> {
    const before = [...line.waiters];
    const batch = takeAlike(before, line.counts);
    const { ordered, now } = batch.at(-1)!;
    for (const waiter of batch) waiter.isServed = true;
    const { charged, counts } = await chargeTogether(ordered, batch.length, now);
    for (const waiter of batch) waiter.isServed = false;
    line.counts = counts;
    if (charged) {
      for (const [i, waiter] of batch.entries()) {
        const behind = batch.length - 1 - i;
        const own = counts.map((count) => ({ ...count, used: count.used - behind }));
        leave(line, waiter).resolve({ admitted: true, counts: asAsked(waiter, own) });
      }
    }
    refuse(line, before, counts);
  }

  return function admit(charges: readonly Charge[], now: Date): Promise<Admission> {
    const decided = Promise.withResolvers<Admission>();
    const ordered = charges.toSorted((one, other) => (one.key < other.key ? -1 : 1));
    const waiter: Waiter = { charges, ordered, now, decided, turnsWaited: 0, isServed: false };
    const keys = JSON.stringify(ordered.map(({ key }) => key));
    const line = lines.get(keys);
    if (!line) {
      const own: Line = { waiters: new Set([waiter]), counts: [] };
      lines.set(keys, own);
      void serve(keys, own);
    } else if (line.waiters.size < MOST_WAITING) {
      line.waiters.add(waiter);
    } else {
      decided.reject(unavailable(new Error(`${MOST_WAITING} wait for the same counts`)));
    }
    return decided.promise;
  };
}

/**
 * The first, and those behind that want the same of the counts: a figure may have been changed in between. Not
 * more than seemed to have room: that is asked for again when it turns out to be wrong.
 */
function takeAlike(waiters: readonly Waiter[], counts: readonly Count[]): Waiter[] {
  const { ordered, now } = waiters[0]!;
  const rooms = ordered.map(({ limit }, i) => limit - usedOf(counts[i], now));
  const room = Math.min(...rooms);
  const most = room > 0 ? Math.min(room, MOST_TOGETHER) : MOST_TOGETHER;
  return waiters.filter((one) => isAlike(one.ordered, ordered)).slice(0, most);
}

/** Of the same keys. */
const isAlike = (some: readonly Charge[], others: readonly Charge[]) =>
  some.every(({ limit, windowSeconds }, i) => {
    const other = others[i]!;
    return limit === other.limit && windowSeconds === other.windowSeconds;
  });

/** Those of them that have no room somewhere, whatever figures each is held to. */
function refuse(line: Line, waiters: readonly Waiter[], counts: readonly Count[]): void {
  for (const waiter of waiters) {
    const { ordered, now } = waiter;
    if (ordered.every(({ limit }, i) => usedOf(counts[i], now) < limit)) continue;
    const own = asAsked(waiter, counts);
    leave(line, waiter).resolve({ admitted: false, counts: own, exhausted: firstExhausted(own)! });
  }
}

/** Counts, as they concern one who waits: in the order in which it asked, and held to its own figures. */
function asAsked({ charges, now }: Waiter, counts: readonly Count[]): Count[] {
  return charges.map(({ key, limit }) => {
    const count = counts.find((each) => each.key === key)!;
    return isCurrent(count, now) ? { ...count, limit } : { key, limit, used: 0, resetsAt: null };
  });
}

/** One more turn of the event loop has gone by. */
function passTurn(line: Line): void {
  for (const waiter of line.waiters) waiter.turnsWaited += 1;
  sendAway(line);
}

/** Those whose patience is at its end. */
function sendAway(line: Line): void {
  for (const waiter of line.waiters) {
    const patience = waiter.isServed ? IN_ALL : IN_LINE;
    if (waiter.turnsWaited < patience.turns) continue;
    leave(line, waiter).reject(unavailable(new TooLateError(patience)));
  }
}

/** Whoever has left hears nothing more. */
function leave(line: Line, waiter: Waiter): Waiter['decided'] {
  line.waiters.delete(waiter);
  return waiter.decided;
}

const usedOf = (count: Count | undefined, now: Date) =>
  count && isCurrent(count, now) ? count.used : 0;

const isCurrent = ({ resetsAt }: Count, now: Date) => resetsAt === null || resetsAt > now;

const unavailable = (cause: Error) => new CounterStoreUnavailableError('postgres', cause);
