import { randomBytes } from 'node:crypto';
import fastify from 'fastify';
import t, { type Test } from 'tap';
import { sendDenial, useGateDoor } from '../../src/doors/gate.ts';
import { createDenialSeal, MAX_SEALED_LENGTH } from '../../src/gate/sealed-denial.ts';
import { IDENTITY_HEADERS } from '../../src/gate/upstream-identity.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createMasterKey } from '../../src/lib/master-key.ts';
import { loadPlatform } from '../../src/platform/load.ts';
import { createTestClock } from '../support/clock.ts';
import { exactRequest } from '../support/exact-request.ts';
import { token } from '../support/flows.ts';
import { registerService } from '../support/gatehouse.ts';
import type { RawAnswer } from '../support/raw-request.ts';
import { type Desk, openDesk } from './desk.ts';

type Headers = Record<string, string | string[]>;

/** How each kind of proxy asks about one and the same request. */
const PROXIES = {
  'Traefik and Caddy': (desk: Desk, method: string, target: string, headers: Headers) =>
    ask(desk, '/gate/check', {
      ...headers,
      ...{ 'x-forwarded-method': method, 'x-forwarded-uri': target },
    }),
  nginx: (desk: Desk, method: string, target: string, headers: Headers) =>
    ask(desk, '/gate/check', {
      ...headers,
      ...{ 'x-original-method': method, 'x-original-uri': target },
    }),
  'nginx as shipped': async (desk: Desk, method: string, target: string, headers: Headers) => {
    const original = { 'x-original-method': method, 'x-original-uri': target };
    const answer = await ask(desk, '/gate/nginx', { ...headers, ...original });
    return answer.status === 403 ? wordsOf(desk, answer) : answer;
  },
  Envoy: (desk: Desk, method: string, target: string, headers: Headers) =>
    ask(desk, `/gate/check${target}`, headers, method),
};

const ask = ({ gatehouse }: Desk, path: string, headers: Headers = {}, method = 'GET') =>
  exactRequest(portOf(gatehouse), { method, target: path, headers });

const portOf = ({ address }: { address: string }) => Number(new URL(address).port);

/** What nginx does with a denial. */
const wordsOf = (desk: Desk, { headers }: RawAnswer) =>
  ask(desk, '/gate/denial', { 'x-gatehouse-denial': String(headers['x-gatehouse-denial']) });

const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });

/** That nothing a caller sent as a secret is in the log. */
const expectSilence = (t: Test, { gatehouse }: Desk, secret: string) =>
  t.notOk(
    gatehouse.logLines.some((line) => line.includes(secret)),
    'no secret in the log',
  );

t.test('lets a good request through with identity and limits, for every proxy', async (t) => {
  const desk = await openDesk(t, 'klen');
  const organization = await desk.organization();
  const made = await desk.key(organization, { scopes: ['can_read_calls'] });
  const ways: [target: string, headers: Headers][] = [
    ['/v1/calls?page=2', bearer(made.key)],
    ['/v1/calls', { 'x-api-key': made.key }],
    [`/v1/calls?api_key=${made.key}&page=2`, {}],
  ];
  for (const [name, asks] of Object.entries(PROXIES)) {
    for (const [target, headers] of ways) {
      const answer = await asks(desk, 'GET', target, headers);
      t.equal(answer.status, 200, name);
      t.equal(answer.text, '');
      t.match(answer.headers, {
        'x-gatehouse-credential': 'api_key',
        'x-gatehouse-credential-id': made.id,
        'x-gatehouse-subject': made.id,
        'x-gatehouse-organization': organization,
        'x-gatehouse-environment': 'production',
        'x-gatehouse-scopes': 'can_read_calls',
        'x-gatehouse-assertion': /^[\w-]+\.[\w-]+\.[\w-]+$/,
        'x-ratelimit-limit': '60',
        'ratelimit-policy': '"requests_per_minute_limit";q=60;w=60',
        'cache-control': 'no-store',
        'x-request-id': /^req_/,
      });
    }
  }
  expectSilence(t, desk, made.key);
});

t.test('denies in the words of each platform, through every proxy', async (t) => {
  await t.test('Klen', async (t) => {
    const desk = await openDesk(t, 'klen');
    const { key } = await desk.key(await desk.organization(), {
      scopes: ['can_read_calls', 'can_initiate_calls'],
      limits: { calls_per_day_limit: 0 },
    });
    await expectDenials(t, desk, [
      [401, 'GET', '/v1/calls', {}],
      [401, 'GET', '/v1/calls', bearer('klen_live_nobody')],
      [401, 'GET', `/v1/calls?api_key=${key}`, bearer(key)],
      [403, 'GET', '/v1/agents', bearer(key)],
      [404, 'GET', '/v1/nothing', bearer(key)],
      [404, 'OPTIONS', '/v1/calls', bearer(key)],
      [429, 'POST', `/v1/calls?api_key=${key}`, {}],
      [400, 'GET', '/v1/calls%2f1', bearer(key)],
      [400, 'GET', '/v1/../v1/calls', bearer(key)],
      [400, 'GET', '/v1/%zz', bearer(key)],
      [404, 'GET', '/v1//calls', bearer(key)],
      [401, 'OPTIONS', '/v1/calls', {}],
    ]);
    expectSilence(t, desk, key);
  });
  await t.test('KLOAKD', async (t) => {
    const desk = await openDesk(t, 'kloakd');
    const mine = await desk.organization();
    const neighbour = await desk.organization('enterprise');
    const { key } = await desk.key(mine);
    const as = (organization: string) => ({
      ...bearer(key),
      'x-kloakd-organization': organization,
    });
    await expectDenials(t, desk, [
      [400, 'GET', `/api/v1/organizations/${mine}/discoveries`, bearer(key)],
      [403, 'GET', `/api/v1/organizations/${neighbour}/discoveries`, as(mine)],
      [403, 'GET', `/api/v1/organizations/${mine}/discoveries`, as(neighbour)],
      [403, 'GET', `/api/v1/organizations/${mine}/monitors`, as(mine)],
    ]);
  });
  await t.test('KLIQ', async (t) => {
    const desk = await openDesk(t, 'kliq');
    const tenant = await desk.organization();
    const neighbour = await desk.organization();
    const scope = { organizationId: tenant, scopes: ['observations:read'] };
    const service = await registerService(desk.gatehouse, scope);
    const { body } = await token(desk.gatehouse, service, { grant_type: 'client_credentials' });
    const accessToken = body.access_token!;
    await expectDenials(t, desk, [
      [403, 'POST', `/v1/tenants/${tenant}/observations`, bearer(accessToken)],
      [403, 'GET', `/v1/tenants/${neighbour}/observations`, bearer(accessToken)],
      [401, 'GET', `/v1/tenants/${tenant}/observations`, bearer(`${accessToken}x`)],
    ]);
    expectSilence(t, desk, accessToken);
  });
  await t.test('Kaie', async (t) => {
    const desk = await openDesk(t, 'kaie');
    const { key } = await desk.key(await desk.organization(), { permission_set: 'read_only' });
    await expectDenials(t, desk, [
      [401, 'GET', '/v1/workflows', {}],
      [401, 'GET', '/v1/workflows', bearer('a.b.c')],
      [403, 'DELETE', '/v1/workflows/1', bearer(key)],
    ]);
  });
});

/** Status, body and headers as `POST /gate/decision` gives them, whoever asks. */
async function expectDenials(
  t: Test,
  desk: Desk,
  rows: [status: number, method: string, target: string, headers: Headers][],
) {
  for (const [status, method, target, headers] of rows) {
    const decided = await desk.decide(method, target, headers);
    t.equal(decided.status, status, `${method} ${target}`);
    for (const [name, asks] of Object.entries(PROXIES)) {
      const answer = await asks(desk, method, target, headers);
      t.equal(answer.status, status, `${name}: ${method} ${target}`);
      const requestId = answer.headers['x-request-id'];
      t.match(requestId, /^req_/);
      t.same(withoutId(answer.json), withoutId(decided.body), `${name}: the same body`);
      t.notMatch(answer.text, '{request_id}');
      for (const [header, value] of Object.entries(decided.headers)) {
        const expected = /retry-after|ratelimit/.test(header) ? /\d/ : value;
        t.match(answer.headers[header], expected, `${name}: ${header}`);
      }
      for (const header of IDENTITY_HEADERS) t.equal(answer.headers[header], undefined, header);
      const logged = desk.gatehouse.logLines.filter((line) => line.includes(String(requestId)));
      t.ok(
        logged.some((line) => line.includes(`"reason":"${decided.reason}"`)),
        `${name}: the canonical reason is logged under the id the caller has`,
      );
    }
  }
}

/** Seconds to wait may be one less by now. */
const withoutId = (body: unknown) =>
  JSON.parse(
    JSON.stringify(body, (key, value) =>
      key === 'request_id' || key === 'retry_after' ? undefined : value,
    ),
  );

t.test('takes one way of asking at a time, so that no caller can add another', async (t) => {
  const desk = await openDesk(t, 'klen');
  const { key } = await desk.key(await desk.organization(), {
    scopes: ['can_read_calls'],
    limits: { requests_per_minute_limit: 3 },
  });
  const forwarded = { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/v1/calls' };
  const original = { 'x-original-method': 'GET', 'x-original-uri': '/v1/calls' };
  const refused: [string, string, Headers][] = [
    ['nothing said', '/gate/check', {}],
    ['both, even if they agree', '/gate/check', { ...forwarded, ...original }],
    ['a foreign target', '/gate/check', { ...forwarded, 'x-original-uri': '/v1/calls' }],
    ['a foreign method', '/gate/check', { ...original, 'x-forwarded-method': 'GET' }],
    ['an empty foreign header', '/gate/check', { ...original, 'x-forwarded-uri': '' }],
    ['two halves', '/gate/check', { 'x-original-method': 'GET', 'x-forwarded-uri': '/v1/calls' }],
    ['no method', '/gate/check', { 'x-original-uri': '/v1/calls' }],
    ['no target', '/gate/check', { 'x-forwarded-method': 'GET' }],
    ['two targets', '/gate/check', { ...forwarded, 'x-forwarded-uri': ['/v1/calls', '/v1/calls'] }],
    ['two methods', '/gate/check', { ...original, 'x-original-method': ['GET', 'GET'] }],
    ['no method at all', '/gate/check', { ...original, 'x-original-method': 'G T' }],
    ['a whole URL', '/gate/check', { ...forwarded, 'x-forwarded-uri': 'http://a/v1/calls' }],
    ['a header where the path speaks', '/gate/check/v1/calls', { 'x-forwarded-uri': '/v1/calls' }],
    ['the same for nginx', '/gate/check/v1/calls', original],
    ['another spelling of the path', '/gate/%63heck/v1/calls', {}],
    ['a proxy pointed at the slash', '/gate/check/', forwarded],
  ];
  for (const [what, path, headers] of refused) {
    const answer = await ask(desk, path, { ...headers, ...bearer(key) });
    t.equal(answer.status, 400, what);
    t.match(answer.json, { error: { code: 'invalid_request' } });
  }
  for (const headers of [forwarded, { ...original, ...forwarded }, {}]) {
    const answer = await ask(desk, '/gate/nginx', { ...headers, ...bearer(key) });
    t.equal(answer.status, 403);
    t.equal((await wordsOf(desk, answer)).status, 400);
  }
  const first = await ask(desk, '/gate/check', { ...forwarded, ...bearer(key) });
  t.equal(first.headers['x-ratelimit-remaining'], '2', 'none of them was charged');
});

t.test('sees a credential that came twice, where Node shows the first only', async (t) => {
  const desk = await openDesk(t, 'klen');
  const { key } = await desk.key(await desk.organization(), { scopes: ['can_read_calls'] });
  const answer = await PROXIES.nginx(desk, 'GET', '/v1/calls', {
    authorization: [`Bearer ${key}`, 'Bearer other'],
  });
  t.equal(answer.status, 401);
  t.match(answer.json, { error: { message: 'Send exactly one API key, in one way' } });
});

t.test('judges a method as it is written', async (t) => {
  const desk = await openDesk(t, 'klen');
  const { key } = await desk.key(await desk.organization(), { scopes: ['can_read_calls'] });
  t.equal((await PROXIES.nginx(desk, 'HEAD', '/v1/calls', bearer(key))).status, 200);
  t.equal((await PROXIES.Envoy(desk, 'HEAD', '/v1/calls', bearer(key))).status, 200);
  t.equal((await PROXIES.nginx(desk, 'get', '/v1/calls', bearer(key))).status, 404);
  t.equal((await PROXIES.nginx(desk, 'POST', '/v1/calls', bearer(key))).status, 403);
});

t.test('answers any method, and reads no body', async (t) => {
  const desk = await openDesk(t, 'klen');
  const { key } = await desk.key(await desk.organization(), { scopes: ['can_read_calls'] });
  const headers = {
    ...bearer(key),
    ...{ 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/v1/calls' },
  };
  const types = ['application/json', 'no type at all', 'multipart/form-data'];
  for (const [i, method] of [
    'GET',
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'HEAD',
  ].entries()) {
    const body = method === 'GET' || method === 'HEAD' ? {} : { body: Buffer.from('{"not": json') };
    const type = { 'content-type': types[i % types.length]! };
    const answer = await exactRequest(portOf(desk.gatehouse), {
      ...{ target: '/gate/check', method, ...body, headers: { ...headers, ...type } },
    });
    t.same([answer.status, answer.text], [200, ''], method);
  }
});

t.test('counts exactly under parallel checks', async (t) => {
  const desk = await openDesk(t, 'klen');
  const { key } = await desk.key(await desk.organization(), {
    scopes: ['can_initiate_calls'],
    limits: { calls_per_day_limit: 7, requests_per_minute_limit: 1000 },
  });
  const asks = Object.values(PROXIES);
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) => asks[i % 4]!(desk, 'POST', '/v1/calls', bearer(key))),
  );
  t.equal(answers.filter(({ status }) => status === 200).length, 7);
  const refused = answers.filter(({ status }) => status === 429);
  t.equal(refused.length, 33);
  for (const { headers, json } of refused) {
    t.ok(Number(headers['retry-after']) > 0);
    t.match(headers.ratelimit, /"calls_per_day_limit";r=0;t=\d+/);
    t.match(json, { error: { code: 'rate_limit_exceeded', retry_after: Number } });
  }
});

t.test('believes X-Forwarded-For from a trusted proxy, and from nobody else', async (t) => {
  const sees = async (environment: Record<string, string>) => {
    const desk = await openDesk(t, 'klen', { environment });
    const made = await desk.key(await desk.organization(), {
      ...{ scopes: ['can_read_calls'], allowed_addresses: ['203.0.113.0/24'] },
    });
    const from = async (address: string) => {
      const headers = { ...bearer(made.key), 'x-forwarded-for': address };
      return (await PROXIES['Traefik and Caddy'](desk, 'GET', '/v1/calls', headers)).status;
    };
    return [
      await from('203.0.113.9'),
      await from('198.51.100.1'),
      await from('203.0.113.9, 1.2.3.4'),
    ];
  };
  t.same(await sees({ TRUST_PROXY: 'loopback' }), [200, 403, 403]);
  t.same(await sees({}), [403, 403, 403], 'an untrusted proxy’s word is a caller’s word');
});

t.test('nginx’s denials: sealed, short-lived, the same in every process', async (t) => {
  const clock = createTestClock();
  const desk = await openDesk(t, 'klen', { clock });
  const { connectionString } = desk.gatehouse;
  const second = await openDesk(t, 'klen', { clock, connectionString });
  const stranger = await openDesk(t, 'klen', { clock, masterKey: randomBytes(32) });
  const original = { 'x-original-method': 'GET', 'x-original-uri': '/v1/calls' };
  const denied = await ask(desk, '/gate/nginx', original);
  t.equal(denied.status, 403);
  t.equal(denied.text, '');
  t.equal(denied.headers['www-authenticate'], undefined, 'nothing that nginx would pass on');
  const sealed = String(denied.headers['x-gatehouse-denial']);
  t.match(sealed, /^[\w-]{40,4096}$/);

  const words = await wordsOf(second, denied);
  t.equal(words.status, 401);
  t.match(words.json, { error: { code: 'authentication_required' } });
  t.match(words.headers['www-authenticate'], 'Bearer resource_metadata=');
  t.equal(words.headers['x-request-id'], denied.headers['x-request-id'], 'the id in the log');

  const unknown = await ask(desk, '/gate/nothing');
  t.equal(unknown.status, 404);
  const open = (value: string | string[], who = desk) =>
    ask(who, '/gate/denial', { 'x-gatehouse-denial': value });
  const middle = sealed[60] === 'A' ? 'B' : 'A';
  const fakes: [string, Promise<RawAnswer>][] = [
    ['none', ask(desk, '/gate/denial')],
    ['an empty one', open('')],
    ['two', open([sealed, sealed])],
    ['an altered one', open(sealed.slice(0, 60) + middle + sealed.slice(61))],
    ['a shortened one', open(sealed.slice(0, 40))],
    ['a huge one', open('A'.repeat(6000))],
    ['one of another MASTER_KEY', open(sealed, stranger)],
    ['another method', ask(desk, '/gate/denial', { 'x-gatehouse-denial': sealed }, 'POST')],
  ];
  for (const [what, asked] of fakes) {
    const answer = await asked;
    t.same([answer.status, answer.text], [404, unknown.text], what);
  }
  clock.advance(61);
  t.equal((await open(sealed)).status, 404, 'one of an hour ago');
});

t.test('a sealed denial fits a header, however many limits there are', async (t) => {
  const masterKey = createMasterKey(randomBytes(32));
  const seal = createDenialSeal({ masterKey, clock: systemClock });
  const count = (i: number) => ({
    ...{ key: `secret-${i}`, name: `a_limit_with_quite_a_long_name_${i}`, limit: 100, used: 100 },
    ...{ resetsAt: new Date(1_800_000_000_000), windowSeconds: 60 },
  });
  const carry = (counts: number) => {
    const denial = {
      ...{ reason: 'rate_limited' as const, limit: 'a', retryAfterSeconds: 7 },
      counts: Array.from({ length: counts }, (_, i) => count(i)),
    };
    const text = seal.seal({ denial, requestId: 'req_1', deniedAt: systemClock.now() });
    t.ok(text.length <= MAX_SEALED_LENGTH, `${counts} counts`);
    return seal.open(text)!;
  };
  t.match(carry(3).denial, {
    ...{ reason: 'rate_limited', retryAfterSeconds: 7 },
    counts: [{ ...count(0), key: '' }],
  });
  t.match(carry(1000), { requestId: 'req_1', denial: { retryAfterSeconds: 7, counts: [] } });
});

t.test('whatever goes wrong denies, in the dialect, and says no more', async (t) => {
  const platform = await loadPlatform('klen');
  const lines: string[] = [];
  const app = fastify({ logger: { stream: { write: (line: string) => void lines.push(line) } } });
  t.teardown(() => app.close());
  app.register(async (door) => {
    useGateDoor(door, { platform, issuer: 'https://x.example', clock: systemClock });
    door.get('/broken', async () => {
      throw new Error('the cause with a secret');
    });
    door.get('/text', async (_request, reply) =>
      sendDenial(reply, { status: 403, headers: { 'content-type': 'text/plain' }, body: 'No.' }),
    );
    door.get('/json', async (_request, reply) =>
      sendDenial(reply, {
        status: 403,
        headers: { 'content-type': 'application/json' },
        body: 'No.',
      }),
    );
  });
  const answer = await app.inject('/broken');
  t.equal(answer.statusCode, 503);
  t.match(answer.json(), { error: { code: 'temporarily_unavailable' } });
  t.notMatch(answer.body, 'secret');
  t.match(lines.join(''), 'the cause with a secret');
  t.equal((await app.inject('/text')).body, 'No.', 'a body of text stays text');
  t.equal((await app.inject('/json')).body, '"No."', 'and of JSON, JSON');
});

t.test('a path that no router can decode is refused by whoever it was meant for', async (t) => {
  const desk = await openDesk(t, 'klen');
  const gate = await ask(desk, '/gate/check/v1/%zz?api_key=klen_live_secret');
  t.equal(gate.status, 400);
  t.match(gate.json, { error: { code: 'invalid_request' } });
  const person = await ask(desk, '/%ff?hint=secret', { accept: 'text/html' });
  t.equal(person.status, 400);
  t.match(person.headers['content-type'], 'text/html');
  t.match(person.text, /<html lang="en"[\s\S]*<code>bad_request<\/code>/);
  const other = await ask(desk, '/sign-in/%zz?hint=secret');
  t.equal(other.status, 400);
  t.match(other.headers['content-type'], 'application/problem+json');
  for (const { text, headers } of [gate, other, person]) {
    t.notMatch(text, 'secret');
    t.match(headers['x-request-id'], /^req_/);
  }
});
