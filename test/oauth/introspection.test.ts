import { randomUUID } from 'node:crypto';
import { decodeJwt, importJWK, SignJWT } from 'jose';
import t from 'tap';
import { introspect, token } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  startGatehouse,
  type TestClient,
} from '../support/gatehouse.ts';
import { basic, FORM, rawRequest } from '../support/raw-request.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { within } from '../support/two-servers.ts';

const gatehouse = await startGatehouse(t);
const { identifier } = gatehouse.platform.api;
const client = await registerClient(gatehouse);
const native = await registerClient(gatehouse, { tokenEndpointAuthMethod: 'none' });
const stranger = await registerService(gatehouse, { name: 'A Stranger' });
const api = await registerService(gatehouse, {
  name: 'The API Itself',
  introspectionAudiences: [identifier],
});
const user = await createUser(gatehouse);
const person = createSignedIn(gatehouse, user);
const tokens = await person.tokens(client);
const endpoint = `${gatehouse.issuer}/oauth/introspect`;

const INACTIVE = '{"active":false}';
const ask = (as: TestClient, body: string) =>
  rawRequest(endpoint, { headers: { ...FORM, ...basic(as.clientId, as.secret) }, body });
const form = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();

t.test('tells a client about its own tokens (RFC 7662 §2.2)', async (t) => {
  const claims = decodeJwt(tokens.access_token);
  const access = await introspect(gatehouse, client, tokens.access_token);
  t.equal(access.status, 200);
  t.equal(access.headers.get('cache-control'), 'no-store');
  t.same(access.body, {
    active: true,
    sub: user.id,
    client_id: client.clientId,
    org_id: user.organizationId,
    scope: 'openid notes:read',
    aud: identifier,
    iss: gatehouse.issuer,
    jti: claims.jti,
    iat: claims.iat,
    exp: claims.exp,
    token_type: 'Bearer',
  });
  const refresh = await introspect(gatehouse, client, tokens.refresh_token);
  t.match(refresh.body, { active: true, sub: user.id, client_id: client.clientId });
  t.notOk('token_type' in refresh.body);
});

t.test('tells the API about tokens that are addressed to it (RFC 7662 §2.1)', async (t) => {
  const { body } = await introspect(gatehouse, api, tokens.access_token);
  t.match(body, { active: true, sub: user.id, client_id: client.clientId });
  t.equal((await ask(api, form({ token: tokens.refresh_token }))).text, INACTIVE);
});

t.test('a hint speeds up, and never misleads (RFC 7662 §2.1)', async (t) => {
  for (const hint of ['access_token', 'refresh_token', 'unknown', '__proto__', '\0']) {
    for (const one of [tokens.access_token, tokens.refresh_token]) {
      const { json } = await ask(client, form({ token: one, token_type_hint: hint }));
      t.equal(json.active, true, JSON.stringify(hint));
    }
  }
});

t.test('refuses whoever does not authenticate (RFC 7662 §2.1)', async (t) => {
  const own = await person.tokens(native);
  const body = (parameters: Record<string, string>) =>
    form({ token: own.access_token, ...parameters });
  const publicClient = { client_id: native.clientId };
  const wrong: [name: string, headers: Record<string, string>, body: string][] = [
    ['nobody', {}, body({})],
    ['a wrong secret', basic(client.clientId, 'wrong'), body({})],
    ['an unknown client', basic('unknown', client.secret), body({})],
    ['a public client, its own token', {}, body(publicClient)],
    [
      'a public client, its own refresh token',
      {},
      body({ ...publicClient, token: own.refresh_token }),
    ],
    ['a public client, an unknown token', {}, body({ ...publicClient, token: 'x' })],
    ['a public client, a foreign token', {}, body({ ...publicClient, token: tokens.access_token })],
    ['a confidential client without its secret', {}, body({ client_id: client.clientId })],
    ['a bearer', { authorization: `Bearer ${tokens.access_token}` }, body({})],
  ];
  for (const [name, headers, text] of wrong) {
    const answer = await rawRequest(endpoint, { headers: { ...FORM, ...headers }, body: text });
    t.equal(answer.status, 401, name);
    t.equal(answer.json.error, 'invalid_client', name);
    t.notOk('active' in answer.json, name);
    t.equal(answer.headers['cache-control'], 'no-store', name);
    t.match(answer.headers['www-authenticate'], /^Basic /, name);
  }
});

/** The token with other claims, signed by the server's own key. */
async function resign(changes: Record<string, unknown>): Promise<string> {
  const { kid, privateJwk } = gatehouse.oauth.signingKeys.all[0]!;
  const claims = { ...decodeJwt(tokens.access_token), jti: randomUUID(), ...changes };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
    .sign(await importJWK(privateJwk, 'ES256'));
}

t.test('says exactly {"active":false}, whatever the reason (RFC 7662 §2.2)', async (t) => {
  const { access_token, refresh_token, id_token } = tokens;
  const again = await resign({});
  for (const one of [client, api]) {
    t.equal((await ask(one, form({ token: again }))).json.active, true, 'signed anew as it was');
  }
  const [header = '', payload = '', signature = ''] = access_token.split('.');
  const past = Math.floor(Date.now() / 1000) - 10;
  const own: [name: string, value: string][] = [
    ['unknown', 'x'],
    ['unknown and long', 'x'.repeat(40_000)],
    ['ID token', id_token!],
    ['expired', await resign({ exp: past })],
    ['from another issuer', await resign({ iss: 'https://else.example' })],
    ['truncated', access_token.slice(0, -1)],
    ['without its signature', `${header}.${payload}.`],
    ['with another signature', `${header}.${payload}.${signature.split('').reverse().join('')}`],
    ['a JWE of five parts', `${header}.${payload}.${signature}.AAAA.AAAA`],
    ['an unsecured JWT', `eyJhbGciOiJub25lIn0.${payload}.`],
    ['two parts', `${header}.${payload}`],
    ['dots', '.....'],
    ['a refresh token cut short', refresh_token.slice(1)],
    ['a refresh token with padding', `${refresh_token}=`],
    ['a handle of our own', `presented:${randomUUID()}`],
    ['a NUL', 'a\0b'],
    ['a NUL in a JWT', `${access_token}\0`],
    ['Unicode', 'ключ🔑'],
    ['__proto__', '__proto__'],
    ['the secret of the client', client.secret],
  ];
  for (const [name, value] of own) {
    const { status, text, headers } = await ask(client, form({ token: value }));
    t.equal(status, 200, name);
    t.equal(text, INACTIVE, name);
    t.equal(headers['cache-control'], 'no-store', name);
  }
  for (const value of [access_token, refresh_token]) {
    t.equal((await ask(stranger, form({ token: value }))).text, INACTIVE, 'foreign');
  }
  const here = await resign({ client_id: native.clientId });
  t.equal((await ask(api, form({ token: here }))).json.active, true, "another client's, for it");
  const elsewhere = await resign({ aud: 'https://else.example', client_id: native.clientId });
  t.equal((await ask(api, form({ token: elsewhere }))).text, INACTIVE, 'of another API');
});

t.test('refuses malformed requests (RFC 7662 §2.1)', async (t) => {
  const one = form({ token: tokens.access_token });
  const json = JSON.stringify({ token: tokens.access_token });
  const wrong: [name: string, headers: Record<string, string>, body: string][] = [
    ['no token', FORM, ''],
    ['an empty token', FORM, 'token='],
    ['token twice', FORM, `${one}&${one}`],
    ['an unknown token and a known', FORM, `token=x&${one}`],
    ['hint twice', FORM, `${one}&token_type_hint=a&token_type_hint=b`],
    ['JSON', { 'content-type': 'application/json' }, json],
    ['text', { 'content-type': 'text/plain' }, one],
    ['no type', {}, one],
    ['a strange type', { 'content-type': 'application/x-www-form-urlencodedx' }, one],
    ['no body', {}, ''],
  ];
  for (const [name, headers, body] of wrong) {
    const answer = await rawRequest(endpoint, {
      headers: { ...headers, ...basic(client.clientId, client.secret) },
      body,
    });
    t.equal(answer.status, 400, name);
    t.equal(answer.json.error, 'invalid_request', name);
    t.equal(answer.headers['cache-control'], 'no-store', name);
  }
  const query = await rawRequest(`${endpoint}?${one}`, {
    headers: { ...FORM, ...basic(client.clientId, client.secret) },
  });
  t.equal(query.status, 400, 'a token in the query is not read');
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
    const answer = await rawRequest(endpoint, { method });
    t.equal(answer.status, 405, method);
    t.equal(answer.headers.allow, 'POST');
  }
});

t.test('a disabled user has no active token', async (t) => {
  const leaving = await createUser(gatehouse);
  const theirs = await createSignedIn(gatehouse, leaving).tokens(client);
  await gatehouse.identity.users.disable(leaving.id, { actor: { kind: 'system' } });
  for (const value of [theirs.access_token, theirs.refresh_token]) {
    const isInactive = async () => (await ask(client, form({ token: value }))).text === INACTIVE;
    await t.resolves(within(1000, isInactive));
  }
});

t.test('tokens and secrets are not in the log', async (t) => {
  await token(gatehouse, client, { grant_type: 'x' });
  const log = gatehouse.logLines.join('\n');
  for (const secret of [tokens.access_token, tokens.refresh_token, client.secret]) {
    t.notOk(log.includes(secret));
  }
});
