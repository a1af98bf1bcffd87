import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { openDatabase } from '../../src/database/database.ts';
import { silentLog } from '../../src/database/log.ts';
import { createNotifications, notify } from '../../src/database/notifications.ts';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { createTestDatabase } from '../support/postgres.ts';

async function until(condition: () => boolean, patienceMs: number): Promise<number> {
  const start = performance.now();
  while (!condition() && performance.now() - start < patienceMs) await sleep(10);
  return performance.now() - start;
}

async function listen(t: Test) {
  const { connectionString, name } = await createTestDatabase(t);
  const proxy = await createFlakyProxy(t, connectionString);
  const database = openDatabase({ connectionString, log: silentLog });
  t.teardown(() => database.close());
  const notifications = createNotifications({
    connectionString: proxy.connectionString,
    log: silentLog,
  });
  t.teardown(() => notifications.close());
  const events: string[] = [];
  notifications.on('things', (payload) => events.push(payload));
  notifications.onLost(() => events.push('lost'));
  notifications.onRestored(() => events.push('restored'));
  return { database, notifications, proxy, events, name };
}

t.test('delivers what was committed, in order, and nothing that was rolled back', async (t) => {
  const { database, notifications, events } = await listen(t);
  const late: string[] = [];
  t.notOk(notifications.healthy);
  await notifications.start();
  t.ok(notifications.healthy);
  await notify(database.pool, 'things', 'one');
  await database
    .transaction(async (tx) => {
      await notify(tx, 'things', 'never');
      throw new Error('rolled back');
    })
    .catch(() => {});
  await database.transaction((tx) => notify(tx, 'things', 'two'));
  await until(() => events.length >= 2, 1000);
  t.same(events, ['one', 'two']);

  notifications.on('Other "things"', (payload) => late.push(payload));
  await until(() => notifications.healthy, 1000);
  await notify(database.pool, 'Other "things"', 'three');
  await until(() => late.length > 0, 1000);
  t.same(late, ['three'], 'a channel may be added later');
});

t.test('an ended listener is noticed within a second, and restored', async (t) => {
  const { database, notifications, events, name } = await listen(t);
  await notifications.start();
  await database.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = $1 AND application_name = 'gatehouse-listener'`,
    [name],
  );
  t.ok((await until(() => events.includes('lost'), 2000)) < 1000);
  await until(() => events.includes('restored'), 2000);
  t.ok(notifications.healthy);
  await notify(database.pool, 'things', 'after');
  await until(() => events.includes('after'), 1000);
  t.same(events, ['lost', 'restored', 'after']);
});

t.test('a connection gone silent is noticed within a second, and restored', async (t) => {
  const { notifications, proxy, events } = await listen(t);
  await notifications.start();
  proxy.freeze();
  t.ok((await until(() => !notifications.healthy, 2000)) < 1000);
  await proxy.up();
  await until(() => notifications.healthy, 3000);
  t.same(events, ['lost', 'restored']);
});

t.test('a database that is down at the start is waited for', async (t) => {
  const { notifications, proxy, events } = await listen(t);
  await proxy.down();
  await notifications.start();
  t.notOk(notifications.healthy);
  await proxy.up();
  t.ok((await until(() => notifications.healthy, 3000)) < 2000);
  t.same(events, ['restored'], 'what was read at the start may be old');
});

t.test('caughtUp waits for what was committed before, and for nothing else', async (t) => {
  const { database, notifications, events, proxy } = await listen(t);
  await notifications.start();
  const seen: boolean[] = [];
  for (let round = 0; round < 200; round += 1) {
    await database.transaction((tx) => notify(tx, 'things', String(round)));
    await notifications.caughtUp();
    seen.push(events.at(-1) === String(round));
  }
  t.notOk(seen.includes(false), 'every round saw its own notification');
  proxy.freeze();
  await notifications.caughtUp();
  t.notOk(notifications.healthy, 'a connection that says nothing is noticed instead');
  t.equal(events.at(-1), 'lost');
});
