import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openHouse } from './house.ts';

const house = await openHouse(t);
const { get, post, patch, delete: remove, gatehouse, database } = house;
/** For clocks that differ, after everything of a client was ended (oauth/denylist). */
const MARGIN_MS = 5_500;
const CALLBACK = 'https://app.example.com/callback';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PUBLIC = { ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'ES256' };
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const PRIVATE = { ...PUBLIC, ...privateKey.export({ format: 'jwk' }) };

/** The token endpoint's status for a client and a secret. */
async function tokenStatus(clientId: string, secret: string): Promise<number> {
  const answer = await gatehouse.app.inject({
    method: 'POST',
    url: '/oauth/token',
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    payload: 'grant_type=client_credentials',
  });
  return answer.statusCode;
}

t.test('a service gets a secret that works, and is shown once', async (t) => {
  const made = await post('/clients', { name: 'Service', scope: 'notes:read notes:write' });
  t.match(made, {
    status: 201,
    body: {
      ...{ name: 'Service', organization_id: null, scope: 'notes:read notes:write' },
      ...{ grant_types: ['client_credentials'], response_types: [], redirect_uris: [] },
      ...{ token_endpoint_auth_method: 'client_secret_basic', client_secret_expires_at: 0 },
      ...{ disabled: false, require_pkce: true, application_type: 'web' },
    },
  });
  const { client_id, client_secret } = made.body;
  t.ok(Math.abs(made.body.client_id_issued_at - Date.now() / 1000) < 60);
  t.equal(await tokenStatus(client_id, client_secret), 200);
  const read = await get(`/clients/${client_id}`);
  t.equal(read.status, 200);
  t.notMatch(read.text, client_secret);
  t.match(read.body.secrets, [{ hint: `ghcs_…${client_secret.slice(-4)}`, expires_at: null }]);
  const { rows } = await database.pool.query('SELECT hash FROM client_secrets');
  const everything = (await get('/clients?limit=100')).text + read.text;
  for (const { hash } of rows) {
    for (const form of ['hex', 'base64', 'base64url'] as const) {
      t.notOk(everything.includes(hash.toString(form)));
    }
  }
});

t.test('an app is bound to its organization and has the grants of an app', async (t) => {
  const organization_id = (await post('/organizations', { name: 'Acme' })).body.id;
  const made = await post('/clients', {
    ...{ client_name: 'App', organization_id, redirect_uris: [CALLBACK] },
    ...{ token_endpoint_auth_method: 'none', scope: 'notes:read', contacts: ['a@example.com'] },
  });
  t.match(made, {
    status: 201,
    body: {
      ...{ name: 'App', organization_id, redirect_uris: [CALLBACK], response_types: ['code'] },
      grant_types: ['authorization_code', 'refresh_token'],
    },
  });
  t.notOk('client_secret' in made.body, 'a public client has no secret');
  const list = await get(`/clients?organization_id=${organization_id}`);
  t.same(list.body.data, [(await get(`/clients/${made.body.client_id}`)).body]);
});

t.test('every problem of the metadata is reported at its field', async (t) => {
  const wrong = await post('/clients', {
    ...{ name: 'App', scope: 'notes:read notes:reed', require_pkce: false },
    ...{ token_endpoint_auth_method: 'none', grant_types: ['client_credentials'] },
    redirect_uris: [
      CALLBACK,
      'javascript:alert(1)',
      'https://*.example.com/',
      'http://example.com/',
    ],
  });
  t.equal(wrong.status, 400);
  t.same(
    wrong.body.errors.map((error: { path: string }) => error.path),
    [1, 2, 3]
      .map((index) => `redirect_uris[${index}]`)
      .concat('scope', 'grant_types', 'require_pkce'),
  );
  t.match(wrong.body.errors[0], { found: '"javascript:alert(1)"', message: /^has a scheme/ });
  const cases: [object, string][] = [
    [{ name: 'x', client_name: 'y' }, 'client_name'],
    [{}, 'name'],
    [{ name: ' ' }, 'name'],
    [{ name: 'x', organization_id: 'nowhere' }, 'organization_id'],
    [{ name: 'x', grant_types: ['password'] }, 'grant_types[0]'],
    [{ name: 'x', grant_types: [DEVICE_CODE] }, 'grant_types[0]'],
    [{ name: 'x', client_uri: 'javascript:x' }, 'client_uri'],
    [{ name: 'x', token_endpoint_auth_method: 'private_key_jwt' }, 'jwks'],
    [{ name: 'x', token_endpoint_auth_signing_alg: 'HS256' }, 'token_endpoint_auth_signing_alg'],
    [{ name: 'x', redirect_uris: [CALLBACK, CALLBACK] }, 'redirect_uris[1]'],
    [{ name: 'x', jwks: { keys: [] } }, 'jwks.keys'],
    [{ name: 'x', client_secret: 'chosen' }, 'client_secret'],
    [{ name: 'x', client_id: 'chosen' }, 'client_id'],
  ];
  for (const [body, path] of cases) {
    const answer = await post('/clients', body);
    t.match(answer, { status: 400, body: { errors: [{ in: 'body', path }] } });
    t.equal(answer.body.errors.length, 1, answer.text);
  }
  t.equal((await post('/clients', { name: 'x', client_name: 'x' })).status, 201, 'the same twice');
});

t.test('keys are public keys; a private one is refused and not repeated', async (t) => {
  const service = { name: 'Signer', token_endpoint_auth_method: 'private_key_jwt' };
  const refused = await post('/clients', { ...service, jwks: { keys: [PRIVATE] } });
  t.match(refused, { status: 400, body: { errors: [{ path: 'jwks.keys[0].d' }] } });
  t.notMatch(refused.text, PRIVATE.d!);
  const symmetric = { keys: [PUBLIC, { kty: 'oct', k: 'c2VjcmV0' }] };
  t.match(await post('/clients', { ...service, jwks: symmetric }), {
    ...{ status: 400, body: { errors: [{ path: 'jwks.keys[1].k' }] } },
  });
  const extended = { ...PUBLIC, ext: true, vendor: { d: 'nested' } };
  const made = await post('/clients', { ...service, jwks: { keys: [extended] } });
  t.equal(made.status, 201);
  t.strictSame(made.body.jwks, { keys: [PUBLIC] }, 'unknown members are left out');
  t.notOk('client_secret' in made.body);
  const path = `/clients/${made.body.client_id}`;
  t.equal((await patch(path, { jwks: { keys: [PRIVATE] } })).status, 400);
  t.match(await post(`${path}/rotate-secret`), {
    ...{ status: 409, body: { code: 'client_has_no_secret' } },
  });
});

t.test('a change names what changes; the rest stays', async (t) => {
  const first = { name: 'App', redirect_uris: [CALLBACK], client_uri: 'https://app.example.com/' };
  const { body: made } = await post('/clients', { ...first, scope: 'notes:read' });
  const path = `/clients/${made.client_id}`;
  const { client_secret, client_secret_expires_at, ...before } = made;
  const changed = await patch(path, { client_name: 'Other', client_uri: null });
  t.equal(changed.status, 200);
  const { updated_at } = changed.body;
  t.strictSame(changed.body, { ...before, name: 'Other', client_uri: null, updated_at });
  t.strictSame((await get(path)).body, changed.body);
  for (const change of [{}, { organization_id: null }, { redirect_uris: ['nonsense'] }]) {
    t.equal((await patch(path, change)).status, 400, JSON.stringify(change));
  }
  t.strictSame((await get(path)).body, changed.body);
});

t.test('a disabled client gets no token until it is let in, a deleted one never', async (t) => {
  const { body } = await post('/clients', { name: 'Service' });
  const { client_id, client_secret } = body;
  const path = `/clients/${client_id}`;
  const status = () => tokenStatus(client_id, client_secret);
  const works = async () => (await status()) === 200;
  t.ok(await works());
  t.match(await patch(path, { disabled: true }), { body: { disabled: true } });
  t.notOk(await eventually(works, false));
  t.match(await patch(path, { disabled: false }), { body: { disabled: false } });
  t.equal(await eventually(async () => (await status()) === 503, true), true, 'not yet, by clocks');
  await sleep(MARGIN_MS);
  t.ok(await eventually(works, true));
  t.equal((await remove(path)).status, 204);
  t.notOk(await eventually(works, false));
  t.equal((await remove(path)).status, 404);
});

t.test('a rotation ends the old secret at once, or after its overlap', async (t) => {
  const { body } = await post('/clients', { name: 'Service' });
  const { client_id, client_secret: first } = body;
  const rotate = (more?: object) => post(`/clients/${client_id}/rotate-secret`, more);
  const { client_secret: second } = (await rotate({ overlap_seconds: 3600 })).body;
  t.not(first, second);
  t.ok(await eventually(async () => (await tokenStatus(client_id, second)) === 200, true));
  t.equal(await tokenStatus(client_id, first), 200, 'the overlap');
  t.equal((await get(`/clients/${client_id}`)).body.secrets.length, 2);
  const third = await rotate();
  t.match(third, { status: 200, body: { client_id, client_secret_expires_at: 0 } });
  t.notOk(await eventually(async () => (await tokenStatus(client_id, second)) === 200, false));
  t.equal((await get(`/clients/${client_id}`)).body.secrets.length, 1);
  for (const overlap_seconds of [-1, 1.5, '60', 86_400_000]) {
    t.equal((await rotate({ overlap_seconds })).status, 400);
  }
});

t.test('the pages of clients are whole, also of those made in one moment', async (t) => {
  const organization_id = (await post('/organizations', { name: 'Acme' })).body.id;
  const client = { name: 'Client', organization_id };
  await Promise.all(Array.from({ length: 5 }, () => post('/clients', client)));
  await database.pool.query('UPDATE clients SET created_at = now() WHERE organization_id = $1', [
    organization_id,
  ]);
  const path = `/clients?organization_id=${organization_id}`;
  const all = (await get(path)).body.data;
  t.equal(all.length, 5);
  const read: unknown[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { body } = await get(`${path}&limit=2${cursor && `&cursor=${cursor}`}`);
    read.push(...body.data);
    cursor = body.next_cursor;
  }
  t.strictSame(read, all);
});

/** A change is seen by the server's caches within a second: waits for it. */
async function eventually(check: () => Promise<boolean>, wanted: boolean): Promise<boolean> {
  for (let tries = 0; tries < 40; tries += 1) {
    if ((await check()) === wanted) return wanted;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return !wanted;
}
