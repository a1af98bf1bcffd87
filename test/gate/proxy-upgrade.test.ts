import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { prepareDrain } from '../../src/drain.ts';
import { rawRequest } from '../support/raw-request.ts';
import { dial, eventually, startFront } from './front.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = createHash('sha1')
  .update(KEY + GUID)
  .digest('base64');

const upgrades: IncomingMessage[] = [];
const tunnels = new Set<Duplex>();
const plain: string[] = [];

/** Agrees to every handshake but one, and says everything again; `bye` ends it. */
const upstream = createServer((request, response) => {
  plain.push(`${request.method} ${request.url}`);
  if (request.url === '/v1/slow') setTimeout(() => response.end('done'), 700);
  else if (request.url === '/v1/endless') response.write('begun');
  else response.end('plain');
});
upstream.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
  upgrades.push(request);
  socket.on('error', () => socket.destroy());
  if (request.url === '/v1/refused') {
    socket.end('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\nX-Why: no\r\n\r\nno');
    return;
  }
  if (request.url === '/v1/dies') return void socket.destroy();
  tunnels.add(socket);
  socket.on('close', () => tunnels.delete(socket));
  socket.write(
    [
      ...['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'],
      ...[`Sec-WebSocket-Accept: ${ACCEPT}`, 'X-Gatehouse-Subject: leaked', '', ''],
    ].join('\r\n'),
  );
  if (head.length > 0) socket.write(head);
  socket.on('data', (data) => {
    if (data.toString() === 'bye') socket.end('bye');
    else socket.write(data);
  });
});

const front = await startFront(t, upstream, { timeoutSeconds: 5 });
const auth = `Authorization: ${front.bearer.authorization}`;
const handshake = [
  ...['Host: x', 'Connection: keep-alive, Upgrade', 'Upgrade: websocket'],
  ...['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${KEY}`],
];

async function openTunnel(t: Test, port = front.port, authorization = auth) {
  const caller = await dial(t, port);
  caller.send('GET /v1/socket?x=1 HTTP/1.1', ...handshake, authorization);
  await caller.until(/^HTTP\/1\.1 101 [\s\S]*\r\n\r\n/);
  return caller;
}

t.test('a WebSocket passes: the handshake by the rules of headers, then every byte', async (t) => {
  const caller = await openTunnel(t);
  t.match(caller.read(), new RegExp(`sec-websocket-accept: ${ACCEPT.replace('+', '\\+')}`, 'i'));
  t.match(caller.read(), /upgrade: websocket/i);
  t.notMatch(caller.read(), /leaked/);
  const { headers, url } = upgrades.at(-1)!;
  t.equal(url, '/v1/socket?x=1');
  t.match(headers, {
    ...{ upgrade: 'websocket', connection: /upgrade/i, 'sec-websocket-key': KEY },
    'x-gatehouse-organization': front.organizationId,
  });
  t.notOk(headers.authorization);

  const frame = Buffer.from([0x81, 0x82, 1, 2, 3, 4, 0x69, 0x6b]);
  caller.socket.write(frame);
  await eventually(() => caller.read().endsWith(frame.toString('latin1')), 'a frame comes back');
  const large = 'x'.repeat(5_000_000);
  caller.socket.write(large);
  await eventually(() => caller.read().endsWith(large), 'and much of it');
});

t.test('what a caller sends ahead of the answer is not lost', async (t) => {
  const caller = await dial(t, front.port);
  caller.socket.write(
    `GET /v1/socket HTTP/1.1\r\n${handshake.join('\r\n')}\r\n${auth}\r\n\r\nahead`,
  );
  await caller.until(/\r\n\r\nahead$/);
});

t.test('a handshake that the gate denies is answered, and never goes upstream', async (t) => {
  const before = upgrades.length;
  for (const [lines, status] of [
    [[], '401'],
    [[auth, `X-API-Key: ${front.key}`], '401'],
    [['X-API-Key: klen_live_unknown'], '401'],
  ] as const) {
    const caller = await dial(t, front.port);
    caller.send('GET /v1/socket HTTP/1.1', ...handshake, ...lines);
    await caller.closed;
    t.match(caller.read(), new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*connection: close`, 'i'));
    t.match(caller.read(), /\r\n\r\n\{"error":\{"code":"/);
  }
  t.equal(upgrades.length, before);
});

t.test('an upstream’s own refusal reaches the caller', async (t) => {
  const refused = await dial(t, front.port);
  refused.send('GET /v1/refused HTTP/1.1', ...handshake, auth);
  await refused.closed;
  t.match(refused.read(), /^HTTP\/1\.1 426 [\s\S]*x-why: no[\s\S]*\r\n\r\nno$/i);
  const dead = await dial(t, front.port);
  dead.send('GET /v1/dies HTTP/1.1', ...handshake, auth);
  await dead.closed;
  t.match(dead.read(), /^HTTP\/1\.1 502 /);
});

t.test('no other protocol is switched to, above all not h2c', async (t) => {
  const before = upgrades.length;
  for (const protocol of ['h2c', 'h2c, websocket', 'TLS/1.0', 'spdy/3.1']) {
    const lines = handshake.map((line) => line.replace('websocket', protocol));
    const caller = await dial(t, front.port);
    caller.send('GET /v1/plain HTTP/1.1', ...lines, auth);
    await caller.until(/^HTTP\/1\.1 200 [\s\S]*plain$/);
  }
  const posted = await dial(t, front.port);
  posted.send('POST /v1/plain HTTP/1.1', ...handshake, auth, 'Content-Length: 0');
  await posted.until(/^HTTP\/1\.1 200 [\s\S]*plain$/);
  t.equal(upgrades.length, before);
});

t.test('a handshake on Gatehouse’s own paths is answered by Gatehouse', async (t) => {
  const before = upgrades.length;
  for (const path of ['/oauth/jwks', '/healthz', '/manage/v1/users', '/OAuth/jwks']) {
    const caller = await dial(t, front.port);
    caller.send(`GET ${path} HTTP/1.1`, ...handshake, auth);
    await caller.closed;
    t.match(caller.read(), /^HTTP\/1\.1 [24]\d\d /, path);
  }
  t.equal(upgrades.length, before);
});

t.test('when one end of a tunnel closes or breaks, so does the other', async (t) => {
  const polite = await openTunnel(t);
  polite.socket.write('bye');
  await polite.closed;
  t.match(polite.read(), /bye$/, 'with its last word');

  const leaving = await openTunnel(t);
  const other = [...tunnels].at(-1)!;
  leaving.socket.resetAndDestroy();
  await eventually(() => other.readableEnded || other.destroyed, 'the upstream hears of it');

  const orphan = await openTunnel(t);
  for (const tunnel of tunnels) tunnel.destroy();
  await orphan.closed;
});

t.test('at the stop', async (t) => {
  const { connectionString } = front.gatehouse;
  const stopping = await startFront(t, front.gatehouse.config.upstream!, { connectionString });
  const stop = prepareDrain(stopping.gatehouse.app);
  const tunnel = await openTunnel(
    t,
    stopping.port,
    `Authorization: ${stopping.bearer.authorization}`,
  );
  const slow = rawRequest(`${stopping.address}/v1/slow`, {
    method: 'GET',
    headers: stopping.bearer,
  });
  const endless = await dial(t, stopping.port);
  endless.send(
    'GET /v1/endless HTTP/1.1',
    ...['Host: x', `Authorization: ${stopping.bearer.authorization}`],
  );
  await endless.until(/begun/);
  await eventually(() => plain.includes('GET /v1/slow'), 'a request is under way');
  const late = new AbortController();
  const stopped = stop(late.signal);
  await tunnel.closed;
  t.pass('tunnels are closed at once');
  t.match(await slow, { status: 200, text: 'done' }, 'a request under way is finished');
  const isOpen = await Promise.race([stopped.then(() => false), sleep(100, true)]);
  t.ok(isOpen, 'a stream is waited for');
  late.abort();
  await Promise.all([stopped, endless.closed]);
  t.pass('until it is late');
});
