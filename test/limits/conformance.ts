import type { Test } from 'tap';
import {
  type Admission,
  type Charge,
  type CounterStore,
  CounterStoreUnavailableError,
} from '../../src/limits/counter-store.ts';

/** Two instances on one backend, as two processes have them; where there is no backend, one twice. */
export type Pair = readonly [CounterStore, CounterStore];

const charge = (key: string, limit: number, windowSeconds: number | null = 60): Charge => ({
  ...{ key, limit, windowSeconds },
});
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000);

/** What every counter store must do. @param fresh two instances on one empty backend */
export async function conformance(t: Test, fresh: (t: Test) => Promise<Pair>): Promise<void> {
  await t.test('one caller after the other', (t) => inTurn(t, fresh));
  await t.test('windows', (t) => windows(t, fresh));
  await t.test('many at once', (t) => atOnce(t, fresh));
}

async function inTurn(t: Test, fresh: (t: Test) => Promise<Pair>) {
  await t.test('admits up to the limit, and says how things stand', async (t) => {
    const [store] = await fresh(t);
    for (const used of [1, 2, 3]) {
      const admission = await store.admit([charge('a', 3)], at(0));
      t.match(admission, { admitted: true, counts: [{ key: 'a', limit: 3, used }] });
      t.same(admission.counts[0]!.resetsAt, at(60));
    }
    const refused = await store.admit([charge('a', 3)], at(59));
    t.match(refused, { admitted: false, exhausted: { key: 'a', limit: 3, used: 3 } });
    t.same((await store.read(['a'], at(59)))[0]!.used, 3, 'a refusal costs nothing');
  });

  await t.test('charges all counts of a request or none', async (t) => {
    const [store] = await fresh(t);
    await store.admit([charge('full', 1)], at(0));
    const refused = await store.admit([charge('a', 5), charge('full', 1), charge('b', 5)], at(1));
    t.match(refused, { admitted: false, exhausted: { key: 'full' } });
    t.same(standing(refused), [
      ['a', 0],
      ['full', 1],
      ['b', 0],
    ]);
    const passed = await store.admit([charge('b', 5), charge('a', 5)], at(1));
    t.same(
      standing(passed),
      [
        ['b', 1],
        ['a', 1],
      ],
      'in the order of the charges',
    );
    t.match(await store.admit([], at(1)), { admitted: true, counts: [] }, 'none is none');
  });

  await t.test('takes a limit as large as a platform file may say', async (t) => {
    const [store] = await fresh(t);
    for (const used of [1, 2]) {
      const admission = await store.admit([charge('vast', 1_000_000_000_000)], at(0));
      t.match(admission, { admitted: true, counts: [{ used }] });
    }
  });

  await t.test('admits nobody to a limit of nothing, and no wait helps', async (t) => {
    const [store] = await fresh(t);
    for (const windowSeconds of [60, null]) {
      const refused = await store.admit([charge('a', 0, windowSeconds)], at(0));
      t.match(refused, { admitted: false, exhausted: { used: 0, resetsAt: null } });
    }
    t.same(await store.read(['a'], at(0)), [], 'and nothing is kept of it');
  });

  await t.test('follows a limit that is changed, up and down', async (t) => {
    const [store] = await fresh(t);
    await store.admit([charge('a', 2)], at(0));
    await store.admit([charge('a', 2)], at(0));
    t.match(await store.admit([charge('a', 2)], at(1)), { admitted: false });
    t.match(await store.admit([charge('a', 3)], at(1)), { admitted: true, counts: [{ used: 3 }] });
    const refused = await store.admit([charge('a', 1)], at(2));
    t.match(refused, { admitted: false, exhausted: { limit: 1, used: 3 } });
    t.match(await store.admit([charge('a', 1)], at(60)), { admitted: true });
  });

  await t.test('reads counts as they stand, through either instance', async (t) => {
    const [one, two] = await fresh(t);
    await one.admit([charge('a', 5), charge('life', 5, null)], at(0));
    await two.admit([charge('a', 5)], at(1));
    const counts = await two.read(['nobody', 'a', 'life'], at(2));
    const byKey = new Map(counts.map((count) => [count.key, count]));
    t.equal(counts.length, 2, 'one that was never charged is not among them');
    t.match(byKey.get('a'), { limit: Number.POSITIVE_INFINITY, used: 2, resetsAt: at(60) });
    t.match(byKey.get('life'), { used: 1, resetsAt: null });
    t.same(await one.read([], at(2)), []);
  });

  await t.test('forgets a count on request, and no other', async (t) => {
    const [one, two] = await fresh(t);
    await one.admit([charge('a', 1), charge('b', 1)], at(0));
    await two.reset('a');
    await two.reset('nobody');
    t.match(await one.admit([charge('a', 1)], at(0)), { admitted: true });
    t.match(await one.admit([charge('b', 1)], at(0)), { admitted: false });
  });
}

async function windows(t: Test, fresh: (t: Test) => Promise<Pair>) {
  await t.test('begins a window with the first request of it', async (t) => {
    const [one, two] = await fresh(t);
    await one.admit([charge('a', 1)], at(30));
    t.match(await two.admit([charge('a', 1)], at(89)), { admitted: false });
    const next = await two.admit([charge('a', 1)], at(90));
    t.match(next, { admitted: true, counts: [{ used: 1, resetsAt: at(150) }] });
    t.match(await one.admit([charge('a', 1)], at(149)), { admitted: false });
    t.same(await one.read(['a'], at(200)), [], 'what has ended is nothing');
  });

  await t.test('keeps windows of different lengths apart', async (t) => {
    const [store] = await fresh(t);
    const both = [charge('minute', 1, 60), charge('hour', 2, 3600)];
    t.match(await store.admit(both, at(0)), { admitted: true });
    t.match(await store.admit(both, at(1)), { exhausted: { key: 'minute', resetsAt: at(60) } });
    t.match(await store.admit(both, at(60)), { admitted: true });
    t.match(await store.admit(both, at(120)), { exhausted: { key: 'hour', resetsAt: at(3600) } });
  });

  await t.test('keeps a count for life', async (t) => {
    const [store] = await fresh(t);
    await store.admit([charge('a', 1, null)], at(0));
    const later = await store.admit([charge('a', 1, null)], at(10 ** 9));
    t.match(later, { admitted: false, exhausted: { used: 1, resetsAt: null } });
  });
}

async function atOnce(t: Test, fresh: (t: Test) => Promise<Pair>) {
  await t.test('admits exactly the limit of a thousand through two instances', async (t) => {
    const pair = await fresh(t);
    const { admitted, unanswered } = await thousand(t, pair, () => [charge('a', 100)]);
    isFigure(t, admitted.length, 100, unanswered);
    const used = admitted.map(({ counts }) => counts[0]!.used);
    t.equal(new Set(used).size, used.length, 'each was given a place of its own');
    t.ok(used.every((place) => place >= 1 && place <= 100));
    t.equal((await pair[0].read(['a'], at(1)))[0]!.used, 100);
  });

  await t.test('charges all or nothing to a thousand at once', async (t) => {
    const pair = await fresh(t);
    // All want `all`, which has room for every one; half also want `x`, the others `y`, in turns of order.
    const { admitted, unanswered } = await thousand(t, pair, (i) => {
      const own = i % 4 < 2 ? charge('x', 30) : charge('y', 50);
      const all = charge('all', 1000);
      return i % 3 ? [own, all] : [all, own];
    });
    isFigure(t, admitted.length, 80, unanswered);
    t.same(await totals(pair[1], ['all', 'x', 'y']), { all: 80, x: 30, y: 50 });
  });

  await t.test('admits exactly what the tightest of several limits leaves', async (t) => {
    const pair = await fresh(t);
    const charges = [charge('wide', 90), charge('narrow', 40), charge('life', 60, null)];
    const { admitted, unanswered } = await thousand(t, pair, () => charges);
    isFigure(t, admitted.length, 40, unanswered);
    t.same(await totals(pair[0], ['wide', 'narrow', 'life']), { wide: 40, narrow: 40, life: 40 });
  });
}

/**
 * Never more than the figure, whatever happens, and exactly that when every question was answered. A charge
 * whose answer came too late on a busy machine may have been made, for nobody: nothing else is promised of it.
 * The totals, which hold those too, are exact in any case.
 */
function isFigure(t: Test, admitted: number, figure: number, unanswered: number): void {
  t.ok(admitted <= figure, 'never more', { admitted, unanswered });
  if (unanswered === 0) t.equal(admitted, figure);
}

/** Asked again for so long; a thousand at once make the last of them wait for all the others. */
const MOST_TRIES = 20;

/** In turn through both instances. A store that is too crowded says so instead of guessing, and is asked again. */
async function thousand(t: Test, pair: Pair, charges: (i: number) => readonly Charge[]) {
  let unanswered = 0;
  const decided = async (i: number): Promise<Admission> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await pair[i % 2]!.admit(charges(i), at(0));
      } catch (error) {
        if (!(error instanceof CounterStoreUnavailableError) || tries === MOST_TRIES) throw error;
        unanswered += 1;
      }
    }
  };
  const admissions = await Promise.all(Array.from({ length: 1000 }, (_, i) => decided(i)));
  if (unanswered > 0) t.comment(`${unanswered} were not answered in time`);
  return { admitted: admissions.filter((one) => one.admitted), unanswered };
}

async function totals(store: CounterStore, keys: string[]): Promise<Record<string, number>> {
  const counts = await store.read(keys, at(1));
  return Object.fromEntries(counts.map(({ key, used }) => [key, used]));
}

const standing = ({ counts }: Admission) => counts.map(({ key, used }) => [key, used]);
