import { createHash, randomUUID } from 'node:crypto';
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
} from 'jose';
import t from 'tap';
import { userinfo } from '../support/flows.ts';
import { createUser, registerClient } from '../support/gatehouse.ts';
import { FORM, rawRequest } from '../support/raw-request.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { startTwoServers } from '../support/two-servers.ts';

// Access tokens that are bound to a key, at the UserInfo endpoint.

const { first: gatehouse, second } = await startTwoServers(t);
const client = await registerClient(gatehouse, { tokenEndpointAuthMethod: 'none' });
const user = await createUser(gatehouse);
const person = createSignedIn(gatehouse, user);
const path = '/oauth/userinfo';
const htu = `${gatehouse.issuer}${path}`;

interface Key {
  alg: string;
  privateKey: CryptoKey;
  jwk: object;
}

async function makeKey(alg: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, privateKey, jwk: await exportJWK(publicKey) };
}

const athOf = (token: string) => createHash('sha256').update(token).digest('base64url');
const now = () => Math.floor(Date.now() / 1000);

/** A proof; a claim or header set to undefined is left out. */
function prove(key: Key, claims: JWTPayload, header: Record<string, unknown> = {}) {
  return new SignJWT({ jti: randomUUID(), iat: now(), ...claims })
    .setProtectedHeader({ alg: key.alg, typ: 'dpop+jwt', jwk: key.jwk, ...header })
    .sign(key.privateKey);
}

async function boundToken(key: Key, scope = 'openid email'): Promise<string> {
  const { code, pkce } = await person.code(client, { scope });
  const url = `${gatehouse.issuer}/oauth/token`;
  const form = {
    ...{ grant_type: 'authorization_code', code, code_verifier: pkce.verifier },
    ...{ redirect_uri: client.redirectUri, client_id: client.clientId },
  };
  const dpop = await prove(key, { htm: 'POST', htu: url });
  const body = new URLSearchParams(form).toString();
  const { json } = await rawRequest(url, { headers: { ...FORM, dpop }, body });
  return String(json.access_token);
}

const ask = (
  token: string,
  dpop: string | string[] | undefined,
  { method = 'GET', scheme = 'DPoP', address = gatehouse.address } = {},
) =>
  rawRequest(`${address}${path}`, {
    method,
    headers: { authorization: `${scheme} ${token}`, ...(dpop === undefined ? {} : { dpop }) },
  });

const key = await makeKey('ES256');
const token = await boundToken(key);
const good = (more: JWTPayload = {}) => ({ htm: 'GET', htu, ath: athOf(token), ...more });

t.test('opens with a proof of its key, by every algorithm announced (RFC 9449 §7.1)', async (t) => {
  const metadata = await fetch(`${gatehouse.issuer}/.well-known/openid-configuration`);
  const { dpop_signing_alg_values_supported: algorithms } = (await metadata.json()) as {
    dpop_signing_alg_values_supported: string[];
  };
  t.same(algorithms, ['ES256', 'EdDSA', 'Ed25519']);
  for (const alg of algorithms) {
    const own = await makeKey(alg);
    const value = await boundToken(own);
    for (const method of ['GET', 'POST']) {
      const proof = await prove(own, { htm: method, htu, ath: athOf(value) });
      const { status, json } = await ask(value, proof, { method });
      t.equal(status, 200, `${alg} ${method}`);
      t.match(json, { sub: user.id, email: user.email });
    }
  }
  const spelled = `${htu.replace('http:', 'HTTP:')}?a=b#c`;
  const loose = await prove(key, good({ htu: spelled }));
  t.equal((await ask(token, loose, { scheme: 'dpop' })).status, 200, 'htu, but for its query');
});

t.test('refuses a proof that does not fit the request (RFC 9449 §4.3)', async (t) => {
  const symmetric = { kty: 'oct', k: 'AAAA' };
  const withPrivate = await exportJWK(key.privateKey);
  const wrong: [name: string, claims: JWTPayload, header?: Record<string, unknown>][] = [
    ['another method', good({ htm: 'POST' })],
    ['the method in small letters', good({ htm: 'get' })],
    ['no method', good({ htm: undefined })],
    ['another path', good({ htu: `${gatehouse.issuer}/oauth/token` })],
    ['another host', good({ htu: 'https://evil.example/oauth/userinfo' })],
    ['a user in the URL', good({ htu: htu.replace('http://', 'http://a@') })],
    ['no URL', good({ htu: undefined })],
    ['a URL that is none', good({ htu: '/oauth/userinfo' })],
    ['the hash of another token', good({ ath: athOf('another') })],
    ['no hash of the token', good({ ath: undefined })],
    ['an old iat', good({ iat: now() - 310 })],
    ['an iat to come', good({ iat: now() + 310 })],
    ['no iat', good({ iat: undefined })],
    ['passed', good({ exp: now() - 10 })],
    ['not yet', good({ nbf: now() + 600 })],
    ['no jti', good({ jti: undefined })],
    ['an empty jti', good({ jti: '' })],
    ['a jti without end', good({ jti: 'x'.repeat(257) })],
    ['a nonce of nobody', good({ nonce: 'x' })],
    ['another type', good(), { typ: 'JWT' }],
    ['no type', good(), { typ: undefined }],
    ['no key', good(), { jwk: undefined }],
    ['a secret as its key', good(), { jwk: symmetric }],
    ['a private key', good(), { jwk: withPrivate }],
    ['a key elsewhere', good(), { jwk: undefined, jku: 'https://evil.example/jwks' }],
  ];
  for (const [name, claims, header] of wrong) {
    const { status, headers, json } = await ask(token, await prove(key, claims, header));
    t.equal(status, 401, name);
    t.equal(json.error, 'invalid_dpop_proof', name);
    const pattern = /^DPoP error="invalid_dpop_proof", .*algs="ES256 EdDSA Ed25519"$/;
    t.match(headers['www-authenticate'], pattern, name);
  }
});

t.test('refuses what is no proof, or more than one (RFC 9449 §4.3)', async (t) => {
  const proof = await prove(key, good());
  const [header, , signature] = proof.split('.');
  const changed = Buffer.from(JSON.stringify(good({ jti: 'x', iat: now() }))).toString('base64url');
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'dpop+jwt', jwk: key.jwk }));
  const rs256 = await makeKey('RS256');
  const wrong = [
    ...[undefined, '', 'x', 'a.b.c', [proof, await prove(key, good())], `${proof},${proof}`],
    ...[`${header}.${changed}.${signature}`, `${none.toString('base64url')}.${changed}.`],
    ...['x'.repeat(10_000), await prove(rs256, good())],
  ];
  for (const one of wrong) {
    const { status, json } = await ask(token, one);
    t.match({ status, error: json.error }, { status: 401, error: 'invalid_dpop_proof' }, `${one}`);
  }
  t.equal((await ask(token, proof)).status, 200, 'and the proof itself is still unused');
});

t.test('a bound token is no bearer token, and the other way round (RFC 9449 §7.2)', async (t) => {
  const proof = await prove(key, good());
  const asBearer = await ask(token, proof, { scheme: 'Bearer' });
  t.match(asBearer, { status: 401, json: { error: 'invalid_token' } });
  t.match(
    asBearer.headers['www-authenticate'],
    /^Bearer error="invalid_token".*, DPoP algs="ES256 EdDSA Ed25519"$/,
  );
  const body = `access_token=${token}`;
  const posted = await rawRequest(htu, { headers: { ...FORM, dpop: proof }, body });
  t.equal(posted.status, 401, 'in a form');

  const unbound = (await person.tokens(client)).access_token;
  const fits = await prove(key, good({ ath: athOf(unbound) }));
  t.match(await ask(unbound, fits), { status: 401, json: { error: 'invalid_token' } });
  t.equal((await userinfo(gatehouse, unbound)).status, 200);

  const stranger = await makeKey('ES256');
  const theirs = await ask(token, await prove(stranger, good()));
  t.match(theirs, { status: 401, json: { error: 'invalid_token' } });
  t.match(theirs.headers['www-authenticate'], /^DPoP error="invalid_token"/);
  t.equal((await ask(token, proof)).status, 200, 'none of them has used the proof up');
});

t.test('a proof is good once, also for twenty at once at two servers (§11.1)', async (t) => {
  const proof = await prove(key, good());
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      ask(token, proof, { address: (index % 2 ? gatehouse : second).address }),
    ),
  );
  t.equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const { status, json } of answers.filter(({ status }) => status !== 200)) {
    t.ok(status === 401 ? json.error === 'invalid_dpop_proof' : status === 503, `${status}`);
  }
});

t.test('without a token, both schemes are offered (RFC 9449 §7.1)', async (t) => {
  const { status, headers } = await rawRequest(htu, { method: 'GET', headers: {} });
  t.equal(status, 401);
  t.equal(headers['www-authenticate'], 'Bearer, DPoP algs="ES256 EdDSA Ed25519"');
  const malformed = await ask('"', undefined);
  t.match(malformed, { status: 400, json: { error: 'invalid_request' } });
  const narrow = await boundToken(key, 'notes:read');
  const proof = await prove(key, good({ ath: athOf(narrow) }));
  const answer = await ask(narrow, proof);
  t.match(answer, { status: 403, json: { error: 'insufficient_scope' } });
  t.match(answer.headers['www-authenticate'], /^DPoP error="insufficient_scope"/);
});

t.test('a page of another origin may send the proof (Fetch, CORS protocol)', async (t) => {
  const { headers } = await rawRequest(htu, { method: 'OPTIONS' });
  t.match(headers['access-control-allow-headers'], /\bdpop\b/);
});

t.test('the key of the token is the one of the token request (RFC 9449 §6)', async (t) => {
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
  t.equal(claims.cnf.jkt, await calculateJwkThumbprint(key.jwk));
});

t.test('a proof used before is named, and costs no refresh token (RFC 9449 §5)', async (t) => {
  const url = `${gatehouse.issuer}/oauth/token`;
  const tokens = await person.tokens(client, { scope: 'openid offline_access' });
  const proof = await prove(key, { htm: 'POST', htu: url });
  const form = { grant_type: 'refresh_token', client_id: client.clientId };
  const refresh = (refreshToken: string, dpop: string) =>
    rawRequest(url, {
      headers: { ...FORM, dpop },
      body: new URLSearchParams({ ...form, refresh_token: refreshToken }).toString(),
    });
  const first = await refresh(tokens.refresh_token, proof);
  t.equal(first.status, 200, first.text);
  const again = await refresh(String(first.json.refresh_token), proof);
  t.match(again, { status: 400, json: { error: 'invalid_dpop_proof' } });
  const fresh = await prove(key, { htm: 'POST', htu: url });
  t.equal((await refresh(String(first.json.refresh_token), fresh)).status, 200);
});
