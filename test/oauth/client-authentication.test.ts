import { createHmac, createPublicKey, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import t from 'tap';
import { post } from '../support/flows.ts';
import { registerClient, registerService, type TestClient } from '../support/gatehouse.ts';
import { basic, FORM, rawRequest } from '../support/raw-request.ts';
import { fiftyAtOnce, soleSuccess, startTwoServers, within } from '../support/two-servers.ts';

const SYSTEM = { actor: { kind: 'system' } } as const;
const { first: gatehouse, second, servers } = await startTwoServers(t);
const service = await registerService(gatehouse);
const native = await registerClient(gatehouse, { tokenEndpointAuthMethod: 'none' });
const endpoint = `${gatehouse.issuer}/oauth/token`;
const GRANT = 'grant_type=client_credentials';

const send = (headers: Record<string, string>, body: string, query = '') =>
  rawRequest(`${endpoint}${query}`, { headers: { ...FORM, ...headers }, body });
const encoded = ({ clientId, secret }: TestClient) =>
  new URLSearchParams({ client_id: clientId, client_secret: secret }).toString();

t.test('takes the secret in the header or in the body (RFC 6749 §2.3.1)', async (t) => {
  const { clientId, secret } = service;
  const percent = (text: string) => text.replaceAll('-', '%2D').replaceAll('_', '%5f');
  const ways: [name: string, headers: Record<string, string>, body: string][] = [
    ['Basic', basic(clientId, secret), GRANT],
    ['Basic in small letters', basicAs('basic', clientId, secret), GRANT],
    ['Basic, percent-encoded', basic(percent(clientId), percent(secret)), GRANT],
    ['Basic, with its client_id again', basic(clientId, secret), `${GRANT}&client_id=${clientId}`],
    ['body', {}, `${GRANT}&${encoded(service)}`],
  ];
  for (const [name, headers, body] of ways) {
    const answer = await send(headers, body);
    t.equal(answer.status, 200, name);
    t.equal(answer.headers['cache-control'], 'no-store', name);
  }
});

t.test('refuses with 401, invalid_client and a challenge (RFC 6749 §5.2)', async (t) => {
  const { clientId, secret } = service;
  const other = await registerService(gatehouse, { name: 'Another Service' });
  const wrong: [name: string, headers: Record<string, string>, body: string][] = [
    ['wrong secret', basic(clientId, 'wrong'), GRANT],
    ["another client's secret", basic(clientId, other.secret), GRANT],
    ['secret with one letter more', basic(clientId, `${secret}x`), GRANT],
    ['secret with one letter less', basic(clientId, secret.slice(0, -1)), GRANT],
    ['secret with a space', basic(clientId, `${secret}+`), GRANT],
    ['secret in capitals', basic(clientId, secret.toUpperCase()), GRANT],
    ['unknown client', basic('unknown', secret), GRANT],
    ['client in capitals', basic(clientId.toUpperCase(), secret), GRANT],
    ['client named __proto__', basic('__proto__', secret), GRANT],
    ['client named constructor', basic('constructor', secret), GRANT],
    ['public client with a secret', basic(native.clientId, secret), GRANT],
    ['wrong secret in the body', {}, `${GRANT}&client_id=${clientId}&client_secret=wrong`],
    ['empty secret in the body', {}, `${GRANT}&client_id=${clientId}&client_secret=`],
    ['no secret at all', {}, `${GRANT}&client_id=${clientId}`],
    ['a client_id of 8,000 letters', {}, `${GRANT}&client_id=${'x'.repeat(8000)}`],
    ['a client_id with a NUL', {}, `${GRANT}&client_id=a%00b`],
    ['a client_id in Unicode', {}, `${GRANT}&client_id=${encodeURIComponent('клиент🔑')}`],
    ['a client_id in broken UTF-8', {}, `${GRANT}&client_id=%ff%fe`],
    ['no client at all', {}, GRANT],
    ['Basic without a colon', { authorization: `Basic ${btoa('nocolon')}` }, GRANT],
    ['Basic without a secret', basic(clientId, ''), GRANT],
    ['Basic without a client', basic('', secret), GRANT],
    ['Basic that is not base64', { authorization: 'Basic §§§' }, GRANT],
    [
      'Basic with two values',
      { authorization: `${basic(clientId, secret).authorization} x` },
      GRANT,
    ],
    ['Basic without a value', { authorization: 'Basic' }, GRANT],
    ['Basic with half a percent code', basic(clientId, '%'), GRANT],
    ['Basic with a wrong percent code', basic(clientId, '%zz'), GRANT],
    ['Basic with broken UTF-8', basic(clientId, '%ff%fe'), GRANT],
    ['Basic with an encoded NUL', basic(`${clientId}%00`, secret), GRANT],
    ['Basic with a plain NUL', basic(`${clientId}\0`, secret), GRANT],
    ['Basic with Unicode', basic('клиент', 'тайна'), GRANT],
    ['Bearer', { authorization: `Bearer ${secret}` }, GRANT],
    ['Digest', { authorization: `Digest username="${clientId}"` }, GRANT],
  ];
  for (const [name, headers, body] of wrong) {
    const answer = await send(headers, body);
    t.equal(answer.status, 401, name);
    t.equal(answer.json.error, 'invalid_client', name);
    t.match(
      answer.headers['www-authenticate'],
      /^Basic realm="http:.*error="invalid_client"/,
      name,
    );
    t.equal(answer.headers['cache-control'], 'no-store', name);
  }
});

t.test('does not tell an unknown client from a wrong secret (RFC 6749 §5.2)', async (t) => {
  const wrongSecret = await send(basic(service.clientId, 'wrong'), GRANT);
  const unknown = await send(basic('unknown', 'wrong'), GRANT);
  t.equal(wrongSecret.text, unknown.text);
  t.equal(wrongSecret.headers['www-authenticate'], unknown.headers['www-authenticate']);
});

t.test('refuses doubled authentication (RFC 6749 §2.3)', async (t) => {
  const { clientId, secret } = service;
  const header = basic(clientId, secret);
  const assertion = `client_assertion_type=${encodeURIComponent(JWT_BEARER)}&client_assertion=a.b.c`;
  const wrong: [name: string, headers: Record<string, string>, body: string][] = [
    ['header and body', header, `${GRANT}&${encoded(service)}`],
    ['header and assertion', header, `${GRANT}&${assertion}`],
    ['body and assertion', {}, `${GRANT}&${encoded(service)}&${assertion}`],
    ['another client_id in the body', header, `${GRANT}&client_id=${native.clientId}`],
    ['client_id twice', {}, `${GRANT}&${encoded(service)}&client_id=${clientId}`],
    ['client_secret twice', {}, `${GRANT}&${encoded(service)}&client_secret=${secret}`],
  ];
  for (const [name, headers, body] of wrong) {
    const answer = await send(headers, body);
    t.equal(answer.status, 400, name);
    t.equal(answer.json.error, 'invalid_request', name);
    t.equal(answer.headers['cache-control'], 'no-store', name);
  }
});

t.test('reads no secret from the query (RFC 6749 §2.3.1)', async (t) => {
  const { clientId } = service;
  const query = `?${encoded(service)}&${GRANT}`;
  const nothing = await send({}, '', query);
  t.equal(nothing.status, 401);
  t.equal(nothing.json.error, 'invalid_client');
  const withoutSecret = await send({}, `${GRANT}&client_id=${clientId}`, query);
  t.equal(withoutSecret.status, 401);
  t.equal(withoutSecret.json.error, 'invalid_client');
  t.notOk(gatehouse.logLines.join('\n').includes(service.secret));
});

t.test('an old secret works until its end, then no more', async (t) => {
  const client = await registerService(gatehouse);
  const { clientService, clients } = gatehouse.oauth;
  const stored = (await clientService.find(client.clientId))!;
  const renewed = await clientService.rotateSecret(stored, 3600, SYSTEM);
  await within(1000, async () => (await clients.find(client.clientId))?.secrets.length === 2);
  t.equal((await send(basic(client.clientId, client.secret), GRANT)).status, 200);
  t.equal((await send(basic(client.clientId, renewed), GRANT)).status, 200);
  const third = await clientService.rotateSecret(stored, 0, SYSTEM);
  for (const { address } of [gatehouse, second]) {
    const headers = { ...FORM, ...basic(client.clientId, renewed) };
    await within(1000, async () => {
      const answer = await rawRequest(`${address}/oauth/token`, { headers, body: GRANT });
      return answer.status === 401;
    });
  }
  t.equal((await send(basic(client.clientId, client.secret), GRANT)).status, 401);
  t.equal((await send(basic(client.clientId, third), GRANT)).status, 200);
});

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const keys = await generateKeyPair('ES256', { extractable: true });
const strangeKeys = await generateKeyPair('ES256');
const publicJwk = await exportJWK(keys.publicKey);
const jwks = { keys: [{ ...publicJwk, kid: 'one', use: 'sig', alg: 'ES256' }] };
const prover = await registerService(gatehouse, {
  name: 'Service With a Key',
  tokenEndpointAuthMethod: 'private_key_jwt',
  jwks: jwks as never,
});

const now = () => Math.floor(Date.now() / 1000);
const claims = (changes: JWTPayload = {}): JWTPayload => ({
  iss: prover.clientId,
  sub: prover.clientId,
  aud: gatehouse.issuer,
  jti: randomUUID(),
  iat: now(),
  exp: now() + 60,
  ...changes,
});
const sign = (payload: JWTPayload, header: Record<string, unknown> = {}, key = keys.privateKey) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'one', ...header }).sign(key);
const prove = (assertion: string, server = { issuer: gatehouse.issuer }, more = {}) =>
  post(`${server.issuer}/oauth/token`, {
    grant_type: 'client_credentials',
    client_assertion_type: JWT_BEARER,
    client_assertion: assertion,
    ...more,
  });

t.test('takes an assertion for any of its names (RFC 7523 §3)', async (t) => {
  for (const aud of [gatehouse.issuer, endpoint, ['https://else.example', gatehouse.issuer]]) {
    t.equal((await prove(await sign(claims({ aud })))).status, 200, String(aud));
  }
  const withoutKid = await sign(claims(), { kid: undefined });
  t.equal((await prove(withoutKid, undefined, { client_id: prover.clientId })).status, 200);
});

const REFUSED = { status: 401, body: { error: 'invalid_client' } };

t.test('refuses an assertion that is not for it, or not now (RFC 7523 §3)', async (t) => {
  const wrong: [name: string, changes: Record<string, unknown>][] = [
    ['no aud', { aud: undefined }],
    ['another aud', { aud: 'https://else.example/oauth/token' }],
    ['a longer aud', { aud: `${gatehouse.issuer}.evil.example` }],
    ['an empty list of aud', { aud: [] }],
    ['no exp', { exp: undefined }],
    ['a passed exp', { exp: now() - 30 }],
    ['an exp in words', { exp: 'tomorrow' }],
    ['an exp a day from now', { exp: now() + 86_400 }],
    ['an exp beyond the calendar', { exp: 9e15 }],
    ['an endless exp', { exp: 1e300 }],
    ['an nbf to come', { nbf: now() + 300 }],
    ['no jti', { jti: undefined }],
    ['an empty jti', { jti: '' }],
    ['a jti that is an object', { jti: { a: 1 } }],
    ['no iss', { iss: undefined }],
    ['another iss', { iss: service.clientId }],
    ['another sub', { sub: service.clientId }],
    ['an unknown sub', { sub: 'unknown', iss: 'unknown' }],
    ['a sub with a NUL', { sub: 'a\0b', iss: 'a\0b' }],
    ['a sub that is a number', { sub: 5, iss: 5 }],
    ['a sub that is a list', { sub: [prover.clientId], iss: prover.clientId }],
    ['a sub that is an object', { sub: { a: 1 }, iss: prover.clientId }],
  ];
  for (const [name, changes] of wrong) {
    t.match(await prove(await sign(claims(changes as JWTPayload))), REFUSED, name);
  }
  t.match(await prove(await sign(claims(), {}, strangeKeys.privateKey)), REFUSED, 'another key');
});

t.test('refuses alg none, and HS256 with the public key as secret (RFC 8725 §2.1)', async (t) => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const publicKey = createPublicKey({ key: publicJwk as never, format: 'jwk' });
  const secrets = [
    publicKey.export({ type: 'spki', format: 'pem' }) as string,
    (publicKey.export({ type: 'spki', format: 'pem' }) as string).trim(),
    publicKey.export({ type: 'spki', format: 'der' }) as Buffer,
    JSON.stringify(publicJwk),
    'stored as a keyed hash',
  ];
  for (const alg of ['none', 'None', 'nOnE', 'NONE', '']) {
    for (const signature of ['', 'AAAA']) {
      const forged = `${part({ alg, kid: 'one' })}.${part(claims())}.${signature}`;
      t.match(await prove(forged), REFUSED, alg);
    }
  }
  for (const secret of secrets) {
    const text = `${part({ alg: 'HS256', kid: 'one' })}.${part(claims())}`;
    const signature = createHmac('sha256', secret).update(text).digest('base64url');
    t.match(await prove(`${text}.${signature}`), REFUSED);
  }
  const embedded = { jwk: await exportJWK(strangeKeys.publicKey), kid: undefined };
  const ownKey = await sign(claims(), embedded, strangeKeys.privateKey);
  t.match(await prove(ownKey), REFUSED, 'a key in the header is nobody’s word');
});

t.test('an assertion serves once, of fifty at once on two servers too (RFC 7523 §3)', async (t) => {
  const assertion = await sign(claims());
  const answers = await fiftyAtOnce(servers, (server) => prove(assertion, server));
  soleSuccess(t, answers, 'invalid_client');
  t.match(await prove(assertion), REFUSED);
  const jti = randomUUID();
  t.equal((await prove(await sign(claims({ jti })))).status, 200);
  t.match(await prove(await sign(claims({ jti, exp: now() + 90 }))), REFUSED);
});

t.test('refuses what is no assertion, and other methods (RFC 7521 §4.2.1)', async (t) => {
  for (const text of ['x', 'a.b.c', '..', 'é.é.é', '\0', 'x'.repeat(30_000)]) {
    t.match(await prove(text), REFUSED, JSON.stringify(text.slice(0, 10)));
  }
  const otherType = { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2' };
  t.match(await prove(await sign(claims()), undefined, otherType), { status: 400 });
  const bySecret = await post(
    endpoint,
    { grant_type: 'client_credentials' },
    {
      ...prover,
      secret: 'stored as a keyed hash',
    },
  );
  t.match(bySecret, REFUSED, 'a client with a key has no secret');
  const withSecret = claims({ iss: service.clientId, sub: service.clientId });
  t.match(await prove(await sign(withSecret)), REFUSED, 'a client with a secret has no key');
});

t.test('secrets and assertions are not in the log', async (t) => {
  const assertion = await sign(claims());
  await prove(assertion);
  await prove(assertion);
  const log = gatehouse.logLines.join('\n');
  t.ok(log.includes('client_assertion must expire within an hour'), 'the cause is');
  for (const secret of [service.secret, assertion]) t.notOk(log.includes(secret));
});

function basicAs(scheme: string, clientId: string, secret: string) {
  return { authorization: basic(clientId, secret).authorization.replace('Basic', scheme) };
}
