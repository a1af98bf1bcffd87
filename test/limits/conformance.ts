import type { Test } from 'tap';
import type { Charge, CounterStore } from '../../src/limits/counter-store.ts';

const charge = (key: string, limit: number, windowSeconds: number | null = 60): Charge => ({
  ...{ key, limit, windowSeconds },
});
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000);

/** What every counter store must do. @param fresh an empty store */
export async function conformance(t: Test, fresh: (t: Test) => Promise<CounterStore>) {
  await t.test('admits up to the limit, and says how things stand', async (t) => {
    const store = await fresh(t);
    for (const used of [1, 2, 3]) {
      const admission = await store.admit([charge('a', 3)], at(0));
      t.match(admission, { admitted: true, counts: [{ key: 'a', limit: 3, used }] });
      t.same(admission.counts[0]!.resetsAt, at(60));
    }
    const refused = await store.admit([charge('a', 3)], at(59));
    t.match(refused, { admitted: false, exhausted: { key: 'a', used: 3 } });
    t.same((await store.read(['a'], at(59)))[0]!.used, 3, 'a refusal costs nothing');
  });

  await t.test('begins a window with the first request of it', async (t) => {
    const store = await fresh(t);
    await store.admit([charge('a', 1)], at(30));
    t.match(await store.admit([charge('a', 1)], at(89)), { admitted: false });
    t.match(await store.admit([charge('a', 1)], at(90)), { admitted: true, counts: [{ used: 1 }] });
    t.same(await store.read(['a'], at(200)), [], 'what has ended is nothing');
  });

  await t.test('keeps a count for life', async (t) => {
    const store = await fresh(t);
    await store.admit([charge('a', 1, null)], at(0));
    const later = await store.admit([charge('a', 1, null)], at(10 ** 9));
    t.match(later, { admitted: false, exhausted: { used: 1, resetsAt: null } });
  });

  await t.test('charges all counts of a request or none', async (t) => {
    const store = await fresh(t);
    await store.admit([charge('full', 1)], at(0));
    const refused = await store.admit([charge('a', 5), charge('full', 1), charge('b', 5)], at(1));
    t.match(refused, { admitted: false, exhausted: { key: 'full' } });
    t.same(
      refused.counts.map(({ key, used }) => [key, used]),
      [
        ['a', 0],
        ['full', 1],
        ['b', 0],
      ],
    );
    const passed = await store.admit([charge('b', 5), charge('a', 5)], at(1));
    t.same(
      passed.counts.map(({ key, used }) => [key, used]),
      [
        ['b', 1],
        ['a', 1],
      ],
      'in the order of the charges',
    );
  });

  await t.test('admits nobody to a limit of nothing', async (t) => {
    const store = await fresh(t);
    t.match(await store.admit([charge('a', 0)], at(0)), { admitted: false });
    t.match(await store.admit([charge('a', 0, null)], at(0)), { admitted: false });
  });

  await t.test('follows a limit that is changed', async (t) => {
    const store = await fresh(t);
    await store.admit([charge('a', 2)], at(0));
    await store.admit([charge('a', 2)], at(0));
    t.match(await store.admit([charge('a', 3)], at(1)), { admitted: true });
    t.match(await store.admit([charge('a', 1)], at(2)), { admitted: false });
  });

  await t.test('never admits more than the limit to two hundred at once', async (t) => {
    const store = await fresh(t);
    const admissions = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        store.admit(i % 2 ? [charge('x', 17), charge('y', 500)] : [charge('x', 17)], at(0)),
      ),
    );
    t.equal(admissions.filter(({ admitted }) => admitted).length, 17);
    t.equal((await store.read(['x'], at(1)))[0]!.used, 17);
  });

  await t.test('forgets a count on request', async (t) => {
    const store = await fresh(t);
    await store.admit([charge('a', 1)], at(0));
    await store.reset('a');
    t.match(await store.admit([charge('a', 1)], at(0)), { admitted: true });
  });
}
