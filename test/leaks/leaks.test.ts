import { generateKeyPairSync, sign } from 'node:crypto';
import t from 'tap';
import { newKey } from '../../src/credentials/key-format.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import { startReceiver } from '../webhooks/house.ts';

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const reporter = pair();
const rolled = pair();
const pemOf = (keys: typeof reporter) => keys.publicKey.export({ type: 'spki', format: 'pem' });

let published: object = {
  public_keys: [{ key_identifier: 'key-1', key: pemOf(reporter), is_current: true }],
};
const directory = await startReceiver(t, (_request, response) => {
  response.end(JSON.stringify(published));
});
const gatehouse = await startGatehouse(t, {
  platform: 'kaie',
  environment: { LEAK_REPORTER_KEYS_URL: directory.url, ALLOW_PRIVATE_TARGETS: '1' },
});
const { issuer, adminKey, database } = gatehouse;

async function manage(path: string, body?: object, credential = adminKey) {
  const response = await fetch(`${issuer}/manage/v1${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return response.json() as Promise<{ id: string; key: string; data: { type: string }[] }>;
}
const organization_id = (await manage('/organizations', { name: 'Acme' })).id;
const newApiKey = () =>
  manage('/api-keys', { organization_id, name: 'A key', permission_set: 'read_only' });

interface Report {
  keys?: typeof reporter;
  identifier?: string;
  signature?: string;
  /** What is sent instead of what was signed. */
  sent?: string;
}

const leakOf = (token: string) => ({
  ...{ token, type: 'kaie_api_key', source: 'content' },
  url: `https://github.com/acme/shop/blob/main/.env#${token}`,
});

async function report(content: unknown, more: Report = {}) {
  const body = typeof content === 'string' ? content : JSON.stringify(content);
  const { keys = reporter, identifier = 'key-1' } = more;
  const signature =
    more.signature ?? sign('sha256', Buffer.from(body), keys.privateKey).toString('base64');
  const response = await fetch(`${issuer}/leaks/report`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'github-public-key-identifier': identifier,
      'github-public-key-signature': signature,
    },
    body: more.sent ?? body,
  });
  return { status: response.status, body: (await response.json()) as unknown };
}

const works = async (key: string) => {
  const response = await fetch(`${issuer}/gate/decision`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      method: 'GET',
      path: '/v1/workflows',
      headers: { authorization: `Bearer ${key}` },
    }),
  });
  return ((await response.json()) as { allowed: boolean }).allowed;
};
const eventsOf = async (id: string) =>
  (
    await database.pool.query(
      `SELECT type, details FROM audit_events WHERE target_id = $1 ORDER BY id`,
      [id],
    )
  ).rows;

t.test('a leaked key is revoked at once, audited, and told of', async (t) => {
  const receiver = 'https://receiver.example.com/hooks';
  await manage('/webhooks', { organization_id, url: receiver, events: ['api_key.leaked'] });
  const { id, key } = await newApiKey();
  t.equal(await works(key), true);
  const answer = await report([leakOf(key), leakOf('not a key'), leakOf(newKey('kaie_live_'))]);
  t.equal(answer.status, 200);
  t.same(
    (answer.body as { label: string }[]).map(({ label }) => label),
    ['true_positive', 'false_positive', 'false_positive'],
  );
  t.match((answer.body as object[])[0], { token_raw: key, token_type: 'kaie_api_key' });
  t.equal(await works(key), false, 'the next request is refused');
  const events = await eventsOf(id);
  t.same(
    events.map(({ type }) => type),
    ['api_key.created', 'api_key.leaked', 'api_key.deleted'],
  );
  t.notMatch(JSON.stringify(events), key, 'the log does not quote the key');
  t.match(events[1].details.found_at, 'https://github.com/acme/shop/blob/main/.env#[key]');
  const { rows } = await database.pool.query('SELECT payload FROM outbox');
  t.match(rows, [{ payload: { type: 'api_key.leaked', data: { api_key_id: id } } }]);
  t.notMatch(JSON.stringify(rows), key);
  t.notMatch(gatehouse.logLines.join('\n'), key);
});

t.test('with a leaked key ends every key that it made', async (t) => {
  const full = { name: 'A key', permission_set: 'full_access' };
  const leaked = await manage('/api-keys', { organization_id, ...full });
  const hidden = await manage('/api-keys', full, leaked.key);
  const below = await manage('/api-keys', full, hidden.key);
  t.equal(await works(below.key), true);
  t.match((await report([leakOf(leaked.key)])).body, [{ label: 'true_positive' }]);
  for (const { id, key } of [hidden, below]) {
    t.equal(await works(key), false);
    t.match((await eventsOf(id)).at(-1), {
      ...{ type: 'api_key.deleted', details: { descends_from: leaked.id } },
    });
  }
});

t.test('reporting again, or many times at once, does it once', async (t) => {
  const { id, key } = await newApiKey();
  const answers = await Promise.all(Array.from({ length: 10 }, () => report([leakOf(key)])));
  for (const { status, body } of [...answers, await report([leakOf(key)])]) {
    t.equal(status, 200);
    t.match(body, [{ label: 'true_positive' }]);
  }
  const types = (await eventsOf(id)).map(({ type }) => type);
  t.same(types, ['api_key.created', 'api_key.leaked', 'api_key.deleted']);
});

t.test('what the reporter has not signed is refused, and changes nothing', async (t) => {
  const { key } = await newApiKey();
  const content = JSON.stringify([leakOf(key)]);
  const refused = {
    'another key': await report(content, { keys: rolled }),
    'another body': await report('[]', { sent: content }),
    'another identifier': await report(content, { identifier: 'key-2' }),
    'no signature': await report(content, { signature: '' }),
    'no base64': await report(content, { signature: '%%%%%%%%%%%%' }),
    'base64 of nothing': await report(content, { signature: 'AAAAAAAAAAAA' }),
  };
  for (const [what, { status }] of Object.entries(refused)) t.equal(status, 401, what);
  t.equal(await works(key), true);
  const bare = await fetch(`${issuer}/leaks/report`, { method: 'POST' });
  t.equal(bare.status, 401);
});

t.test('what is signed and no report is 400', async (t) => {
  const wrong = ['{}', 'null', '[1]', '[{}]', '[', '[null]', '[{"token":1}]', '\u0000'];
  for (const body of wrong) t.equal((await report(body)).status, 400, body);
  const many = Array.from({ length: 501 }, () => leakOf('x'));
  t.equal((await report(many)).status, 400);
  t.equal((await report('x'.repeat(300_000))).status, 413);
  t.same((await report([])).body, []);
});

t.test('keys of the reporter are asked for rarely', async (t) => {
  const before = directory.received.length;
  published = { keys: [{ ...rolled.publicKey.export({ format: 'jwk' }), kid: 'key-3' }] };
  for (let i = 0; i < 5; i += 1) await report([], { identifier: `made-up-${i}` });
  t.equal(directory.received.length, before, 'whoever makes up identifiers causes no requests');
});

t.test('too many reports are 429', async (t) => {
  const answers = await Promise.all(Array.from({ length: 130 }, () => report([])));
  const statuses = new Set(answers.map(({ status }) => status));
  t.ok(statuses.has(429));
});

t.test('a JWKS will do, and without a reporter there is nothing', async (t) => {
  const environment = { LEAK_REPORTER_KEYS_URL: directory.url, ALLOW_PRIVATE_TARGETS: '1' };
  const other = await startGatehouse(t, { platform: 'kaie', environment });
  const body = '[]';
  const headers = {
    'content-type': 'application/json',
    'github-public-key-identifier': 'key-3',
    'github-public-key-signature': sign('sha256', Buffer.from(body), rolled.privateKey).toString(
      'base64',
    ),
  };
  const url = '/leaks/report';
  const answer = await other.app.inject({ method: 'POST', url, headers, payload: body });
  t.equal(answer.statusCode, 200);
  const without = await startGatehouse(t, { platform: 'kaie' });
  const nothing = await without.app.inject({ method: 'POST', url, headers, payload: body });
  t.equal(nothing.statusCode, 404);
});
