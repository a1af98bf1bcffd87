import {
  type Admission,
  type Charge,
  type Count,
  CounterStoreUnavailableError,
} from './counter-store.ts';
import { type Patience, TooLateError } from './patience.ts';

/** Requests charged by one statement: so many may be counted for nobody when its answer is lost. */
const MOST_TOGETHER = 32;
/** Who may wait for one count. */
const MOST_WAITING = 2000;
const TURN_MS = 50;
/** What a caller waits to be charged; one who waited for so long is not charged any more. */
const IN_LINE: Patience = { turns: 20, turnMs: TURN_MS };
/** What a caller waits altogether, being charged included. */
const IN_ALL: Patience = { turns: 36, turnMs: TURN_MS };

/**
 * Charges so many requests if all of them have room, else none.
 *
 * @returns whether they were charged, and the count as it then stands
 */
export type ChargeTogether = (
  charge: Charge,
  requests: number,
  now: Date,
) => Promise<{ readonly charged: boolean; readonly count: Count }>;

interface Waiter {
  readonly charge: Charge;
  readonly now: Date;
  readonly decided: PromiseWithResolvers<Admission>;
  turnsWaited: number;
  /** While a statement is under way that charges it. */
  isServed: boolean;
}

/** Of one count, in the order in which they came: all that are not decided yet. */
interface Line {
  readonly waiters: Set<Waiter>;
  /** As the last statement left it; others may have charged it since. */
  count?: Count;
}

/**
 * Charges to one count, one statement at a time: whoever comes while one is under way is charged together
 * with others who came meanwhile and are held to the same figure, and each is given a place of its own. One
 * caller alone waits for nobody. A crowd at one count takes one connection, where it would have them all wait
 * for its row. A count that turns out to be full is so for all who had come before it was looked at.
 *
 * Fails with CounterStoreUnavailableError
 * - at once when 2000 wait for the count,
 * - after one second in the line: then the request is not charged,
 * - after 1.8 seconds while it is being charged: then it may have been, as when an answer is lost, and with it
 *   at most 31 others.
 *
 * When a statement fails, so do those who waited for it: none of them was charged, and none waits anew.
 */
export function createGatheredCharges(chargeTogether: ChargeTogether) {
  /** By key, while somebody is served. */
  const lines = new Map<string, Line>();

  async function serve(key: string, line: Line): Promise<void> {
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
    lines.delete(key);
  }

  async function serveNext(line: Line): Promise<void> {
    const before = [...line.waiters];
    const batch = takeAlike(before, line.count);
    const { charge, now } = batch.at(-1)!;
    for (const waiter of batch) waiter.isServed = true;
    const { charged, count } = await chargeTogether(charge, batch.length, now);
    for (const waiter of batch) waiter.isServed = false;
    line.count = count;
    if (charged) {
      const first = count.used - batch.length + 1;
      for (const [i, waiter] of batch.entries()) {
        const counts = [{ ...count, used: first + i }];
        leave(line, waiter).resolve({ admitted: true, counts });
      }
    }
    refuse(line, before, count);
  }

  return function admit(charge: Charge, now: Date): Promise<Admission> {
    const decided = Promise.withResolvers<Admission>();
    const waiter: Waiter = { charge, now, decided, turnsWaited: 0, isServed: false };
    const line = lines.get(charge.key);
    if (!line) {
      const own: Line = { waiters: new Set([waiter]) };
      lines.set(charge.key, own);
      void serve(charge.key, own);
    } else if (line.waiters.size < MOST_WAITING) {
      line.waiters.add(waiter);
    } else {
      decided.reject(unavailable(new Error(`${MOST_WAITING} wait for this count`)));
    }
    return decided.promise;
  };
}

/**
 * The first, and those behind that want the same of the count: a figure may have been changed in between. Not
 * more than seemed to have room: that is asked for again when it turns out to be wrong.
 */
function takeAlike(waiters: readonly Waiter[], count: Count | undefined): Waiter[] {
  const { charge, now } = waiters[0]!;
  const { limit, windowSeconds } = charge;
  const room = limit - (count && isCurrent(count, now) ? count.used : 0);
  const most = room > 0 ? Math.min(room, MOST_TOGETHER) : MOST_TOGETHER;
  return waiters
    .filter((one) => one.charge.limit === limit && one.charge.windowSeconds === windowSeconds)
    .slice(0, most);
}

/** Those of them that have no room, whatever figure each is held to. */
function refuse(line: Line, waiters: readonly Waiter[], count: Count): void {
  for (const waiter of waiters) {
    const { limit } = waiter.charge;
    if (count.used < limit || !isCurrent(count, waiter.now)) continue;
    const exhausted = { ...count, limit };
    leave(line, waiter).resolve({ admitted: false, counts: [exhausted], exhausted });
  }
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

const isCurrent = ({ resetsAt }: Count, now: Date) => resetsAt === null || resetsAt > now;

const unavailable = (cause: Error) => new CounterStoreUnavailableError('postgres', cause);
