import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { newAccount, newSigner, sign } from '../credentials/signer.ts';
import { createTestClock } from '../support/clock.ts';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { obtainTokens, revoke, token } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  startGatehouse,
} from '../support/gatehouse.ts';
import { openDesk } from './desk.ts';
import { dial, eventually } from './front.ts';

// Open tunnels, when what let them in ends.

/** So long a tunnel that nobody objects to is watched: several looks. */
const SEVERAL_LOOKS_MS = 3_200;

const upstream = createServer();
upstream.on('upgrade', (_request, socket: Socket) => {
  socket.on('error', () => {});
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  );
  socket.pipe(socket);
});
upstream.listen(0, '127.0.0.1');
await once(upstream, 'listening');
t.teardown(() => void upstream.close());
const UPSTREAM = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;

const clock = createTestClock();
const desk = await openDesk(t, 'kloakd', { clock, environment: { UPSTREAM } });
const { gatehouse } = desk;
const acme = await desk.organization('enterprise');
const SCOPES = gatehouse.platform.scopes.map(({ name }) => name);

interface Opening {
  organization?: string;
  module?: string;
  server?: { address: string; logLines: string[] };
}

/** A tunnel as its caller has it, and what the log says of its end. */
async function open(t: Test, credential: string, opening: Opening = {}) {
  const { organization = acme, module = 'discoveries', server = gatehouse } = opening;
  const connection = await dial(t, Number(new URL(server.address).port));
  connection.send(
    `GET /api/v1/organizations/${organization}/${module}/live HTTP/1.1`,
    ...['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', `Authorization: Bearer ${credential}`],
    `X-Kloakd-Organization: ${organization}`,
  );
  const head = await connection.until(/^HTTP\/1\.1 101 [\s\S]*\r\n\r\n/);
  const id = /x-request-id: (\S+)/i.exec(head)?.[1];
  const closing = () =>
    server.logLines
      .map((line) => JSON.parse(line))
      .find(({ requestId, msg }) => requestId === id && msg === 'tunnel closed');
  return {
    isOpen: () => !connection.socket.destroyed && !connection.socket.readableEnded,
    async echoes() {
      const word = randomUUID();
      connection.socket.write(word);
      await eventually(() => connection.read().endsWith(word), 'what was said comes back');
    },
    /** Until it is over; then, why. */
    async end(): Promise<{ ended: string; reason?: string }> {
      await connection.closed;
      const { ended, reason } = await eventually(closing, 'the log has a line');
      return { ended, reason };
    },
  };
}

const over = (reason: string) => ({ ended: 'no_longer_allowed', reason });

async function manage(method: string, path: string, body?: object): Promise<void> {
  const { status, text } = await desk.call(method, `/manage/v1${path}`, body);
  if (status >= 300) throw new Error(text);
}

t.test('of ten tunnels the one whose key is revoked ends, and nine stay', async (t) => {
  const made = await Promise.all(Array.from({ length: 10 }, () => desk.key(acme)));
  const tunnels = await Promise.all(made.map(({ key }) => open(t, key)));
  for (const tunnel of tunnels) await tunnel.echoes();
  const [revoked, ...others] = tunnels;
  await manage('DELETE', `/api-keys/${made[0]!.id}`);
  t.same(await revoked!.end(), over('invalid_api_key'));
  await sleep(SEVERAL_LOOKS_MS);
  for (const tunnel of others) await tunnel.echoes();
  t.ok(others.every(({ isOpen }) => isOpen()));
  t.notMatch(gatehouse.logLines.join('\n'), made[0]!.key, 'the log does not quote the key');
});

t.test('what ends a key ends its tunnels', async (t) => {
  const cases = [
    ['disabled', (id: string) => manage('POST', `/api-keys/${id}/disable`), 'invalid_api_key'],
    [
      'bound to another address',
      (id: string) => manage('PATCH', `/api-keys/${id}`, { allowed_addresses: ['192.0.2.7'] }),
      'address_not_allowed',
    ],
    [
      'without the scope',
      (id: string) => manage('PATCH', `/api-keys/${id}`, { scopes: ['monitors:read'] }),
      'insufficient_permission',
    ],
  ] as const;
  for (const [how, end, reason] of cases) {
    const { id, key } = await desk.key(acme);
    const tunnel = await open(t, key);
    await end(id);
    t.same(await tunnel.end(), over(reason), how);
  }
});

t.test('a plan without the module, and an organization that is gone', async (t) => {
  const downgraded = await desk.organization('enterprise');
  const { key } = await desk.key(downgraded);
  const [kept, lost] = [
    await open(t, key, { organization: downgraded }),
    await open(t, key, { organization: downgraded, module: 'monitors' }),
  ];
  await manage('PATCH', `/organizations/${downgraded}`, { plan: 'developer' });
  t.same(await lost.end(), over('not_entitled'));
  await kept.echoes();
  await manage('DELETE', `/organizations/${downgraded}`);
  t.match(await kept.end(), { ended: 'no_longer_allowed' });
});

t.test('an access token that is revoked, beside one of the same app that is not', async (t) => {
  const service = await registerService(gatehouse, { organizationId: acme, scopes: SCOPES });
  const obtain = async () =>
    (await token(gatehouse, service, { grant_type: 'client_credentials' })).body.access_token!;
  const revoked = await obtain();
  const ending = await open(t, revoked);
  const other = await open(t, await obtain());
  await revoke(gatehouse, service, revoked);
  t.same(await ending.end(), over('invalid_token'));
  await other.echoes();
});

t.test('the token of a user who is disabled', async (t) => {
  const app = await registerClient(gatehouse);
  const scope = 'openid discoveries:read';
  const [user, neighbour] = [await createUser(gatehouse), await createUser(gatehouse)];
  const openAs = async (one: typeof user) =>
    open(t, (await obtainTokens(gatehouse, app, one, { scope })).access_token, {
      organization: one.organizationId,
    });
  const [ending, other] = [await openAs(user), await openAs(neighbour)];
  await manage('PATCH', `/users/${user.id}`, { disabled: true });
  t.same(await ending.end(), over('invalid_token'));
  await other.echoes();
});

t.test('a service’s JWT that may come once only is no replay of itself', async (t) => {
  const signer = await newSigner();
  const account = await newAccount(desk, acme, [signer]);
  const { identifier } = gatehouse.platform.api;
  const jwt = await sign(signer, account, identifier, { claims: { jti: randomUUID() } });
  const tunnel = await open(t, jwt);
  await sleep(SEVERAL_LOOKS_MS);
  await tunnel.echoes();
  const again = await desk.bearer('GET', `/api/v1/organizations/${acme}/discoveries`, jwt, {
    'x-kloakd-organization': acme,
  });
  t.match(again, { allowed: false, reason: 'invalid_token' }, 'coming again is');
  await manage('PATCH', `/service-accounts/${account.id}`, { disabled: true });
  t.same(await tunnel.end(), over('invalid_token'));
});

t.test('a warm key is asked for without the database, and counts nothing', async (t) => {
  const { key } = await desk.key(acme);
  const tunnel = await open(t, key);
  await tunnel.echoes();
  const { pool } = gatehouse.database;
  const asked = t.capture(pool, 'query', pool.query);
  const denials = gatehouse.logLines.filter((line) => line.includes('denied at the gate')).length;
  await sleep(SEVERAL_LOOKS_MS);
  t.same(
    asked().map(({ args }) => args[0]),
    [],
  );
  await tunnel.echoes();
  t.equal(gatehouse.logLines.filter((line) => line.includes('denied at the gate')).length, denials);
});

t.test(
  'a database that is away ends none; what was said meanwhile counts when it is back',
  async (t) => {
    const proxy = await createFlakyProxy(t, gatehouse.connectionString);
    const server = await startGatehouse(t, {
      ...{ platform: 'kloakd', masterKey: gatehouse.config.masterKey, environment: { UPSTREAM } },
      connectionString: proxy.connectionString,
    });
    const made = [await desk.key(acme), await desk.key(acme)] as const;
    const service = await registerService(gatehouse, { organizationId: acme, scopes: SCOPES });
    const { access_token } = (await token(server, service, { grant_type: 'client_credentials' }))
      .body;
    const [revoked, kept] = [
      await open(t, made[0].key, { server }),
      await open(t, made[1].key, { server }),
    ];
    const tokens = await open(t, access_token!, { server });
    await proxy.down();
    await eventually(() => !server.notifications.healthy, 'the loss is noticed');
    await manage('DELETE', `/api-keys/${made[0].id}`);
    await sleep(SEVERAL_LOOKS_MS);
    for (const tunnel of [revoked, kept, tokens]) await tunnel.echoes();
    await proxy.up();
    t.same(await revoked.end(), over('invalid_api_key'));
    for (const tunnel of [kept, tokens]) await tunnel.echoes();
  },
);

t.test('a key and a token whose time is over', async (t) => {
  const expires_at = new Date(clock.now().getTime() + 600_000).toISOString();
  const { key } = await desk.key(acme, { expires_at });
  const service = await registerService(gatehouse, { organizationId: acme, scopes: SCOPES });
  const { access_token } = (await token(gatehouse, service, { grant_type: 'client_credentials' }))
    .body;
  const tunnel = await open(t, key);
  const ofToken = await open(t, access_token!);
  clock.advance(601);
  t.same(await tunnel.end(), over('expired_credential'));
  await ofToken.echoes();
  clock.advance(3_600);
  t.same(await ofToken.end(), over('expired_token'));
});
