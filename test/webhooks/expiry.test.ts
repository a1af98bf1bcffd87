import t from 'tap';
import { createCleanup } from '../../src/database/cleanup.ts';
import { silentLog } from '../../src/database/log.ts';
import { giveUpExpired } from '../../src/webhooks/expired-deliveries.store.ts';
import { type House, openHouse, SYSTEM, startReceiver, until } from './house.ts';

const DAY_SECONDS = 86_400;
const EVERYBODY = { organizationId: null };

/** The cleanup as the process runs it. */
const cleanupOf = ({ database, clock }: House) =>
  createCleanup({
    ...{ database, clock, intervalMs: 60_000, log: silentLog },
    endings: [giveUpExpired],
  });

/** A house where so many events wait for a paused subscription. */
async function waitingHouse(t: Parameters<typeof openHouse>[0], events: number) {
  const house = await openHouse(t);
  const receiver = await startReceiver(t);
  const paused = await house.subscribe(receiver.url);
  await house.subscriptions.update(paused.id, { status: 'paused' }, EVERYBODY, SYSTEM);
  await Promise.all(Array.from({ length: events }, () => house.publish()));
  const worker = await house.startWorker();
  const count = async (table: string) => {
    const { rows } = await house.database.pool.query(`SELECT count(*)::int AS n FROM ${table}`);
    return rows[0].n as number;
  };
  await until(async () => (await count('webhook_deliveries')) === events, 'deliveries that wait');
  await worker.stop();
  return { house, receiver, paused, count };
}

t.test('what waits until its event is removed is given up first, and noted', async (t) => {
  const { house, receiver, paused, count } = await waitingHouse(t, 250);
  const waited = await house.deliveriesOf(paused.id);
  house.clock.advance(30 * DAY_SECONDS - 60);
  await cleanupOf(house).runOnce();
  t.equal(await count(`webhook_deliveries WHERE status = 'pending'`), 250, 'not a moment early');

  house.clock.advance(120);
  const neighbour = await house.organization();
  const young = await house.subscribe(receiver.url, ['*'], neighbour);
  await house.subscriptions.update(young.id, { status: 'paused' }, EVERYBODY, SYSTEM);
  await house.publish('workflow.created', {}, neighbour);
  await (await house.startWorker()).stop();
  // As of three processes.
  await Promise.all([1, 2, 3].map(() => cleanupOf(house).runOnce()));
  const notices = await house.audited('webhook.delivery_failed');
  t.same(
    notices.map(({ details }) => details.delivery_id).sort(),
    waited.map(({ id }) => id).sort(),
    'each once',
  );
  t.match(notices[0], {
    organization_id: house.home,
    target_id: paused.id,
    actor_kind: 'system',
    details: { event: 'workflow.created', attempts: 0, reason: 'event_expired' },
  });
  t.equal(await count(`outbox WHERE organization_id = '${house.home}'`), 0, 'then it is removed');
  t.match(await house.deliveriesOf(young.id), [{ status: 'pending' }], 'a neighbour’s waits on');
  t.equal(receiver.received.length, 0);
});

t.test('an event stays for as long as anything of it waits or is under way', async (t) => {
  const { house, paused, count } = await waitingHouse(t, 3);
  house.clock.advance(30 * DAY_SECONDS + 60);
  const { database, clock } = house;
  const alone = createCleanup({ database, clock, intervalMs: 60_000, log: silentLog });
  await alone.runOnce();
  t.equal(await count('outbox'), 3, 'nothing is removed that has not ended');

  const [one] = await house.deliveriesOf(paused.id);
  const lease = new Date(clock.now().getTime() + 5_000);
  await database.pool.query('UPDATE webhook_deliveries SET leased_until = $2 WHERE id = $1', [
    one!.id,
    lease,
  ]);
  await cleanupOf(house).runOnce();
  t.match(await house.deliveriesOf(paused.id), [{ id: one!.id, status: 'pending' }]);
  house.clock.advance(6);
  await cleanupOf(house).runOnce();
  t.same(await house.deliveriesOf(paused.id), []);
  t.equal((await house.audited('webhook.delivery_failed')).length, 3);
});

t.test('it is given up in batches, and can be read as dead until its event goes', async (t) => {
  const { house, paused } = await waitingHouse(t, 5);
  house.clock.advance(30 * DAY_SECONDS + 60);
  const { database, clock } = house;
  t.equal(await database.transaction((tx) => giveUpExpired(tx, clock.now(), 3)), 3);
  const statuses = (await house.deliveriesOf(paused.id)).map(({ status }) => status);
  t.same(statuses.sort(), ['dead', 'dead', 'dead', 'pending', 'pending']);
  t.equal((await house.audited('webhook.delivery_failed')).length, 3);
});
