import t, { type Test } from 'tap';
import { overADay } from '../../src/webhooks/backoff.ts';

const HOUR_MS = 3_600_000;

/** Each delay of the round, in milliseconds, where chance gives `chance` (0 ≤ n < 1). */
function delaysWith(t: Test, chance: number): number[] {
  t.intercept(Math, 'random', { value: () => chance, configurable: true, writable: true });
  const delays: number[] = [];
  for (;;) {
    const delay = overADay(delays.length + 1);
    if (delay === undefined) return delays;
    delays.push(delay);
  }
}

t.test('ten more attempts, each later than the one before, within a day', async (t) => {
  const delays = delaysWith(t as Test, 0.5);
  t.same(
    delays.map((delay) => delay / 1_000),
    [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 36_000],
  );
  const sum = delays.reduce((total, delay) => total + delay);
  t.ok(sum > 23.5 * HOUR_MS && sum < 24 * HOUR_MS, `${sum / HOUR_MS} hours`);
});

t.test('chance makes each delay up to a fifth shorter or longer, and no more', async (t) => {
  const plain = delaysWith(t as Test, 0.5);
  const [shortest, longest] = [delaysWith(t as Test, 0), delaysWith(t as Test, 1 - 2 ** -53)];
  plain.forEach((delay, index) => {
    t.equal(shortest[index], delay * 0.8);
    t.equal(longest[index], delay * 1.2);
    if (index > 0)
      t.ok(shortest[index]! >= longest[index - 1]!, 'never sooner than the one before');
  });
});

t.test('what failed together does not come back together', async (t) => {
  const delays = Array.from({ length: 100 }, () => overADay(1)!);
  t.ok(new Set(delays).size > 50);
  t.ok(delays.every((delay) => delay >= 4_000 && delay <= 6_000));
});

t.test('then it is given up, for good', async (t) => {
  for (const failures of [11, 12, 1_000]) t.equal(overADay(failures), undefined);
  t.type(overADay(10), 'number');
});
