import { randomBytes } from 'node:crypto';
import t from 'tap';
import { createTestDatabase } from '../support/postgres.ts';
import { type GatehouseProcess, spawnGatehouse } from '../support/process.ts';
import { startReceiver, until } from '../webhooks/house.ts';

// The worker as it runs in a process, beside everything else.

const ADMIN_KEY = 'admin_of_this_test_and_no_other';

async function manage(gatehouse: GatehouseProcess, path: string, body: object) {
  const response = await fetch(`${gatehouse.issuer}/manage/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as { id: string };
}

t.test(
  'what happens in one process reaches a receiver, and SIGTERM waits for nobody',
  async (t) => {
    const { connectionString } = await createTestDatabase(t);
    const environment = {
      ...{ PLATFORM: 'kaie', DATABASE_URL: connectionString, ADMIN_KEY },
      ...{ ALLOW_PRIVATE_TARGETS: '1' },
    };
    const gatehouse = await spawnGatehouse(t, { environment });
    const receiver = await startReceiver(t);
    const silent = await startReceiver(t, () => {});
    const organization_id = (await manage(gatehouse, '/organizations', { name: 'Acme' })).id;
    const subscribe = (url: string, events: string[]) =>
      manage(gatehouse, '/webhooks', { organization_id, url, events });
    await subscribe(receiver.url, ['api_key.created']);
    await subscribe(silent.url, ['workflow.created']);

    const begun = Date.now();
    const key = { organization_id, name: 'A key', permission_set: 'read_only' };
    const { id } = await manage(gatehouse, '/api-keys', key);
    await until(() => receiver.received.length === 1, 'the event');
    t.ok(Date.now() - begun < 5_000);
    t.match(JSON.parse(receiver.received[0]!.body), {
      ...{ type: 'api_key.created', data: { api_key_id: id, organization_id } },
    });

    await manage(gatehouse, '/events', { organization_id, type: 'workflow.created', data: {} });
    await until(() => silent.received.length === 1, 'the receiver that never answers');
    const signalled = Date.now();
    t.equal(await gatehouse.kill('SIGTERM'), 0);
    t.ok(Date.now() - signalled < 5_000, 'it does not wait for a receiver');

    // The master key of the data directory is needed to sign.
    const { dataDir } = gatehouse;
    await spawnGatehouse(t, { environment: { ...environment, DATA_DIR: dataDir } });
    await until(() => silent.received.length === 2, 'another process to take over');
    const [first, second] = silent.received;
    t.equal(second?.headers['webhook-id'], first?.headers['webhook-id']);
    t.not(second?.headers['webhook-attempt-id'], first?.headers['webhook-attempt-id']);
  },
);

t.test(
  'what was accepted is delivered, even if the process is killed the moment after (kill -9)',
  { timeout: 180_000 },
  async (t) => {
    const { connectionString } = await createTestDatabase(t);
    const environment = {
      ...{ PLATFORM: 'kaie', DATABASE_URL: connectionString, ADMIN_KEY },
      ...{ ALLOW_PRIVATE_TARGETS: '1', MASTER_KEY: randomBytes(32).toString('base64') },
    };
    let answers = false;
    const taken: string[] = [];
    const receiver = await startReceiver(t, ({ headers }, response) => {
      if (!answers) return;
      taken.push(String(headers['webhook-id']));
      response.end();
    });
    const first = await spawnGatehouse(t, { environment });
    const organization_id = (await manage(first, '/organizations', { name: 'Acme' })).id;
    await manage(first, '/webhooks', { organization_id, url: receiver.url, events: ['*'] });
    const accepted: string[] = [];
    for (let number = 0; number < 5; number += 1) {
      const event = { organization_id, type: 'workflow.created', data: { number } };
      accepted.push((await manage(first, '/events', event)).id);
    }
    await first.kill('SIGKILL');
    t.same(taken, [], 'nothing was delivered until then');
    answers = true;

    await spawnGatehouse(t, { environment });
    // What was being dialled falls due when its lease ends.
    await until(() => new Set(taken).size === accepted.length, 'every event', 90_000);
    t.same([...new Set(taken)].sort(), accepted.sort(), 'each by the id that was answered');
    const attempts = receiver.received.map(({ headers }) => headers['webhook-attempt-id']);
    t.equal(new Set(attempts).size, attempts.length, 'and no attempt was made twice');
  },
);
