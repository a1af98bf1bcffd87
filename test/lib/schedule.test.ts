import t from 'tap';
import { silentLog } from '../../src/database/log.ts';
import type { Log } from '../../src/lib/log.ts';
import { createSchedule, type Schedule } from '../../src/lib/schedule.ts';
import { within } from '../support/two-servers.ts';

const INTERVAL_MS = 5;
const PATIENCE_MS = 10_000;

const open = (t: { teardown(work: () => Promise<void>): unknown }, log: Log = silentLog) => {
  const schedule = createSchedule({ log });
  t.teardown(() => schedule.stop());
  return schedule;
};

/** Waits until a job that was begun after all others has had its turn five times. */
async function fiveTurns({ every }: Schedule): Promise<void> {
  let turns = 0;
  every(INTERVAL_MS, 'turns', async () => {
    turns += 1;
  });
  await within(PATIENCE_MS, () => turns >= 5);
}

t.test('one run of a job at a time, and none waits for another job', async (t) => {
  const schedule = open(t);
  const held = Promise.withResolvers<void>();
  let begun = 0;
  schedule.every(INTERVAL_MS, 'slow', () => {
    begun += 1;
    return held.promise;
  });
  await within(PATIENCE_MS, () => begun > 0);
  await fiveTurns(schedule);
  t.equal(begun, 1, 'while the first goes on there is no second');
  held.resolve();
  await within(PATIENCE_MS, () => begun > 2);
});

t.test('a run that fails is logged under the name of its job, and tried again', async (t) => {
  const warnings: unknown[][] = [];
  const schedule = open(t, { ...silentLog, warn: (...words: unknown[]) => warnings.push(words) });
  const error = new Error('the database is away');
  let runs = 0;
  schedule.every(INTERVAL_MS, 'usage', async () => {
    runs += 1;
    if (runs <= 2) throw error;
  });
  await within(PATIENCE_MS, () => runs >= 4);
  const warning = [{ err: error }, 'usage: will be tried again'];
  t.same(warnings, [warning, warning]);
});

t.test('a stop waits for what is running, and begins nothing more', async (t) => {
  const schedule = open(t);
  const held = Promise.withResolvers<void>();
  let begun = 0;
  let stopped = false;
  schedule.every(INTERVAL_MS, 'slow', () => {
    begun += 1;
    return held.promise;
  });
  await within(PATIENCE_MS, () => begun > 0);
  const stop = schedule.stop().then(() => {
    stopped = true;
  });
  await fiveTurns(open(t));
  t.notOk(stopped, 'while the run goes on');
  held.resolve();
  await stop;
  await fiveTurns(open(t));
  t.equal(begun, 1);
});
