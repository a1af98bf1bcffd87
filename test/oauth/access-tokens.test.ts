import { createHmac, randomInt, randomUUID } from 'node:crypto';
import {
  type CryptoKey,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWTPayload,
  SignJWT,
} from 'jose';
import t from 'tap';
import type { Decided } from '../gate/desk.ts';
import { token, userinfo } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  startGatehouse,
} from '../support/gatehouse.ts';
import { basic, FORM, rawRequest } from '../support/raw-request.ts';
import { platformWithTwoResources, SEARCH_API } from '../support/relying-party.ts';
import { createSignedIn } from '../support/signed-in.ts';

const gatehouse = await startGatehouse(t, { platform: await platformWithTwoResources() });
const client = await registerClient(gatehouse);
const user = await createUser(gatehouse);
const person = createSignedIn(gatehouse, user);
const tokens = await person.tokens(client, { scope: 'openid profile email notes:read' });
const { verifier, signingKeys } = gatehouse.oauth;
const endpoint = `${gatehouse.issuer}/oauth/userinfo`;

const bearer = (value: string) => ({ authorization: `Bearer ${value}` });
const get = (headers: Record<string, string | string[]>, query = '') =>
  rawRequest(`${endpoint}${query}`, { method: 'GET', headers });

/** A token as the server would make it, but for the changes; signed by its own key unless another is given. */
async function forge(
  changes: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key?: CryptoKey,
): Promise<string> {
  const current = signingKeys.all[0]!;
  const signer = key ?? ((await importJWK(current.privateJwk, 'ES256')) as CryptoKey);
  const claims = { ...decodeJwt(tokens.access_token), jti: randomUUID(), ...changes };
  return new SignJWT(claims as JWTPayload)
    .setProtectedHeader({ alg: 'ES256', kid: current.kid, typ: 'at+jwt', ...header })
    .sign(signer);
}

t.test('has the header and claims of a JWT access token (RFC 9068 §2)', async (t) => {
  const header = decodeProtectedHeader(tokens.access_token);
  t.same(Object.keys(header).sort(), ['alg', 'kid', 'typ']);
  t.match(header, { alg: 'ES256', typ: 'at+jwt', kid: signingKeys.all[0]!.kid });
  const claims = decodeJwt(tokens.access_token);
  const names = 'aud client_id exp grant_id iat iss jti org_id scope sub';
  t.equal(Object.keys(claims).sort().join(' '), names);
  t.match(claims, {
    iss: gatehouse.issuer,
    aud: gatehouse.platform.api.identifier,
    sub: user.id,
    client_id: client.clientId,
    org_id: user.organizationId,
    jti: /^[\w-]{21,}$/,
  });
  t.ok(Math.abs(claims.iat! - Date.now() / 1000) < 60);
  t.equal(claims.exp! - claims.iat!, 3600);
  const other = await person.tokens(client);
  t.not(decodeJwt(other.access_token).jti, claims.jti);
});

t.test('opens what its scopes say, and no more (OpenID Connect Core §5.4)', async (t) => {
  const full = await userinfo(gatehouse, tokens.access_token);
  t.equal(full.status, 200);
  t.equal(full.headers.get('cache-control'), 'no-store');
  t.same(await full.json(), {
    sub: user.id,
    name: 'Ada Example',
    email: user.email,
    email_verified: false,
  });
  const small = await person.tokens(client, { scope: 'openid' });
  t.same(await (await userinfo(gatehouse, small.access_token)).json(), { sub: user.id });
});

t.test('takes the token in the header or a form body (RFC 6750 §2)', async (t) => {
  const body = `access_token=${tokens.access_token}`;
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    t.equal((await get({ authorization: `${scheme} ${tokens.access_token}` })).status, 200);
  }
  t.equal((await rawRequest(endpoint, { headers: FORM, body })).status, 200);
  const posted = await rawRequest(endpoint, { headers: bearer(tokens.access_token) });
  t.equal(posted.status, 200);
});

t.test('refuses a token in two places, twice, or in the query (RFC 6750 §2)', async (t) => {
  const value = tokens.access_token;
  const body = `access_token=${value}`;
  const post = (headers: Record<string, string>, text: string) =>
    rawRequest(endpoint, { headers: { ...FORM, ...headers }, body: text });
  const wrong: [name: string, answer: Awaited<ReturnType<typeof get>>][] = [
    ['query', await get({}, `?access_token=${value}`)],
    ['query in disguise', await get({}, `?%61ccess_token=${value}`)],
    ['query twice', await get({}, `?access_token=${value}&access_token=${value}`)],
    ['query and header', await get(bearer(value), `?access_token=${value}`)],
    ['header and body', await post(bearer(value), body)],
    ['header and another token in the body', await post(bearer(value), 'access_token=x')],
    ['body twice', await post({}, `${body}&${body}`)],
    ['two tokens in the header', await get(bearer(`${value} ${value}`))],
    ['two tokens and a comma', await get(bearer(`${value}, ${value}`))],
    ['Bearer and nothing', await get({ authorization: 'Bearer' })],
    ['Bearer and a quote', await get(bearer(`"${value}"`))],
  ];
  for (const [name, { status, headers, json }] of wrong) {
    t.equal(status, 400, name);
    t.equal(json.error, 'invalid_request', name);
    t.match(headers['www-authenticate'], /^Bearer .*error="invalid_request"/, name);
    t.equal(headers['cache-control'], 'no-store', name);
  }
  t.notOk(gatehouse.logLines.join('\n').includes(value));
});

t.test('without a token, a challenge and no error code (RFC 6750 §3.1)', async (t) => {
  const json = rawRequest(endpoint, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ access_token: tokens.access_token }),
  });
  for (const answer of [await get({}), await get({ authorization: 'Basic eDp5' }), await json]) {
    t.equal(answer.status, 401);
    t.match(answer.headers['www-authenticate'], /^Bearer(?!.*error=)/);
    t.notOk(answer.text.includes(user.email));
  }
});

t.test('names the scope that is missing (RFC 6750 §3.1)', async (t) => {
  const narrow = await person.tokens(client, { scope: 'notes:read' });
  const service = await registerService(gatehouse);
  const own = await token(gatehouse, service, { grant_type: 'client_credentials' });
  for (const value of [narrow.access_token, own.body.access_token!]) {
    const { status, headers, json } = await get(bearer(value));
    t.equal(status, 403);
    t.match(json, { error: 'insufficient_scope', scope: 'openid' });
    t.match(headers['www-authenticate'], /error="insufficient_scope".*scope="openid"/);
  }
});

type Test = Pick<typeof t, 'equal' | 'match'>;

const REFUSED = /^Bearer .*error="invalid_token"/;

async function refuses(t: Test, value: string, name: string): Promise<void> {
  const { status, headers, json } = await get(bearer(value));
  t.equal(status, 401, name);
  t.equal(json.error, 'invalid_token', name);
  t.match(headers['www-authenticate'], REFUSED, name);
}

t.test('refuses an ID token, and what only looks like an access token (RFC 9068 §4)', async (t) => {
  await refuses(t, tokens.id_token!, 'ID token');
  await refuses(t, tokens.refresh_token, 'refresh token');
  for (const typ of [undefined, 'JWT', 'at+jwtx', 'dpop+jwt', 'logout+jwt', '', 5]) {
    await refuses(t, await forge({}, { typ }), `typ ${typ}`);
  }
  t.equal((await get(bearer(await forge({}, { typ: 'application/at+jwt' })))).status, 200);
});

t.test('refuses wrong claims, though the signature is right (RFC 9068 §4)', async (t) => {
  t.equal((await get(bearer(await forge()))).status, 200, 'the forger knows how');
  const past = Math.floor(Date.now() / 1000) - 10;
  const wrong: [name: string, changes: Record<string, unknown>][] = [
    ['another audience', { aud: 'https://else.example' }],
    ['a longer audience', { aud: `${gatehouse.platform.api.identifier}/v2` }],
    ['the client as audience', { aud: client.clientId }],
    ['an empty list of audiences', { aud: [] }],
    ['no audience', { aud: undefined }],
    ['another issuer', { iss: 'https://else.example' }],
    ['the issuer with a slash', { iss: `${gatehouse.issuer}/` }],
    ['no issuer', { iss: undefined }],
    ['passed', { exp: past }],
    ['no expiry', { exp: undefined }],
    ['an expiry in words', { exp: 'never' }],
    ['not yet', { nbf: past + 3600 }],
    ['no iat', { iat: undefined }],
    ['no jti', { jti: undefined }],
    ['no sub', { sub: undefined }],
    ['no client_id', { client_id: undefined }],
    ['an unknown user', { sub: randomUUID() }],
    ['a user with a NUL', { sub: 'a\0b' }],
    ['a user named __proto__', { sub: '__proto__' }],
    ['bound to a key, without proof (RFC 9449 §7.1)', { cnf: { jkt: 'x' } }],
  ];
  for (const [name, changes] of wrong) await refuses(t, await forge(changes), name);
});

t.test('refuses other algorithms, keys and headers (RFC 8725 §3.1)', async (t) => {
  const current = signingKeys.all[0]!;
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = tokens.access_token.split('.')[1]!;
  for (const alg of ['none', 'None', '', 'HS256', 'HS384', 'ES384', 'RS256', 'PS256', 'EdDSA', 5]) {
    const text = `${part({ alg, kid: current.kid, typ: 'at+jwt' })}.${payload}`;
    const secret = current.publicKey.export({ type: 'spki', format: 'pem' });
    const hmac = createHmac('sha256', secret).update(text).digest('base64url');
    for (const signature of ['', 'AAAA', hmac, tokens.access_token.split('.')[2]]) {
      t.equal(await verifier.verify(`${text}.${signature}`), undefined, `alg ${alg}`);
    }
  }
  const strange = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(strange.publicKey);
  const headers = [{}, { jwk, kid: undefined }, { kid: 'unknown' }, { kid: '__proto__' }];
  const remote = [{ jku: 'https://evil.example/jwks' }, { x5u: 'https://evil.example/x' }];
  for (const header of [...headers, ...remote, { kid: undefined }, { kid: { a: 1 } }]) {
    const forged = await forge({}, header, strange.privateKey);
    t.equal(await verifier.verify(forged), undefined, JSON.stringify(header));
  }
});

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const MUTANTS_AT_A_TIME = 16;

/** Every truncation, every last character, and a flipped bit of every character; then random ones. */
function* mutantsOf(value: string): Generator<string> {
  for (let length = 0; length < value.length; length += 1) yield value.slice(0, length);
  for (const last of BASE64URL) yield value.slice(0, -1) + last;
  for (let at = 0; at < value.length; at += 1) {
    const flipped = String.fromCharCode(value.charCodeAt(at) ^ (1 << randomInt(7)));
    yield value.slice(0, at) + flipped + value.slice(at + 1);
  }
  for (let count = 0; count < 300; count += 1) {
    const at = randomInt(value.length);
    yield value.slice(0, at) + BASE64URL[randomInt(64)] + value.slice(at + 1);
    yield value.slice(0, at) + value.slice(at + 1);
    yield value.slice(0, at) + value[at] + value.slice(at);
  }
  for (const extra of ['=', '==', '.', '.x', 'A', ' ', '\n', '\0', '%00', '/']) yield value + extra;
  for (const extra of ['=', '.', 'A', ' ', '\n', '\0']) yield extra + value;
  const [header = '', payload = '', signature = ''] = value.split('.');
  yield `${header}=.${payload}.${signature}`;
  yield `${header}.${payload}=.${signature}`;
  yield `${payload}.${header}.${signature}`;
  yield `${header}.${payload}.${header}`;
}

t.test('refuses thousands of mutants (RFC 7515 §5.2)', async (t) => {
  const value = await forge();
  const mutants = [...mutantsOf(value)].filter((mutant) => mutant !== value);
  t.ok(mutants.length > 1000);
  const accepted: string[] = [];
  for (const mutant of mutants) if (await verifier.verify(mutant)) accepted.push(mutant);
  t.same(accepted, []);
  const wrong: string[] = [];
  const expectRefused = async (mutant: string) => {
    const sent = mutant.replaceAll(/[^\x21-\x7e]/g, '!');
    const { status, json } = await get(bearer(sent));
    // What is no token at all is a malformed request (RFC 6750 §2.1, §3.1).
    const [code, error] = /^[\w.~+/-]+=*$/.test(sent)
      ? [401, 'invalid_token']
      : [400, 'invalid_request'];
    if (status !== code || json.error !== error) wrong.push(`${status} ${json.error}: ${mutant}`);
  };
  for (let at = 0; at < mutants.length; at += MUTANTS_AT_A_TIME) {
    await Promise.all(mutants.slice(at, at + MUTANTS_AT_A_TIME).map(expectRefused));
  }
  t.same(wrong, []);
  t.ok(await verifier.verify(value), 'the token itself is good');
});

/** What the gate says of a request that carries it as bearer. */
async function decideOn(value: string): Promise<Decided> {
  const response = await fetch(`${gatehouse.issuer}/gate/decision`, {
    method: 'POST',
    headers: { ...bearer(gatehouse.adminKey), 'content-type': 'application/json' },
    body: JSON.stringify({ method: 'GET', path: '/v1/notes/1', headers: bearer(value) }),
  });
  return (await response.json()) as Decided;
}

/** The same request, asked about as a proxy does. */
const checkOn = (value: string) =>
  rawRequest(`${gatehouse.issuer}/gate/check`, {
    method: 'GET',
    headers: { ...bearer(value), 'x-original-method': 'GET', 'x-original-uri': '/v1/notes/1' },
  });

/** A proof for the token endpoint: what it gives is bound to a new key (RFC 9449 §5). */
async function proveKey(htu: string): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return new SignJWT({ jti: randomUUID(), htm: 'POST', htu })
    .setIssuedAt()
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
    .sign(privateKey);
}

t.test(
  'the gate refuses another API’s token, and a bound one as bearer (RFC 9068 §4, RFC 9449 §7.1)',
  async (t) => {
    const service = await registerService(gatehouse, { organizationId: user.organizationId });
    const url = `${gatehouse.issuer}/oauth/token`;
    const obtain = async (more: Record<string, string>, proof?: { dpop: string }) => {
      const form = { grant_type: 'client_credentials', scope: 'notes:read', ...more };
      const body = new URLSearchParams(form).toString();
      const headers = { ...FORM, ...basic(service.clientId, service.secret), ...proof };
      return String((await rawRequest(url, { headers, body })).json.access_token);
    };
    const ours = await obtain({});
    const elsewhere = await obtain({ resource: SEARCH_API });
    const bound = await obtain({}, { dpop: await proveKey(url) });
    const aud = gatehouse.platform.api.identifier;
    t.match(decodeJwt(elsewhere), { aud: SEARCH_API, scope: 'notes:read' });
    t.match(decodeJwt(bound), { aud, scope: 'notes:read', cnf: { jkt: /^[\w-]{43}$/ } });

    t.match(await decideOn(ours), { allowed: true }, 'one for this API, bound to no key, does');
    t.match(await checkOn(ours), { status: 200 });
    for (const value of [elsewhere, bound]) {
      const refused = { allowed: false, status: 401, reason: 'invalid_token', principal: null };
      t.match(await decideOn(value), refused);
      const checked = await checkOn(value);
      t.match(checked, { status: 401, headers: { 'www-authenticate': REFUSED } });
      t.notOk(Object.keys(checked.headers).some((name) => name.startsWith('x-gatehouse-')));
    }
  },
);

t.test('the gate refuses hundreds of mutants of a token that it knows', async (t) => {
  const value = await forge();
  t.match(await decideOn(value), { allowed: true, reason: null });
  // Blanks around it are the header's, not the token's (RFC 9110 §5.5).
  const mutants = [...mutantsOf(value)].filter((mutant) => mutant.replaceAll(' ', '') !== value);
  const last = [...BASE64URL].map((character) => value.slice(0, -1) + character);
  const some = Array.from({ length: 300 }, () => mutants[randomInt(mutants.length)]!);
  // NUL stands in no header, and is refused before the gate is asked.
  const asked = some.filter((mutant) => !mutant.includes('\0'));
  for (const mutant of [...last, ...asked].filter((one) => one !== value)) {
    t.match(await decideOn(mutant), { allowed: false, reason: 'invalid_token' }, mutant);
  }
  for (const mutant of mutants.filter((one) => one.includes('\0'))) {
    t.match(await decideOn(mutant), { status: 400, code: 'validation_failed' }, mutant);
  }
  t.match(await decideOn(value), { allowed: true }, 'the token itself is good');
});

t.test('the verifier takes any text (RFC 8725 §2)', async (t) => {
  const texts = ['', '.', '..', '...', 'a.b.c', '\0', '\ud800', 'é.é.é', '__proto__', 'null.null.'];
  for (const text of [...texts, 'x'.repeat(1_000_000), '.'.repeat(100_000)]) {
    t.equal(await verifier.verify(text), undefined);
  }
  const part = (text: string) => Buffer.from(text).toString('base64url');
  for (const json of [
    'null',
    '[]',
    '5',
    '"x"',
    '{',
    '{"alg":"ES256","crit":["b64"],"b64":false}',
  ]) {
    t.equal(await verifier.verify(`${part(json)}.${part(json)}.AAAA`), undefined, json);
  }
});

t.test('a huge or strange header is a clean refusal (RFC 9110 §15.5)', async (t) => {
  await refuses(t, 'x'.repeat(12_000), '12,000 letters');
  t.equal((await get(bearer('x'.repeat(20_000)))).status, 431);
  const body = `access_token=${'x'.repeat(60_000)}`;
  const large = await rawRequest(endpoint, { headers: FORM, body });
  t.equal(large.status, 413);
  const posted = await rawRequest(endpoint, {
    headers: FORM,
    body: 'access_token=%00&__proto__=x',
  });
  t.equal(posted.status, 401);
});
