import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import t from 'tap';
import { openDesk } from '../gate/desk.ts';
import { newAccount, newSigner } from './signer.ts';

const desk = await openDesk(t, 'kaie');
const tenant = await desk.organization();
const neighbour = await desk.organization();
const PATH = '/manage/v1/service-accounts';
const good = await newSigner();

const register = (keys: unknown, more: object = {}) =>
  desk.call('POST', PATH, {
    ...{ organization_id: tenant, name: 'Nightly job', scopes: ['workflows:read'] },
    ...{ jwks: { keys }, ...more },
  });
const rsa = (modulusLength: number, publicExponent = 65537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({ format: 'jwk' });

t.test('an account is made, read, listed, changed and deleted', async (t) => {
  const made = await register([good.publicJwk]);
  t.equal(made.status, 201);
  t.same(Object.keys(made.body).sort(), [
    ...['created_at', 'created_by', 'id', 'jwks', 'last_used_at', 'name', 'organization_id'],
    ...['scopes', 'status', 'updated_at'],
  ]);
  t.match(made.body, {
    ...{ organization_id: tenant, name: 'Nightly job', scopes: ['workflows:read'] },
    ...{ status: 'active', last_used_at: null },
    jwks: { keys: [{ kid: good.kid, alg: 'ES256', use: 'sig', kty: 'EC', crv: 'P-256' }] },
  });
  const path = `${PATH}/${made.body.id}`;
  t.same((await desk.call('GET', path)).body, made.body);
  const changed = await desk.call('PATCH', path, { name: 'Other', scopes: [], disabled: true });
  t.match(changed.body, { name: 'Other', scopes: [], status: 'disabled' });
  t.match((await desk.call('PATCH', path, { disabled: false })).body, { status: 'active' });
  t.equal((await desk.call('DELETE', path)).status, 204);
  for (const method of ['GET', 'DELETE'] as const) {
    t.equal((await desk.call(method, path)).status, 404);
  }
  t.equal((await desk.call('PATCH', path, { name: 'Back' })).status, 404);
  const audited = await desk.call('GET', `/manage/v1/audit?organization_id=${tenant}&limit=10`);
  const types = audited.body.data.map((event: { type: string }) => event.type);
  t.same(types.slice(0, 4), [
    ...['service_account.deleted', 'service_account.updated', 'service_account.disabled'],
    'service_account.created',
  ]);
});

t.test('accounts are listed per organization, page by page', async (t) => {
  const own = await desk.organization();
  const ids: string[] = [];
  for (let i = 0; i < 5; i += 1) ids.unshift((await newAccount(desk, own, [good])).id);
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const { body } = await desk.call('GET', `${PATH}?organization_id=${own}&limit=2${query}`);
    seen.push(...body.data.map((one: { id: string }) => one.id));
    cursor = body.next_cursor;
  }
  t.same(seen, ids);
});

t.test('every kind of key has its one algorithm, and a kid (RFC 7638)', async (t) => {
  const kinds: [string, string][] = [
    ...([['ES256', 'ES256'] as const, ['ES384', 'ES384'] as const] as [string, string][]),
    ...([['EdDSA', 'EdDSA'] as const, ['RS256', 'RS256'] as const] as [string, string][]),
  ];
  for (const [alg, expected] of kinds) {
    const { publicKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(publicKey);
    const { body, status } = await register([jwk]);
    t.equal(status, 201, alg);
    t.match(body.jwks.keys, [
      { alg: expected, use: 'sig', kid: await calculateJwkThumbprint(jwk) },
    ]);
  }
  const ed25519 = (await newSigner('EdDSA')).publicJwk;
  t.match((await register([{ ...ed25519, alg: 'Ed25519' }])).body.jwks.keys, [{ alg: 'EdDSA' }]);
  t.match((await register([{ ...rsa(2048), alg: 'PS256' }])).body.jwks.keys, [{ alg: 'PS256' }]);
  const decorated = { ...good.publicJwk, x5u: 'http://127.0.0.1/', jku: 'http://a', extra: 1 };
  const { body } = await register([decorated]);
  t.same(Object.keys(body.jwks.keys[0]).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
});

t.test('a private key is refused, and stays nowhere', async (t) => {
  for (const alg of ['ES256', 'EdDSA', 'RS256']) {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(privateKey);
    const answer = await register([jwk]);
    t.equal(answer.status, 400, alg);
    t.match(answer.text, /jwks\.keys\[0\]\.d/);
    t.match(answer.text, /send the public half/);
    t.notMatch(answer.text + desk.gatehouse.logLines.join('\n'), jwk.d!);
  }
});

t.test('keys that could not be trusted are refused, in words (RFC 8725 §3.2)', async (t) => {
  const { publicJwk } = good;
  const { publicJwk: other } = await newSigner('RS256');
  const wrong: [name: string, keys: unknown, at: RegExp][] = [
    ['no key', [], /jwks\.keys/],
    ['eleven keys', Array(11).fill(publicJwk), /jwks\.keys/],
    ['a shared secret', [{ kty: 'oct', k: 'c2VjcmV0' }], /send the public half/],
    ['an empty secret', [{ kty: 'oct' }], /jwks\.keys\[0\]\.kty/],
    ['secp256k1', [{ ...publicJwk, crv: 'secp256k1' }], /jwks\.keys\[0\]\.kty/],
    ['P-521', [(await newSigner('ES512')).publicJwk], /jwks\.keys\[0\]\.kty/],
    ['X25519', [{ kty: 'OKP', crv: 'X25519', x: 'AAAA' }], /jwks\.keys\[0\]\.kty/],
    ['an inherited name', [{ kty: '__proto__' }], /jwks\.keys\[0\]\.kty/],
    ['RSA of 1024 bits', [rsa(1024)], /modulus of 1024 bits/],
    ['exponent 3', [rsa(2048, 3)], /exponent/],
    ['exponent 1', [{ ...other, e: 'AQ' }], /exponent/],
    ['no modulus', [{ ...other, n: 'A' }], /modulus/],
    ['an even modulus', [{ ...other, n: other.n!.slice(0, -4).concat('AAAA') }], /modulus/],
    [
      'a point beside the curve',
      [{ ...publicJwk, x: publicJwk.y, y: publicJwk.x }],
      /fit together/,
    ],
    ['half a point', [{ ...publicJwk, y: undefined }], /lacks a member/],
    ['numbers for text', [{ ...publicJwk, x: 7 }], /lacks a member/],
    ['HS256', [{ ...publicJwk, alg: 'HS256' }], /jwks\.keys\[0\]\.alg/],
    ['none', [{ ...publicJwk, alg: 'none' }], /jwks\.keys\[0\]\.alg/],
    ['RS256 for EC', [{ ...publicJwk, alg: 'RS256' }], /jwks\.keys\[0\]\.alg/],
    ['ES384 for P-256', [{ ...publicJwk, alg: 'ES384' }], /jwks\.keys\[0\]\.alg/],
    ['RS1', [{ ...other, alg: 'RS1' }], /jwks\.keys\[0\]\.alg/],
    ['a list of algorithms', [{ ...publicJwk, alg: ['ES256'] }], /jwks\.keys\[0\]\.alg/],
    ['encryption', [{ ...publicJwk, use: 'enc' }], /jwks\.keys\[0\]\.use/],
    ['signing only', [{ ...publicJwk, key_ops: ['encrypt'] }], /jwks\.keys\[0\]\.key_ops/],
    ['a kid twice', [publicJwk, { ...other, kid: publicJwk.kid }], /jwks\.keys\[1\]\.kid/],
    ['a key twice', [publicJwk, { ...publicJwk, kid: 'other' }], /same key/],
    ['an empty kid', [{ ...publicJwk, kid: '' }], /jwks\.keys\[0\]\.kid/],
    ['a number for kid', [{ ...publicJwk, kid: 1 }], /jwks\.keys\[0\]\.kid/],
    ['a long kid', [{ ...publicJwk, kid: 'k'.repeat(201) }], /jwks\.keys\[0\]\.kid/],
  ];
  const made = await newAccount(desk, tenant, [good]);
  for (const [name, keys, at] of wrong) {
    const answer = await register(keys);
    t.equal(answer.status, 400, name);
    t.match(answer.text, at, name);
    const patch = await desk.call('PATCH', `${PATH}/${made.id}`, { jwks: { keys } });
    t.equal(patch.status, 400, name);
    t.match(patch.text, at, name);
  }
  t.same((await desk.call('GET', `${PATH}/${made.id}`)).body, made, 'nothing was changed');
});

t.test('every mistake is said at once', async (t) => {
  const answer = await register([{ kty: 'oct', k: 'x' }], { name: ' ', scopes: ['flying'] });
  const fields = (answer.body.errors as { path: string }[]).map((error) => error.path).sort();
  t.same(fields, ['jwks.keys[0].k', 'name', 'scopes']);
  for (const organization_id of ['unknown', undefined, '', 'x\u0000']) {
    const { status, text } = await register([good.publicJwk], { organization_id });
    t.equal(status, 400);
    t.match(text, /organization_id/);
  }
});

t.test('a caller of a tenant', async (t) => {
  const { key } = await desk.key(tenant, { permission_set: 'full_access' });
  const { key: foreign } = await desk.key(neighbour, { permission_set: 'full_access' });
  const scopes = ['api-keys:manage', 'workflows:read'];
  const { key: narrow } = await desk.key(tenant, { scopes });
  const as = (credential: string) => (method: string, path: string, body?: object) =>
    desk.call(method, PATH + path, body, `Bearer ${credential}`);
  const jwks = { keys: [good.publicJwk] };
  const wide = await newAccount(desk, tenant, [good]);

  await t.test('makes accounts for its own organization, by default', async (t) => {
    const body = { name: 'Mine', scopes: ['workflows:read'], jwks };
    const made = await as(key)('POST', '', body);
    t.match(made, { status: 201, body: { organization_id: tenant } });
    const other = await as(key)('POST', '', { ...body, organization_id: neighbour });
    const missing = await as(key)('POST', '', { ...body, organization_id: 'missing' });
    t.equal(other.status, 400);
    t.same(
      { ...other.body, request_id: '' },
      { ...missing.body, request_id: '' },
      'what is a neighbour’s is not there',
    );
  });

  await t.test('finds nothing of its neighbour’s, and changes nothing there', async (t) => {
    const before = (await desk.call('GET', `${PATH}/${wide.id}`)).body;
    for (const [method, body] of [['GET'], ['PATCH', { disabled: true }], ['DELETE']] as const) {
      t.equal((await as(foreign)(method, `/${wide.id}`, body)).status, 404, method);
      t.equal((await as(foreign)(method, '/missing', body)).status, 404, method);
    }
    for (const query of ['', `?organization_id=${tenant}`]) {
      t.same((await as(foreign)('GET', query)).body.data, []);
    }
    t.ok((await as(key)('GET', '')).body.data.some((one: { id: string }) => one.id === wide.id));
    t.same((await desk.call('GET', `${PATH}/${wide.id}`)).body, before);
  });

  await t.test('cannot make an account that may do more than itself', async (t) => {
    const body = { name: 'Wide', scopes: ['workflows:delete'], jwks };
    const refused = await as(narrow)('POST', '', body);
    t.equal(refused.status, 403);
    t.match(refused.text, /workflows:delete/);
    const made = await as(narrow)('POST', '', { ...body, scopes: ['workflows:read'] });
    t.equal(made.status, 201);
    const widened = await as(narrow)('PATCH', `/${made.body.id}`, { scopes: ['admin'] });
    t.equal(widened.status, 403);
  });

  await t.test('cannot put a key of its own into a wider account, or let it in', async (t) => {
    const own = await newSigner();
    const path = `/${wide.id}`;
    const planted = await as(narrow)('PATCH', path, { jwks: { keys: [own.publicJwk] } });
    t.equal(planted.status, 403);
    t.equal((await as(narrow)('PATCH', path, { disabled: true })).status, 200, 'may shut it out');
    t.equal((await as(narrow)('PATCH', path, { disabled: false })).status, 403);
    t.equal((await as(narrow)('PATCH', path, { scopes: [] })).status, 403, 'nor empty it');
    t.equal((await as(narrow)('PATCH', path, { name: 'Renamed' })).status, 403);
    const { body } = await desk.call('GET', PATH + path);
    t.match(body, { status: 'disabled', jwks: { keys: [{ kid: good.kid }] } });
  });

  await t.test('whose key ends one day cannot make what would not', async (t) => {
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    const { key: passing } = await desk.key(tenant, { permission_set: 'full_access', expires_at });
    const refused = await as(passing)('POST', '', { name: 'Forever', scopes: [], jwks });
    t.match(refused, { status: 403, text: /its expiry/ });
  });
});

t.test('parallel changes all count, and leave the account whole', async (t) => {
  const made = await newAccount(desk, tenant, [good]);
  const path = `${PATH}/${made.id}`;
  const other = await newSigner();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      desk.call(
        'PATCH',
        path,
        [
          { name: `Name ${i}` },
          { scopes: ['workflows:read'] },
          { jwks: { keys: [other.publicJwk] } },
          { disabled: true },
        ][i % 4]!,
      ),
    ),
  );
  t.ok(answers.every(({ status }) => status === 200 || status === 503));
  t.match((await desk.call('GET', path)).body, {
    ...{ scopes: ['workflows:read'], status: 'disabled' },
    jwks: { keys: [{ kid: other.kid }] },
  });
});
