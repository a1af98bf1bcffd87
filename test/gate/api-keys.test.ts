import t from 'tap';
import { isWellFormedKey, newKey } from '../../src/credentials/key-format.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import { openDesk } from './desk.ts';

const second = () => new Promise((resolve) => setTimeout(resolve, 1_000));

t.test('a key string is whole only with its own prefix and checksum', async (t) => {
  for (let i = 0; i < 200; i += 1) {
    const key = newKey('kliq_live_');
    t.ok(isWellFormedKey(key, 'kliq_live_'));
    t.notOk(isWellFormedKey(key, 'kliq_test_'));
    const at = 10 + (i % 49);
    const other = key[at] === 'x' ? 'y' : 'x';
    t.notOk(isWellFormedKey(key.slice(0, at) + other + key.slice(at + 1), 'kliq_live_'), `${at}`);
    t.notOk(isWellFormedKey(key.slice(0, -1), 'kliq_live_'));
  }
});

t.test('API keys', async (t) => {
  const desk = await openDesk(t, 'kliq');
  const tenant = await desk.organization();
  const path = `/v1/tenants/${tenant}/locations`;
  const use = (key: string, address?: string) =>
    desk.decide('GET', path, { 'x-api-key': key }, address);
  const make = (more: object = {}) => desk.key(tenant, { scopes: ['locations:read'], ...more });

  await t.test('are shown once, and stored nowhere', async (t) => {
    const { id, key } = await make();
    const read = await desk.call('GET', `/manage/v1/api-keys/${id}`);
    t.match(read.body, { id, hint: `kliq_live_…${key.slice(-4)}`, status: 'active' });
    t.notMatch(read.text, key);
    t.notMatch(JSON.stringify(desk.gatehouse.logLines), key);
    const { rows } = await desk.gatehouse.database.pool.query(
      `SELECT 1 FROM api_key_secrets WHERE encode(hash, 'escape') LIKE '%' || $1 || '%'`,
      [key.slice(10)],
    );
    t.equal(rows.length, 0);
  });

  await t.test('with an empty list of scopes may do nothing', async (t) => {
    const { key } = await make({ scopes: [] });
    t.match(await use(key), { status: 403, reason: 'insufficient_permission' });
  });

  await t.test('say every mistake at once', async (t) => {
    const answer = await desk.call('POST', '/manage/v1/api-keys', {
      ...{ organization_id: tenant, name: ' ', environment: 'moon', scopes: ['flying'] },
      ...{ allowed_addresses: ['nowhere'], limits: { unknown: 1 } },
      expires_at: '2001-01-01T00:00:00Z',
    });
    t.equal(answer.status, 400);
    const fields = (answer.body.errors as { path: string }[]).map((error) => error.path).sort();
    t.same(fields, ['allowed_addresses', 'environment', 'expires_at', 'limits', 'name', 'scopes']);
  });

  await t.test('end at a moment that there is', async (t) => {
    const make = (expires_at: string) =>
      desk.call('POST', '/manage/v1/api-keys', {
        ...{ organization_id: tenant, name: 'Ends', scopes: [], expires_at },
      });
    const leap = await make('2030-12-31T23:59:60Z');
    t.match(leap, { status: 201, body: { expires_at: '2030-12-31T23:59:59.000Z' } });
    // In UTC it is the year 10000, which no timestamp can be written with.
    const late = await make('9999-12-31T23:59:59-01:00');
    t.match(late, { status: 400, body: { errors: [{ path: 'expires_at' }] } });
    const path = `/manage/v1/api-keys/${leap.body.id}`;
    const changed = await desk.call('PATCH', path, { expires_at: '2031-12-31T23:59:60Z' });
    t.match(changed, { status: 200, body: { expires_at: '2031-12-31T23:59:59.000Z' } });
  });

  await t.test('come only from where they may', async (t) => {
    const { key } = await make({ allowed_addresses: ['203.0.113.0/24', '2001:db8::1'] });
    t.match(await use(key, '203.0.113.9'), { allowed: true });
    t.match(await use(key, '::ffff:203.0.113.9'), { allowed: true });
    t.match(await use(key, '::ffff:cb00:7109'), { allowed: true });
    t.match(await use(key, '2001:db8::1'), { allowed: true });
    t.match(await use(key, '198.51.100.1'), { status: 403, reason: 'address_not_allowed' });
    t.match(await use(key, ''), { status: 403, reason: 'address_not_allowed' });
    for (const nobodys of ['::ffff:203.0.113.0/120', '::ffff:cb00:7109', '203.0.113.0/33']) {
      const refused = await desk.call('POST', '/manage/v1/api-keys', {
        ...{ organization_id: tenant, name: 'Nobody', scopes: [], allowed_addresses: [nobodys] },
      });
      t.match(refused, { status: 400, body: { errors: [{ path: 'allowed_addresses' }] } }, nobodys);
    }
  });

  await t.test('expire', async (t) => {
    const soon = new Date(Date.now() + 700).toISOString();
    const { key } = await make({ expires_at: soon });
    t.match(await use(key), { allowed: true });
    await second();
    t.match(await use(key), { status: 401, reason: 'expired_credential' });
  });

  await t.test('rotate with an overlap in which both work', async (t) => {
    const { id, key } = await make();
    const rotated = await desk.call('POST', `/manage/v1/api-keys/${id}/rotate`, {
      overlap_seconds: 2,
    });
    t.equal(rotated.status, 200);
    t.not(rotated.body.key, key);
    t.match(await use(key), { allowed: true });
    t.match(await use(rotated.body.key), { allowed: true });
    await second();
    await second();
    t.match(await use(key), { status: 401, reason: 'invalid_api_key' });
    t.match(await use(rotated.body.key), { allowed: true });
  });

  await t.test('stop within a second in another process, and stay stopped', async (t) => {
    const { connectionString, config, issuer } = desk.gatehouse;
    const other = await startGatehouse(t, {
      ...{ platform: 'kliq', connectionString, masterKey: config.masterKey, issuer },
    });
    const elsewhere = async (key: string) =>
      other.gate.decide({
        ...{ method: 'GET', target: path, headers: { 'x-api-key': key } },
        ...{ address: '192.0.2.1', requestId: 'test' },
      });
    const [disabled, revoked] = [await make(), await make()];
    t.match(await elsewhere(disabled.key), { allowed: true });
    t.match(await elsewhere(revoked.key), { allowed: true });
    await desk.call('POST', `/manage/v1/api-keys/${disabled.id}/disable`);
    await desk.call('DELETE', `/manage/v1/api-keys/${revoked.id}`);
    await second();
    for (const { key } of [disabled, revoked]) {
      t.match(await elsewhere(key), { allowed: false, denial: { reason: 'invalid_api_key' } });
      t.match(await use(key), { allowed: false });
    }
    await desk.call('PATCH', `/manage/v1/api-keys/${disabled.id}`, { disabled: false });
    const again = await desk.call('PATCH', `/manage/v1/api-keys/${revoked.id}`, {
      disabled: false,
    });
    t.equal(again.status, 404, 'a revoked key is gone for good');
    await second();
    t.match(await elsewhere(disabled.key), { allowed: true });
    t.match(await elsewhere(revoked.key), { allowed: false });
  });

  await t.test('remember when they were last used', async (t) => {
    const { id, key } = await make();
    await use(key);
    await desk.gatehouse.credentials.lastUses.flush();
    const { body } = await desk.call('GET', `/manage/v1/api-keys/${id}`);
    t.ok(Date.now() - Date.parse(body.last_used_at) < 60_000);
  });

  await t.test('ask the gate only with gate:decide, and manage nothing', async (t) => {
    const asker = await make({ scopes: ['gate:decide'] });
    const plain = await make();
    const question = { method: 'GET', path };
    const ask = (key: string) => desk.call('POST', '/gate/decision', question, `Bearer ${key}`);
    t.equal((await ask(asker.key)).status, 200);
    t.equal((await ask(plain.key)).status, 403);
    const list = await desk.call('GET', '/manage/v1/api-keys', undefined, `Bearer ${asker.key}`);
    t.equal(list.status, 403);
  });

  await t.test('are listed per organization, page by page', async (t) => {
    const own = await desk.organization();
    const ids = [];
    for (let i = 0; i < 5; i += 1) ids.unshift((await desk.key(own, { scopes: [] })).id);
    const page = async (cursor?: string) =>
      (
        await desk.call(
          'GET',
          `/manage/v1/api-keys?organization_id=${own}&limit=2${cursor ? `&cursor=${cursor}` : ''}`,
        )
      ).body;
    const first = await page();
    const next = await page(first.next_cursor);
    const last = await page(next.next_cursor);
    const seen = [first, next, last].flatMap(({ data }) =>
      data.map((one: { id: string }) => one.id),
    );
    t.same(seen, ids);
    t.equal(last.next_cursor, null);
  });
});
