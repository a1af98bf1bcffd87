import t from 'tap';
import { findGivenUp } from '../../src/webhooks/given-up.store.ts';
import { type Developer, openKeyDesk } from '../dashboard/key-desk.ts';
import { startReceiver, until } from './house.ts';

// Owners see at the dashboard that something was given up; the log has every one of them.

const TITLE = 'Webhook deliveries were given up';
const DAY_MS = 86_400_000;

t.test('the overview tells an organization, and nobody else, until it is sent again', async (t) => {
  const desk = await openKeyDesk(t, { environment: { ALLOW_PRIVATE_TARGETS: '1' } });
  const { subscriptions, worker } = desk.gatehouse.webhooks;
  let status = 410;
  const receiver = await startReceiver(t, (_request, response) => {
    response.statusCode = status;
    response.end();
  });
  const [ada, eve] = [await desk.owner(), await desk.owner()];
  const member = await desk.colleague(ada, 'member');
  const audit = { actor: { kind: 'system' } } as const;
  const make = async ({ user: { organizationId } }: Developer) => {
    const made = await subscriptions.create(
      { organizationId, url: `${receiver.url}/s3cret`, events: ['*'] },
      { organizationId },
      audit,
    );
    if (made.outcome !== 'done') throw new Error(made.outcome);
    return made.subscription;
  };
  const [hook, neighbours] = [await make(ada), await make(eve)];
  t.notMatch((await ada.open('')).body, TITLE);
  const sent = [await subscriptions.test(hook), await subscriptions.test(hook)];
  worker.start();
  t.teardown(() => worker.stop(AbortSignal.abort()));
  const statuses = async () =>
    (await subscriptions.deliveries({ subscriptionId: hook.id, limit: 10 })).map(
      (delivery) => delivery.status,
    );
  await until(async () => (await statuses()).includes('dead'), 'one to be given up');
  const resume = () =>
    subscriptions.update(hook.id, { status: 'active' }, { organizationId: null }, audit);
  await resume();
  await until(async () => {
    await resume();
    return (await statuses()).every((each) => each === 'dead');
  }, 'both to be given up');

  for (const one of [ada, member]) {
    const { body } = await one.open('');
    t.match(body, TITLE);
    t.match(body, /2 deliveries, the last \d/);
    t.match(body, `/webhooks/${hook.id}"`);
    t.notMatch(body, 's3cret', 'not where in the receiver');
  }
  const german = await ada.open('');
  ada.agent.setCookie('gatehouse_language=de', german.url);
  t.match((await ada.open('')).body, '2 Zustellungen, zuletzt ');
  ada.agent.setCookie('gatehouse_language=en', german.url);
  const neighbour = (await eve.open('')).body;
  t.notMatch(neighbour, TITLE);
  t.notMatch(neighbour, hook.id);
  t.same(
    await findGivenUp(desk.gatehouse.database.pool, neighbours.organizationId, new Date()),
    [],
  );

  status = 200;
  await resume();
  for (const each of sent) {
    if (each.outcome !== 'done') throw new Error(each.outcome);
    t.equal((await subscriptions.redeliver(each.delivery.id, hook)).outcome, 'done');
  }
  await until(async () => (await statuses()).every((each) => each === 'delivered'), 'both again');
  t.notMatch((await ada.open('')).body, TITLE);
});

t.test('after seven days nobody is told any more', async (t) => {
  const desk = await openKeyDesk(t);
  const { user } = await desk.owner();
  const { pool } = desk.gatehouse.database;
  const diedAt = new Date();
  await pool.query(
    `WITH event AS (
       INSERT INTO outbox (id, topic, payload, delivered_at) VALUES ('e', 'webhook', '{}', now())),
     hook AS (
       INSERT INTO webhook_subscriptions (id, organization_id, url, events, created_by_kind)
       VALUES ('h', $1, 'https://receiver.example.com/in', '{*}', 'admin'))
     SELECT`,
    [user.organizationId],
  );
  await pool.query(
    `INSERT INTO webhook_deliveries
       (id, subscription_id, event_id, status, next_attempt_at, finished_at)
     VALUES ('d', 'h', 'e', 'dead', $1, $1)`,
    [diedAt],
  );
  const toldAfter = (ms: number) =>
    findGivenUp(pool, user.organizationId, new Date(diedAt.getTime() + ms));
  t.match(await toldAfter(7 * DAY_MS - 1), [
    { subscriptionId: 'h', deliveries: 1, lastAt: diedAt, url: 'https://receiver.example.com/in' },
  ]);
  t.same(await toldAfter(7 * DAY_MS), []);
});
