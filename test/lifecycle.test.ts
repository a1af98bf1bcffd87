import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { silentLog } from '../src/database/log.ts';
import { createLifecycle, type Stop } from '../src/lifecycle.ts';

/** A process that ends when it says so. */
function begin(patienceMs?: number) {
  const { promise: exited, resolve } = Promise.withResolvers<number>();
  const codes: number[] = [];
  const exit = (code: number) => {
    codes.push(code);
    resolve(code);
  };
  const lifecycle = createLifecycle({
    log: silentLog,
    exit,
    ...(patienceMs === undefined ? {} : { patienceMs }),
  });
  return { ...lifecycle, exited, codes };
}

const never: Stop = () => new Promise(() => {});
/** The timers of the lifecycle do not hold a process; a test has to. */
const holdFor = (t: { teardown(work: () => void): unknown }, timeMs: number) => {
  const timer = setTimeout(() => {}, timeMs);
  t.teardown(() => clearTimeout(timer));
};

t.test('ends the parts in the opposite order, and exits with 0', async (t) => {
  const { onStop, start, stopOn, exited } = begin();
  const ended: string[] = [];
  await start(async () => {
    for (const name of ['first', 'second', 'third']) onStop(100, async () => ended.push(name));
  });
  stopOn('SIGTERM');
  t.equal(await exited, 0);
  t.same(ended, ['third', 'second', 'first']);
});

t.test('a part that hangs takes no time from the ones after it', async (t) => {
  const { onStop, start, stopOn, exited } = begin(2_000);
  holdFor(t, 5_000);
  let lateAfter = Infinity;
  let begun = 0;
  let lastHad = 0;
  await start(async () => {
    onStop(700, async () => {
      lastHad = 2_000 - (performance.now() - begun);
    });
    onStop(800, (late) => {
      late.addEventListener('abort', () => (lateAfter = performance.now() - begun));
      return never(late);
    });
  });
  begun = performance.now();
  stopOn('SIGTERM');
  t.equal(await exited, 1, 'the exit code says that something was left behind');
  t.ok(lastHad > 500, 'the last part had its time', { lastHad });
  t.ok(lateAfter < 1_300, 'the one that hung was told, with time to hurry', { lateAfter });
});

t.test('a part that cuts short when it is late ends in time', async (t) => {
  const { onStop, start, stopOn, exited } = begin(1_000);
  holdFor(t, 5_000);
  await start(async () => {
    onStop(100, async () => {});
    onStop(500, (late) => new Promise((resolve) => late.addEventListener('abort', resolve)));
  });
  stopOn('SIGTERM');
  t.equal(await exited, 0);
});

t.test('a second Ctrl-C exits at once; the same one handed on by npm does not', async (t) => {
  const { onStop, start, stopOn, exited, codes } = begin(2_000);
  holdFor(t, 5_000);
  await start(async () => onStop(100, never));
  stopOn('SIGINT');
  stopOn('SIGINT');
  await sleep(600);
  stopOn('SIGTERM');
  t.same(codes, [], 'it is finishing what is in flight');
  stopOn('SIGINT');
  t.equal(await exited, 130);
});

t.test('a signal during the start ends what was begun', async (t) => {
  const { onStop, start, stopOn, exited } = begin();
  const ended: string[] = [];
  const reached: string[] = [];
  await start(async () => {
    onStop(100, async () => ended.push('first'));
    stopOn('SIGTERM');
    onStop(100, async () => ended.push('second'));
    reached.push('the next step');
  });
  t.equal(await exited, 0);
  t.same(ended, ['second', 'first']);
  t.same(reached, []);
});

t.test('a start that fails ends what it had begun, and says why', async (t) => {
  const { onStop, start, codes } = begin();
  const ended: string[] = [];
  const work = async () => {
    onStop(100, async () => ended.push('first'));
    onStop(100, async () => Promise.reject(new Error('cannot stop')));
    throw new Error('cannot start');
  };
  await t.rejects(start(work), /cannot start/);
  t.same(ended, ['first']);
  t.same(codes, []);
});

t.test('a signal does not wait for the step under way', async (t) => {
  const { onStop, step, start, stopOn, exited } = begin();
  holdFor(t, 5_000);
  let ended = false;
  let wentOn = false;
  const started = start(async () => {
    onStop(100, async () => {
      ended = true;
    });
    await step(new Promise(() => {}));
    wentOn = true;
  });
  stopOn('SIGTERM');
  await started;
  t.equal(await exited, 0);
  t.ok(ended, 'what had begun is ended');
  t.notOk(wentOn, 'and nothing more begins');
});

t.test('a step that fails fails the start', async (t) => {
  const { step, start } = begin();
  await t.rejects(
    start(async () => step(Promise.reject(new Error('no database')))),
    { message: 'no database' },
  );
});
