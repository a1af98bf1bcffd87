import { randomUUID } from 'node:crypto';
import t from 'tap';
import { MOST_GENERATIONS } from '../../src/credentials/api-keys/lineage.store.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import { openHouse } from './house.ts';
import { type Key, openTenancy } from './tenancy.ts';

// What a key has made goes no further than the key: not when it is narrowed, not when it is revoked.

const house = await openTenancy(t);
const { key, as, use, get, patch, database, gatehouse } = house;

/** A key made by another. */
async function child(of: Key, more: object = {}): Promise<Key> {
  const answer = await as(of.key, 'POST', '/api-keys', { name: 'Child', scopes: ['all'], ...more });
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body;
}

async function family() {
  const first = await key();
  const [left, right] = [await child(first), await child(first)];
  return { first, left, right, below: await child(left) };
}

const allowed = async (one: Key, address?: string) => (await use(one.key, address)).allowed;
const statusOf = async ({ id }: Key) => (await get(`/api-keys/${id}`)).body.status;
const eventsOf = async ({ id }: Key) =>
  (
    await database.pool.query(
      `SELECT type, actor_kind, details FROM audit_events WHERE target_id = $1 ORDER BY id`,
      [id],
    )
  ).rows;

t.test('a key says who made it, and is found by that', async (t) => {
  const { first, left, right, below } = await family();
  const by = async (id: string, credential: string = house.adminKey) =>
    (await as(credential, 'GET', `/api-keys?created_by=${id}`)).body.data.map(
      (each: Key) => each.id,
    );
  t.match((await get(`/api-keys/${left.id}`)).body.created_by, { kind: 'api_key', id: first.id });
  t.strictSame((await get(`/api-keys/${first.id}`)).body.created_by, { kind: 'admin', id: null });
  t.strictSame(await by(first.id), [right.id, left.id], 'newest first');
  t.strictSame(await by(left.id, first.key), [below.id]);
  t.strictSame(await by(below.id), []);
  t.strictSame(await by('nobody'), []);

  const page = await get(`/api-keys?created_by=${first.id}&limit=1`);
  t.strictSame(page.body.data[0].id, right.id);
  const next = await get(`/api-keys?created_by=${first.id}&cursor=${page.body.next_cursor}`);
  t.match(next.body, { data: [{ id: left.id }], next_cursor: null });

  const neighbour = await key({ organization_id: await house.organization() });
  t.strictSame(await by(first.id, neighbour.key), [], 'a neighbour sees nothing of it');
});

t.test('an invitation that a key sent is void while a key above it is less', async (t) => {
  const first = await key();
  const below = await child(await child(first));
  const change = async (more: object) =>
    t.equal((await patch(`/api-keys/${first.id}`, more)).status, 200, JSON.stringify(more));
  const email = `${randomUUID()}@example.com`;
  const invited = await as(below.key, 'POST', '/invitations', { email, role: 'admin' });
  t.equal(invited.status, 201);
  const { id, link } = invited.body;
  const state = async () => {
    const { body } = await as(house.adminKey, 'GET', '/invitations?limit=100');
    return body.data.find((each: { id: string }) => each.id === id).status;
  };
  for (const narrowing of [
    { scopes: ['people'] },
    { expires_at: new Date(Date.now() + 3_600_000).toISOString() },
    { allowed_addresses: ['192.0.2.1'] },
    { limits: { calls: 1 } },
  ]) {
    await change(narrowing);
    t.equal(await state(), 'void');
    t.equal((await fetch(link)).status, 404);
    await change({ scopes: ['all'], allowed_addresses: [], limits: {}, expires_at: null });
    t.equal(await state(), 'open');
  }
  await change({ disabled: true });
  t.equal(await state(), 'void');
  await change({ disabled: false });
  t.equal(await state(), 'open');
  t.equal((await fetch(link)).status, 200);
});

t.test('the list by maker reads an index, not the table', async (t) => {
  const { rows } = await database.pool.query(
    `SELECT indexdef FROM pg_indexes WHERE tablename = 'api_keys'`,
  );
  t.match(rows.map(({ indexdef }) => indexdef).join('\n'), '(created_by_id, id)');
});

t.test('revoking a key ends all that descends from it, each with its event', async (t) => {
  const { first, left, right, below } = await family();
  const apart = await key();
  t.equal((await house.delete(`/api-keys/${left.id}`)).status, 204);
  for (const [each, works] of [
    ...[[left, false] as const, [below, false] as const],
    ...[[first, true] as const, [right, true] as const, [apart, true] as const],
  ]) {
    t.equal(await allowed(each), works);
    t.equal(await statusOf(each), works ? 'active' : 'revoked');
  }
  t.match((await eventsOf(left)).at(-1), { type: 'api_key.deleted', details: {} });
  t.match((await eventsOf(below)).at(-1), {
    ...{ type: 'api_key.deleted', actor_kind: 'admin', details: { descends_from: left.id } },
  });

  t.equal((await as(first.key, 'DELETE', `/api-keys/${first.id}`)).status, 204);
  t.equal(await allowed(right), false);
  const types = (await eventsOf(below)).map(({ type }) => type);
  t.strictSame(types, ['api_key.created', 'api_key.deleted'], 'what had ended is not ended again');
});

t.test('a receiver hears of every key that ends with another', async (t) => {
  const kaie = await openHouse(t, { platform: 'kaie' });
  const { id: organization_id } = (await kaie.post('/organizations', { name: 'Acme' })).body;
  const power = { name: 'A key', permission_set: 'full_access' };
  const first = (await kaie.post('/api-keys', { organization_id, ...power })).body;
  const options = (credential: string) => ({ authorization: `Bearer ${credential}` });
  const between = (await kaie.call('POST', '/api-keys', power, options(first.key))).body;
  const below = (await kaie.call('POST', '/api-keys', power, options(between.key))).body;
  const url = 'https://receiver.example.com/hooks';
  await kaie.post('/webhooks', { organization_id, url, events: ['api_key.revoked'] });
  t.equal((await kaie.delete(`/api-keys/${first.id}`)).status, 204);
  const { rows } = await kaie.database.pool.query(
    `SELECT payload->'data'->>'api_key_id' AS id FROM outbox ORDER BY id`,
  );
  t.strictSame(rows.map(({ id }) => id).sort(), [first.id, between.id, below.id].sort());
});

t.test('a key that is revoked while it makes others leaves none behind', async (t) => {
  for (let round = 0; round < 5; round += 1) {
    const first = await key();
    const between = await child(first);
    const wish = { name: 'Hidden', scopes: ['all'] };
    const makers = [first, between];
    const [ended, ...made] = await Promise.all([
      new Promise(setImmediate).then(() => house.delete(`/api-keys/${first.id}`)),
      ...Array.from({ length: 30 }, (_, i) => as(makers[i % 2]!.key, 'POST', '/api-keys', wish)),
    ]);
    t.equal(ended.status, 204);
    for (const answer of made) {
      t.ok([201, 401, 403].includes(answer.status), answer.text);
      if (answer.status === 201) t.equal(await statusOf(answer.body), 'revoked');
    }
    const { rows } = await database.pool.query(
      `SELECT count(*)::int AS alive FROM api_keys
       WHERE created_by_id = ANY($1) AND revoked_at IS NULL`,
      [makers.map(({ id }) => id)],
    );
    t.equal(rows[0].alive, 0);
  }
});

t.test('of parallel revocations of one line, each ends a key once', async (t) => {
  const { first, left, right, below } = await family();
  const line = [first, left, right, below];
  const answers = await Promise.all(
    [...line, ...line, ...line].map(({ id }) => house.delete(`/api-keys/${id}`)),
  );
  for (const { status, text } of answers) t.ok(status === 204 || status === 404, text);
  for (const each of line) {
    const ends = (await eventsOf(each)).filter(({ type }) => type === 'api_key.deleted');
    t.equal(ends.length, 1);
  }
});

t.test('a key grants no more than its maker holds at the time', async (t) => {
  const { first, below, right } = await family();
  t.equal(await allowed(below), true);
  await patch(`/api-keys/${first.id}`, { scopes: ['keys'] });
  t.match(await use(below.key), { allowed: false, reason: 'insufficient_permission' });
  t.match((await use(right.key)).principal.scopes, ['keys'], 'what is left');
  t.equal((await as(below.key, 'GET', '/clients')).status, 403, 'nor by the management API');
  const wish = { name: 'x', scopes: ['notes:read'] };
  t.equal((await as(below.key, 'POST', '/api-keys', wish)).status, 403, 'nor does it hand it on');
  t.equal(await statusOf(below), 'active', 'it is not revoked');
  await patch(`/api-keys/${first.id}`, { scopes: ['all'] });
  t.equal(await allowed(below), true, 'and has it again when its maker does');
});

t.test('whoever is above a key shuts it out with itself, and lets it in again', async (t) => {
  const { first, left, below } = await family();
  t.equal(await allowed(below), true);
  await house.post(`/api-keys/${first.id}/disable`);
  t.match(await use(below.key), { allowed: false, reason: 'invalid_api_key' });
  await patch(`/api-keys/${first.id}`, { disabled: false });
  t.equal(await allowed(below), true);
  await patch(`/api-keys/${left.id}`, { disabled: true });
  t.equal(await allowed(below), false);
});

t.test('an expiry, addresses and limits that a maker gets later bound what it made', async (t) => {
  const { first, below } = await family();
  t.equal(await allowed(below, '192.0.2.1'), true);
  await patch(`/api-keys/${first.id}`, { allowed_addresses: ['10.0.0.0/8'] });
  t.match(await use(below.key, '192.0.2.1'), { allowed: false, reason: 'address_not_allowed' });
  t.equal(await allowed(below, '10.1.2.3'), true);
  await patch(`/api-keys/${first.id}`, {
    allowed_addresses: ['127.0.0.0/8'],
    limits: { calls: 7 },
  });
  const grandchild = await child(below);
  t.match(grandchild, { allowed_addresses: ['127.0.0.0/8'], limits: { calls: 7 } });
  const app = { name: 'Unbounded', redirect_uris: ['https://app.example.com/cb'] };
  t.equal((await as(below.key, 'POST', '/clients', app)).status, 403, 'no client escapes them');
  await database.pool.query(
    `UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1`,
    [first.id],
  );
  await patch(`/api-keys/${first.id}`, { name: 'Expired' });
  t.match(await use(below.key, '127.0.0.1'), { allowed: false, reason: 'expired_credential' });
});

t.test('a key that is known asks nobody; a change above it is heard elsewhere', async (t) => {
  const { first, below } = await family();
  const { connectionString, config, issuer, platform } = gatehouse;
  const masterKey = config.masterKey;
  const other = await startGatehouse(t, { platform, connectionString, masterKey, issuer });
  const elsewhere = () =>
    other.gate.decide({
      ...{ method: 'GET', target: '/notes', headers: { authorization: `Bearer ${below.key}` } },
      ...{ address: '192.0.2.1', requestId: 'test' },
    });
  t.match(await elsewhere(), { allowed: true });
  const warm = elsewhere();
  t.notOk(warm instanceof Promise, 'answered without waiting');
  t.match(warm, { allowed: true });
  await patch(`/api-keys/${first.id}`, { scopes: [] });
  await other.notifications.caughtUp();
  t.match(await elsewhere(), { allowed: false, denial: { reason: 'insufficient_permission' } });
  await house.delete(`/api-keys/${first.id}`);
  await other.notifications.caughtUp();
  t.match(await elsewhere(), { allowed: false, denial: { reason: 'invalid_api_key' } });
});

t.test('keys make keys through so many generations, and no further', async (t) => {
  const line = [await key()];
  while (line.length < MOST_GENERATIONS) line.push(await child(line.at(-1)!));
  t.equal(await allowed(line.at(-1)!), true);
  const wish = { name: 'Too far', scopes: ['notes:read'] };
  const refused = await as(line.at(-1)!.key, 'POST', '/api-keys', wish);
  t.match(refused, { status: 403, body: { code: 'forbidden', errors: [{ path: '' }] } });
  t.equal((await as(line.at(-2)!.key, 'POST', '/api-keys', wish)).status, 201);
  await house.delete(`/api-keys/${line[0]!.id}`);
  t.equal(await allowed(line.at(-1)!), false);
});

t.test('rotating a key leaves what it made alone', async (t) => {
  const { first, below } = await family();
  await house.post(`/api-keys/${first.id}/rotate`, {});
  t.equal(await allowed(first), false);
  t.equal(await allowed(below), true);
});
