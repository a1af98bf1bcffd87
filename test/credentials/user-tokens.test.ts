import { decodeJwt, decodeProtectedHeader } from 'jose';
import t, { type Test } from 'tap';
import { loadPlatform } from '../../src/platform/load.ts';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { introspect, post, token } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  startGatehouse,
} from '../support/gatehouse.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { createSignedIn } from '../support/signed-in.ts';
import {
  type Answer,
  addPerson,
  decide,
  exchange,
  observationsOf,
  obtainPair,
  postJson,
  REFRESH_PATH,
  refresh,
  SYSTEM,
  send,
  TOKEN_PATH,
} from './user-token-callers.ts';

const platform = await loadPlatform('kliq');
const gatehouse = await startGatehouse(t, { platform });
const { issuer, identity } = gatehouse;
const user = await createUser(gatehouse);
const neighbour = await createUser(gatehouse);
const member = await addPerson(gatehouse, { organizationId: user.organizationId, role: 'member' });

const ALL = platform.scopes.map(({ name }) => name);

/** KLIQ's words for a denial. */
function expectDenial(t: Test, answer: Answer, status: number, error: string): void {
  t.equal(answer.status, status);
  t.match(answer.body, { statusCode: status, error, message: String });
  t.equal(answer.headers.get('cache-control'), 'no-store');
  t.match(answer.headers.get('content-type'), /^application\/json/);
}

t.test('gives a token pair for email and password, in the fields of the SDK', async (t) => {
  const answer = await exchange(gatehouse, user);
  t.equal(answer.status, 200);
  t.strictSame(Object.keys(answer.body), [
    ...['accessToken', 'refreshToken', 'tokenType', 'expiresIn', 'scope', 'organizationId'],
  ]);
  t.match(answer.body, {
    refreshToken: /^[\w-]{43}$/,
    tokenType: 'Bearer',
    expiresIn: 3600,
    scope: ALL.join(' '),
    organizationId: user.organizationId,
  });
  t.equal(answer.headers.get('cache-control'), 'no-store');
  t.equal(answer.headers.get('set-cookie'), null);
  const claims = decodeJwt(answer.body.accessToken!);
  t.match(claims, {
    ...{ iss: issuer, aud: platform.api.identifier, sub: user.id, client_id: 'platform' },
    ...{ org_id: user.organizationId, grant_id: String, jti: String },
    scope: ALL.join(' '),
  });
  t.equal(claims.exp! - claims.iat!, 3600);
});

t.test('its access tokens have the form of those of /oauth/token (RFC 9068 §2)', async (t) => {
  const client = await registerClient(gatehouse);
  const scope = 'observations:read';
  const ofApp = await createSignedIn(gatehouse, user).tokens(client, { scope });
  const { accessToken } = await obtainPair(gatehouse, user, { scope });
  t.strictSame(decodeProtectedHeader(accessToken), decodeProtectedHeader(ofApp.access_token));
  const names = (jwt: string) => Object.keys(decodeJwt(jwt)).sort();
  t.strictSame(names(accessToken), names(ofApp.access_token));
});

t.test('takes forms as well as JSON, and overlooks fields it does not know', async (t) => {
  const { email, password } = user;
  const body = new URLSearchParams({ email: ` ${email.toUpperCase()} `, password, extra: 'x' });
  t.equal((await send(issuer + TOKEN_PATH, { body })).status, 200);
  const nulls = { organizationId: null, scope: '', extra: {} };
  t.equal((await exchange(gatehouse, user, nulls)).status, 200);
});

t.test('the token works for its organization, and for no other', async (t) => {
  const { accessToken } = await obtainPair(gatehouse, user);
  const own = observationsOf(user.organizationId);
  t.match(await decide(gatehouse, accessToken, own), {
    allowed: true,
    principal: { kind: 'access_token', subject: user.id, organization_id: user.organizationId },
  });
  t.match(await decide(gatehouse, accessToken, own, 'POST'), { allowed: true });
  for (const other of [neighbour.organizationId, '00000000-0000-4000-8000-000000000000']) {
    t.match(await decide(gatehouse, accessToken, observationsOf(other)), {
      allowed: false,
      status: 403,
      reason: 'organization_mismatch',
    });
  }
});

t.test('a role is the ceiling of what a token holds', async (t) => {
  const { scope, accessToken } = await obtainPair(gatehouse, member);
  t.equal(scope, platform.roles.member.join(' '));
  t.notMatch(scope, 'admin');
  const administration = `/v1/tenants/${user.organizationId}/admin/x`;
  t.match(await decide(gatehouse, accessToken, administration), { reason: 'insufficient_scope' });
  const owners = await obtainPair(gatehouse, user);
  t.match(await decide(gatehouse, owners.accessToken, administration), { allowed: true });

  const cut = await obtainPair(gatehouse, member, { scope: 'admin observations:read' });
  t.equal(cut.scope, 'observations:read', 'what is beyond it is left out, and said so');
  const none = await exchange(gatehouse, member, { scope: 'admin' });
  expectDenial(t, none, 403, 'Forbidden');
});

t.test('what the ceiling implies is within it', async (t) => {
  const roles = { ...platform.roles, admin: ['admin'] };
  const other = await startGatehouse(t, { platform: { ...platform, roles } });
  const { organizationId } = await createUser(other);
  const admin = await addPerson(other, { organizationId, role: 'admin' });
  t.equal((await obtainPair(other, admin)).scope, 'admin');
  t.equal((await obtainPair(other, admin, { scope: 'cv:read' })).scope, 'cv:read');
});

t.test('scope narrows, and one that does not exist is refused', async (t) => {
  const narrow = await obtainPair(gatehouse, user, { scope: 'cv:read  observations:read cv:read' });
  t.equal(narrow.scope, 'cv:read observations:read');
  t.match(
    await decide(gatehouse, narrow.accessToken, observationsOf(user.organizationId), 'POST'),
    { allowed: false, reason: 'insufficient_scope' },
  );
  for (const scope of ['observations', 'openid', 'offline_access', 'gate:decide', '{code}', '\0']) {
    const answer = await exchange(gatehouse, user, { scope });
    expectDenial(t, answer, 400, 'Bad Request');
  }
});

t.test('a wrong password, an unknown account and a disabled one get one answer', async (t) => {
  const disabled = await addPerson(gatehouse, {
    ...{ organizationId: user.organizationId, role: 'member' },
  });
  await identity.users.disable(disabled.id, SYSTEM);
  const answers = [
    await exchange(gatehouse, { email: neighbour.email, password: 'not the password' }),
    await exchange(gatehouse, { email: 'nobody@example.com', password: neighbour.password }),
    await exchange(gatehouse, disabled),
    await exchange(gatehouse, { email: 'a\0b', password: '\0' }),
    await exchange(gatehouse, { email: 'x'.repeat(4000), password: 'x'.repeat(4000) }),
  ];
  for (const answer of answers) {
    expectDenial(t, answer, 401, 'Unauthorized');
    t.equal(answer.text, answers[0]!.text);
    t.match(answer.headers.get('www-authenticate'), /^Bearer resource_metadata=/);
  }
  t.match(answers[0]!.body.message, /email address or the password is wrong/);
});

t.test('a user of several organizations chooses one of their own', async (t) => {
  const { id, email, password } = await createUser(gatehouse);
  const pair = await obtainPair(gatehouse, { email, password });
  await identity.memberships.add(
    { userId: id, organizationId: user.organizationId, role: 'member' },
    SYSTEM,
  );
  const asked = await exchange(gatehouse, { email, password });
  expectDenial(t, asked, 400, 'Bad Request');
  t.match(asked.body.message, /organizationId/);
  t.ok(asked.body.message!.includes(pair.organizationId));
  t.ok(asked.body.message!.includes(user.organizationId));

  const { organizationId } = user;
  const chosen = await obtainPair(gatehouse, { email, password }, { organizationId });
  t.equal(chosen.organizationId, organizationId);
  t.notMatch(chosen.scope, 'admin', 'with the role they have there');

  const foreign = await exchange(gatehouse, user, { organizationId: neighbour.organizationId });
  expectDenial(t, foreign, 403, 'Forbidden');
  for (const unknown of ['00000000-0000-4000-8000-000000000000', 'x\0', '__proto__']) {
    const answer = await exchange(gatehouse, user, { organizationId: unknown });
    t.equal(answer.text, foreign.text, 'as one that does not exist');
    t.equal(answer.status, foreign.status);
  }
});

t.test('a user of no organization is told so', async (t) => {
  const answer = await exchange(gatehouse, await addPerson(gatehouse));
  expectDenial(t, answer, 403, 'Forbidden');
  t.match(answer.body.message, /do not belong to any organization/);
});

t.test('says what is wrong with a request, and repeats nothing of it', async (t) => {
  const { email, password } = user;
  const json = (body: string) =>
    send(issuer + TOKEN_PATH, { headers: { 'content-type': 'application/json' }, body });
  const table: [string, Promise<Answer>, RegExp][] = [
    ['no password', postJson(issuer + TOKEN_PATH, { email }), /Send password/],
    ['nothing', postJson(issuer + TOKEN_PATH, {}), /Send email and password/],
    ['an empty body', json(''), /Send email and password/],
    ['a list', json('[]'), /Send email and password/],
    ['no JSON', json(`{"email": "${email}", password: ${password}}`), /could not be read/],
    ['a number', postJson(issuer + TOKEN_PATH, { email, password: 1 }), /Send password once/],
    ['an object', postJson(issuer + TOKEN_PATH, { email: {}, password }), /Send email once/],
    ['a scope list', exchange(gatehouse, user, { scope: ['cv:read'] }), /Send scope once/],
    [
      'a field that came twice',
      send(issuer + TOKEN_PATH, {
        body: new URLSearchParams([...Object.entries({ email, password }), ['email', 'b@c.de']]),
      }),
      /Send email once/,
    ],
    ['a polluted prototype', json('{"__proto__": {"email": "a"}}'), /could not be read/],
    ['no refresh token', postJson(issuer + REFRESH_PATH, {}), /Send refreshToken/],
    ['the other style', postJson(issuer + REFRESH_PATH, { refresh_token: 'x' }), /refreshToken/],
  ];
  for (const [name, sent, message] of table) {
    const answer = await sent;
    expectDenial(t, answer, 400, 'Bad Request');
    t.match(answer.body.message, message, name);
    t.notOk(answer.text.includes(password) || answer.text.includes(email), name);
  }
});

t.test('takes POST, JSON or a form, and 16 KiB; no page of another site reads it', async (t) => {
  for (const path of [TOKEN_PATH, REFRESH_PATH]) {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
      const answer = await send(issuer + path, { method, headers });
      expectDenial(t, answer, 405, 'Method Not Allowed');
      t.equal(answer.headers.get('allow'), 'POST');
      t.equal(answer.headers.get('access-control-allow-origin'), null);
    }
    const head = await send(issuer + path, { method: 'HEAD' });
    t.equal(head.status, 405);
    const xml = await send(issuer + path, {
      headers: { 'content-type': 'text/xml' },
      body: '<a/>',
    });
    expectDenial(t, xml, 415, 'Unsupported Media Type');
    const long = await postJson(issuer + path, { email: 'x'.repeat(16 * 1024) });
    expectDenial(t, long, 413, 'Payload Too Large');
  }
});

t.test('of fifty parallel wrong passwords, ten are looked at (RFC 9700 §4.14)', async (t) => {
  const guessed = await createUser(gatehouse);
  const { email } = guessed;
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => exchange(gatehouse, { email, password: 'not this' })),
  );
  const refused = answers.filter(({ status }) => status === 429);
  t.equal(answers.filter(({ status }) => status === 401).length, 10);
  t.equal(refused.length, 40);
  for (const answer of refused) {
    expectDenial(t, answer, 429, 'Too Many Requests');
    t.ok(Number(answer.headers.get('retry-after')) > 840);
    t.equal(String(answer.body.retryAfter), answer.headers.get('retry-after'));
  }
  t.equal((await exchange(gatehouse, guessed)).status, 429, 'nor is the right one, until later');
  const { rows } = await gatehouse.database.pool.query(
    `SELECT type FROM audit_events WHERE target_id = $1 AND type = 'sign_in.failed'`,
    [guessed.id],
  );
  t.equal(rows.length, 10);
});

t.test('a resource server introspects its tokens (RFC 7662 §2.2)', async (t) => {
  const { identifier } = platform.api;
  const api = await registerService(gatehouse, { introspectionAudiences: [identifier] });
  const stranger = await registerService(gatehouse);
  const { accessToken } = await obtainPair(gatehouse, user, { scope: 'cv:read' });
  t.match((await introspect(gatehouse, api, accessToken)).body, {
    ...{ active: true, sub: user.id, client_id: 'platform', scope: 'cv:read' },
    ...{ org_id: user.organizationId, token_type: 'Bearer' },
  });
  t.same((await introspect(gatehouse, stranger, accessToken)).body, { active: false });
});

t.test("the platform's client is nobody's way in at OAuth's own endpoints", async (t) => {
  const asPlatform = { clientId: 'platform', secret: '' };
  const { refreshToken, accessToken } = await obtainPair(gatehouse, user);
  const grants = {
    refresh_token: { refresh_token: refreshToken },
    password: { username: user.email, password: user.password },
    client_credentials: {},
    authorization_code: { code: 'x', redirect_uri: 'https://app.example.com/callback' },
  };
  for (const [grant_type, parameters] of Object.entries(grants)) {
    const answer = await token(gatehouse, asPlatform, { grant_type, ...parameters });
    t.ok([400, 401].includes(answer.status), grant_type);
    t.notOk(answer.body.access_token);
  }
  const query = new URLSearchParams({
    ...{ client_id: 'platform', response_type: 'code', scope: 'observations:read', state: 's' },
    ...{ redirect_uri: 'https://app.example.com/callback', code_challenge_method: 'S256' },
    code_challenge: 'x'.repeat(43),
  });
  const page = await fetch(`${issuer}/oauth/authorize?${query}`, { redirect: 'manual' });
  t.equal(page.status, 400);
  t.equal(page.headers.get('location'), null);
  const inspection = await post(`${issuer}/oauth/introspect`, { token: accessToken }, asPlatform);
  t.equal(inspection.status, 401);
  t.equal((await refresh(gatehouse, refreshToken)).status, 200, 'and the token stays good');
});

t.test('speaks snake_case where the platform does', async (t) => {
  const userTokens = {
    enabled: true,
    tokenPath: '/v2/sign-in',
    refreshPath: '/v2/renew',
    fieldStyle: 'snake_case',
  } as const;
  const other = await startGatehouse(t, { platform: { ...platform, userTokens } });
  const { email, password, organizationId } = await createUser(other);
  const first = await postJson(`${other.issuer}/v2/sign-in`, {
    ...{ email, password, organization_id: organizationId },
  });
  const names = [
    ...['access_token', 'refresh_token', 'token_type', 'expires_in', 'scope', 'organization_id'],
  ];
  t.strictSame(Object.keys(first.body), names);
  const { refresh_token } = first.body;
  const next = await postJson(`${other.issuer}/v2/renew`, { refresh_token });
  t.strictSame(Object.keys(next.body), names);
  t.equal((await postJson(other.issuer + TOKEN_PATH, { email, password })).status, 404);
});

t.test('is not there on a platform that does not offer it', async (t) => {
  const other = await startGatehouse(t, {
    platform: { ...platform, userTokens: { enabled: false } },
  });
  t.equal((await exchange(other, await createUser(other))).status, 404);
  t.equal((await refresh(other, 'x')).status, 404);
});

t.test('while the database is away: 503, in the dialect, with Retry-After', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const proxy = await createFlakyProxy(t, connectionString);
  const other = await startGatehouse(t, {
    ...{ platform, connectionString: proxy.connectionString },
  });
  const someone = await createUser(other);
  const { refreshToken } = await obtainPair(other, someone);
  await proxy.down();
  for (const answer of [await exchange(other, someone), await refresh(other, refreshToken)]) {
    expectDenial(t, answer, 503, 'Service Unavailable');
    t.equal(answer.headers.get('retry-after'), '2');
  }
});

t.test(
  'neither password nor token nor address is in the log or readable in the database',
  async (t) => {
    const someone = await createUser(gatehouse);
    const first = await obtainPair(gatehouse, someone);
    const next = (await refresh(gatehouse, first.refreshToken)).body;
    await exchange(gatehouse, { email: someone.email, password: `wrong ${someone.password}` });
    const tables = ['refresh_tokens', 'grants', 'audit_events', 'sign_in_attempts', 'consents'];
    const rows = await Promise.all(
      tables.map((table) => gatehouse.database.pool.query(`SELECT * FROM ${table}`)),
    );
    const written = gatehouse.logLines.join('\n') + JSON.stringify(rows.map((one) => one.rows));
    t.match(written, someone.id);
    const secrets = [someone.password, someone.email, first.refreshToken, first.accessToken];
    for (const secret of [...secrets, next.refreshToken!, next.accessToken!]) {
      t.notOk(written.includes(secret));
    }
  },
);
