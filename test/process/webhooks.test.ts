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
