import t from 'tap';
import { type Making, newAccount, newSigner, sign } from '../credentials/signer.ts';
import { type MadeKey, openDesk } from '../gate/desk.ts';
import { createTestClock } from '../support/clock.ts';
import { ask, bearer, crowd, expectShownOnce, sortCalls } from './caller.ts';

// Kaie's “Authentication Methods” page, claim by claim: keys, service JWTs, limits, errors. What it says of
// OAuth 2.0 is in kaie-oauth.test.ts. Names of tests are its words.

const clock = createTestClock();
const desk = await openDesk(t, 'kaie', { clock });
const { gatehouse } = desk;
const tenant = await desk.organization();
const audience = gatehouse.platform.api.identifier;
const signer = await newSigner();

const newKey = (permission_set: string, more: object = {}): Promise<MadeKey> =>
  desk.key(tenant, { permission_set, ...more });
const HOUR = 3600;

/** A JWT as of the server's time. */
async function newJwt(account: { id: string }, { claims = {} }: Making = {}, by = signer) {
  const now = Math.floor(clock.now().getTime() / 1000);
  return sign(by, account, audience, { claims: { iat: now, exp: now + 60, ...claims } });
}

t.test('Getting Your API Key: a descriptive name, the appropriate permissions', async (t) => {
  const wish = {
    organization_id: tenant,
    name: 'Order sync, staging',
    permission_set: 'read_only',
  };
  const made = await desk.call('POST', '/manage/v1/api-keys', wish);
  t.equal(made.status, 201);
  const read = await desk.call('GET', `/manage/v1/api-keys/${made.body.id}`);
  t.match(read.body, { name: wish.name, permission_set: 'read_only', status: 'active' });
  const { name: _, ...nameless } = wish;
  const { permission_set: __, ...powerless } = wish;
  for (const less of [nameless, powerless, { ...wish, permission_set: 'everything' }]) {
    t.equal((await desk.call('POST', '/manage/v1/api-keys', less)).status, 400);
  }
});

t.test('API keys are only shown once when created', async (t) => {
  const made = await newKey('read_only');
  await ask(desk, 'GET', '/v1/workflows', bearer(made.key));
  await ask(desk, 'DELETE', '/v1/workflows/1', bearer(made.key));
  await expectShownOnce(t, desk, made);
});

t.test('Include your API key in the Authorization header', async (t) => {
  const { id, key } = await newKey('read_only');
  const { status, headers } = await ask(desk, 'GET', '/v1/workflows', bearer(key));
  t.equal(status, 200);
  t.equal(headers.get('x-gatehouse-credential-id'), id);
  t.equal(headers.get('x-gatehouse-organization'), tenant);
});

t.test('Include API keys in headers, not URLs', async (t) => {
  const { key } = await newKey('read_only');
  for (const name of ['api_key', 'access_token', 'key']) {
    const heard = await ask(desk, 'GET', `/v1/workflows?${name}=${key}`);
    t.match(heard, { status: 401, reason: 'missing_credential' }, name);
  }
  t.notOk(gatehouse.logLines.join('\n').includes(key));
});

const READS = [
  ...['GET /v1/workflows', 'GET /v1/workflows/1', 'GET /v1/analytics', 'GET /v1/triggers'],
  ...['GET /v1/triggers/1', 'GET /v1/integrations', 'GET /v1/integrations/1'],
];
const WRITES = ['workflows', 'triggers', 'integrations'].flatMap((collection) => [
  ...[`POST /v1/${collection}`, `PATCH /v1/${collection}/1`, `PUT /v1/${collection}/1`],
]);
const DELETIONS = ['workflows', 'triggers', 'integrations'].map((one) => `DELETE /v1/${one}/1`);
const ADMINISTRATION = [
  ...['GET /v1/api-keys', 'POST /v1/api-keys', 'DELETE /v1/api-keys/1'],
  ...['GET /v1/settings', 'PUT /v1/settings', 'GET /v1/admin/users', 'POST /v1/admin/users'],
];
const EVERYTHING = [...READS, ...WRITES, ...DELETIONS, ...ADMINISTRATION];

/** What each level can do, point by point, and what it cannot. */
const LEVELS: [
  level: string,
  permissionSet: string,
  points: [claim: string, calls: string[]][],
  beyond: [claim: string, calls: string[]][],
][] = [
  [
    'Read Only',
    'read_only',
    [
      ['View workflows and analytics', ['GET /v1/workflows', 'GET /v1/analytics']],
      ['Access read-only endpoints', READS],
    ],
    [['Cannot modify or create resources', [...WRITES, ...DELETIONS, ...ADMINISTRATION]]],
  ],
  [
    'Read/Write',
    'read_write',
    [
      ['All read permissions', READS],
      ['Create and update workflows', WRITES.filter((call) => call.includes('workflows'))],
      [
        'Manage triggers and integrations',
        WRITES.filter((call) => /triggers|integrations/.test(call)),
      ],
    ],
    [['Cannot delete resources', [...DELETIONS, ...ADMINISTRATION]]],
  ],
  [
    'Full Access',
    'full_access',
    [
      ['All read/write permissions', [...READS, ...WRITES]],
      ['Delete workflows and resources', DELETIONS],
      ['Manage API keys and settings', ADMINISTRATION.filter((call) => !/admin/.test(call))],
      ['Access admin endpoints', ['GET /v1/admin/users', 'POST /v1/admin/users']],
    ],
    [],
  ],
];

for (const [level, permissionSet, points, beyond] of LEVELS) {
  t.test(level, async (t) => {
    const { key } = await newKey(permissionSet);
    for (const [claim, calls] of points) {
      await t.test(claim, async (t) => {
        const sorted = await sortCalls(desk, calls, bearer(key));
        t.strictSame(sorted, { allowed: calls, refusals: [] });
      });
    }
    for (const [claim, calls] of beyond) {
      await t.test(claim, async (t) => {
        const sorted = await sortCalls(desk, calls, bearer(key));
        t.strictSame(sorted, { allowed: [], refusals: ['403 insufficient_permission'] });
      });
    }
    t.equal(new Set([...points, ...beyond].flatMap(([, calls]) => calls)).size, EVERYTHING.length);
  });
}

t.test('Full Access: Manage API keys and settings, of one’s own organization', async (t) => {
  const neighbour = await desk.organization();
  const { key } = await newKey('full_access');
  const manage = (method: string, path: string, body?: object) =>
    desk.call(method, `/manage/v1${path}`, body, `Bearer ${key}`);
  const made = await manage('POST', '/api-keys', { name: 'Child', permission_set: 'read_only' });
  t.match(made, { status: 201, body: { organization_id: tenant } });
  t.equal((await manage('POST', `/api-keys/${made.body.id}/disable`)).status, 200);
  t.equal((await manage('PATCH', `/organizations/${tenant}`, { name: 'Renamed' })).status, 200);
  const foreign = await desk.key(neighbour, { permission_set: 'read_only' });
  t.equal((await manage('DELETE', `/api-keys/${foreign.id}`)).status, 404);
  t.equal((await manage('PATCH', `/organizations/${neighbour}`, { name: 'Mine' })).status, 404);
  const { key: writer } = await newKey('read_write');
  const refused = await desk.call('GET', '/manage/v1/api-keys', undefined, `Bearer ${writer}`);
  t.equal(refused.status, 403, 'no other level does');
});

t.test('For server-to-server communication, JWT authentication is supported', async (t) => {
  const account = await newAccount(desk, tenant, [signer], { scopes: ['workflows:read'] });
  const jwt = await newJwt(account);
  const { status, headers } = await ask(desk, 'GET', '/v1/workflows', bearer(jwt));
  t.equal(status, 200);
  t.equal(headers.get('x-gatehouse-credential'), 'service_jwt');
  t.equal(headers.get('x-gatehouse-subject'), account.id);
  t.equal(headers.get('x-gatehouse-organization'), tenant);
  const heard = await ask(desk, 'POST', '/v1/workflows', bearer(jwt));
  t.match(heard, { status: 403, reason: 'insufficient_scope' });
});

t.test('JWT tokens must be signed with your private key', async (t) => {
  const account = await newAccount(desk, tenant, [signer]);
  const stranger = { ...(await newSigner()), kid: signer.kid };
  const heard = await ask(
    ...([desk, 'GET', '/v1/workflows', bearer(await newJwt(account, {}, stranger))] as const),
  );
  t.match(heard, { status: 401, reason: 'invalid_token' });
  const [header, payload] = (await newJwt(account)).split('.');
  const unsigned = await ask(desk, 'GET', '/v1/workflows', bearer(`${header}.${payload}.`));
  t.equal(unsigned.status, 401);
});

t.test('… and include the following claims: iss, sub, aud, exp, iat (RFC 7523 §3)', async (t) => {
  const account = await newAccount(desk, tenant, [signer]);
  for (const claim of ['iss', 'sub', 'aud', 'exp', 'iat']) {
    const jwt = await newJwt(account, { claims: { [claim]: undefined } });
    const heard = await ask(desk, 'GET', '/v1/workflows', bearer(jwt));
    t.match(heard, { status: 401, reason: 'invalid_token' }, `without ${claim}`);
  }
  const elsewhere = await newJwt(account, { claims: { aud: 'https://api.example.com' } });
  t.equal((await ask(desk, 'GET', '/v1/workflows', bearer(elsewhere))).status, 401);
});

t.test('Include the JWT token in the Authorization header', async (t) => {
  const jwt = await newJwt(await newAccount(desk, tenant, [signer]));
  t.equal((await ask(desk, 'GET', '/v1/workflows', bearer(jwt))).status, 200);
  const heard = await ask(desk, 'GET', '/v1/workflows', { 'x-api-key': jwt });
  t.match(heard, { status: 401, reason: 'missing_credential' });
});

t.test('API Key: 1000 requests per hour', async (t) => {
  const [one, other] = [await newKey('read_only'), await newKey('read_only')];
  const answers = await crowd(1_010, () => ask(desk, 'GET', '/v1/workflows', bearer(one.key)));
  t.equal(answers.filter(({ status }) => status === 200).length, 1_000);
  t.equal(answers.filter(({ status }) => status === 429).length, 10);
  t.equal((await ask(desk, 'GET', '/v1/workflows', bearer(other.key))).status, 200, 'each key');
  clock.advance(HOUR);
  t.equal((await ask(desk, 'GET', '/v1/workflows', bearer(one.key))).status, 200, 'each hour');
});

t.test('JWT Token: 1000 requests per hour', async (t) => {
  const account = await newAccount(desk, tenant, [signer]);
  const jwts = await Promise.all([1, 2].map((n) => newJwt(account, { claims: { n } })));
  const answers = await crowd(1_010, (i) =>
    ask(desk, 'GET', '/v1/workflows', bearer(jwts[i % 2]!)),
  );
  t.equal(answers.filter(({ status }) => status === 200).length, 1_000, 'whichever JWT it signs');
  t.equal(answers.filter(({ status }) => status === 429).length, 10);
});

t.test('Rate limit information is included in response headers', async (t) => {
  const { key } = await newKey('read_only');
  const { headers } = await ask(desk, 'GET', '/v1/workflows', bearer(key));
  t.equal(headers.get('x-ratelimit-limit'), '1000');
  t.equal(headers.get('x-ratelimit-remaining'), '999');
  const inSeconds = Number(headers.get('x-ratelimit-reset')) - clock.now().getTime() / 1000;
  t.ok(inSeconds > HOUR - 60 && inSeconds <= HOUR + 1, 'when the hour is over');
  t.equal(headers.get('ratelimit-policy'), '"requests";q=1000;w=3600');
  t.match(headers.get('ratelimit'), /^"requests";r=999;t=3(600|5\d\d)$/);
  const second = await ask(desk, 'GET', '/v1/workflows', bearer(key));
  t.equal(second.headers.get('x-ratelimit-remaining'), '998');
});

t.test('When you exceed the rate limit, you’ll receive a 429 Too Many Requests', async (t) => {
  const { key } = await newKey('read_only');
  const call = () => ask(desk, 'GET', '/v1/workflows', bearer(key));
  await crowd(1_000, call);
  const heard = await call();
  t.match(heard, { status: 429, reason: 'rate_limited' });
  t.equal(heard.headers.get('x-ratelimit-remaining'), '0');
  const { error } = heard.body as { error: { code: string; message: string; retry_after: number } };
  t.equal(error.code, 'RATE_LIMIT_EXCEEDED');

  await t.test('Wait retry_after seconds before making new requests', async (t) => {
    t.equal(heard.headers.get('retry-after'), String(error.retry_after));
    t.match(error.message, `Retry in ${error.retry_after} seconds.`);
    t.ok(error.retry_after > HOUR - 60 && error.retry_after <= HOUR);
    clock.advance(error.retry_after - 60);
    t.equal((await call()).status, 429, 'not much sooner');
    clock.advance(60);
    t.equal((await call()).status, 200);
  });
});

t.test('Use different keys for different environments', async (t) => {
  for (const environment of ['live', 'test']) {
    const { key } = await newKey('read_only', { environment });
    t.ok(key.startsWith(`kaie_${environment}_`));
    const { headers } = await ask(desk, 'GET', '/v1/workflows', bearer(key));
    t.equal(headers.get('x-gatehouse-environment'), environment, 'which the API can tell');
  }
});

t.test('Rotate keys regularly', async (t) => {
  const { id, key } = await newKey('read_only');
  const rotate = (body: object) => desk.call('POST', `/manage/v1/api-keys/${id}/rotate`, body);
  const { body: second } = await rotate({ overlap_seconds: 600 });
  for (const one of [key, second.key]) {
    t.equal((await ask(desk, 'GET', '/v1/workflows', bearer(one))).status, 200, 'both for a while');
  }
  clock.advance(601);
  t.match(await ask(desk, 'GET', '/v1/workflows', bearer(key)), { status: 401 });
  const { body: third } = await rotate({});
  t.match(await ask(desk, 'GET', '/v1/workflows', bearer(second.key)), { status: 401 });
  t.equal((await ask(desk, 'GET', '/v1/workflows', bearer(third.key))).status, 200);
});

t.test('Monitor token usage', async (t) => {
  const { id, key } = await newKey('read_only');
  for (const method of ['GET', 'GET', 'DELETE']) {
    await ask(desk, method, '/v1/workflows/1', bearer(key));
  }
  const query = `credential_id=${id}&group_by=outcome`;
  const { body } = await desk.call('GET', `/manage/v1/usage?${query}`);
  const seen = (body.data as { outcome: string; requests: number }[])
    .map(({ outcome, requests }) => `${requests} ${outcome}`)
    .sort();
  t.strictSame(seen, ['1 insufficient_permission', '2 allowed']);
});

t.test('Authentication Errors', async (t) => {
  const heard = async (method: string, headers: Record<string, string>, reason: string) => {
    const answer = await ask(desk, method, '/v1/workflows', headers);
    t.equal(answer.reason, reason);
    const { code, message } = (answer.body as { error: { code: string; message: string } }).error;
    return `${answer.status} | ${code} | ${message}`;
  };
  const lasting = (seconds: number) => ({
    expires_at: new Date(clock.now().getTime() + seconds * 1000).toISOString(),
  });
  const account = await newAccount(desk, tenant, [signer], { scopes: ['analytics:read'] });

  await t.test('401 | INVALID_API_KEY | API key is invalid or expired', async (t) => {
    const row = '401 | INVALID_API_KEY | API key is invalid or expired';
    const revoked = await newKey('read_only');
    await desk.call('DELETE', `/manage/v1/api-keys/${revoked.id}`);
    const expiring = await newKey('read_only', lasting(60));
    t.equal(await heard('GET', bearer('kaie_live_guessed'), 'invalid_api_key'), row);
    t.equal(await heard('GET', bearer(revoked.key), 'invalid_api_key'), row);
    clock.advance(61);
    t.equal(await heard('GET', bearer(expiring.key), 'expired_credential'), row);
  });

  await t.test('401 | MISSING_AUTHENTICATION | No authentication provided', async (t) => {
    const row = '401 | MISSING_AUTHENTICATION | No authentication provided';
    t.equal(await heard('GET', {}, 'missing_credential'), row);
  });

  await t.test('401 | INVALID_TOKEN | Access token is invalid or expired', async (t) => {
    const row = '401 | INVALID_TOKEN | Access token is invalid or expired';
    t.equal(await heard('GET', bearer('guessed'), 'invalid_token'), row);
    const jwt = await newJwt(account);
    t.equal(await heard('GET', bearer(jwt.slice(0, -5)), 'invalid_token'), row);
    clock.advance(61);
    t.equal(await heard('GET', bearer(jwt), 'expired_token'), row);
  });

  await t.test('403 | INSUFFICIENT_PERMISSIONS | API key lacks required permissions', async (t) => {
    const row = '403 | INSUFFICIENT_PERMISSIONS | API key lacks required permissions';
    const { key } = await newKey('read_only');
    t.equal(await heard('POST', bearer(key), 'insufficient_permission'), row);
  });

  await t.test('403 | SCOPE_INSUFFICIENT | Token scope is insufficient', async (t) => {
    const row = '403 | SCOPE_INSUFFICIENT | Token scope is insufficient';
    t.equal(await heard('GET', bearer(await newJwt(account)), 'insufficient_scope'), row);
  });
});

t.test('Error Response Format', async (t) => {
  const { headers, body } = await ask(desk, 'GET', '/v1/workflows');
  t.match(headers.get('content-type'), /^application\/json/);
  t.strictSame(body, {
    error: { code: 'MISSING_AUTHENTICATION', message: 'No authentication provided' },
  });
});
