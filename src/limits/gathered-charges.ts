import type { Admission, Charge, Count } from './counter-store.ts';

/**
 * Charges as many of the wanted requests as have room.
 *
 * @returns how many were admitted, and the count after them
 */
export type ChargeSome = (
  charge: Charge,
  wanted: number,
  now: Date,
) => Promise<{ readonly admitted: number; readonly count: Count }>;

interface Waiter {
  readonly charge: Charge;
  readonly now: Date;
  readonly decided: PromiseWithResolvers<Admission>;
}

/**
 * Charges to one count, one statement at a time: whoever comes while one is under way is charged together
 * with all others who came meanwhile, and each is given a place of its own. One caller alone waits for
 * nobody. A crowd at one count takes one connection, where it would have them all wait for its row.
 *
 * When a statement fails, so do those who waited for it: none of them was charged, and none waits anew.
 */
export function createGatheredCharges(chargeSome: ChargeSome) {
  /** By key, while somebody is served. */
  const lines = new Map<string, Waiter[]>();

  async function serve(key: string, line: Waiter[]): Promise<void> {
    while (line.length > 0) {
      const batch = takeAlike(line);
      try {
        const { charge, now } = batch.at(-1)!;
        const { admitted, count } = await chargeSome(charge, batch.length, now);
        for (const [i, { decided }] of batch.entries()) {
          decided.resolve(admissionOf(i, admitted, count));
        }
      } catch (error) {
        for (const { decided } of [...batch, ...line.splice(0)]) decided.reject(error);
      }
    }
    lines.delete(key);
  }

  return function admit(charge: Charge, now: Date): Promise<Admission> {
    const decided = Promise.withResolvers<Admission>();
    const waiter: Waiter = { charge, now, decided };
    const line = lines.get(charge.key);
    if (line) {
      line.push(waiter);
    } else {
      const own = [waiter];
      lines.set(charge.key, own);
      void serve(charge.key, own);
    }
    return decided.promise;
  };
}

/** The first, and those behind that want the same of the count: a figure may have been changed in between. */
function takeAlike(line: Waiter[]): Waiter[] {
  const { limit, windowSeconds } = line[0]!.charge;
  const other = line.findIndex(
    ({ charge }) => charge.limit !== limit || charge.windowSeconds !== windowSeconds,
  );
  return line.splice(0, other < 0 ? line.length : other);
}

function admissionOf(place: number, admitted: number, count: Count): Admission {
  if (place >= admitted) return { admitted: false, counts: [count], exhausted: count };
  const used = count.used - admitted + place + 1;
  return { admitted: true, counts: [{ ...count, used }] };
}
