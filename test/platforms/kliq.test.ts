import t from 'tap';
import {
  exchange,
  obtainPair,
  type Pair,
  postJson,
  REFRESH_PATH,
  refresh,
  TOKEN_PATH,
} from '../credentials/user-token-callers.ts';
import { openDesk } from '../gate/desk.ts';
import { createTestClock } from '../support/clock.ts';
import { token } from '../support/flows.ts';
import { createUser } from '../support/gatehouse.ts';
import { ask, bearer, crowd, expectShownOnce, newClient, sortCalls } from './caller.ts';

// KLIQ's “Authentication” page, claim by claim. Names of tests are its words.

const desk = await openDesk(t, 'kliq');
const { gatehouse } = desk;
const user = await createUser(gatehouse);
const tenant = user.organizationId;
const neighbour = await desk.organization();
const observations = `/v1/tenants/${tenant}/observations`;

const withKey = (key: string) => ({ 'x-api-key': key });
const newKey = (...scopes: string[]) => desk.key(tenant, { scopes });

/** A token that a service got for itself. */
async function serviceToken(scope: string, organization = tenant): Promise<string> {
  const client = await newClient(desk, {
    ...{ organization_id: organization, grant_types: ['client_credentials'], scope },
  });
  const { status, body } = await token(gatehouse, client, {
    ...{ grant_type: 'client_credentials', scope },
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body.access_token!;
}

const UNAUTHORIZED = { status: 401, body: { statusCode: 401, error: 'Unauthorized' } };
const FORBIDDEN = { status: 403, body: { statusCode: 403, error: 'Forbidden' } };

t.test('three authentication methods: API keys, JWT tokens, client credentials', async (t) => {
  const { key } = await newKey('observations:read');
  const { accessToken } = await obtainPair(gatehouse, user);
  const ways = {
    api_key: withKey(key),
    user: bearer(accessToken),
    service: bearer(await serviceToken('observations:read')),
  };
  for (const [name, headers] of Object.entries(ways)) {
    const { status, headers: heard } = await ask(desk, 'GET', observations, headers);
    t.equal(status, 200, name);
    t.equal(heard.get('x-gatehouse-organization'), tenant, name);
  }
});

t.test('Include your API key in the X-API-Key header', async (t) => {
  const { id, key } = await newKey('observations:read');
  const { status, headers } = await ask(desk, 'GET', observations, { 'X-API-Key': key });
  t.equal(status, 200);
  t.equal(headers.get('x-gatehouse-credential-id'), id);
  t.match(await ask(desk, 'GET', observations, bearer(key)), { status: 401 });
  const inQuery = await ask(desk, 'GET', `${observations}?api_key=${key}&X-API-Key=${key}`);
  t.match(inQuery, { ...UNAUTHORIZED, reason: 'missing_credential' });
});

t.test('… with every request', async (t) => {
  const { key } = await newKey('observations:read');
  t.equal((await ask(desk, 'GET', observations, withKey(key))).status, 200);
  const without = await ask(desk, 'GET', observations);
  t.match(without, { ...UNAUTHORIZED, reason: 'missing_credential' }, 'nobody is remembered');
});

t.test('Keep your API key secret', async (t) => {
  const made = await newKey('observations:read');
  await ask(desk, 'GET', observations, withKey(made.key));
  await ask(desk, 'POST', observations, withKey(made.key));
  await expectShownOnce(t, desk, made);
});

t.test('GET /v1/tenants/t_abc123/observations with X-API-Key: kliq_live_…', async (t) => {
  const { key } = await newKey('observations:read');
  t.match(key, /^kliq_live_\w+/);
  t.equal((await ask(desk, 'GET', observations, withKey(key))).status, 200);
  const example = await ask(desk, 'GET', observations, withKey('kliq_live_abc123...'));
  t.match(example, { ...UNAUTHORIZED, reason: 'invalid_api_key' });
  for (const other of [neighbour, 't_abc123', '00000000-0000-4000-8000-000000000000']) {
    const heard = await ask(desk, 'GET', `/v1/tenants/${other}/observations`, withKey(key));
    t.match(heard, { ...FORBIDDEN, reason: 'organization_mismatch' }, other);
  }
});

t.test('For user-scoped actions, use JWT tokens', async (t) => {
  const { accessToken } = await obtainPair(gatehouse, user);
  t.equal(accessToken.split('.').length, 3);
  const { status, headers } = await ask(desk, 'POST', observations, bearer(accessToken));
  t.equal(status, 200);
  t.equal(headers.get('x-gatehouse-subject'), user.id);
});

t.test('POST /v1/auth/token: Exchange credentials for a JWT token', async (t) => {
  const answer = await postJson(gatehouse.issuer + TOKEN_PATH, {
    ...{ email: user.email, password: user.password },
  });
  t.match(answer, {
    status: 200,
    body: { accessToken: /^[\w-]+\.[\w-]+\.[\w-]+$/, refreshToken: String },
  });
  const wrong = await exchange(gatehouse, { ...user, password: 'your-password' });
  t.match(wrong, UNAUTHORIZED);
});

t.test('Use the token for subsequent requests', async (t) => {
  const { accessToken } = await obtainPair(gatehouse, user);
  const answers = await crowd(10, () => ask(desk, 'GET', observations, bearer(accessToken)));
  t.ok(answers.every(({ status }) => status === 200));
  const inKeyHeader = await ask(desk, 'GET', observations, withKey(accessToken));
  t.match(inKeyHeader, { ...UNAUTHORIZED, reason: 'invalid_api_key' });
});

t.test('POST /v1/auth/refresh: Refresh an expired JWT token', async (t) => {
  const clock = createTestClock();
  const later = await openDesk(t, 'kliq', { clock });
  const person = await createUser(later.gatehouse);
  const path = `/v1/tenants/${person.organizationId}/observations`;
  const old = await obtainPair(later.gatehouse, person);
  t.equal((await ask(later, 'GET', path, bearer(old.accessToken))).status, 200);
  clock.advance(3601);
  const expired = await ask(later, 'GET', path, bearer(old.accessToken));
  t.match(expired, { ...UNAUTHORIZED, reason: 'expired_token' });

  const { issuer } = later.gatehouse;
  const answer = await postJson(issuer + REFRESH_PATH, { refreshToken: old.refreshToken });
  t.equal(answer.status, 200);
  const pair = answer.body as unknown as Pair;
  t.equal((await ask(later, 'GET', path, bearer(pair.accessToken))).status, 200);

  const answers = await crowd(10, () => refresh(later.gatehouse, pair.refreshToken));
  const successes = answers.filter(({ status }) => status === 200);
  t.equal(successes.length, 1, 'of ten at once, one is refreshed');
});

t.test('For service-to-service integration: the OAuth2 client credentials flow', async (t) => {
  const scope = 'observations:read cv:write';
  const client = await newClient(desk, {
    ...{ organization_id: tenant, grant_types: ['client_credentials'], scope },
  });
  const request = { grant_type: 'client_credentials' };
  const answer = await token(gatehouse, client, { ...request, scope: 'observations:read' });
  t.match(answer, { status: 200, body: { token_type: 'Bearer', expires_in: 3600 } });
  t.notOk(answer.body.refresh_token, 'it asks again instead (RFC 6749 §4.4.3)');
  const { status, headers } = await ask(
    ...([desk, 'GET', observations, bearer(answer.body.access_token!)] as const),
  );
  t.equal(status, 200);
  t.equal(headers.get('x-gatehouse-subject'), client.clientId);
  const guess = await token(gatehouse, { ...client, secret: 'guessed' }, request);
  t.match(guess, { status: 401, body: { error: 'invalid_client' } });
  const more = await token(gatehouse, client, { ...request, scope: 'admin' });
  t.match(more, { status: 400, body: { error: 'invalid_scope' } });
});

/** What the document's table says of each scope, and what it opens: method and path below the tenant. */
const SCOPES: readonly [scope: string, description: string, calls: readonly string[]][] = [
  [
    'observations:read',
    'List and retrieve observations',
    ['GET observations', 'GET observations/o_1'],
  ],
  [
    'observations:write',
    'Create and update observations',
    ['POST observations', 'PATCH observations/o_1', 'PUT observations/o_1'],
  ],
  ['cv:read', 'View CV job results', ['GET cv/jobs', 'GET cv/jobs/j_1/results']],
  ['cv:write', 'Start CV jobs', ['POST cv/jobs']],
  ['locations:read', 'List locations', ['GET locations']],
  [
    'locations:write',
    'Manage locations',
    ['POST locations', 'PATCH locations/l_1', 'DELETE locations/l_1'],
  ],
  [
    'webhooks:manage',
    'Create and delete webhook subscriptions',
    ['POST webhooks', 'DELETE webhooks/w_1'],
  ],
];
const ADMIN_CALLS = ['GET admin/members', 'POST admin/members', 'DELETE admin/members/m_1'];

const below = (organization: string, calls: readonly string[]) =>
  calls.map((call) => call.replace(' ', ` /v1/tenants/${organization}/`));
const EVERY_CALL = below(tenant, [...SCOPES.flatMap(([, , calls]) => calls), ...ADMIN_CALLS]);

for (const [scope, description, calls] of SCOPES) {
  t.test(`${scope}: ${description}`, async (t) => {
    const { key } = await newKey(scope);
    t.strictSame(await sortCalls(desk, EVERY_CALL, withKey(key)), {
      allowed: below(tenant, calls),
      refusals: ['403 insufficient_permission'],
    });
    const { accessToken } = await obtainPair(gatehouse, user, { scope });
    for (const bearerToken of [accessToken, await serviceToken(scope)]) {
      t.strictSame(await sortCalls(desk, EVERY_CALL, bearer(bearerToken)), {
        allowed: below(tenant, calls),
        refusals: ['403 insufficient_scope'],
      });
    }
  });
}

t.test('admin: Full tenant administration', async (t) => {
  const { key } = await newKey('admin');
  const everything = { allowed: EVERY_CALL, refusals: [] };
  t.strictSame(await sortCalls(desk, EVERY_CALL, withKey(key)), everything);
  const ofNeighbour = below(neighbour, ADMIN_CALLS);
  t.strictSame(await sortCalls(desk, ofNeighbour, withKey(key)), {
    ...{ allowed: [], refusals: ['403 organization_mismatch'] },
  });

  const manage = (method: string, path: string, body?: object) =>
    desk.call(method, `/manage/v1${path}`, body, `Bearer ${key}`);
  const made = await manage('POST', '/api-keys', { name: 'Reader', scopes: ['cv:read'] });
  t.match(made, { status: 201, body: { organization_id: tenant } });
  t.equal((await manage('DELETE', `/api-keys/${made.body.id}`)).status, 204);
  t.equal((await manage('GET', `/organizations/${tenant}`)).status, 200);
  t.equal((await manage('GET', `/organizations/${neighbour}`)).status, 404, 'of its tenant only');
  const { key: reader } = await newKey('observations:read', 'webhooks:manage');
  const refused = await desk.call('GET', '/manage/v1/api-keys', undefined, `Bearer ${reader}`);
  t.equal(refused.status, 403);
});

t.test('401 Unauthorized: Missing or invalid credentials', async (t) => {
  const revoked = await newKey('observations:read');
  await desk.call('DELETE', `/manage/v1/api-keys/${revoked.id}`);
  const { accessToken } = await obtainPair(gatehouse, user);
  const cases: [name: string, headers: Record<string, string>, reason: string][] = [
    ['no credential', {}, 'missing_credential'],
    ['an unknown key', withKey('kliq_live_abc123'), 'invalid_api_key'],
    ['a key of another company', withKey('sk-live-abc123'), 'invalid_api_key'],
    ['a revoked key', withKey(revoked.key), 'invalid_api_key'],
    ['an altered key', withKey(`${revoked.key.slice(0, -1)}~`), 'invalid_api_key'],
    ['no token', bearer('abc123'), 'invalid_token'],
    ['an altered token', bearer(accessToken.slice(0, -4)), 'invalid_token'],
    ['another scheme', { authorization: 'Basic dXNlcjpwYXNz' }, 'invalid_token'],
    ['two at once', { ...withKey(revoked.key), ...bearer(accessToken) }, 'ambiguous_credential'],
  ];
  for (const [name, headers, reason] of cases) {
    const heard = await ask(desk, 'GET', observations, headers);
    t.match(heard, { ...UNAUTHORIZED, reason }, name);
    t.match(heard.headers.get('www-authenticate'), /^Bearer /, name);
  }
});

t.test('403 Forbidden: Valid credentials but insufficient permissions', async (t) => {
  const { key } = await newKey('observations:read');
  const { accessToken } = await obtainPair(gatehouse, user, { scope: 'observations:read' });
  const message = 'Valid credentials but insufficient permissions';
  const denial = { status: 403, body: { statusCode: 403, error: 'Forbidden', message } };
  const heard = await ask(desk, 'POST', observations, withKey(key));
  t.match(heard, { ...denial, reason: 'insufficient_permission' });
  const token = await ask(desk, 'POST', observations, bearer(accessToken));
  t.match(token, { ...denial, reason: 'insufficient_scope' });
  const foreign = await ask(desk, 'GET', `/v1/tenants/${neighbour}/observations`, withKey(key));
  t.match(foreign, { ...denial, reason: 'organization_mismatch' });
});
