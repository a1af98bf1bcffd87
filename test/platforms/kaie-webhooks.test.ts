import { createHmac } from 'node:crypto';
import t from 'tap';
import { openDesk } from '../gate/desk.ts';
import { createTestClock } from '../support/clock.ts';
import { type Received, startReceiver, until } from '../webhooks/house.ts';

// What Kaie's page says of webhooks, claim by claim: made and published in the management API, and sent by
// the server's own worker. Names of tests are its words.

const clock = createTestClock();
const desk = await openDesk(t, 'kaie', { clock, environment: { ALLOW_PRIVATE_TARGETS: '1' } });
const tenant = await desk.organization();
const { worker } = desk.gatehouse.webhooks;
worker.start();
t.teardown(() => worker.stop(AbortSignal.timeout(5_000)));

async function subscribe(url: string, organization = tenant): Promise<string> {
  const wish = { organization_id: organization, url, events: ['workflow.run.completed'] };
  const made = await desk.call('POST', '/manage/v1/webhooks', wish);
  if (made.status !== 201) throw new Error(made.text);
  return made.body.secret;
}

async function publish(data: object = { workflow: 'w_1' }, organization = tenant): Promise<void> {
  const event = { organization_id: organization, type: 'workflow.run.completed', data };
  const told = await desk.call('POST', '/manage/v1/events', event);
  if (told.status !== 202) throw new Error(told.text);
}

/** As a receiver checks it that knows HMAC and nothing else: `t=<seconds>,v1=<hex>`. */
function isAuthentic({ headers, body }: Received, secret: string, as = body): boolean {
  const signature = String(headers['x-kaie-signature']);
  const [, timestamp, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return createHmac('sha256', key).update(`${timestamp}.${as}`).digest('hex') === hex;
}

t.test('Webhooks use HMAC-SHA256 signatures to verify the authenticity', async (t) => {
  const receiver = await startReceiver(t);
  const neighbour = await desk.organization();
  const secret = await subscribe(`${receiver.url}/mine`);
  const theirs = await subscribe(`${receiver.url}/theirs`, neighbour);
  await publish({ text: 'Grüße, \u2028 世界' });
  await publish({ text: 'of the neighbour' }, neighbour);
  await until(() => receiver.received.length === 2, 'both deliveries');
  const [mine, other] = ['/mine', '/theirs'].map((end) =>
    receiver.received.find(({ path }) => path.endsWith(end)),
  ) as [Received, Received];
  t.match(JSON.parse(mine.body), {
    ...{ type: 'workflow.run.completed', data: { text: 'Grüße, \u2028 世界' } },
  });
  t.ok(isAuthentic(mine, secret), 'as it was sent');
  t.notOk(isAuthentic(mine, secret, `${mine.body} `), 'changed on the way');
  t.notOk(isAuthentic(mine, theirs), 'of another organization’s secret');
  t.ok(isAuthentic(other, theirs));
});

t.test('The webhook signature is included in the X-Kaie-Signature header', async (t) => {
  const receiver = await startReceiver(t);
  const secret = await subscribe(receiver.url);
  await publish();
  await until(() => receiver.received.length === 1, 'the delivery');
  const { headers } = receiver.received[0]!;
  const signature = String(headers['x-kaie-signature']);
  const [, seconds] = /^t=(\d+),v1=[0-9a-f]{64}$/.exec(signature) ?? [];
  t.ok(Math.abs(Number(seconds) - clock.now().getTime() / 1000) < 60, 'with when it was sent');
  for (const [name, value] of Object.entries(headers)) {
    t.notOk(String(value).includes(secret.slice('whsec_'.length)), `${name} has no secret`);
  }
  t.notOk(desk.gatehouse.logLines.join('\n').includes(secret));
});

t.test('Webhook: 100 requests per minute', async (t) => {
  const receiver = await startReceiver(t);
  const own = await desk.organization();
  await subscribe(`${receiver.url}/busy`, own);
  const told = (end: string) => receiver.received.filter(({ path }) => path.endsWith(end)).length;
  for (let i = 0; i < 110; i += 1) await publish({ number: i }, own);
  await until(() => told('/busy') === 100, 'a hundred deliveries');

  const other = await desk.organization();
  await subscribe(`${receiver.url}/quiet`, other);
  await publish({}, other);
  await until(() => told('/quiet') === 1, 'another subscription’s, which is not held back');
  t.equal(told('/busy'), 100, 'in this minute');

  clock.advance(61);
  await until(() => told('/busy') === 110, 'the rest, a minute later');
  const numbers = receiver.received
    .filter(({ path }) => path.endsWith('/busy'))
    .map(({ body }) => JSON.parse(body).data.number as number);
  t.equal(new Set(numbers).size, 110, 'each once, and none is lost');
});
