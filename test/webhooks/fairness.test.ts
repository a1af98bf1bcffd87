import type { ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { fanOut } from '../../src/webhooks/outbox.store.ts';
import { type House, openHouse, startReceiver, until } from './house.ts';

// Nobody waits for what others have waiting.

/** Nothing times out while a test looks. */
const PATIENT = { timeoutMs: 60_000, leaseMs: 120_000 };

/** A receiver that answers when the test says so. */
async function startHolding(t: Test) {
  const held: ServerResponse[] = [];
  let holds = true;
  const receiver = await startReceiver(t, (_request, response) => {
    if (holds) held.push(response);
    else response.end();
  });
  return {
    ...{ received: receiver.received, url: receiver.url, held },
    hold: (wanted: boolean) => {
      holds = wanted;
    },
  };
}

/** Organizations of `each` subscriptions, with something waiting for every one of them. */
async function crowd(house: House, url: string, organizations: number, each: number) {
  const ids: string[] = [];
  for (let i = 0; i < organizations; i += 1) {
    const id = await house.organization();
    for (let k = 0; k < each; k += 1) await house.subscribe(`${url}/${i}/${k}`, ['*'], id);
    ids.push(id);
  }
  const flood = async (events: number) => {
    for (const id of ids) {
      const all = Array.from({ length: events }, () => house.publish('workflow.created', {}, id));
      await Promise.all(all);
    }
  };
  return { flood };
}

t.test('places that are free go to a newcomer, whoever hangs with a backlog', async (t) => {
  const house = await openHouse(t);
  const silent = await startReceiver(t, () => {});
  const good = await startReceiver(t);
  const { flood } = await crowd(house, silent.url, 2, 15);
  await flood(40);
  const newcomer = await house.subscribe(good.url, ['*'], await house.organization());
  const worker = await house.startWorker({ timing: PATIENT });
  await until(() => silent.received.length === 30, 'all that hang');
  await house.publish('workflow.created', {}, newcomer.organizationId);
  await house.settled(newcomer.id);
  t.equal(good.received.length, 1);
  t.equal(silent.received.length, 30, 'and nobody was asked a second thing');
  await worker.stop(AbortSignal.abort());
});

t.test('the next place that comes free goes to who holds none, not to the backlog', async (t) => {
  const house = await openHouse(t);
  const silent = await startHolding(t as Test);
  const good = await startReceiver(t);
  const { flood } = await crowd(house, silent.url, 3, 20);
  await flood(20);
  const newcomer = await house.subscribe(good.url, ['*'], await house.organization());
  const worker = await house.startWorker({ timing: PATIENT });
  await until(() => silent.held.length === 50, 'the places of the untrusted to be taken');
  await house.publish('workflow.created', {}, newcomer.organizationId);
  await until(
    async () => (await house.deliveriesOf(newcomer.id)).length === 1,
    'it to wait, after everybody else',
  );
  t.equal(good.received.length, 0);
  silent.held[0]!.destroy();
  await house.settled(newcomer.id);
  t.equal(good.received.length, 1);
  await worker.stop(AbortSignal.abort());
});

t.test('who takes everything slowly leaves places to others, with any backlog', async (t) => {
  const house = await openHouse(t);
  const slow = await startHolding(t as Test);
  const good = await startReceiver(t);
  const { flood } = await crowd(house, slow.url, 2, 20);
  const well = await house.subscribe(good.url, ['*'], await house.organization());
  slow.hold(false);
  await flood(1);
  await house.publish('workflow.created', {}, well.organizationId);
  const first = await house.startWorker({ timing: PATIENT });
  await until(() => slow.received.length === 40, 'everybody to be trusted');
  await house.settled(well.id);
  await first.stop();

  slow.hold(true);
  await flood(60);
  const second = await house.startWorker({ timing: PATIENT });
  await until(() => slow.held.length >= 50, 'them to have all they can');
  await house.publish('workflow.created', {}, well.organizationId);
  await house.settled(well.id, 2);
  t.equal(good.received.length, 2);
  t.equal(slow.held.length, 50, 'a quarter of the places for each organization');
  await second.stop(AbortSignal.abort());
});

t.test('a receiver is sent several things at once for as long as it takes them soon', async (t) => {
  const house = await openHouse(t);
  const slow = await startHolding(t as Test);
  const good = await startReceiver(t);
  const watched = await house.subscribe(slow.url, ['workflow.created']);
  const other = await house.subscribe(good.url, ['trigger.fired']);
  await house.startWorker({ timing: PATIENT });
  for (let i = 0; i < 12; i += 1) await house.publish('workflow.created');
  const answer = () => {
    for (const response of slow.held.splice(0)) response.end();
  };
  await until(() => slow.held.length === 1, 'the first, alone');
  answer();
  await until(() => slow.held.length === 4, 'four, as it took the first soon');
  house.clock.advance(2);
  answer();
  await until(() => slow.held.length > 0, 'the next');
  await house.publish('trigger.fired');
  await house.settled(other.id);
  t.equal(slow.held.length, 1, 'one, as it was slow');
  answer();
  await until(() => slow.held.length === 4, 'four again');
  answer();
  await until(() => slow.held.length === 2, 'the rest');
  answer();
  const deliveries = await house.settled(watched.id, 12);
  t.ok(deliveries.every(({ status, attempts }) => status === 'delivered' && attempts === 1));
});

t.test('an event is among the next, however much others have published before it', async (t) => {
  const house = await openHouse(t);
  const { database, clock } = house;
  const flooded = await startHolding(t as Test);
  const good = await startReceiver(t);
  const flooding = await house.subscribe(flooded.url, ['*'], await house.organization());
  const flood = 20_000;
  await database.largeTransaction((tx) =>
    tx.query(
      `INSERT INTO outbox (id, topic, organization_id, payload, created_at, available_at)
       SELECT 'flood-' || n, 'webhook', $1, '{"type": "workflow.created", "data": {}}', $2, $2
       FROM generate_series(1, $3) AS n`,
      [flooding.organizationId, clock.now(), flood],
    ),
  );
  clock.advance(1);
  const neighbours = [];
  for (let i = 0; i < 3; i += 1) {
    const neighbour = await house.subscribe(good.url, ['*'], await house.organization());
    await house.publish('workflow.created', {}, neighbour.organizationId);
    neighbours.push(neighbour);
  }
  const made = async () => {
    const { rows } = await database.pool.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM webhook_deliveries WHERE subscription_id = $1',
      [flooding.id],
    );
    return rows[0]!.count;
  };
  const workers = [await house.startWorker({ timing: PATIENT })];
  await until(() => good.received.length === neighbours.length, 'the neighbours’ events');
  const before = await made();
  t.ok(before < 2_000, `${before} of the flood’s were made before`);

  await house.publish('workflow.created', {}, neighbours[0]!.organizationId);
  workers.push(await house.startWorker({ timing: PATIENT }));
  await until(
    () => good.received.length === neighbours.length + 1,
    'one that comes while it lasts',
  );
  t.ok((await made()) < flood, 'the flood is not over');
  await Promise.all(workers.map((worker) => worker.stop(AbortSignal.abort())));
});

t.test('where more organizations have events than one look takes, each has its turn', async (t) => {
  const house = await openHouse(t);
  const { database, clock } = house;
  const { rows } = await database.pool.query<{ id: string }>(
    `WITH made AS (
       INSERT INTO organizations (id, name) SELECT 'many-' || lpad(n::text, 4, '0'), 'Many'
       FROM generate_series(1, 450) AS n RETURNING id),
     listening AS (
       INSERT INTO webhook_subscriptions
         (id, organization_id, url, events, status, created_by_kind)
       SELECT 'of-' || id, id, 'https://receiver.example.com', '{*}', 'paused', 'admin' FROM made)
     INSERT INTO outbox (id, topic, organization_id, payload, created_at, available_at)
     SELECT id || '-' || n, 'webhook', id, '{"type": "workflow.created", "data": {}}', $1, $1
     FROM made, generate_series(1, 3) AS n RETURNING id`,
    [clock.now()],
  );
  const taken = async () =>
    (
      await database.pool.query<{ organizations: number; events: number }>(
        `SELECT count(DISTINCT organization_id)::int AS organizations, count(*)::int AS events
         FROM outbox WHERE delivered_at IS NOT NULL`,
      )
    ).rows[0]!;
  let after = '';
  const ends: string[] = [];
  for (let look = 1; look <= 3; look += 1) {
    const { more, end } = await fanOut(database.pool, after, clock.now());
    t.ok(more);
    after = end;
    ends.push(end);
  }
  t.strictSame(ends, ['many-0200', 'many-0400', '']);
  const { organizations, events } = await taken();
  t.equal(organizations, 450, 'everybody');
  t.ok(events <= 600, `${events}, at most 200 a look`);
  for (let more = true; more; )
    ({ more, end: after } = await fanOut(database.pool, after, clock.now()));
  t.equal((await taken()).events, rows.length);
});

t.test('processes that fan out at once make each delivery once', async (t) => {
  const house = await openHouse(t);
  const { database, clock } = house;
  const subscriptions = [];
  for (let i = 0; i < 5; i += 1) {
    const each = await house.subscribe('http://127.0.0.1:9/', ['*'], await house.organization());
    for (let n = 0; n < 60; n += 1)
      await house.publish('workflow.created', {}, each.organizationId);
    subscriptions.push(each);
  }
  const fanOutAll = async () => {
    let [after, more] = ['', true];
    while (more) ({ more, end: after } = await fanOut(database.pool, after, clock.now()));
  };
  await Promise.all(Array.from({ length: 6 }, fanOutAll));
  for (const { id } of subscriptions) t.equal((await house.deliveriesOf(id)).length, 60);
});
