import t from 'tap';
import { parsePlatform } from '../../src/platform/load.ts';
import { startGatehouse } from '../support/gatehouse.ts';

// A tenant's credential has one rate, at the gate and at the management API together.

const LIMIT = 20;
const PLATFORM = `
id: acme
name: Acme
api: { identifier: https://api.acme.example }
presentations: [{ in: bearer }]
key_environments: { live: { prefix: acme_live_ } }
scopes:
  notes: { title: Notes, description: Read notes., access: read }
  all: { title: All, description: Everything., access: admin, implies: '*', manages: '*' }
credential_rate_limits:
  api_key: { limit: ${LIMIT}, window: 1h }
routes:
  - { methods: [GET], path: /notes, scope: notes }
webhooks: { events: { note.created: A note was made. } }
`;

const platform = parsePlatform(PLATFORM, 'acme.yaml');
const gatehouse = await startGatehouse(t, { platform });
const { issuer, adminKey } = gatehouse;

async function call(method: string, path: string, credential: string, body?: object) {
  const response = await fetch(issuer + path, {
    method,
    headers: {
      authorization: `Bearer ${credential}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  const answer: any = text === '' ? undefined : JSON.parse(text);
  return { status: response.status, headers: response.headers, body: answer };
}

const manage = (credential: string, path = '/api-keys') =>
  call('GET', `/manage/v1${path}`, credential);
const organization = async (): Promise<string> =>
  (await call('POST', '/manage/v1/organizations', adminKey, { name: 'Acme' })).body.id;
const tenant = await organization();
const key = async (scopes: string[] = ['all'], organization_id = tenant) =>
  (await call('POST', '/manage/v1/api-keys', adminKey, { organization_id, name: 'Key', scopes }))
    .body as { id: string; key: string };
const ask = async (presented: string, asker = adminKey) =>
  (
    await call('POST', '/gate/decision', asker, {
      ...{ method: 'GET', path: '/notes' },
      headers: { authorization: `Bearer ${presented}` },
    })
  ).body;
const tally = (answers: { status: number }[]) =>
  Object.fromEntries(
    [...Map.groupBy(answers, ({ status }) => status)].map(([status, { length }]) => [
      status,
      length,
    ]),
  );
const times = <T>(count: number, make: () => Promise<T>) =>
  Promise.all(Array.from({ length: count }, make));

t.test('of parallel calls with one key, exactly as many pass as its rate has', async (t) => {
  const { key: text } = await key();
  const answers = await times(LIMIT * 3, () => manage(text));
  t.strictSame(tally(answers), { 200: LIMIT, 429: LIMIT * 2 });
  const { headers, body } = answers.find(({ status }) => status === 429)!;
  t.match(headers.get('content-type'), /^application\/problem\+json/);
  t.match(body, { status: 429, code: 'throttled', title: 'Too many requests in a short time' });
  t.match(body.detail, `the ${LIMIT} requests`);
  const seconds = Number(headers.get('retry-after'));
  t.ok(seconds > 3_500 && seconds <= 3_600, `${seconds}`);
  t.equal(headers.get('ratelimit-policy'), `"requests";q=${LIMIT};w=3600`);
  t.match(headers.get('ratelimit'), /^"requests";r=0;t=\d+$/);
  t.equal(headers.get('x-ratelimit-remaining'), '0');
  t.notMatch(JSON.stringify(body), text);

  const writes = await times(3, () =>
    call('POST', '/manage/v1/api-keys', text, { name: 'One more', scopes: [] }),
  );
  t.strictSame(tally(writes), { 429: 3 }, 'nor does a write pass');
});

t.test('a call that passes says what is left', async (t) => {
  const { headers } = await manage((await key()).key);
  t.match(headers.get('ratelimit'), new RegExp(`^"requests";r=${LIMIT - 1};t=\\d+$`));
  t.equal(headers.get('x-ratelimit-limit'), String(LIMIT));
});

t.test('it is one count with what the key asks of the API', async (t) => {
  const { key: text } = await key();
  for (let i = 0; i < LIMIT - 1; i += 1) t.match(await ask(text), { allowed: true });
  t.equal((await manage(text)).status, 200);
  t.equal((await manage(text)).status, 429);
  t.match(await ask(text), { allowed: false, reason: 'rate_limited' });
});

t.test('another key, and a neighbour’s, has a rate of its own', async (t) => {
  const spent = await key();
  await times(LIMIT, () => manage(spent.key));
  t.equal((await manage(spent.key)).status, 429);
  t.equal((await manage((await key()).key)).status, 200);
  t.equal((await manage((await key(['all'], await organization())).key)).status, 200);
});

t.test('root is not counted', async (t) => {
  const answers = await times(LIMIT * 3, () => manage(adminKey));
  t.strictSame(tally(answers), { 200: LIMIT * 3 });
  t.equal(answers[0]!.headers.get('ratelimit'), null);
});

t.test(
  'the operator’s programs are not: who asks the gate, who publishes for anybody',
  async (t) => {
    const asker = await key(['gate:decide']);
    const stranger = (await key(['all'], await organization())).key;
    const decisions = await times(LIMIT * 2, () => ask(stranger, asker.key));
    t.equal(decisions.filter(({ allowed }) => allowed).length, LIMIT, 'all were answered');
    const event = { organization_id: tenant, type: 'note.created', data: {} };
    const publish = (credential: string) => call('POST', '/manage/v1/events', credential, event);
    const publisher = await key(['events:publish']);
    t.strictSame(tally(await times(LIMIT * 2, () => publish(publisher.key))), { 202: LIMIT * 2 });
    const own = await key();
    t.strictSame(tally(await times(LIMIT * 2, () => publish(own.key))), { 202: LIMIT, 429: LIMIT });
  },
);

t.test('a call that is refused for want of permission costs nothing', async (t) => {
  const { key: text } = await key(['notes']);
  t.strictSame(tally(await times(LIMIT * 2, () => manage(text))), { 403: LIMIT * 2 });
  t.match(await ask(text), { allowed: true });
});

t.test(
  'a thief who has spent the rate of a key does not keep its owner from ending it',
  async (t) => {
    for (const [method, path, status] of [
      ['POST', '/disable', 200],
      ['DELETE', '', 204],
    ] as const) {
      const { id, key: text } = await key();
      await times(LIMIT, () => manage(text));
      t.equal((await manage(text)).status, 429);
      t.equal((await call(method, `/manage/v1/api-keys/${id}${path}`, text)).status, status);
      t.match(await ask(text), { allowed: false, reason: 'invalid_api_key' });
    }
  },
);

t.test('guessing at paths costs as much as finding one', async (t) => {
  const { key: text } = await key();
  const guesses = await times(LIMIT * 2, () => manage(text, '/nothing'));
  t.strictSame(tally(guesses), { 404: LIMIT, 429: LIMIT });
});

t.test('the description names it wherever it can happen', async (t) => {
  const { paths } = (await call('GET', '/openapi.json', adminKey)).body;
  t.ok(paths['/manage/v1/api-keys'].get.responses['429']);
  t.ok(paths['/manage/v1/api-keys'].get.responses['429'].headers['Retry-After']);
  t.notOk(paths['/manage/v1/users'].get.responses['429'], 'not for the operator’s own');
  t.notOk(paths['/gate/decision'].post.responses['429']);
});
