import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { freePort } from '../support/gatehouse.ts';
import { rawRequest } from '../support/raw-request.ts';
import { dial, eventually, startFront } from './front.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';

/** An upstream down to the byte: what it does on a path, with the request as text so far. */
const behaviours: Record<string, (socket: Socket, turn: number, method: string) => void> = {
  '/v1/ok': (socket) => socket.write(`${HEAD}Content-Length: 2\r\n\r\nok`),
  '/v1/silent': (socket) => {
    held.add(socket);
    socket.on('close', () => held.delete(socket));
  },
  '/v1/hangs-up': (socket) => socket.end(),
  '/v1/resets': (socket) => socket.resetAndDestroy(),
  '/v1/no-http': (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'),
  '/v1/huge-head': (socket) => socket.write(`${HEAD}X-A: ${'x'.repeat(100_000)}\r\n\r\n`),
  '/v1/cut-length': (socket) => socket.end(`${HEAD}Content-Length: 100\r\n\r\nhalf`),
  '/v1/cut-chunk': (socket) => socket.end(`${HEAD}Transfer-Encoding: chunked\r\n\r\n64\r\nhalf`),
  '/v1/cut-chunks': (socket) =>
    socket.end(`${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`),
  '/v1/early': (socket) => socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig'),
  // Kept alive, and closed when the next request is already on its way.
  '/v1/stale': (socket, turn, method) => {
    if (turn === 1 && method === 'GET') socket.write(`${HEAD}Content-Length: 2\r\n\r\nok`);
    else socket.destroy();
  },
};

const received: string[] = [];
/** Those that wait for an answer that never comes. */
const held = new Set<Socket>();
const sockets = new Set<Socket>();
const upstream = createServer((socket) => {
  sockets.add(socket);
  let turn = 0;
  socket.on('error', () => {});
  socket.on('close', () => sockets.delete(socket));
  socket.on('data', (data) => {
    const text = data.toString('latin1');
    received.push(text);
    const [, method, path] = /^([A-Z]+) (\S+) HTTP/.exec(text) ?? [];
    if (!path) return;
    turn += 1;
    behaviours[path]!(socket, turn, method!);
  });
});
const front = await startFront(t, upstream, { timeoutSeconds: 1 });
t.teardown(async () => {
  for (const socket of sockets) socket.destroy();
});
const { address, bearer, port } = front;
const auth = `Authorization: ${bearer.authorization}`;
const get = (path: string) => rawRequest(address + path, { method: 'GET', headers: bearer });
t.beforeEach(() => void received.splice(0));

t.test('an upstream that fails before it answers is a 502 in the platform’s words', async (t) => {
  for (const path of ['/v1/hangs-up', '/v1/resets', '/v1/no-http', '/v1/huge-head']) {
    const answer = await get(path);
    t.match(answer, {
      status: 502,
      json: { error: { code: 'upstream_unreachable', message: String } },
      headers: { 'x-request-id': /^req_/, ratelimit: String, 'cache-control': 'no-store' },
    });
    t.notMatch(answer.text, /127\.0\.0\.1|ECONN|UND_ERR/, 'which tell nothing of the inside');
  }
  t.match(front.proxied().at(-1), { ended: 'unreachable', cause: /UND_ERR|HPE|ECONN/ });
});

t.test('an upstream that nobody is at home of is a 502', async (t) => {
  const away = await startFront(t, `http://127.0.0.1:${await freePort()}`, {
    connectionString: front.gatehouse.connectionString,
  });
  const headers = away.bearer;
  t.match(await rawRequest(`${away.address}/v1/ok`, { method: 'GET', headers }), { status: 502 });
  const posted = await rawRequest(`${away.address}/v1/ok`, { headers, body: ['a', 'b'] });
  t.match(posted, { status: 502 }, 'also when a body is on its way');
});

t.test('an upstream that does not answer in time is a 504, and is let go', async (t) => {
  const [answer, posted] = await Promise.all([
    get('/v1/silent'),
    rawRequest(`${address}/v1/silent`, { headers: bearer, body: 'body' }),
  ]);
  const expected = { status: 504, json: { error: { code: 'upstream_timeout' } } };
  t.match(answer, expected);
  t.match(posted, expected);
  await eventually(() => held.size === 0, 'its connections are closed');
});

t.test('a caller who stops amid its body is let go, and the upstream too', async (t) => {
  const caller = await dial(t, port);
  caller.send('POST /v1/silent HTTP/1.1', 'Host: x', auth, 'Content-Length: 100');
  caller.socket.write('some');
  await caller.closed;
  await eventually(() => held.size === 0, 'the upstream is let go');
});

t.test('an answer that breaks off is never made to look complete', async (t) => {
  for (const path of ['/v1/cut-length', '/v1/cut-chunk', '/v1/cut-chunks']) {
    for (const version of ['1.1', '1.0']) {
      const caller = await dial(t, port);
      let reset = false;
      caller.socket.on('error', () => {
        reset = true;
      });
      caller.send(`GET ${path} HTTP/${version}`, 'Host: x', auth);
      await Promise.race([caller.closed, caller.ended]);
      const text = caller.read();
      t.notMatch(text, /\r\n0\r\n\r\n$/, `${path} to HTTP/${version} has no last chunk`);
      const complete = version === '1.0' && !/content-length/i.test(text) && !reset && text !== '';
      t.notOk(complete, 'and no plain end where that means the end');
    }
  }
  t.match(front.proxied().at(-1), { ended: 'broken_off', status: 200 });
});

t.test('a caller who leaves takes the request to the upstream along', async (t) => {
  const caller = await dial(t, port);
  caller.send('GET /v1/silent HTTP/1.1', 'Host: x', auth);
  await eventually(() => held.size === 1, 'it is under way');
  caller.socket.destroy();
  await eventually(() => held.size === 0, 'the upstream hears of it');
  await eventually(() => front.proxied().at(-1)?.ended === 'caller_left', 'and the log');
});

t.test('a GET that met a connection just closed is sent once more, a POST never', async (t) => {
  t.match(await get('/v1/stale'), { status: 200 });
  t.match(await get('/v1/stale'), { status: 200 }, 'on a new connection');
  t.equal(received.length, 3);
  const posted = await rawRequest(`${address}/v1/stale`, { headers: bearer, body: 'x' });
  t.equal(posted.status, 502);
  t.equal(received.filter((text) => text.startsWith('POST')).length, 1);
});

t.test('the body is not asked for before the decision (RFC 9110 §10.1.1)', async (t) => {
  const expecting = ['Host: x', 'Content-Length: 4', 'Expect: 100-continue'];
  const refused = await dial(t, port);
  refused.send('POST /v1/ok HTTP/1.1', ...expecting);
  await refused.ended;
  t.match(refused.read(), /^HTTP\/1\.1 401 [\s\S]*connection: close/i, 'a refusal comes at once');
  t.notMatch(refused.read(), /100 Continue/);

  const allowed = await dial(t, port);
  allowed.send('POST /v1/ok HTTP/1.1', auth, ...expecting);
  await allowed.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
  allowed.socket.write('body');
  await allowed.until(/HTTP\/1\.1 200 OK[\s\S]*ok$/);
  t.notMatch(received.join(''), /expect/i, 'the expectation is met here');

  const own = await dial(t, port);
  own.send('POST /oauth/token HTTP/1.1', ...expecting);
  await own.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
  own.socket.write('a=bc');
  await own.until(/HTTP\/1\.1 401 /);
});

t.test('a refusal comes before the body, which is never read as a request', async (t) => {
  const smuggled = `GET /v1/ok HTTP/1.1\r\nHost: x\r\n${auth}\r\n\r\n`;
  const caller = await dial(t, port);
  caller.send('POST /v1/ok HTTP/1.1', 'Host: x', `Content-Length: ${smuggled.length + 10}`);
  await caller.until(/^HTTP\/1\.1 401 /);
  caller.socket.write(smuggled);
  await caller.closed;
  t.equal(caller.read().match(/HTTP\/1\.1/g)?.length, 1);
  t.same(received, []);

  const whole = await dial(t, port);
  whole.send('POST /v1/ok HTTP/1.1', 'Host: x', `Content-Length: ${smuggled.length}`);
  whole.socket.write(smuggled);
  whole.send('GET /v1/ok HTTP/1.1', 'Host: x', auth);
  await whole.until(/ok$/);
  t.equal(received.length, 1, 'after a short body the connection goes on');
});

t.test('an endless body after a refusal is cut off', async (t) => {
  const caller = await dial(t, port);
  caller.send('POST /v1/ok HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked');
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  const isOpen = () => !caller.socket.destroyed && caller.socket.writable;
  while (isOpen()) {
    caller.socket.write(chunk);
    await sleep(1);
  }
  t.match(caller.read(), /^HTTP\/1\.1 401 /);
});

t.test('an answer before the end of the body reaches the caller', async (t) => {
  const caller = await dial(t, port);
  caller.send('POST /v1/early HTTP/1.1', 'Host: x', auth, 'Content-Length: 1000000');
  caller.socket.write('some');
  await caller.until(/^HTTP\/1\.1 413 [\s\S]*big$/);
  await caller.closed;
  t.equal(caller.read().match(/HTTP\/1\.1/g)?.length, 1);
});
