import type { ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
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
