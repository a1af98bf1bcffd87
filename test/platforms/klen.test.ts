import t from 'tap';
import { openDesk } from '../gate/desk.ts';
import { createTestClock } from '../support/clock.ts';
import { ask, bearer, crowd, expectShownOnce, type Heard, sortCalls } from './caller.ts';

// Klen's “Authentication” page, claim by claim. Names of tests are its words.

const clock = createTestClock();
const desk = await openDesk(t, 'klen', { clock });
const { gatehouse } = desk;
const tenant = await desk.organization();
const KEYS = '/manage/v1/api-keys';
const DAY = 86_400;

/** So many that a test of something else does not meet them. */
const UNHURRIED = { requests_per_minute_limit: 100_000 };
const newKey = (scopes: readonly string[], more: object = {}) =>
  desk.key(tenant, { scopes, ...more });
const everything = gatehouse.platform.scopes.map(({ name }) => name);

const countOf = (answers: readonly Heard[], status: number) =>
  answers.filter((answer) => answer.status === status).length;

const worded = ({ status, body }: Heard) => {
  const { code, message } = (body as { error: { code: string; message: string } }).error;
  return `${status} | ${code} | ${message}`;
};

t.test('The Klen AI API uses API keys to authenticate requests', async (t) => {
  const { id, key } = await newKey(['can_read_calls']);
  const { status, headers } = await ask(desk, 'GET', '/v1/calls', bearer(key));
  t.equal(status, 200);
  t.equal(headers.get('x-gatehouse-credential'), 'api_key');
  t.equal(headers.get('x-gatehouse-credential-id'), id);
  t.equal(headers.get('x-gatehouse-organization'), tenant);
});

t.test('All API requests must include an API key in one of the following ways', async (t) => {
  const { key } = await newKey(everything);
  const { refusals } = await sortCalls(desk, EVERY_CALL, {});
  t.strictSame(refusals, ['401 missing_credential']);
  t.strictSame((await sortCalls(desk, EVERY_CALL, bearer(key))).allowed, EVERY_CALL);

  await t.test('Bearer Token (Recommended): in the Authorization header', async (t) => {
    t.equal((await ask(desk, 'GET', '/v1/calls', { Authorization: `Bearer ${key}` })).status, 200);
    const heard = await ask(desk, 'GET', '/v1/calls', { authorization: key });
    t.match(heard, { status: 401, body: { error: { code: 'invalid_key' } } });
  });

  await t.test('API Key Header: you can use the X-API-Key header', async (t) => {
    t.equal((await ask(desk, 'GET', '/v1/calls', { 'X-API-Key': key })).status, 200);
  });

  await t.test('Query Parameter: you can include your API key as a query parameter', async (t) => {
    t.equal((await ask(desk, 'GET', `/v1/calls?api_key=${key}`)).status, 200);
    t.equal((await ask(desk, 'GET', `/v1/calls?page=2&api_key=${key}&limit=5`)).status, 200);
  });

  await t.test('… and in one of them only', async (t) => {
    const twice = await ask(desk, 'GET', `/v1/calls?api_key=${key}`, { 'x-api-key': key });
    t.match(twice, { status: 401, reason: 'ambiguous_credential' });
  });
});

t.test('using query parameters … API keys may be logged: not here', async (t) => {
  const { key } = await newKey(['can_read_calls']);
  await ask(desk, 'GET', `/v1/calls?api_key=${key}`);
  await ask(desk, 'POST', `/v1/calls?api_key=${key}`);
  await desk.decide('GET', `/v1/calls?api_key=${key}`);
  t.notOk(gatehouse.logLines.join('\n').includes(key));
});

t.test('Give your key a name and select the appropriate permissions', async (t) => {
  const wish = { organization_id: tenant, name: 'Reception', scopes: ['can_read_calls'] };
  const made = await desk.call('POST', KEYS, wish);
  t.match(made, { status: 201, body: { name: 'Reception', scopes: ['can_read_calls'] } });
  await expectShownOnce(t, desk, made.body);
  const { name: _, ...nameless } = wish;
  const { scopes: __, ...powerless } = wish;
  for (const less of [nameless, powerless, { ...wish, scopes: ['can_fly'] }]) {
    t.equal((await desk.call('POST', KEYS, less)).status, 400);
  }
});

/** What the table says of each permission, and the calls it opens. */
const PERMISSIONS: [permission: string, description: string, calls: string[]][] = [
  [
    'can_read_calls',
    'Allows retrieving call information',
    ['GET /v1/calls', 'GET /v1/calls/1', 'GET /v1/calls/1/transcript'],
  ],
  ['can_initiate_calls', 'Allows initiating new calls', ['POST /v1/calls']],
  [
    'can_read_agents',
    'Allows retrieving agent information',
    ['GET /v1/agents', 'GET /v1/agents/1'],
  ],
  [
    'can_read_contacts',
    'Allows retrieving contact information',
    ['GET /v1/contacts', 'GET /v1/contacts/1'],
  ],
  [
    'can_read_calendar',
    'Allows retrieving calendar events and availability',
    ['GET /v1/calendar/events', 'GET /v1/calendar/events/1', 'GET /v1/calendar/availability'],
  ],
  [
    'can_write_calendar',
    'Allows creating, updating, and canceling calendar events',
    [
      'POST /v1/calendar/events',
      'PATCH /v1/calendar/events/1',
      'PUT /v1/calendar/events/1',
      'DELETE /v1/calendar/events/1',
    ],
  ],
];
const EVERY_CALL = PERMISSIONS.flatMap(([, , calls]) => calls);

for (const [permission, description, calls] of PERMISSIONS) {
  t.test(`${permission}: ${description}`, async (t) => {
    const { key } = await newKey([permission]);
    t.strictSame(await sortCalls(desk, EVERY_CALL, bearer(key)), {
      allowed: calls,
      refusals: ['403 insufficient_permission'],
    });
  });
}

t.test('requests_per_minute_limit: API requests per minute (default: 60)', async (t) => {
  const [one, other] = [await newKey(['can_read_calls']), await newKey(['can_read_calls'])];
  const call = (i: number) => {
    const ways: [string, Record<string, string>][] = [
      ['/v1/calls', bearer(one.key)],
      ['/v1/calls/1', { 'x-api-key': one.key }],
      [`/v1/calls?api_key=${one.key}`, {}],
    ];
    return ask(desk, 'GET', ...ways[i % 3]!);
  };
  const answers = await crowd(70, call);
  t.equal(countOf(answers, 200), 60, 'however the key is presented');
  t.equal(countOf(answers, 429), 10);
  t.equal((await ask(desk, 'GET', '/v1/calls', bearer(other.key))).status, 200, 'each key');
  clock.advance(60);
  t.equal((await call(0)).status, 200, 'each minute');
});

/** The daily limits, and the one call that counts on each. */
const QUOTAS = [
  {
    limit: 'calls_per_day_limit',
    claim: 'calls that can be initiated per day (default: 100)',
    figure: 100,
    counted: 'POST /v1/calls',
    uncounted: 'GET /v1/calls',
  },
  {
    limit: 'calendar_events_per_day_limit',
    claim: 'calendar events that can be created per day (default: 50)',
    figure: 50,
    counted: 'POST /v1/calendar/events',
    uncounted: 'PATCH /v1/calendar/events/1',
  },
] as const;

const callOf = (call: string, key: string) => {
  const [method = '', path = ''] = call.split(' ');
  return ask(desk, method, path, bearer(key));
};

for (const { limit, claim, figure, counted, uncounted } of QUOTAS) {
  t.test(`${limit}: Maximum number of ${claim}`, async (t) => {
    const { key } = await newKey(everything, { limits: UNHURRIED });
    const answers = await crowd(figure + 20, () => callOf(counted, key));
    t.equal(countOf(answers, 200), figure);
    const refused = answers.filter(({ status }) => status === 429);
    t.equal(refused.length, 20);
    t.ok(refused.every(({ reason }) => reason === 'quota_exceeded'));
    const [first] = refused;
    t.equal(first?.headers.get('x-ratelimit-limit'), String(figure));
    t.ok(Number(first?.headers.get('retry-after')) > DAY - 60, 'tomorrow');
    t.equal((await callOf(uncounted, key)).status, 200, 'nothing else counts on it');
    for (const quota of QUOTAS.filter((one) => one.limit !== limit)) {
      t.equal((await callOf(quota.counted, key)).status, 200, 'nor does the other one');
    }
    clock.advance(DAY);
    t.equal((await callOf(counted, key)).status, 200, 'a day later');
  });
}

t.test('API keys have rate limits applied: figures of a key’s own', async (t) => {
  const limits = {
    ...{ requests_per_minute_limit: 5, calls_per_day_limit: 3, calendar_events_per_day_limit: 0 },
  };
  const made = await newKey(everything, { limits });
  t.match(made, { limits });
  const calls = await crowd(4, () => callOf('POST /v1/calls', made.key));
  t.equal(countOf(calls, 200), 3);
  const event = await callOf('POST /v1/calendar/events', made.key);
  t.match(event, { status: 429, reason: 'quota_exceeded' });
  t.equal(event.headers.get('retry-after'), null, 'waiting does not help');
  clock.advance(60);
  const reads = await crowd(8, () => callOf('GET /v1/agents', made.key));
  t.equal(countOf(reads, 200), 5);
  const unknown = await desk.call('PATCH', `${KEYS}/${made.id}`, { limits: { per_year: 1 } });
  t.equal(unknown.status, 400);
});

t.test('429 Too Many Requests', async (t) => {
  const { key } = await newKey(['can_read_calls'], { limits: { requests_per_minute_limit: 1 } });
  await callOf('GET /v1/calls', key);
  const heard = await callOf('GET /v1/calls', key);
  t.match(heard, { status: 429, reason: 'rate_limited' });
  const wait = Number(heard.headers.get('retry-after'));
  t.ok(wait >= 1 && wait <= 60);
  t.match(heard.body, { error: { code: 'rate_limit_exceeded', retry_after: wait } });
  t.equal(heard.headers.get('x-ratelimit-remaining'), '0');
});

t.test('Use different API keys for different environments', async (t) => {
  const prefixes = { development: 'klen_dev_', staging: 'klen_stage_', production: 'klen_live_' };
  for (const [environment, prefix] of Object.entries(prefixes)) {
    const { key } = await newKey(['can_read_calls'], { environment });
    t.ok(key.startsWith(prefix), environment);
    const { headers } = await callOf('GET /v1/calls', key);
    t.equal(headers.get('x-gatehouse-environment'), environment);
  }
});

t.test('Periodically rotate your API keys', async (t) => {
  const { id, key } = await newKey(['can_read_calls']);
  const rotated = await desk.call('POST', `${KEYS}/${id}/rotate`, { overlap_seconds: 3600 });
  for (const one of [key, rotated.body.key]) {
    t.equal((await callOf('GET /v1/calls', one)).status, 200, 'both, until the new one is in use');
  }
  clock.advance(3601);
  t.match(await callOf('GET /v1/calls', key), { status: 401, reason: 'invalid_api_key' });
  t.equal((await callOf('GET /v1/calls', rotated.body.key)).status, 200);
});

t.test('Revoking API Keys: Click the “Revoke” button next to the key', async (t) => {
  const [one, other] = [await newKey(['can_read_calls']), await newKey(['can_read_calls'])];
  t.equal((await callOf('GET /v1/calls', one.key)).status, 200);
  t.equal((await desk.call('DELETE', `${KEYS}/${one.id}`)).status, 204);
  const answers = await crowd(10, () => callOf('GET /v1/calls', one.key));
  t.equal(countOf(answers, 401), 10, 'from the next request on');
  t.equal((await callOf('GET /v1/calls', other.key)).status, 200, 'that key and no other');
  const back = await desk.call('PATCH', `${KEYS}/${one.id}`, { disabled: false });
  t.equal(back.status, 404, 'for good');
});

t.test('Error Responses', async (t) => {
  await t.test('401 | authentication_required | No API key was provided', async (t) => {
    const heard = await ask(desk, 'GET', '/v1/calls');
    t.equal(worded(heard), '401 | authentication_required | No API key was provided');
    t.equal(heard.reason, 'missing_credential');
  });

  await t.test('401 | invalid_key | The API key is invalid or inactive', async (t) => {
    const row = '401 | invalid_key | The API key is invalid or inactive';
    const made = await newKey(['can_read_calls'], {
      expires_at: new Date(clock.now().getTime() + 60_000).toISOString(),
    });
    const disabled = await newKey(['can_read_calls']);
    await desk.call('POST', `${KEYS}/${disabled.id}/disable`);
    const altered = `${made.key.slice(0, -1)}${made.key.endsWith('x') ? 'y' : 'x'}`;
    for (const key of ['klen_live_guessed', altered, disabled.key]) {
      const heard = await callOf('GET /v1/calls', key);
      t.equal(worded(heard), row);
      t.equal(heard.reason, 'invalid_api_key');
    }
    clock.advance(61);
    const expired = await callOf('GET /v1/calls', made.key);
    t.equal(worded(expired), row);
    t.equal(expired.reason, 'expired_credential');
  });

  await t.test('403 | permission_denied | … doesn’t have the required permission', async (t) => {
    const { key } = await newKey(['can_read_calls']);
    const heard = await callOf('GET /v1/agents', key);
    const message = "The API key doesn't have the required permission";
    t.equal(worded(heard), `403 | permission_denied | ${message}`);
    t.equal(heard.reason, 'insufficient_permission');
  });

  await t.test('429 | rate_limit_exceeded | Rate limit has been exceeded', async (t) => {
    const row = '429 | rate_limit_exceeded | Rate limit has been exceeded';
    const limits = { requests_per_minute_limit: 1, calls_per_day_limit: 0 };
    const { key } = await newKey(everything, { limits });
    const overQuota = await callOf('POST /v1/calls', key);
    t.equal(worded(overQuota), row);
    t.equal(overQuota.reason, 'quota_exceeded');
    const overRate = await callOf('GET /v1/calls', key);
    t.equal(worded(overRate), row);
    t.equal(overRate.reason, 'rate_limited');
  });
});
