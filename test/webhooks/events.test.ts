import t from 'tap';
import { recordAuditEvent } from '../../src/audit/audit.store.ts';
import { OWN_EVENTS } from '../../src/webhooks/events.ts';
import { createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { SYSTEM, until } from './house.ts';
import { managing } from './manage.ts';

const gatehouse = await startGatehouse(t, { platform: 'example' });
const { database } = gatehouse;

const manage = managing(gatehouse);

const post = (path: string, body: object) => manage('POST', path, body);
const url = 'https://receiver.example.com/hooks';

/** An organization whose receiver wants to hear of everything. */
async function newOrganization(events = ['*']): Promise<string> {
  const { id } = (await post('/organizations', { name: 'Acme' })).body;
  const made = await post('/webhooks', { organization_id: id, url, events });
  t.equal(made.status, 201);
  return id;
}

async function queued(organizationId: string) {
  const { rows } = await database.pool.query(
    `SELECT payload FROM outbox WHERE organization_id = $1 ORDER BY id`,
    [organizationId],
  );
  return rows.map(({ payload }) => payload as { type: string; data: Record<string, unknown> });
}
const typesOf = async (organizationId: string) =>
  (await queued(organizationId)).map(({ type }) => type);

t.test('what happens to keys and members is told, and what is secret is not', async (t) => {
  const organization_id = await newOrganization();
  const body = { organization_id, name: 'A key', permission_set: 'read_only' };
  const { id, key } = (await post('/api-keys', body)).body;
  await post(`/api-keys/${id}/rotate`, { overlap_seconds: 60 });
  await manage('DELETE', `/api-keys/${id}`);
  const person = { email: 'ada@example.com', organization_id, role: 'member' };
  const user = (await post('/users', person)).body;
  const events = await queued(organization_id);
  t.match(events, [
    { type: 'api_key.created', data: { organization_id, api_key_id: id } },
    { type: 'api_key.rotated', data: { organization_id, api_key_id: id } },
    { type: 'api_key.revoked', data: { organization_id, api_key_id: id } },
    { type: 'member.joined', data: { organization_id, user_id: user.id, role: 'member' } },
  ]);
  t.notMatch(JSON.stringify(events), key);
});

t.test('consents are told to the organization they are for', async (t) => {
  const user = await createUser(gatehouse);
  const app = await registerClient(gatehouse);
  await post('/webhooks', { organization_id: user.organizationId, url, events: ['*'] });
  await createSignedIn(gatehouse, user).tokens(app, { scope: 'notes:read' });
  const [consent] = (await manage('GET', `/consents?user_id=${user.id}`)).body.data;
  await manage('DELETE', `/consents/${consent.id}?user_id=${user.id}`);
  t.match(await queued(user.organizationId), [
    { type: 'consent.granted', data: { client_id: app.clientId } },
    { type: 'consent.revoked', data: { client_id: app.clientId } },
  ]);
});

t.test('an event is queued with its cause, or not at all', async (t) => {
  const organizationId = await newOrganization();
  const event = { ...SYSTEM, type: 'api_key.created', organizationId } as const;
  const failed = database.transaction(async (tx) => {
    await recordAuditEvent(tx, event);
    throw new Error('no after all');
  });
  await t.rejects(failed, /no after all/);
  t.same(await typesOf(organizationId), []);
  await database.transaction((tx) => recordAuditEvent(tx, event));
  t.same(await typesOf(organizationId), ['api_key.created']);
});

t.test('nothing is queued that nobody has subscribed to', async (t) => {
  const organizationId = await newOrganization(['consent.granted']);
  const { id } = (await post('/organizations', { name: 'Without' })).body;
  for (const each of [organizationId, id]) {
    await recordAuditEvent(database.pool, {
      ...SYSTEM,
      type: 'api_key.created',
      organizationId: each,
    });
    t.same(await typesOf(each), []);
  }
});

t.test('a quota is told of once at 80 % and once at 100 %', async (t) => {
  const organization_id = await newOrganization(['quota.warning', 'quota.exhausted']);
  const body = { organization_id, name: 'A key', permission_set: 'full_access' };
  const { key } = (await post('/api-keys', body)).body;
  // The quota is 100 a day; the rate of 60 a minute would be met first.
  const window = new Date(Date.now() + 86_400_000);
  await database.pool.query('INSERT INTO limit_counters (key, used, ends_at) VALUES ($1, 78, $2)', [
    `notes_per_day:organization:${organization_id}`,
    window,
  ]);
  const ask = () =>
    post('/../../gate/decision', {
      ...{ method: 'POST', path: '/v1/notes' },
      headers: { authorization: `Bearer ${key}` },
    });
  await ask();
  t.same(await typesOf(organization_id), []);
  await Promise.all(Array.from({ length: 5 }, ask));
  await until(async () => (await typesOf(organization_id)).length > 0, 'the warning');
  t.match(await queued(organization_id), [
    {
      type: 'quota.warning',
      data: { organization_id, quota: { name: 'notes_per_day', limit: 100 } },
    },
  ]);
  await Promise.all(Array.from({ length: 25 }, ask));
  await until(async () => (await typesOf(organization_id)).length > 1, 'the end');
  t.same((await typesOf(organization_id)).sort(), ['quota.exhausted', 'quota.warning']);
  const { rows } = await database.pool.query(`SELECT used FROM limit_counters WHERE key = $1`, [
    `notes_per_day:organization:${organization_id}`,
  ]);
  t.equal(rows[0].used, 100);
});

t.test('an upstream API publishes its events, with a key that may', async (t) => {
  const organization_id = await newOrganization();
  const key = async (scopes: string[]) =>
    (await post('/api-keys', { organization_id, name: 'Upstream', scopes })).body.key;
  const publisher = await key(['events:publish']);
  const other = await newOrganization();
  const publish = (type: string, bearer: string, organization = other, data: unknown = { id: 1 }) =>
    manage('POST', '/events', { organization_id: organization, type, data }, bearer);
  const published = await publish('note.created', publisher);
  t.match(published, { status: 202, body: { organization_id: other, type: 'note.created' } });
  t.match(await queued(other), [{ type: 'note.created', data: { id: 1 } }]);
  t.equal((await publish('note.created', await key(['notes:read']))).status, 403);
  for (const type of ['api_key.leaked', 'webhook.test', 'note.made-up', '*']) {
    t.equal((await publish(type, publisher)).status, 400, type);
  }
  t.equal((await publish('note.created', publisher, 'unknown')).status, 400);
  t.equal((await publish('note.created', publisher, other, 'text')).status, 400);
  const wider = await manage(
    'POST',
    '/api-keys',
    { organization_id, name: 'Child', scopes: ['events:publish'] },
    await key(['notes:read']),
  );
  t.equal(wider.status, 403, 'whoever does not hold it cannot hand it on');
});

t.test('Gatehouse’s own events are those that can be subscribed to', async (t) => {
  const { id: organization_id } = (await post('/organizations', { name: 'Acme' })).body;
  const events = OWN_EVENTS.map(({ name }) => name);
  t.equal((await post('/webhooks', { organization_id, url, events })).status, 201);
  const strange = await post('/webhooks', { organization_id, url, events: ['note.made-up'] });
  t.match(strange, { status: 400, body: { errors: [{ path: 'events' }] } });
});
