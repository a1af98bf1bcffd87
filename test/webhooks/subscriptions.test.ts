import t from 'tap';
import { openHouse } from '../management/house.ts';
import { startReceiver, until } from './house.ts';

const house = await openHouse(t, { platform: 'kaie' });
const { get, post, patch } = house;
const strict = await openHouse(t, {
  platform: 'kaie',
  environment: {
    NODE_ENV: 'production',
    ISSUER: 'https://auth.kaie.example',
    ALLOW_PRIVATE_TARGETS: '0',
  },
});

const newOrganization = async (of = house) =>
  (await of.post('/organizations', { name: 'Acme' })).body.id as string;
const url = 'https://receiver.example.com/hooks?token=of-theirs';
const newWebhook = async (organization_id: string) =>
  (await post('/webhooks', { organization_id, url, events: ['*'] })).body;

t.test('a secret is shown once, and stored encrypted', async (t) => {
  const organization = await newOrganization();
  const { id, secret } = await newWebhook(organization);
  t.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const read = await get(`/webhooks/${id}`);
  t.match(read.body, { organization_id: organization, url, events: ['*'], status: 'active' });
  t.notMatch(read.text, secret);
  t.notMatch((await get(`/webhooks?organization_id=${organization}`)).text, secret);
  const { rows } = await house.database.pool.query(
    'SELECT encrypted FROM webhook_secrets WHERE subscription_id = $1',
    [id],
  );
  t.notMatch(rows[0].encrypted.toString('latin1'), secret.slice(10));
  const log = (await get(`/audit?organization_id=${organization}`)).text;
  t.notMatch(log, secret);
  t.notMatch(log, 'of-theirs', 'nor does the log have the path of the receiver');
  t.notMatch(house.gatehouse.logLines.join('\n'), secret);
});

t.test('a rotated secret is another one', async (t) => {
  const { id, secret } = await newWebhook(await newOrganization());
  const rotated = await post(`/webhooks/${id}/rotate`, { overlap_seconds: 3600 });
  t.equal(rotated.status, 200);
  t.not(rotated.body.secret, secret);
  await Promise.all(
    Array.from({ length: 8 }, () => post(`/webhooks/${id}/rotate`, { overlap_seconds: 3600 })),
  );
  const { rows } = await house.database.pool.query(
    `SELECT count(*)::int AS all, (count(*) FILTER (WHERE expires_at IS NULL))::int AS lasting
     FROM webhook_secrets WHERE subscription_id = $1`,
    [id],
  );
  t.same(rows[0], { all: 5, lasting: 1 }, 'of many at once the last one stays');
  t.equal((await post(`/webhooks/${id}/rotate`, { overlap_seconds: -1 })).status, 400);
});

t.test('it is paused and resumed', async (t) => {
  const { id } = await newWebhook(await newOrganization());
  t.match((await post(`/webhooks/${id}/pause`)).body, { status: 'paused' });
  t.match((await patch(`/webhooks/${id}`, { status: 'active' })).body, { status: 'active' });
  t.equal((await patch(`/webhooks/${id}`, { status: 'disabled' })).status, 400);
  t.match((await post(`/webhooks/${id}/resume`)).body, { status: 'active' });
});

t.test('a receiver is https, on the public internet, and without a password', async (t) => {
  const organization_id = await newOrganization(strict);
  const wrong = [
    'http://receiver.example.com/',
    'https://user:secret@receiver.example.com/',
    'https://receiver.example.com/#here',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://10.0.0.1:8443/',
    'ftp://receiver.example.com/',
    'javascript:alert(1)',
    'receiver.example.com',
    '//receiver.example.com',
  ];
  for (const each of wrong) {
    const answer = await strict.post('/webhooks', { organization_id, url: each, events: ['*'] });
    t.equal(answer.status, 400, each);
    t.match(answer.body.errors, [{ path: 'url' }], each);
  }
  const right = { organization_id, url, events: ['workflow.created'] };
  const { id } = (await strict.post('/webhooks', right)).body;
  t.equal((await strict.patch(`/webhooks/${id}`, { url: wrong[3] })).status, 400);
  t.equal((await strict.patch('/webhooks/unknown', { url: wrong[3] })).status, 404);
  for (const events of [[], ['made.up'], ['workflow.created', 'made.up']]) {
    t.equal((await strict.post('/webhooks', { organization_id, url, events })).status, 400);
  }
});

t.test('an organization has at most twenty, however many ask at once', async (t) => {
  const organization_id = await newOrganization();
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => post('/webhooks', { organization_id, url, events: ['*'] })),
  );
  const statuses = answers.map(({ status }) => status);
  t.equal(statuses.filter((status) => status === 201).length, 20);
  t.equal(statuses.filter((status) => status === 409).length, 10);
});

t.test(
  'through a webhook that is paused or disabled nothing is sent, nor kept to be sent',
  async (t) => {
    const organization = await newOrganization();
    const { id } = await newWebhook(organization);
    const other = await newWebhook(organization);
    const delivery = (await post(`/webhooks/${id}/test`)).body;
    await house.database.pool.query(
      `UPDATE webhook_deliveries SET status = 'dead', attempts = 11, finished_at = now() WHERE id = $1`,
      [delivery.id],
    );
    const again = `/webhooks/${id}/deliveries/${delivery.id}/redeliver`;
    for (const status of ['paused', 'disabled']) {
      await house.database.pool.query(
        'UPDATE webhook_subscriptions SET status = $1 WHERE id = $2',
        [status, id],
      );
      for (const path of [`/webhooks/${id}/test`, again]) {
        const refused = await post(path);
        t.match(refused, {
          status: 409,
          headers: { 'content-type': /^application\/problem\+json/ },
          body: { code: 'webhook_inactive', detail: /Resume it first/ },
        });
      }
      t.equal((await post(again.replace(delivery.id, id))).status, 404, 'what is not there');
      const { data } = (await get(`/webhooks/${id}/deliveries`)).body;
      t.match(data, [{ id: delivery.id, status: 'dead', attempts: 11, next_attempt_at: null }]);
      t.equal(data.length, 1);
      t.equal((await post(`/webhooks/${other.id}/test`)).status, 202, 'others go on');
    }
    t.equal((await post(`/webhooks/${id}/resume`)).status, 200);
    t.match(await post(again), { status: 202, body: { id: delivery.id, status: 'pending' } });
  },
);

t.test('a delivery belongs to its webhook alone', async (t) => {
  const organization = await newOrganization();
  const [one, two] = [await newWebhook(organization), await newWebhook(organization)];
  const delivery = (await post(`/webhooks/${one.id}/test`)).body;
  t.match(delivery, { type: 'webhook.test', status: 'pending', attempts: 0, history: [] });
  t.equal((await get(`/webhooks/${one.id}/deliveries/${delivery.id}`)).status, 200);
  t.equal((await get(`/webhooks/${two.id}/deliveries/${delivery.id}`)).status, 404);
  const path = `/webhooks/${two.id}/deliveries/${delivery.id}/redeliver`;
  t.equal((await post(path)).status, 404);
  t.equal((await get(`/webhooks/${two.id}/deliveries`)).body.data.length, 0);
  await house.delete(`/webhooks/${one.id}`);
  t.equal((await get(`/webhooks/${one.id}/deliveries`)).status, 404);
});

t.test('what was sent and answered is read, and a delivery is sent again by hand', async (t) => {
  const open = await openHouse(t, {
    ...{ platform: 'kaie', environment: { ALLOW_PRIVATE_TARGETS: '1' } },
  });
  const { worker } = open.gatehouse.webhooks;
  worker.start();
  t.teardown(() => worker.stop(AbortSignal.abort()));
  let works = false;
  const receiver = await startReceiver(t, (_request, response) => {
    response.statusCode = works ? 200 : 500;
    response.end(works ? 'thanks' : 'not <now>');
  });
  const made = await open.post('/webhooks', {
    organization_id: await newOrganization(open),
    ...{ url: receiver.url, events: ['*'] },
  });
  const hook = `/webhooks/${made.body.id}`;
  const { id } = (await open.post(`${hook}/test`)).body;
  const read = async () => (await open.get(`${hook}/deliveries/${id}`)).body;
  const patienceMs = 60_000;
  await until(() => receiver.received.length === 1, 'the attempt', patienceMs);
  const isAnswered = async () => (await read()).history[0].response_status === 500;
  await until(isAnswered, 'its answer to be noted', patienceMs);
  const refused = await read();
  const [first] = receiver.received;
  t.match(refused, {
    ...{ status: 'pending', attempts: 1, next_attempt_at: String, body: first?.body },
    history: [{ number: 1, response_body: 'not <now>', error: 'http_status' }],
  });
  t.equal(refused.history[0].id, first?.headers['webhook-attempt-id']);
  t.equal(refused.event_id, first?.headers['webhook-id']);

  works = true;
  const again = await open.post(`${hook}/deliveries/${id}/redeliver`);
  t.match(again, { status: 202, body: { id } });
  await until(() => receiver.received.length === 2, 'another attempt', patienceMs);
  await until(async () => (await read()).status === 'delivered', 'it to be taken', patienceMs);
  t.match(await read(), {
    ...{ attempts: 2, next_attempt_at: null, finished_at: String },
    history: [{ response_status: 500 }, { response_status: 200, response_body: 'thanks' }],
  });
  t.equal(receiver.received[1]?.headers['webhook-id'], first?.headers['webhook-id']);
  const listed = async (status: string) =>
    (await open.get(`${hook}/deliveries?status=${status}`)).body.data.length;
  t.same([await listed('delivered'), await listed('pending')], [1, 0]);
});
