import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { openHouse, startReceiver, until } from './house.ts';

// With WEBHOOK_EVENTS=10000 this is the proof in full; it then takes minutes.
const EVENTS = Number(process.env.WEBHOOK_EVENTS ?? 600);
const SUBSCRIPTIONS = 10;
/** 30 % of the receivers fail: some answers are errors, some never come. */
const FAILING = 3;
const WORKER = fileURLToPath(new URL('worker-process.ts', import.meta.url));

t.setTimeout(60_000 + EVENTS * 100);

t.test('nothing is lost to kill -9, and no attempt is made twice', async (t) => {
  const house = await openHouse(t);
  let answered = 0;
  const receiver = await startReceiver(t, ({ path, headers }, response) => {
    answered += 1;
    const number = Number(String(headers['webhook-attempt-id']).split('.').at(-1));
    const isFailing = Number(path.split('/').at(-1)) < FAILING;
    if (isFailing && number === 1 && answered % 25 === 0) return;
    response.statusCode = isFailing && number <= 2 ? 500 : 200;
    setTimeout(() => response.end(), 5);
  });

  const start = async () => {
    const child = spawn(process.execPath, [WORKER], { stdio: ['pipe', 'pipe', 'inherit'] });
    t.teardown(() => child.kill('SIGKILL'));
    const { connectionString, platform } = house;
    const masterKey = house.masterKeyText;
    child.stdin.end(JSON.stringify({ connectionString, platform, masterKey }));
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    if (child.exitCode !== null) throw new Error('a worker did not start');
    return child;
  };

  const organizations: string[] = [];
  for (let i = 0; i < SUBSCRIPTIONS; i += 1) {
    const organization = await house.organization();
    await house.subscribe(`${receiver.url}/${i}`, ['*'], organization);
    organizations.push(organization);
  }
  const workers = [await start(), await start()];

  const sent: string[] = [];
  const publishing = (async () => {
    for (let i = 0; i < EVENTS; i += 20) {
      const ids = Array.from({ length: Math.min(20, EVENTS - i) }, (_, k) =>
        house.publish('workflow.created', { i }, organizations[(i + k) % SUBSCRIPTIONS]),
      );
      sent.push(...(await Promise.all(ids)));
    }
  })();

  for (const share of [0.2, 0.5]) {
    await until(() => receiver.received.length > EVENTS * share, 'deliveries', EVENTS * 50);
    const victim = workers.shift()!;
    victim.kill('SIGKILL');
    await once(victim, 'exit');
    workers.push(await start());
  }
  await publishing;

  const left = async () => {
    const { rows } = await house.database.pool.query(
      `SELECT (SELECT count(*) FROM outbox WHERE delivered_at IS NULL)::int
        + (SELECT count(*) FROM webhook_deliveries WHERE status <> 'delivered')::int AS left`,
    );
    return rows[0].left as number;
  };
  await until(async () => (await left()) === 0, 'everything to be delivered', EVENTS * 100);

  const attempts = receiver.received.map(({ headers }) => headers['webhook-attempt-id']);
  t.equal(new Set(attempts).size, attempts.length, 'no attempt id came twice');
  const heard = new Set(receiver.received.map(({ headers }) => headers['webhook-id']));
  t.equal(sent.length, EVENTS);
  t.same(
    sent.filter((id) => !heard.has(id)),
    [],
    'every event came',
  );
  t.ok(receiver.received.length > EVENTS * 1.3, 'failures were met');
  const { rows } = await house.database.pool.query(
    `SELECT count(*)::int AS died FROM webhook_attempts WHERE duration_ms IS NULL`,
  );
  t.comment(`${attempts.length} attempts, ${rows[0].died} of them died with their process`);
});
