import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import type { Socket } from 'node:net';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import type { Test } from 'tap';
import { IDENTITY_HEADERS } from '../../src/gate/upstream-identity.ts';
import { type Desk, openDesk } from '../gate/desk.ts';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { type GatedApi, type ProxyProgram, startGatedApi } from './gated-api.ts';

// What every proxy that asks Gatehouse must keep, with the configuration that ships in deploy/.

const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });

type Opened = { desk: Desk; gated: GatedApi };

async function open(
  t: Test,
  proxy: ProxyProgram,
  platform: string,
  options: { connectionString?: string } = {},
): Promise<Opened> {
  const environment = { TRUST_PROXY: 'loopback' };
  const desk = await openDesk(t, platform, { ...options, environment });
  const port = Number(new URL(desk.gatehouse.address).port);
  return { desk, gated: await startGatedApi(t, proxy, port) };
}

export function testGuarantees(t: Test, proxy: ProxyProgram): void {
  t.test('Klen behind it', async (t) => {
    const opened = await open(t, proxy, 'klen');
    await t.test('the API hears who calls, and nothing that the caller forged', (t) =>
      expectIdentity(t, opened),
    );
    await t.test('denials are the caller’s: status, headers and body', (t) =>
      expectKlenDenials(t, opened),
    );
    await t.test('what the API answers is not touched', (t) => expectOwnAnswers(t, opened));
    await t.test('bodies arrive as they were sent, on connections that stay open', (t) =>
      expectBodies(t, opened),
    );
    await t.test('a caller cannot have another request judged', (t) => expectNoTricks(t, opened));
    await t.test('WebSockets pass with a key, and no other protocol does', (t) =>
      expectUpgrades(t, opened),
    );
    await t.test('an API that is away is no denial, a gate that is away lets nobody through', (t) =>
      expectOutages(t, opened),
    );
  });

  t.test('KLOAKD, KLIQ and Kaie behind it', async (t) => {
    const table: [string, string, (organization: string) => string, object][] = [
      ['kloakd', 'authorization', (id) => `/api/v1/organizations/${id}/discoveries`, {}],
      ['kliq', 'x-api-key', (id) => `/v1/tenants/${id}/observations`, { scopes: ['admin'] }],
      ['kaie', 'authorization', () => '/v1/workflows', { permission_set: 'read_only' }],
    ];
    for (const [platform, header, pathOf, more] of table) {
      await t.test(platform, async (t) => {
        const opened = await open(t, proxy, platform);
        const { desk, gated } = opened;
        const organization = await desk.organization();
        const neighbour = await desk.organization();
        const { key } = await desk.key(organization, more);
        const headers = {
          [header]: header === 'authorization' ? `Bearer ${key}` : key,
          ...(platform === 'kloakd' ? { 'x-kloakd-organization': organization } : {}),
        };
        const target = pathOf(organization);
        const good = await gated.send({ target, headers });
        t.same([good.status, good.text], [200, 'from the API']);
        t.notMatch(JSON.stringify(good.headers), /\{http|\$/, 'no variable without a value');
        t.equal(gated.api.arrived.at(-1)!.headers['x-gatehouse-organization'], organization);
        const before = gated.api.arrived.length;
        await expectSameDenial(t, opened, { target, headers: {} }, 401);
        const foreign = pathOf(neighbour);
        if (foreign !== target)
          await expectSameDenial(t, opened, { target: foreign, headers }, 403);
        else await expectSameDenial(t, opened, { method: 'POST', target, headers }, 403);
        t.equal(gated.api.arrived.length, before, 'the API heard of none');
      });
    }
  });

  t.test('a database that is away is a 503 in the platform’s words', async (t) => {
    const { connectionString } = await createTestDatabase(t);
    const database = await createFlakyProxy(t, connectionString);
    const opened = await open(t, proxy, 'klen', { connectionString: database.connectionString });
    const { key } = await opened.desk.key(await opened.desk.organization(), {
      scopes: ['can_read_calls'],
    });
    await database.down();
    const answer = await opened.gated.send({ target: '/v1/calls', headers: bearer(key) });
    t.equal(answer.status, 503);
    t.match(answer.json, { error: { code: 'temporarily_unavailable' } });
    t.ok(Number(answer.headers['retry-after']) > 0);
    t.match(answer.headers['x-request-id'], /^req_/);
    t.equal(opened.gated.api.arrived.length, 0);
  });
}

const FORGED = {
  'X-Gatehouse-Subject': 'root',
  'X-Gatehouse-Environment': 'forged',
  'x-gatehouse-plan': 'enterprise',
  'X-Gatehouse-Assertion': 'e30.e30.e30',
  'X-Gatehouse-Denial': 'forged',
  x_gatehouse_subject: 'root',
  'x-gatehouse_subject': 'root',
};

async function expectIdentity(t: Test, { desk, gated }: Opened) {
  const organization = await desk.organization();
  const made = await desk.key(organization, { scopes: ['can_read_calls', 'can_read_agents'] });
  const target = '/v1/calls/a%C3%A9b+c?x=%2F&y=%zz&&page=1';
  const headers = { ...bearer(made.key), ...FORGED, 'x-forwarded-for': '203.0.113.9' };
  const answer = await gated.send({ target, headers });
  t.same([answer.status, answer.text], [200, 'from the API']);
  const arrived = gated.api.arrived.at(-1)!;
  t.equal(arrived.url, target, 'byte by byte');
  t.match(arrived.headers, {
    'x-gatehouse-credential': 'api_key',
    'x-gatehouse-credential-id': made.id,
    'x-gatehouse-subject': made.id,
    'x-gatehouse-organization': organization,
    'x-gatehouse-environment': 'production',
    'x-gatehouse-scopes': 'can_read_calls can_read_agents',
    'x-gatehouse-plan': 'default',
    'x-forwarded-for': '127.0.0.1',
    authorization: `Bearer ${made.key}`,
  });
  const known: readonly string[] = IDENTITY_HEADERS;
  const others = Object.keys(arrived.headers).filter((name) => /gatehouse/.test(name));
  t.same(
    others.filter((name) => !known.includes(name)),
    [],
    'no other of that name',
  );
  const { issuer, platform } = desk.gatehouse;
  const jwks = (await (await fetch(`${issuer}/oauth/jwks`)).json()) as JSONWebKeySet;
  const assertion = String(arrived.headers['x-gatehouse-assertion']);
  const { payload } = await jwtVerify(assertion, createLocalJWKSet(jwks), {
    ...{ issuer, audience: platform.api.identifier, typ: 'gatehouse-assertion+jwt' },
  });
  t.match(payload, { sub: made.id, org_id: organization, credential: 'api_key' });

  t.match(answer.headers, {
    ratelimit: /^"requests_per_minute_limit";r=59;t=\d+$/,
    'ratelimit-policy': '"requests_per_minute_limit";q=60;w=60',
    'x-ratelimit-limit': /^60$/,
    'x-ratelimit-remaining': /^59$/,
    'x-ratelimit-reset': /^\d+$/,
  });
  t.same(identityIn(answer.headers), [], 'and the caller is told none of it');

  const other = await desk.key(await desk.organization(), { scopes: ['can_read_calls'] });
  await gated.send({ target: '/v1/calls', headers: bearer(other.key) });
  t.match(gated.api.arrived.at(-1)!.headers, { 'x-gatehouse-subject': other.id });
}

const identityIn = (headers: IncomingHttpHeaders) =>
  Object.keys(headers).filter((name) => name.includes('gatehouse'));

interface Asked {
  method?: string;
  target: string;
  headers: Record<string, string>;
}

/** The same status, headers and body as Gatehouse's decision; and the API hears nothing. */
async function expectSameDenial(t: Test, { desk, gated }: Opened, asked: Asked, status: number) {
  const { method = 'GET', target, headers } = asked;
  const decided = await desk.decide(method, target, headers);
  const before = gated.api.arrived.length;
  const answer = await gated.send({ method, target, headers });
  const what = `${status}: ${method} ${target.slice(0, 40)}`;
  t.equal(answer.status, status, what);
  t.equal(decided.status, status);
  if (method !== 'HEAD') t.same(steady(answer.json), steady(decided.body), 'the same body');
  for (const [name, value] of Object.entries(decided.headers)) {
    const moves = /retry-after|ratelimit/.test(name);
    t.match(answer.headers[name], moves ? /^["\w].*$/ : value, `${what}: ${name}`);
    t.notMatch(answer.headers[name], `${value}, ${value}`, 'once');
  }
  t.match(answer.headers['x-request-id'], /^req_\w+$/);
  t.same(identityIn(answer.headers), []);
  t.equal(gated.api.arrived.length, before, 'the API heard nothing');
  return answer;
}

/** Seconds to wait may be one less by now. */
const steady = (body: unknown) =>
  JSON.parse(
    JSON.stringify(body, (key, value) =>
      key === 'retry_after' || key === 'request_id' ? undefined : value,
    ),
  );

async function expectKlenDenials(t: Test, opened: Opened) {
  const { desk, gated } = opened;
  const { key } = await desk.key(await desk.organization(), {
    scopes: ['can_read_calls', 'can_initiate_calls'],
    limits: { calls_per_day_limit: 1, requests_per_minute_limit: 500 },
  });
  const headers = bearer(key);
  const denials: [number, Asked][] = [
    [401, { target: '/v1/calls', headers: {} }],
    [401, { target: '/v1/calls', headers: bearer('klen_live_nobody') }],
    [401, { method: 'OPTIONS', target: '/v1/calls', headers: { origin: 'https://a.example' } }],
    [401, { method: 'HEAD', target: '/v1/calls', headers: {} }],
    [403, { target: '/v1/agents', headers }],
    [404, { target: '/v1/nothing', headers }],
    [400, { target: '/v1/calls%2f1', headers }],
    [400, { target: '/v1/%2e%2e/v1/calls', headers }],
    [404, { target: '/v1//calls', headers }],
  ];
  for (const [status, asked] of denials) await expectSameDenial(t, opened, asked, status);
  const over = { method: 'POST', target: '/v1/calls', headers };
  t.equal((await gated.send(over)).status, 200);
  const { headers: answered, json } = await expectSameDenial(t, opened, over, 429);
  t.ok(Number(answered['retry-after']) > 0);
  t.match(json, { error: { code: 'rate_limit_exceeded', retry_after: Number } });
  t.match(answered.ratelimit, /"calls_per_day_limit";r=0;t=\d+/);

  const inQuery = await gated.send({ target: `/v1/calls?api_key=${key}` });
  t.equal(inQuery.status, 200);
  await gated.send({ target: `/v1/agents?api_key=${key}` });
  await gated.send({ target: '/v1/calls', headers: { 'x-api-key': key } });
  t.match(gated.logs(), /calls.*200/, 'there is an access log');
  t.notOk(gated.logs().includes(key), 'and no key in it');
  t.notOk(desk.gatehouse.logLines.join('').includes(key), 'nor in Gatehouse’s own');
  t.notMatch(gated.logs(), /eyJ[\w-]+\.eyJ/, 'and no assertion');
}

async function expectOwnAnswers(t: Test, { desk, gated }: Opened) {
  const { key } = await desk.key(await desk.organization(), { scopes: ['can_read_calls'] });
  for (const status of [401, 403, 404, 429, 500, 502, 503]) {
    const target = `/v1/calls?answer=${status}`;
    const answer = await gated.send({ target, headers: bearer(key) });
    t.same([answer.status, answer.text], [status, 'from the API']);
    t.match(answer.headers, { 'x-ratelimit-limit': /^60$/ }, 'with the gate’s limits');
  }
}

async function expectBodies(t: Test, { desk, gated }: Opened) {
  const { key } = await desk.key(await desk.organization(), { scopes: ['can_initiate_calls'] });
  const body = randomBytes(3 * 1024 * 1024);
  const digest = createHash('sha256').update(body).digest('hex');
  const chunks = [0, 1, 2].map((i) => body.subarray(i * 1024 * 1024, (i + 1) * 1024 * 1024));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const post = { method: 'POST', target: '/v1/calls', agent };
  for (const [what, sent] of [
    ['whole', body],
    ['in chunks', chunks],
  ] as const) {
    const headers = { ...bearer(key), 'content-type': 'application/octet-stream' };
    t.equal((await gated.send({ ...post, headers, body: sent })).status, 200, what);
    t.match(gated.api.arrived.at(-1), { method: 'POST', bytes: body.length, digest }, what);
    const before = gated.api.arrived.length;
    const denied = await gated.send({ ...post, body: Buffer.from('{"to":"+1"}') });
    t.equal(denied.status, 401);
    t.equal(gated.api.arrived.length, before, 'a denied body goes nowhere');
  }
  const empty = await gated.send({ ...post, headers: bearer(key) });
  t.equal(empty.status, 200, 'the connection is good after a denial');

  const beginning = gated.api.beginning();
  const upload = request({
    ...{ host: '127.0.0.1', port: gated.port, method: 'POST', path: '/v1/calls', agent: false },
    headers: { ...bearer(key), 'transfer-encoding': 'chunked' },
  });
  upload.write('first');
  await beginning;
  t.pass('the API has the beginning before the end is sent');
  upload.end('last');
  const [{ statusCode }] = await once(upload, 'response');
  t.equal(statusCode, 200);
}

async function expectNoTricks(t: Test, { desk, gated }: Opened) {
  const organization = await desk.organization();
  const { key } = await desk.key(organization, { scopes: ['can_read_calls'] });
  const elsewhere = await desk.key(organization, {
    ...{ scopes: ['can_read_calls'], allowed_addresses: ['203.0.113.9'] },
  });
  const original = { 'X-Original-Method': 'GET', 'X-Original-URI': '/v1/calls' };
  const forwarded = { 'X-Forwarded-Method': 'GET', 'X-Forwarded-Uri': '/v1/calls' };
  const before = gated.api.arrived.length;
  for (const tricks of [original, forwarded, { ...original, ...forwarded }]) {
    const answer = await gated.send({
      target: '/v1/agents',
      headers: { ...bearer(key), ...tricks },
    });
    t.ok([400, 403].includes(answer.status), `${Object.keys(tricks)}: ${answer.status}`);
  }
  const address = { 'x-forwarded-for': '203.0.113.9', 'x-real-ip': '203.0.113.9' };
  const headers = { ...bearer(elsewhere.key), ...address };
  t.equal((await gated.send({ target: '/v1/calls', headers })).status, 403, 'a forged address');
  for (const target of ['/_gatehouse/check', '/_gatehouse/denial', '/gate/check', '/gate/nginx']) {
    const answer = await gated.send({ target, headers: { ...bearer(key), ...original } });
    t.equal(answer.status, 404, target);
    t.same(identityIn(answer.headers), []);
  }
  t.equal(gated.api.arrived.length, before, 'none of it reached the API');
  const override = { 'x-http-method-override': 'DELETE', 'x-original-url': '/v1/agents' };
  await gated.send({ target: '/v1/calls', headers: { ...bearer(key), ...override } });
  const { headers: arrived } = gated.api.arrived.at(-1)!;
  for (const name of Object.keys(override)) t.equal(arrived[name], undefined, name);
  await expectNoClaims(t, gated, bearer(key));
}

/** Where a call came from is the proxy's word, and the API hears nobody else's. */
async function expectNoClaims(t: Test, gated: GatedApi, credential: Record<string, string>) {
  const forged = 'forged.example';
  const claims = {
    ...{ forwarded: `for=${forged};host=${forged}`, 'x-real-ip': forged },
    ...{ 'x-forwarded-for': forged, 'x-forwarded-host': forged, 'x-forwarded-proto': forged },
  };
  const answer = await gated.send({ target: '/v1/calls', headers: { ...credential, ...claims } });
  t.equal(answer.status, 200);
  const { headers } = gated.api.arrived.at(-1)!;
  for (const name of Object.keys(claims)) t.notMatch(headers[name] ?? '', forged, name);
}

async function expectUpgrades(t: Test, { desk, gated }: Opened) {
  const { key } = await desk.key(await desk.organization(), { scopes: ['can_read_calls'] });
  const upgradeTo = (protocol: string, headers: Record<string, string>) => {
    const outgoing = request({
      ...{ host: '127.0.0.1', port: gated.port, path: '/v1/calls', agent: false },
      headers: { ...headers, connection: 'Upgrade', upgrade: protocol },
    });
    outgoing.end();
    return Promise.race([
      once(outgoing, 'upgrade').then(([, socket]) => socket as Socket),
      once(outgoing, 'response').then(([{ statusCode }]) => statusCode as number),
    ]);
  };
  const socket = (await upgradeTo('WebSocket', bearer(key))) as Socket;
  t.type(socket, 'object', 'switched');
  t.match(gated.api.arrived.at(-1)!.headers, { 'x-gatehouse-credential': 'api_key' });
  socket.write('hello');
  t.equal(String((await once(socket, 'data'))[0]), 'hello');
  socket.destroy();
  const before = gated.api.arrived.length;
  t.equal(await upgradeTo('websocket', {}), 401);
  t.equal(gated.api.arrived.length, before);
  t.equal(await upgradeTo('h2c', bearer(key)), 200, 'answered as if it had not asked');
  t.equal(gated.api.arrived.at(-1)!.headers.upgrade, undefined);
}

async function expectOutages(t: Test, { desk, gated }: Opened) {
  const { key } = await desk.key(await desk.organization(), { scopes: ['can_read_calls'] });
  const headers = bearer(key);
  const target = `/v1/calls?api_key=${key}`;
  await gated.api.close();
  const noApi = await gated.send({ target: '/v1/calls', headers });
  t.equal(noApi.status, 502);
  t.notMatch(noApi.text, 'gate in front');
  await desk.gatehouse.stop();
  for (const method of ['GET', 'POST']) {
    const noGate = await gated.send({ method, target, headers: {} });
    t.equal(noGate.status, 503);
    t.match(noGate.json, {
      error: { code: 'temporarily_unavailable', message: /does not answer\. Try again/ },
    });
    t.equal(noGate.headers['retry-after'], '2');
  }
  t.notOk(gated.logs().includes(key), 'and no key in the log, whatever goes wrong');
}
