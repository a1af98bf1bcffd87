import { randomUUID } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import * as oauth from 'oauth4webapi';
import t from 'tap';
import { JWT_BEARER } from '../../src/oauth/grants/jwt-bearer.ts';
import { type Making, newAccount, newSigner, type Signer, sign } from '../credentials/signer.ts';
import { openDesk } from '../gate/desk.ts';
import { createTestClock } from '../support/clock.ts';
import { introspect, type Parameters, post, revoke, token, userinfo } from '../support/flows.ts';
import { registerClient, registerService, startGatehouse } from '../support/gatehouse.ts';
import { FORM, rawRequest } from '../support/raw-request.ts';
import { fiftyAtOnce, soleSuccess, within } from '../support/two-servers.ts';

const clock = createTestClock();
const desk = await openDesk(t, 'kaie', { clock });
const { gatehouse } = desk;
const { issuer, connectionString, config } = gatehouse;
const second = await startGatehouse(t, {
  ...{ platform: 'kaie', connectionString, masterKey: config.masterKey, issuer, clock },
});
const API = gatehouse.platform.api.identifier;
const ENDPOINT = `${issuer}/oauth/token`;
const tenant = await desk.organization();
const signer = await newSigner();
const SCOPES = ['workflows:read', 'triggers:read'];
const account = await newAccount(desk, tenant, [signer], { scopes: SCOPES });
const api = await registerService(gatehouse, { name: 'The API', introspectionAudiences: [API] });
const now = () => Math.floor(Date.now() / 1000);

/** An assertion with a jti of its own. */
const assert = ({ header, claims }: Making = {}, by: Signer = signer, as = account) =>
  sign(by, as, issuer, { header, claims: { jti: randomUUID(), ...claims } } as Making);

const trade = async (parameters: Parameters = {}, server: { issuer: string } = { issuer }) =>
  post(`${server.issuer}/oauth/token`, {
    grant_type: JWT_BEARER,
    ...('assertion' in parameters ? {} : { assertion: await assert() }),
    ...parameters,
  });
const tradedBy = async (as: typeof account, by = signer) =>
  (await trade({ assertion: await assert({}, by, as) })).body.access_token!;

const use = (accessToken: string) => desk.bearer('GET', '/v1/workflows', accessToken);
const elsewhere = async (accessToken: string) =>
  second.gate.decide({
    ...{ method: 'GET', target: '/v1/workflows', address: '192.0.2.1', requestId: 'test' },
    headers: { authorization: `Bearer ${accessToken}` },
  });

t.test('trades an assertion for an access token (RFC 7523 §2.1, RFC 9068 §2.2)', async (t) => {
  const { status, headers, body } = await trade();
  t.equal(status, 200);
  t.equal(headers.get('cache-control'), 'no-store');
  t.same(Object.keys(body).sort(), ['access_token', 'expires_in', 'scope', 'token_type']);
  t.match(body, { token_type: 'Bearer', expires_in: 3600, scope: SCOPES.join(' ') });
  t.match(decodeProtectedHeader(body.access_token!), { typ: 'at+jwt', alg: 'ES256' });
  t.match(decodeJwt(body.access_token!), {
    ...{ iss: issuer, aud: API, sub: account.id, client_id: account.id, org_id: tenant },
    ...{ scope: SCOPES.join(' '), jti: String },
  });
  t.match(await use(body.access_token!), {
    allowed: true,
    principal: { kind: 'access_token', id: account.id, organization_id: tenant },
  });
  t.match(await desk.bearer('POST', '/v1/workflows', body.access_token!), { status: 403 });
  t.equal((await userinfo(gatehouse, body.access_token!)).status, 403, 'it speaks for no user');
});

t.test('a strict client of its own does it too (oauth4webapi)', async (t) => {
  const insecure = { [oauth.allowInsecureRequests]: true };
  const url = new URL(issuer);
  for (const algorithm of ['oidc', 'oauth2'] as const) {
    const discovery = await oauth.discoveryRequest(url, { algorithm, ...insecure });
    const as = await oauth.processDiscoveryResponse(url, discovery);
    t.ok(
      as.grant_types_supported?.includes(JWT_BEARER),
      'the metadata has the grant (RFC 8414 §2)',
    );
    const client = { client_id: account.id };
    const response = await oauth.genericTokenEndpointRequest(
      ...([as, client, oauth.None(), JWT_BEARER] as const),
      { assertion: await assert(), scope: 'workflows:read' },
      insecure,
    );
    const tokens = await oauth.processGenericTokenEndpointResponse(as, client, response);
    t.match(tokens, { token_type: 'bearer', scope: 'workflows:read', expires_in: 3600 });
    t.equal(tokens.refresh_token, undefined);
    const request = new Request(API, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    const claims = await oauth.validateJwtAccessToken(as, request, API, insecure);
    t.match(claims, { sub: account.id, client_id: account.id });
  }
});

t.test('an assertion is addressed to the issuer or the token endpoint', async (t) => {
  for (const aud of [issuer, ENDPOINT, [ENDPOINT], ['https://else.example', issuer]]) {
    t.equal((await trade({ assertion: await assert({ claims: { aud } }) })).status, 200);
  }
  for (const aud of [API, `${issuer}/`, [], undefined, `${issuer}/oauth/introspect`]) {
    const { status, body } = await trade({ assertion: await assert({ claims: { aud } }) });
    t.match({ status, body }, { status: 400, body: { error: 'invalid_grant' } }, String(aud));
  }
});

t.test('every flaw is invalid_grant, and says how to mend it (RFC 7523 §3.1)', async (t) => {
  const stranger = await newSigner();
  const disabled = await newAccount(desk, tenant, [signer]);
  await desk.call('PATCH', `/manage/v1/service-accounts/${disabled.id}`, { disabled: true });
  const nobody = { ...account, id: randomUUID() };
  const now = Math.floor(Date.now() / 1000);
  const flaws: [name: string, assertion: string, says: RegExp][] = [
    ['no jti', await assert({ claims: { jti: undefined } }), /jti is required/],
    ['expired', await assert({ claims: { iat: now - 90, exp: now - 1 } }), /exp has passed/],
    ['a long life', await assert({ claims: { exp: now + 7200 } }), /at most 3600 seconds/],
    ['no iat', await assert({ claims: { iat: undefined } }), /iat/],
    ['another sub', await assert({ claims: { sub: 'somebody' } }), /iss and sub/],
    ['a stranger’s key', await assert({}, { ...stranger, kid: signer.kid }), /not signed by a key/],
    ['nobody’s', await assert({}, signer, nobody), /not signed by a key/],
    ['a disabled account’s', await assert({}, signer, disabled), /not signed by a key/],
    ['an access token', (await trade()).body.access_token!, /not a signed JWT/],
    ['no JWT', 'x', /not a signed JWT/],
    ['a NUL', '\0', /not a signed JWT/],
    ['unsigned', 'eyJhbGciOiJub25lIn0.e30.', /not a signed JWT/],
    ['too long', 'x'.repeat(20_000), /not a signed JWT/],
  ];
  for (const [name, assertion, says] of flaws) {
    for (const client_id of [undefined, account.id]) {
      const { status, headers, body } = await trade({ assertion, client_id });
      t.match({ status, body }, { status: 400, body: { error: 'invalid_grant' } }, name);
      t.match(body.error_description, says, name);
      t.equal(headers.get('cache-control'), 'no-store', name);
    }
  }
  for (const assertion of ['', undefined]) {
    t.match(await trade({ assertion }), { status: 400, body: { error: 'invalid_request' } });
  }
});

t.test('parameters are held to RFC 6749 §3.2', async (t) => {
  const grant = `grant_type=${encodeURIComponent(JWT_BEARER)}`;
  const twice = [
    `${grant}&assertion=a&assertion=b`,
    `${grant}&${grant}&assertion=a`,
    `${grant}&assertion=a&scope=admin&scope=admin`,
    `${grant}&assertion=a&client_id=a&client_id=b`,
  ];
  for (const body of twice) {
    const { status, json } = await rawRequest(ENDPOINT, { headers: FORM, body });
    t.match({ status, json }, { status: 400, json: { error: 'invalid_request' } }, body);
  }
  const inQuery = await rawRequest(`${ENDPOINT}?assertion=${await assert()}`, {
    ...{ headers: FORM, body: grant },
  });
  t.match(inQuery, { status: 400, json: { error: 'invalid_request' } });
  t.equal((await fetch(`${ENDPOINT}?${grant}`)).status, 405);
  const json = await fetch(ENDPOINT, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ grant_type: JWT_BEARER, assertion: await assert() }),
  });
  t.equal(json.status, 400);
});

t.test('a client that names itself is held to it', async (t) => {
  const other = await newAccount(desk, tenant, [await newSigner()]);
  const app = await registerClient(gatehouse);
  const native = await registerClient(gatehouse, { tokenEndpointAuthMethod: 'none' });
  for (const client_id of [other.id, native.clientId, app.clientId, 'unknown']) {
    t.match(
      await trade({ client_id }),
      { status: 400, body: { error: 'invalid_grant' } },
      client_id,
    );
  }
  t.equal((await trade({ client_id: account.id })).status, 200);
  const assertion = await assert();
  t.match(
    await token(gatehouse, app, { grant_type: JWT_BEARER, assertion }),
    { status: 400, body: { error: 'unauthorized_client' } },
    'the grant is not theirs (RFC 6749 §5.2)',
  );
  const wrong = await token(
    gatehouse,
    { ...app, secret: 'wrong' },
    { grant_type: JWT_BEARER, assertion },
  );
  t.equal(wrong.status, 401);
  t.equal((await trade({ assertion })).status, 200, 'nothing of that used it up');
});

t.test('an account is no client for anything else', async (t) => {
  const inside = 'urn:gatehouse:bearer-of-assertion';
  for (const client_id of [account.id, inside]) {
    for (const grant_type of ['client_credentials', 'refresh_token', 'authorization_code']) {
      const answer = await post(ENDPOINT, { client_id, grant_type, code: 'x', refresh_token: 'x' });
      t.match(answer, { status: 401, body: { error: 'invalid_client' } }, grant_type);
    }
    const accessToken = await tradedBy(account);
    for (const verb of [introspect, revoke]) {
      t.equal(
        (await verb(gatehouse, { clientId: client_id, secret: '' }, accessToken)).status,
        401,
      );
    }
    const pushed = await post(`${issuer}/oauth/par`, { client_id, response_type: 'code' });
    t.equal(pushed.status, 401);
  }
});

t.test('gives the account’s scopes or fewer, never more (RFC 6749 §3.3)', async (t) => {
  const narrow = await trade({ scope: 'workflows:read' });
  t.match(narrow, { status: 200, body: { scope: 'workflows:read' } });
  const wider = ['admin', 'workflows:read workflows:write', 'unknown', '*', 'gate:decide'];
  for (const scope of [...wider, 'openid', 'offline_access', 'workflows:read openid', 'nötes']) {
    const { status, body } = await trade({ scope });
    t.match({ status, body }, { status: 400, body: { error: 'invalid_scope' } }, scope);
  }
  const nobody = await newAccount(desk, tenant, [signer], { scopes: [] });
  const { status, body } = await trade({ assertion: await assert({}, signer, nobody) });
  t.match({ status, body }, { status: 200, body: { scope: undefined } });
  t.match(await use(body.access_token!), { status: 403 }, 'an empty list is nothing');
});

t.test('knows the platform’s resource only (RFC 8707 §2.2)', async (t) => {
  t.equal((await trade({ resource: API })).status, 200);
  for (const resource of [`${API}/`, 'https://else.example', 'x', `${API}#a`]) {
    t.match(
      await trade({ resource }),
      { status: 400, body: { error: 'invalid_target' } },
      resource,
    );
  }
});

t.test('of fifty trades of one assertion, one succeeds (RFC 7523 §3, item 7)', async (t) => {
  const assertion = await assert();
  const servers = [{ issuer: gatehouse.address }, { issuer: second.address }];
  const answers = await fiftyAtOnce(servers, (server) => trade({ assertion }, server));
  soleSuccess(t, answers, 'invalid_grant');
  t.match((await trade({ assertion })).body.error_description, /jti was used before/);
  const shown = await sign(signer, account, issuer, { claims: { jti: randomUUID() } });
  t.match(await use(shown), { allowed: true });
  t.equal((await trade({ assertion: shown })).status, 400, 'nor one that was shown to the API');
});

t.test('binds the token to a key that is proven (RFC 9449 §5)', async (t) => {
  const key = await newSigner();
  const { kid: _, ...jwk } = key.publicJwk;
  const prove = (htu: string) =>
    new SignJWT({ jti: randomUUID(), iat: now(), htm: 'POST', htu })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(key.privateKey);
  const ask = async (dpop: string) => {
    const body = new URLSearchParams({ grant_type: JWT_BEARER, assertion: await assert() });
    return rawRequest(ENDPOINT, { headers: { ...FORM, dpop }, body: body.toString() });
  };
  const { json } = await ask(await prove(ENDPOINT));
  t.equal(json.token_type, 'DPoP');
  t.match(decodeJwt(String(json.access_token)), { cnf: { jkt: String } });
  t.match(await ask(await prove(issuer)), { status: 400, json: { error: 'invalid_dpop_proof' } });
});

t.test('the token is introspected like any other, until its account is shut out', async (t) => {
  const path = '/manage/v1/service-accounts';
  const ends: [name: string, method: string, body?: object][] = [
    ['disabled', 'PATCH', { disabled: true }],
    ['with less scope', 'PATCH', { scopes: ['triggers:read'] }],
    ['deleted', 'DELETE'],
  ];
  for (const [name, method, body] of ends) {
    const job = await newAccount(desk, tenant, [signer], { scopes: SCOPES });
    const accessToken = await tradedBy(job);
    const kept = await tradedBy(account);
    t.match((await introspect(gatehouse, api, accessToken)).body, {
      ...{ active: true, sub: job.id, client_id: job.id, org_id: tenant, aud: API },
    });
    t.match(await elsewhere(accessToken), { allowed: true });
    await desk.call(method, `${path}/${job.id}`, body);
    t.match(await use(accessToken), { allowed: false, reason: 'invalid_token' }, name);
    t.same((await introspect(gatehouse, api, accessToken)).body, { active: false }, name);
    await within(1000, async () => !(await elsewhere(accessToken)).allowed);
    await within(1000, async () => {
      const answer = await introspect({ issuer: second.address }, api, accessToken);
      return answer.body.active === false;
    });
    t.match(await use(kept), { allowed: true }, 'those of others stay');
  }
});

t.test('whoever is let in again trades again, and what was ended stays so', async (t) => {
  const job = await newAccount(desk, tenant, [signer]);
  const old = await tradedBy(job);
  const path = `/manage/v1/service-accounts/${job.id}`;
  await desk.call('PATCH', path, { disabled: true });
  await desk.call('PATCH', path, { disabled: false });
  // Within the margin for clocks that differ, any token would be refused with those that were ended.
  const assertion = await assert({}, signer, job);
  const early = await trade({ assertion });
  t.match(early, { status: 503, body: { error: 'temporarily_unavailable' } });
  clock.advance(10);
  const { body } = await trade({ assertion });
  t.match(await use(body.access_token!), { allowed: true }, 'the assertion was not used up');
  t.match(await use(old), { allowed: false, reason: 'invalid_token' });
});

t.test('a key that is left out trades no more; its tokens expire by themselves', async (t) => {
  const next = await newSigner();
  const job = await newAccount(desk, tenant, [signer, next]);
  const accessToken = await tradedBy(job);
  const jwks = { keys: [next.publicJwk] };
  await desk.call('PATCH', `/manage/v1/service-accounts/${job.id}`, { jwks });
  t.equal((await trade({ assertion: await assert({}, signer, job) })).status, 400);
  t.match(await use(await tradedBy(job, next)), { allowed: true });
  t.match(await use(accessToken), { allowed: true }, 'a rollover without a gap');
});

t.test('an organization takes with it what its accounts could still trade', async (t) => {
  const leaving = await desk.organization();
  const job = await newAccount(desk, leaving, [signer]);
  const accessToken = await tradedBy(job);
  t.match(await use(accessToken), { allowed: true });
  await desk.call('DELETE', `/manage/v1/organizations/${leaving}`);
  await within(1000, async () => !(await use(accessToken)).allowed);
  const late = await trade({ assertion: await assert({}, signer, job) });
  t.match(late, { status: 400, body: { error: 'invalid_grant' } });
});

t.test('a platform without service JWTs does not know the grant', async (t) => {
  const { platform } = gatehouse;
  const off = await startGatehouse(t, {
    ...{ connectionString, masterKey: config.masterKey, issuer },
    platform: { ...platform, serviceJwts: { ...platform.serviceJwts, enabled: false } },
  });
  const server = { issuer: off.address };
  for (const parameters of [{}, { client_id: account.id }, { assertion: 'x' }]) {
    t.match(await trade(parameters, server), {
      ...{ status: 400, body: { error: 'unsupported_grant_type' } },
    });
  }
  t.match(await token(server, api, { grant_type: JWT_BEARER, assertion: await assert() }), {
    ...{ status: 400, body: { error: 'unsupported_grant_type' } },
  });
  const metadata = await fetch(`${off.address}/.well-known/oauth-authorization-server`);
  const { grant_types_supported: grants } = (await metadata.json()) as Record<string, string[]>;
  t.notOk(grants?.includes(JWT_BEARER));
});

t.test('no assertion is in the log', async (t) => {
  const assertion = await assert();
  await trade({ assertion });
  await trade({ assertion });
  t.notMatch(gatehouse.logLines.join('\n'), assertion.split('.')[1]!);
});
