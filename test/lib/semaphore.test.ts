import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { createSemaphore, SemaphoreFullError } from '../../src/lib/semaphore.ts';

t.test('never more at once than allowed, first come first served', async (t) => {
  const semaphore = createSemaphore(3, 100);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      semaphore.run(async () => {
        begun.push(index);
        running += 1;
        most = Math.max(most, running);
        await sleep(index % 3);
        running -= 1;
      }),
    ),
  );
  t.equal(most, 3);
  t.same(begun, [...begun.keys()]);
  t.equal(semaphore.running, 0);
  t.equal(semaphore.waiting, 0);
});

t.test('work that fails frees its place', async (t) => {
  const semaphore = createSemaphore(1, 0);
  await t.rejects(
    semaphore.run(() => Promise.reject(new Error('broken'))),
    { message: 'broken' },
  );
  t.equal(await semaphore.run(async () => 'works'), 'works');
});

t.test('a full line turns away, and an abort makes room', async (t) => {
  const semaphore = createSemaphore(1, 1);
  const first = semaphore.run(() => sleep(20));
  const caller = new AbortController();
  const second = semaphore.run(async () => t.fail('aborted work must not run'), caller.signal);
  await t.rejects(
    semaphore.run(async () => undefined),
    SemaphoreFullError,
  );
  caller.abort(new Error('gone'));
  await t.rejects(second, { message: 'gone' });
  t.equal(semaphore.waiting, 0);
  const third = semaphore.run(async () => 'third');
  await first;
  t.equal(await third, 'third');
});
