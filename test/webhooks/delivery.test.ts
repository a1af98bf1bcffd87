import { Webhook } from 'standardwebhooks';
import t from 'tap';
import { createOutboundFetch } from '../../src/lib/outbound.ts';
import { openHouse, SYSTEM, startReceiver, until } from './house.ts';

const headersOf = (headers: object) => headers as Record<string, string>;

t.test('an event reaches whoever subscribed to it, and nobody else', async (t) => {
  const house = await openHouse(t);
  const receiver = await startReceiver(t);
  const neighbour = await house.organization();
  const named = await house.subscribe(`${receiver.url}/named`, ['workflow.created']);
  const all = await house.subscribe(`${receiver.url}/all`);
  await house.subscribe(`${receiver.url}/other`, ['trigger.fired']);
  await house.subscribe(`${receiver.url}/neighbour`, ['*'], neighbour);
  await house.startWorker();
  const id = await house.publish('workflow.created', { id: 'w1' });
  await house.settled(named.id);
  await house.settled(all.id);
  const { received } = receiver;
  t.same(received.map(({ path }) => path).sort(), ['/hooks/all', '/hooks/named']);
  for (const { headers, body } of received) {
    t.equal(headers['webhook-id'], id, 'one id at every subscription');
    t.match(JSON.parse(body), { type: 'workflow.created', data: { id: 'w1' } });
    t.match(JSON.parse(body).timestamp, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  }
  t.match(await house.record(named.id), {
    status: 'delivered',
    attempts: 1,
    made: [{ number: 1, status: 200, body: 'thanks', error: null }],
  });
});

t.test('a receiver that fails is asked again, with the same id and body', async (t) => {
  const house = await openHouse(t);
  const receiver = await startReceiver(t, (_request, response) => {
    response.statusCode = receiver.received.length < 3 ? 500 : 204;
    response.end();
  });
  const { id, secret } = await house.subscribe(receiver.url);
  await house.startWorker();
  await house.publish('trigger.fired', { b: 1, a: { z: [1, 'é\u2028'] } });
  await house.settled(id);
  t.equal(receiver.received.length, 3);
  const [first, second, third] = receiver.received;
  t.equal(second?.body, first?.body);
  t.equal(third?.headers['webhook-id'], first?.headers['webhook-id']);
  const attempts = receiver.received.map(({ headers }) => headers['webhook-attempt-id']);
  t.equal(new Set(attempts).size, 3, 'each attempt has an id of its own');
  for (const { headers, body } of receiver.received) {
    t.doesNotThrow(() => new Webhook(secret).verify(body, headersOf(headers)));
  }
  t.equal((await house.find(id)).failingSince, null);
  t.same(
    (await house.record(id)).made.map(({ status }) => status),
    [500, 500, 204],
  );
});

t.test('what fails for good is dead, is noted, and can be sent again by hand', async (t) => {
  const house = await openHouse(t);
  let works = false;
  const receiver = await startReceiver(t, (_request, response) => {
    response.statusCode = works ? 200 : 503;
    response.end('not now');
  });
  const { id } = await house.subscribe(receiver.url);
  const worker = await house.startWorker();
  await house.publish();
  const [dead] = await house.settled(id);
  await worker.stop();
  t.match(dead, { status: 'dead', attempts: 4, nextAttemptAt: null });
  const notices = await house.audited('webhook.delivery_failed');
  t.equal(notices.length, 1);
  t.match(notices[0], {
    organization_id: house.home,
    target_id: id,
    details: { delivery_id: dead!.id, attempts: 4 },
  });
  works = true;
  const subscription = await house.find(id);
  const again = await Promise.all(
    Array.from({ length: 5 }, () => house.subscriptions.redeliver(dead!.id, subscription)),
  );
  t.ok(again.every((sent) => sent.outcome === 'done' && sent.delivery.id === dead!.id));
  await house.startWorker();
  t.match(await house.settled(id), [{ status: 'delivered', attempts: 5 }]);
  t.equal(receiver.received.length, 5, 'five hands at once make one attempt');
  t.same(await house.subscriptions.redeliver('unknown', subscription), { outcome: 'not_found' });
});

t.test('events wait while a subscription is paused', async (t) => {
  const house = await openHouse(t);
  const receiver = await startReceiver(t);
  const paused = await house.subscribe(`${receiver.url}/paused`);
  const awake = await house.subscribe(`${receiver.url}/awake`);
  await house.subscriptions.update(
    paused.id,
    { status: 'paused' },
    { organizationId: null },
    SYSTEM,
  );
  await house.startWorker();
  await house.publish();
  await house.settled(awake.id);
  t.same(
    receiver.received.map(({ path }) => path),
    ['/hooks/awake'],
  );
  t.match(await house.deliveriesOf(paused.id), [{ status: 'pending', attempts: 0 }]);
  await house.subscriptions.update(
    paused.id,
    { status: 'active' },
    { organizationId: null },
    SYSTEM,
  );
  await house.settled(paused.id);
  t.equal(receiver.received.length, 2);
});

t.test('while a secret is rotated out, both sign', async (t) => {
  const house = await openHouse(t);
  const receiver = await startReceiver(t);
  const { id, secret: old } = await house.subscribe(receiver.url);
  const rotate = (overlap: number) =>
    house.subscriptions.rotate(id, overlap, { organizationId: null }, SYSTEM);
  const rotated = await rotate(60);
  const fresh = rotated.outcome === 'done' ? rotated.secret : '';
  t.not(fresh, old);
  await house.startWorker();
  await house.publish();
  await house.settled(id);
  const verify = (secret: string, at = receiver.received.length - 1) => {
    const { body, headers } = receiver.received[at]!;
    return new Webhook(secret).verify(body, headersOf(headers));
  };
  t.doesNotThrow(() => verify(old));
  t.doesNotThrow(() => verify(fresh));
  t.match(receiver.received[0]?.headers['x-kaie-signature'], /^t=\d+(,v1=[0-9a-f]{64}){2}$/);

  house.clock.advance(61);
  await house.publish();
  await house.settled(id, 2);
  t.throws(() => verify(old), 'the old one has stopped');
  t.match(receiver.received[1]?.headers['x-kaie-signature'], /^t=\d+,v1=[0-9a-f]{64}$/);

  const last = await rotate(0);
  const now = last.outcome === 'done' ? last.secret : '';
  await house.publish();
  await house.settled(id, 3);
  t.throws(() => verify(fresh), 'without an overlap it stops at once');
  const { body, headers } = receiver.received[2]!;
  const back = { ...headers, 'webhook-timestamp': String(Math.floor(Date.now() / 1000)) };
  t.throws(() => new Webhook(now).verify(body, headersOf(back)), 'time is signed');
});

t.test('a subscription gets no more than its rate, however much waits', async (t) => {
  const house = await openHouse(t, { webhooks: { deliveryRate: { limit: 5, windowSeconds: 60 } } });
  const receiver = await startReceiver(t);
  const limited = await house.subscribe(`${receiver.url}/limited`);
  for (let i = 0; i < 12; i += 1) await house.publish();
  const workers = [await house.startWorker(), await house.startWorker()];
  const delivered = async () =>
    (await house.deliveriesOf(limited.id)).filter(({ status }) => status === 'delivered').length;
  await until(async () => (await delivered()) === 5, 'the first window');
  const other = await house.subscribe(`${receiver.url}/other`, ['trigger.fired']);
  await house.publish('trigger.fired');
  await house.settled(other.id);
  t.equal(await delivered(), 5, 'two processes share one rate');
  house.clock.advance(61);
  await until(async () => (await delivered()) === 10, 'the second window');
  t.equal(receiver.received.filter(({ path }) => path.endsWith('/limited')).length, 10);
  for (const worker of workers) t.same(worker.warnings, []);
});

t.test('workers never make the same attempt, however many there are', async (t) => {
  const house = await openHouse(t);
  const receiver = await startReceiver(t, ({ headers }, response) => {
    const isFirst = String(headers['webhook-attempt-id']).endsWith('.1');
    response.statusCode = isFirst && String(headers['webhook-id']).at(-1)! < '5' ? 500 : 200;
    response.end();
  });
  const all = [];
  for (let i = 0; i < 5; i += 1) all.push(await house.subscribe(`${receiver.url}/${i}`));
  await Promise.all(Array.from({ length: 30 }, () => house.publish()));
  await Promise.all(Array.from({ length: 4 }, () => house.startWorker()));
  for (const { id } of all) await house.settled(id, 30);
  const attempts = receiver.received.map(({ headers }) => headers['webhook-attempt-id']);
  t.equal(new Set(attempts).size, attempts.length, 'no attempt was made twice');
  const pairs = new Set(receiver.received.map((one) => `${one.path} ${one.headers['webhook-id']}`));
  t.equal(pairs.size, 150, 'everybody heard of everything');
});

t.test('receivers that hang, never end, or lead elsewhere hurt nobody else', async (t) => {
  const house = await openHouse(t);
  const inside = await startReceiver(t);
  const silent = await startReceiver(t, () => {});
  const endless = await startReceiver(t, (_request, response) => {
    const pouring = setInterval(() => response.write('x'.repeat(2_048)), 5);
    response.on('close', () => clearInterval(pouring));
  });
  const leading = await startReceiver(t, (_request, response) => {
    response.writeHead(302, { location: inside.url }).end();
  });
  const good = await startReceiver(t);
  const hanging = [];
  for (let i = 0; i < 15; i += 1) hanging.push(await house.subscribe(silent.url));
  const flood = await house.subscribe(endless.url, ['*'], await house.organization());
  const redirect = await house.subscribe(leading.url, ['*'], flood.organizationId);
  const well = await house.subscribe(good.url, ['*'], flood.organizationId);
  await house.startWorker({ timing: { timeoutMs: 3_000 } });
  await Promise.all(Array.from({ length: 20 }, () => house.publish()));
  await until(() => silent.received.length >= 15, 'every hanging receiver to be dialled');
  const begun = Date.now();
  await house.publish('workflow.created', {}, flood.organizationId);
  await house.settled(well.id);
  t.ok(Date.now() - begun < 2_500, 'a good receiver did not wait for them');
  t.equal(silent.received.length, 15, 'whoever has taken nothing is asked one thing at a time');
  await house.settled(flood.id);
  const { made } = await house.record(flood.id);
  t.match(made[0], { status: 200, error: null });
  t.equal(made[0]?.body?.length, 4_096, 'of an endless answer the beginning is kept');
  await house.settled(redirect.id);
  t.match((await house.record(redirect.id)).made[0], { status: 302, error: 'redirect' });
  t.equal(inside.received.length, 0, 'no redirect was followed');
  const [first] = hanging;
  await until(async () => (await house.find(first!.id)).failingSince !== null, 'a time-out');
  const tried = (await house.deliveriesOf(first!.id)).filter(({ attempts }) => attempts > 0);
  const { made: timedOut } = (await house.subscriptions.delivery(tried[0]!.id, first!))!;
  t.match(timedOut[0], { status: null, body: null, error: 'timeout' });
});

t.test('private addresses are not dialled, whatever name leads there', async (t) => {
  const house = await openHouse(t);
  const inside = await startReceiver(t);
  const { port } = new URL(inside.url);
  let asked = 0;
  // The first answer is public, as a check before dialling would see it; then it leads inside.
  const resolve = ((_host: string, _options: unknown, done: (...all: unknown[]) => void) => {
    asked += 1;
    const address = asked === 1 ? '192.0.2.1' : '127.0.0.1';
    done(null, [{ address, family: 4 }]);
  }) as never;
  const fetch = createOutboundFetch({ allowPrivateTargets: false, patienceMs: 300, resolve });
  const literal = await house.subscribe(`http://127.0.0.1:${port}/`);
  const named = await house.subscribe(`http://rebinding.example.com:${port}/`);
  await house.startWorker({ strict: true, fetch });
  await house.publish();
  await house.settled(literal.id);
  await house.settled(named.id);
  t.ok(asked > 1);
  for (const { id } of [literal, named]) {
    const { status, made } = await house.record(id);
    t.equal(status, 'dead');
    t.equal(made.at(-1)?.error, 'forbidden_target');
    t.ok(made.every((attempt) => attempt.body === null && attempt.status === null));
  }
  t.equal(inside.received.length, 0);
});

t.test(
  'a subscription that fails for days is disabled, and one that is gone at once',
  async (t) => {
    const house = await openHouse(t);
    const failing = await startReceiver(t, (_request, response) => {
      response.statusCode = 500;
      response.end();
    });
    const gone = await startReceiver(t, (_request, response) => {
      response.statusCode = 410;
      response.end();
    });
    const slow = await house.subscribe(failing.url, ['workflow.created']);
    const over = await house.subscribe(gone.url, ['trigger.fired']);
    await house.startWorker();
    await house.publish('workflow.created');
    await house.publish('trigger.fired');
    t.match(await house.settled(over.id), [{ status: 'dead', attempts: 1 }]);
    t.equal((await house.find(over.id)).status, 'disabled');
    await house.settled(slow.id);
    t.equal((await house.find(slow.id)).status, 'active');
    house.clock.advance(5 * 86_400 + 60);
    await house.publish('workflow.created');
    await until(async () => (await house.find(slow.id)).status === 'disabled', 'it is disabled');
    t.equal((await house.audited('webhook.disabled')).length, 2);
    await house.publish('workflow.created');
    const { rows } = await house.database.pool.query(
      `SELECT count(*)::int AS events FROM outbox WHERE delivered_at IS NULL`,
    );
    t.equal(rows[0].events, 0, 'what happens meanwhile is not kept for it');
    const outcome = await house.subscriptions.update(
      slow.id,
      { status: 'active' },
      { organizationId: null },
      SYSTEM,
    );
    t.match(outcome, { outcome: 'done', subscription: { status: 'active', failingSince: null } });
  },
);

t.test('a worker that stops gives back what its receivers have not answered', async (t) => {
  const house = await openHouse(t);
  let answers = false;
  const receiver = await startReceiver(t, (_request, response) => {
    if (answers) response.end();
  });
  const { id } = await house.subscribe(receiver.url);
  const first = await house.startWorker({ timing: { timeoutMs: 60_000, leaseMs: 120_000 } });
  await house.publish();
  await until(() => receiver.received.length === 1, 'the first attempt');
  await first.stop(AbortSignal.abort());
  t.match(await house.record(id), {
    status: 'pending',
    made: [{ number: 1, error: 'interrupted' }],
  });
  answers = true;
  await house.startWorker();
  t.match(await house.settled(id), [{ status: 'delivered', attempts: 2 }]);
});

t.test('Retry-After is honoured, up to an hour', async (t) => {
  const house = await openHouse(t);
  const receiver = await startReceiver(t, (_request, response) => {
    response.writeHead(429, { 'retry-after': '600' }).end();
  });
  const { id } = await house.subscribe(receiver.url);
  await house.startWorker();
  await house.publish();
  await until(async () => (await house.find(id)).failingSince !== null, 'the answer');
  const [delivery] = await house.deliveriesOf(id);
  const waitMs = delivery!.nextAttemptAt!.getTime() - house.clock.now().getTime();
  t.ok(waitMs > 590_000 && waitMs <= 600_000, `${waitMs}`);
});
