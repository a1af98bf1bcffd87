import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { dial, eventually, startFront } from './front.ts';

// Callers who stop reading, or read slowly, and upstreams that have nothing to say for a while.

const TIMEOUT_SECONDS = 1;
const LONG_ENOUGH_MS = 2_200;
const MEGABYTE = 1024 * 1024;
const FLOOD = 100 * MEGABYTE;
const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** Answers that the upstream is still writing. */
const open = new Set<ServerResponse>();

/** More than the kernel keeps for a connection, on this machine or any other. */
async function pour(response: ServerResponse, bytes: number): Promise<void> {
  for (let left = bytes; left > 0 && !response.destroyed; left -= CHUNK.length) {
    if (response.write(CHUNK)) continue;
    await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
}

const answers: Record<string, (request: IncomingMessage, response: ServerResponse) => unknown> = {
  '/v1/flood': async (_request, response) => {
    await pour(response, FLOOD);
    response.end();
  },
  '/v1/events': async (_request, response) => {
    await pour(response, 2 * MEGABYTE);
    await sleep(LONG_ENOUGH_MS);
    response.end('data: late\n\n');
  },
  '/v1/quiet': async (_request, response) => {
    response.write('begun');
    await sleep(LONG_ENOUGH_MS);
    response.end('late');
  },
  '/v1/quick': (_request, response) => response.end('ok'),
};
const upstream = createServer((request, response) => {
  open.add(response);
  response.on('close', () => open.delete(response)).on('error', () => {});
  answers[request.url!]!(request, response);
});
upstream.on('upgrade', (_request, socket: Duplex) => {
  socket.on('error', () => socket.destroy());
  const length = 20 * MEGABYTE;
  socket.write(`HTTP/1.1 426 Upgrade Required\r\nContent-Length: ${length}\r\n\r\n`);
  socket.end(Buffer.alloc(length, 'x'));
});

const front = await startFront(t, upstream, { timeoutSeconds: TIMEOUT_SECONDS });
const auth = `Authorization: ${front.bearer.authorization}`;
const handshake = [
  ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

/** A connection of which nothing is read until it is told so. */
async function stalled(...requests: string[][]) {
  const caller = await dial(t, front.port);
  caller.socket.pause();
  for (const [line, ...headers] of requests) {
    caller.send(`${line} HTTP/1.1`, 'Host: x', auth, ...headers);
  }
  return caller;
}
const ends = () => front.proxied().map(({ ended }) => ended);
t.beforeEach(() => void front.gatehouse.logLines.splice(0));

t.test('a caller who takes nothing of an answer is cut off, and the upstream let go', async (t) => {
  for (const version of ['1.1', '1.0']) {
    const caller = await dial(t, front.port);
    caller.socket.pause();
    caller.send(`GET /v1/flood HTTP/${version}`, 'Host: x', auth);
    await eventually(() => open.size === 1, 'it is under way');
    await eventually(() => open.size === 0, 'the upstream hears of it');
    const reset = once(caller.socket, 'error');
    caller.socket.resume();
    t.match(await reset, [{ code: 'ECONNRESET' }], `nothing ends as if it were whole, ${version}`);
  }
  t.match(front.proxied(), [
    { ended: 'not_taken', status: 200 },
    { ended: 'not_taken', status: 200 },
  ]);
});

t.test('so is one whose answer stands behind another on the connection', async () => {
  const caller = await stalled(['GET /v1/quick'], ['GET /v1/flood']);
  await eventually(() => open.size === 1, 'the second is under way');
  await eventually(() => open.size === 0, 'the upstream hears of it');
  caller.socket.destroy();
});

t.test(
  'a caller may send all of its body first, and is cut off when that stops, too',
  async (t) => {
    const caller = await stalled(['POST /v1/flood', 'Content-Length: 1000']);
    const sends = setInterval(() => caller.socket.write('x'), 300);
    await eventually(() => open.size === 1, 'it is under way');
    await sleep(LONG_ENOUGH_MS);
    t.equal(open.size, 1, 'it is still under way');
    clearInterval(sends);
    await eventually(() => open.size === 0, 'the upstream hears of the end');
    caller.socket.destroy();
  },
);

t.test('a caller who reads slowly gets all of it', async (t) => {
  const caller = await stalled(['GET /v1/flood']);
  let read = 0;
  caller.socket.removeAllListeners('data');
  caller.socket.on('data', (data) => {
    read += data.length;
    if (read % (20 * MEGABYTE) > data.length) return;
    caller.socket.pause();
    setTimeout(() => caller.socket.resume(), (TIMEOUT_SECONDS * 1_000) / 2);
  });
  caller.socket.resume();
  await eventually(() => read > FLOOD, 'the whole answer');
  t.strictSame(ends(), ['answered']);
  caller.socket.destroy();
});

t.test('an answer that pauses behind another on its connection goes on, too', async (t) => {
  const caller = await stalled(['GET /v1/quick'], ['GET /v1/quiet']);
  caller.socket.resume();
  await caller.until(/late/);
  t.strictSame(ends(), ['answered', 'answered']);
  caller.socket.destroy();
});

t.test('an answer that pauses, after much of it too, goes on', async (t) => {
  const caller = await stalled(['GET /v1/events']);
  caller.socket.resume();
  await caller.until(/data: late\n\n/);
  t.strictSame(ends(), ['answered']);
  caller.send('GET /v1/quick HTTP/1.1', 'Host: x', auth);
  await caller.until(/ok$/);
  await sleep(LONG_ENOUGH_MS);
  caller.send('GET /v1/quick HTTP/1.1', 'Host: x', auth);
  await caller.until(/ok[\s\S]*ok/);
  t.notOk(caller.socket.destroyed, 'and the connection is kept');
});

t.test('a refused handshake whose answer is long reaches the caller whole', async (t) => {
  const caller = await stalled(['GET /v1/socket', ...handshake]);
  caller.socket.resume();
  await caller.closed;
  t.match(caller.read().slice(0, 100), /^HTTP\/1\.1 426 /);
  t.ok(caller.read().length > 20 * MEGABYTE);
});
