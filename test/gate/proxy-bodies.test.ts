import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { rawRequest } from '../support/raw-request.ts';
import { dial, eventually, startFront } from './front.ts';

const CHUNK = Buffer.alloc(64 * 1024, 'x');
const LARGE_BYTES = 200 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;

/** What the upstream has read and written, beside what it answers. */
const traffic = { read: 0, written: 0, connections: new Set<unknown>() };
const streams: Record<string, (request: IncomingMessage, response: ServerResponse) => unknown> = {
  '/v1/echo': (request, response) => {
    const { 'content-length': length, 'content-type': type = 'none' } = request.headers;
    response.writeHead(200, { 'x-got-type': type, 'x-got-length': length ?? 'chunked' });
    request.pipe(response);
  },
  '/v1/sink': async (request, response) => {
    const hash = createHash('sha256');
    traffic.read = 0;
    for await (const chunk of request) {
      traffic.read += chunk.length;
      hash.update(chunk);
    }
    response.end(hash.digest('hex'));
  },
  '/v1/stuck': (request) => {
    traffic.read = 0;
    request.once('data', (chunk) => {
      traffic.read += chunk.length;
      request.pause();
    });
  },
  '/v1/spring': async (_request, response) => {
    traffic.written = 0;
    response.on('error', () => {});
    while (traffic.written < LARGE_BYTES && !response.destroyed) {
      traffic.written += CHUNK.length;
      if (!response.write(CHUNK))
        await Promise.race([once(response, 'drain'), sleep(20_000, undefined, { ref: false })]);
    }
    response.end();
  },
  '/v1/events': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    events.push((text) => response.write(text));
  },
  '/v1/empty': (_request, response) => response.writeHead(204).end(),
  '/v1/same': (_request, response) =>
    response.writeHead(304, { etag: '"1"', 'content-length': '7' }).end(),
  '/v1/quick': ({ socket }, response) => {
    traffic.connections.add(socket);
    response.setHeader('content-length', 2).end('ok');
  },
};
const events: ((text: string) => void)[] = [];

const front = await startFront(
  t,
  (request, response) => {
    streams[request.url!.split('?', 1)[0]!]!(request, response);
  },
  { timeoutSeconds: 5 },
);
const { bearer, address } = front;
const call = (path: string, method = 'GET') =>
  rawRequest(address + path, { method, headers: bearer });

/** Resident memory while something is under way, above where it was. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss() - before);
  }, 10);
  await work();
  clearInterval(watch);
  return most;
}

t.test('a body passes byte for byte, with a length and in chunks', async (t) => {
  const bytes = Buffer.from([0, 255, 13, 10, 13, 10, 128]);
  const headers = { ...bearer, 'content-type': 'no/thing we;know, or care' };
  const measured = await rawRequest(`${address}/v1/echo`, { headers, body: bytes });
  t.equal(measured.text, bytes.toString());
  t.match(measured.headers, {
    'x-got-length': '7',
    'x-got-type': 'no/thing we;know, or care',
  });
  const chunked = await rawRequest(`${address}/v1/echo`, {
    headers,
    body: ['a', 'bc', '\r\n0\r\n'],
  });
  t.equal(chunked.text, 'abc\r\n0\r\n');
  const none = await rawRequest(`${address}/v1/echo`, { headers: bearer, body: '' });
  t.match(none, { status: 200, text: '' });
});

t.test('an upload of 200 MB passes without being kept', async (t) => {
  const hash = createHash('sha256');
  const outgoing = request(`${address}/v1/sink`, { method: 'POST', headers: bearer });
  const grown = await growth(async () => {
    for (let sent = 0; sent < LARGE_BYTES; sent += CHUNK.length) {
      hash.update(CHUNK);
      if (!outgoing.write(CHUNK)) await once(outgoing, 'drain');
    }
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const parts = await response.toArray();
    t.equal(Buffer.concat(parts).toString(), hash.digest('hex'), 'and arrives whole');
  });
  t.equal(traffic.read, LARGE_BYTES);
  t.ok(grown < 120 * MEGABYTE, 'memory stays', { megabytes: grown / MEGABYTE });
});

t.test('a download of 200 MB passes without being kept', async (t) => {
  let read = 0;
  const grown = await growth(async () => {
    const outgoing = request(`${address}/v1/spring`, { headers: bearer }).end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    for await (const chunk of response) read += chunk.length;
  });
  t.equal(read, LARGE_BYTES, 'and arrives whole');
  t.ok(grown < 120 * MEGABYTE, 'memory stays', { megabytes: grown / MEGABYTE });
});

/** Waits until a number has stopped to grow. */
async function settled(value: () => number): Promise<number> {
  let last = -1;
  return eventually(() => {
    const now = value();
    const same = now > 0 && now === last;
    last = now;
    return same && now;
  }, 'it settles');
}

t.test('a caller who reads slowly slows the upstream down', async (t) => {
  const caller = await dial(t, front.port);
  caller.socket.pause();
  caller.send('GET /v1/spring HTTP/1.1', 'Host: x', `Authorization: ${bearer.authorization}`);
  await sleep(300);
  const written = await settled(() => traffic.written);
  t.ok(written < 30 * MEGABYTE, 'it stands still', { megabytes: written / MEGABYTE });
  caller.socket.resume();
  await eventually(() => traffic.written > written, 'the rest follows');
  caller.socket.destroy();
});

t.test('an upstream that reads slowly slows the caller down', async (t) => {
  const outgoing = request(`${address}/v1/stuck`, { method: 'POST', headers: bearer });
  outgoing.on('error', () => {});
  let sent = 0;
  while (sent < LARGE_BYTES) {
    sent += CHUNK.length;
    if (outgoing.write(CHUNK)) continue;
    const isOpen = await Promise.race([once(outgoing, 'drain').then(() => true), sleep(1_000)]);
    if (!isOpen) break;
  }
  t.ok(sent < 30 * MEGABYTE, 'it stands still', { megabytes: sent / MEGABYTE });
  outgoing.destroy();
});

t.test('server-sent events arrive one by one, headers before the first', async (t) => {
  const caller = await dial(t, front.port);
  caller.send('GET /v1/events HTTP/1.1', 'Host: x', `Authorization: ${bearer.authorization}`);
  await caller.until(/content-type: text\/event-stream[\s\S]*\r\n\r\n/i);
  const [emit] = events;
  for (const number of ['one', 'two']) {
    emit!(`data: ${number}\n\n`);
    await caller.until(new RegExp(`data: ${number}\n\n`));
  }
  caller.socket.destroy();
});

t.test(
  'HEAD, 204 and 304 have no body, and the next answer is read right, pipelined too',
  async (t) => {
    const caller = await dial(t, front.port);
    const requests = ['HEAD /v1/quick', 'GET /v1/empty', 'GET /v1/same', 'GET /v1/quick'];
    for (const line of requests) {
      caller.send(`${line} HTTP/1.1`, 'Host: x', `Authorization: ${bearer.authorization}`);
    }
    await caller.until(/ok$/);
    const answers = caller.read().split(/(?=HTTP\/1\.1 )/);
    t.match(answers, [/ 200 [\s\S]*content-length: 2/i, / 204 /, / 304 [\s\S]*etag/i, / 200 /]);
    t.notMatch(answers[1]!, /content-length|transfer-encoding/i, 'RFC 9110 §8.6');
    t.equal(answers.length, 4);
    for (const answer of answers.slice(0, 3)) t.match(answer, /\r\n\r\n$/);
  },
);

t.test('an HTTP/1.0 caller gets an answer that ends with the connection', async (t) => {
  const caller = await dial(t, front.port);
  caller.send('GET /v1/quick HTTP/1.0', `Authorization: ${bearer.authorization}`);
  await caller.ended;
  t.match(caller.read(), /^HTTP\/1\.1 200[\s\S]*ok$/);
});

t.test('two thousand requests share a few connections to the upstream', async (t) => {
  traffic.connections.clear();
  const agent = new Agent({ keepAlive: true, maxSockets: 10 });
  t.teardown(async () => agent.destroy());
  const one = () =>
    new Promise<number>((resolve, reject) => {
      request(`${address}/v1/quick`, { agent, headers: bearer }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode!));
      })
        .on('error', reject)
        .end();
    });
  const statuses = await Promise.all(Array.from({ length: 2_000 }, one));
  t.ok(statuses.every((status) => status === 200));
  t.ok(traffic.connections.size <= 12, 'ten at a time', { connections: traffic.connections.size });
});

t.test('each request that went upstream has one line in the log, without its query', async (t) => {
  const before = front.proxied().length;
  await call('/v1/quick?email=ada%40example.com');
  const lines = front.proxied().slice(before);
  t.match(lines, [
    { method: 'GET', route: '/*', ended: 'answered', status: 200, credential: 'api_key' },
  ]);
  t.equal(lines.length, 1);
  t.notMatch(front.gatehouse.logLines.join(''), /ada%40|klen_live_\w{20}/);
});
