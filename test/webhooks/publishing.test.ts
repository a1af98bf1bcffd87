import t, { type Test } from 'tap';
import { createCleanup } from '../../src/database/cleanup.ts';
import { silentLog } from '../../src/database/log.ts';
import { startGatehouse, type TestGatehouse } from '../support/gatehouse.ts';
import { startReceiver, until } from './house.ts';

// An upstream API that doesn't hear our answer tries again: its idempotency_key makes that one event.

const environment = { ALLOW_PRIVATE_TARGETS: '1' };
const first = await startGatehouse(t, { platform: 'example', environment });
/** Another process on the same database. */
const second = await startGatehouse(t, {
  ...{ platform: 'example', environment, connectionString: first.connectionString },
});
const { database } = first;

/** As much of the answers as is read here. */
interface Answer {
  id: string;
  key: string;
}

async function post(path: string, body: object, bearer?: string, at: TestGatehouse = first) {
  const response = await fetch(`${at.issuer}/manage/v1${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${bearer ?? at.adminKey}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

const newOrganization = async (): Promise<string> =>
  (await post('/organizations', { name: 'Acme' })).body.id;

const subscribe = (organization_id: string, url = 'https://receiver.example.com/hooks') =>
  post('/webhooks', { organization_id, url, events: ['note.created', 'note.deleted'] });

async function newListener(): Promise<string> {
  const organizationId = await newOrganization();
  await subscribe(organizationId);
  return organizationId;
}

/** A key with which an upstream API publishes for any organization. */
async function newPublisher(): Promise<string> {
  const organization_id = await newOrganization();
  const body = { organization_id, name: 'Upstream', scopes: ['events:publish'] };
  return (await post('/api-keys', body)).body.key;
}

const event = (organization_id: string, idempotency_key?: unknown, more: object = {}) => ({
  ...{ organization_id, type: 'note.created', data: { id: 'n1', size: 1 } },
  ...(idempotency_key === undefined ? {} : { idempotency_key }),
  ...more,
});

async function queued(organizationId: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ id: string }>(
    'SELECT id FROM outbox WHERE organization_id = $1 ORDER BY created_at, id',
    [organizationId],
  );
  return rows.map(({ id }) => id);
}

/** Events of an organization, once for each delivery made of them. */
async function deliveredIds(organizationId: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ id: string }>(
    `SELECT event_id AS id FROM webhook_deliveries d
     JOIN webhook_subscriptions s ON s.id = d.subscription_id
     WHERE s.organization_id = $1 ORDER BY d.created_at, d.id`,
    [organizationId],
  );
  return rows.map(({ id }) => id);
}

/** Until the test ends. */
function startWorkers(t: Test): void {
  const workers = [first.webhooks.worker, second.webhooks.worker];
  for (const worker of workers) worker.start();
  t.teardown(() => Promise.all(workers.map((worker) => worker.stop(AbortSignal.timeout(5_000)))));
}

t.test('fifty publishes at once under one key are one event and one delivery', async (t) => {
  startWorkers(t);
  const receiver = await startReceiver(t);
  const organizationId = await newOrganization();
  t.equal((await subscribe(organizationId, receiver.url)).status, 201);
  const publisher = await newPublisher();
  const publish = (at: TestGatehouse) =>
    post('/events', event(organizationId, 'note n1, created'), publisher, at);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => publish(index % 2 ? first : second)),
  );
  const [answer] = answers;
  t.match(answer, { status: 202, body: { organization_id: organizationId, type: 'note.created' } });
  for (const each of answers) t.strictSame(each, answer, 'everybody hears the same');
  await until(() => receiver.received.length > 0, 'the delivery');
  t.strictSame(await publish(second), answer, 'also after it was delivered');

  // What comes after it has come: had there been a second one, it would be here.
  const after = await post('/events', event(organizationId, 'the next'), publisher);
  const isAfter = ({ headers }: { headers: object }) =>
    (headers as Record<string, string>)['webhook-id'] === after.body.id;
  await until(() => receiver.received.some(isAfter), 'the next event');
  const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
  t.strictSame(ids, [answer!.body.id, after.body.id]);
  t.strictSame(await queued(organizationId), ids);
});

t.test('a key is one organization’s and one publisher’s: nobody takes another’s', async (t) => {
  const [ours, neighbours] = [await newListener(), await newListener()];
  const publisher = await newPublisher();
  const tenant = async (organization_id: string) => {
    const body = { organization_id, name: 'A key', scopes: ['events:publish'] };
    return (await post('/api-keys', body)).body.key as string;
  };
  const ids: string[] = [];
  for (const [organizationId, bearer] of [
    [ours, publisher],
    [neighbours, publisher],
    [ours, await tenant(ours)],
    [neighbours, await tenant(neighbours)],
    [ours, first.adminKey],
    [ours, await newPublisher()],
  ] as const) {
    const data = { of: ids.length };
    const { status, body } = await post('/events', event(organizationId, 'k', { data }), bearer);
    t.equal(status, 202, JSON.stringify(body));
    ids.push(body.id);
  }
  t.equal(new Set(ids).size, ids.length);
  t.equal((await queued(ours)).length, 4);
  t.equal((await queued(neighbours)).length, 2);
});

t.test('a key that comes with another event is refused, and nothing is queued', async (t) => {
  const organizationId = await newListener();
  const publish = (more: object) => post('/events', event(organizationId, 'k', more));
  const made = await publish({});
  for (const other of [
    { data: { id: 'n2', size: 1 } },
    { data: { id: 'n1' } },
    { data: { id: 'n1', size: '1' } },
    { type: 'note.deleted' },
  ]) {
    const problem = { code: 'idempotency_key_reused', errors: [{ path: 'idempotency_key' }] };
    t.match(await publish(other), { status: 409, body: problem }, JSON.stringify(other));
  }
  t.strictSame(await publish({ data: { size: 1, id: 'n1' } }), made, 'the order says nothing');
  t.strictSame(await queued(organizationId), [made.body.id]);
});

t.test('without a key every publish is an event of its own', async (t) => {
  const organizationId = await newListener();
  const publish = () => post('/events', event(organizationId));
  const ids = [await publish(), await publish()].map(({ body }) => body.id);
  t.strictSame(await queued(organizationId), ids);
});

t.test(
  'a publish that nobody hears is one event too, however often and by whomever it is retried',
  async (t) => {
    const [ours, neighbours] = [await newOrganization(), await newOrganization()];
    const publisher = await newPublisher();
    const secretive = { data: { id: 'n1', size: 1, told: 'nobody' } };
    const publish = (organizationId: string, more: object = {}, at = first) =>
      post('/events', event(organizationId, 'k', { ...secretive, ...more }), publisher, at);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => publish(ours, {}, index % 2 ? first : second)),
    );
    const [answer] = answers;
    t.match(answer, { status: 202, body: { organization_id: ours, type: 'note.created' } });
    for (const each of answers) t.strictSame(each, answer, 'everybody hears the same');
    const reordered = { data: { told: 'nobody', size: 1, id: 'n1' } };
    t.strictSame(await publish(ours, reordered), answer, 'the order says nothing');
    for (const other of [{ data: { id: 'n2' } }, { data: {} }, { type: 'note.deleted' }]) {
      const problem = { code: 'idempotency_key_reused', errors: [{ path: 'idempotency_key' }] };
      t.match(await publish(ours, other), { status: 409, body: problem }, JSON.stringify(other));
    }
    const { status, body } = await publish(neighbours, { data: { id: 'n2' } });
    t.equal(status, 202, 'a neighbour’s same key is another event');
    t.not(body.id, answer!.body.id);
    t.strictSame(await queued(ours), [answer!.body.id]);
    const { rows } = await database.pool.query('SELECT * FROM outbox WHERE organization_id = $1', [
      ours,
    ]);
    t.notMatch(JSON.stringify(rows), 'nobody', 'what nobody is sent is not kept');
  },
);

t.test('whoever subscribes between two tries is not sent what was published before', async (t) => {
  startWorkers(t);
  const receiver = await startReceiver(t);
  const organizationId = await newOrganization();
  const publish = (key: string, more: object = {}) =>
    post('/events', event(organizationId, key, more));
  const before = await publish('before');
  t.equal(before.status, 202);
  t.equal((await subscribe(organizationId, receiver.url)).status, 201);
  const retries = await Promise.all(Array.from({ length: 10 }, () => publish('before')));
  for (const each of retries) t.strictSame(each, before);
  t.equal((await publish('before', { data: { id: 'n2' } })).status, 409);

  // What comes after it has come: had the one before been sent, it would be here.
  const after = await publish('after');
  await until(() => receiver.received.length > 0, 'the event published since');
  t.strictSame(
    receiver.received.map(({ headers }) => headers['webhook-id']),
    [after.body.id],
  );
  t.strictSame(await deliveredIds(organizationId), [after.body.id]);
});

t.test('a subscription made while an event is retried hears it once or not at all', async (t) => {
  startWorkers(t);
  for (let round = 0; round < 5; round += 1) {
    const receiver = await startReceiver(t);
    const organizationId = await newOrganization();
    const publish = (key: string, at: TestGatehouse) =>
      post('/events', event(organizationId, key), undefined, at);
    const [subscribed, ...answers] = await Promise.all([
      subscribe(organizationId, receiver.url),
      ...Array.from({ length: 20 }, (_, index) => publish('k', index % 2 ? first : second)),
    ]);
    t.equal(subscribed.status, 201);
    for (const each of answers) t.strictSame(each, answers[0]);
    const after = await publish('after', first);
    const isAfter = ({ headers }: { headers: object }) =>
      (headers as Record<string, string>)['webhook-id'] === after.body.id;
    await until(() => receiver.received.some(isAfter), 'the event published since');
    t.strictSame(await queued(organizationId), [answers[0]!.body.id, after.body.id]);
    const sent = await deliveredIds(organizationId);
    t.ok([1, 2].includes(sent.length) && new Set(sent).size === sent.length, `${sent}`);
  }
});

t.test('a key is text of 1 to 255 characters', async (t) => {
  const organizationId = await newListener();
  for (const key of ['', 'x'.repeat(256), 7, null, ['k'], 'a\0b', '\ud800']) {
    const refused = await post('/events', event(organizationId, key));
    t.match(refused, { status: 400, body: { errors: [{ path: 'idempotency_key' }] } });
  }
  t.strictSame(await queued(organizationId), []);
  for (const key of ['x'.repeat(255), ' ', '订单 ✓', "' OR true --"]) {
    t.equal((await post('/events', event(organizationId, key))).status, 202, key);
  }
  t.equal((await queued(organizationId)).length, 4);
});

t.test(
  'keys that nobody heard are remembered for thirty days, and go in bounded batches',
  async (t) => {
    const organizationId = await newOrganization();
    const publish = () => post('/events', event(organizationId, 'k'));
    const remembered = await publish();
    await database.pool.query(
      `INSERT INTO outbox (id, topic, organization_id, payload, created_at, available_at, delivered_at)
     SELECT 'kept-' || n, topic, organization_id, payload, created_at, available_at, delivered_at
     FROM outbox, generate_series(1, 1000) AS n WHERE id = $1`,
      [remembered.body.id],
    );
    const batches: number[] = [];
    const transaction: typeof database.transaction = async (work) => {
      const result = await database.transaction(work);
      batches.push(Number(result));
      return result;
    };
    const cleanUpIn = (days: number) =>
      createCleanup({
        database: { transaction },
        clock: { now: () => new Date(Date.now() + days * 86_400_000) },
        ...{ intervalMs: 60_000, log: silentLog },
      }).runOnce();
    await cleanUpIn(29);
    t.strictSame(await publish(), remembered);
    await cleanUpIn(31);
    t.strictSame(await queued(organizationId), []);
    t.ok(Math.max(...batches) <= 500, `${batches}`);
    const again = await publish();
    t.equal(again.body.id, remembered.body.id);
    t.strictSame(await queued(organizationId), [again.body.id], 'it is free again');
  },
);
