import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { within } from '../support/two-servers.ts';
import { findProgram } from './gated-api.ts';
import { CONFIGURATION, type Nginx, startNginx } from './nginx-server.ts';

// deploy/nginx.conf, in a real nginx before two small servers. .ci/run installs nginx; where there is none
// the file is only read.

const NGINX = findProgram('nginx');

interface Upstream {
  port: number;
  server: Server;
  /** What it was asked, in order. */
  requests: { method: string; url: string; headers: IncomingHttpHeaders; connection: number }[];
}

async function startUpstream(t: Test, name: string): Promise<Upstream> {
  const connections = new WeakMap<object, number>();
  const requests: Upstream['requests'] = [];
  let opened = 0;
  const server = createServer((incoming, answer) => {
    const { method = '', url = '', headers, socket } = incoming;
    requests.push({ method, url, headers, connection: connections.get(socket) ?? 0 });
    incoming.resume().on('end', () => {
      answer.statusCode = url === '/busy' ? 503 : 200;
      answer.end(name);
    });
  });
  server.on('upgrade', (incoming, socket: Duplex) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${incoming.headers.upgrade}\r\n\r\n`,
    );
    socket.pipe(socket);
  });
  server.on('connection', (socket) => connections.set(socket, ++opened));
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, requests, port: (server.address() as AddressInfo).port };
}

interface Answer {
  status: number;
  body: string;
  headers: IncomingHttpHeaders;
}

async function send(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options;
  const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent: false });
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
  return { status: incoming.statusCode ?? 0, body: text, headers: incoming.headers };
}

/** nginx writes a line when its answer is out: whoever has heard it may be earlier. */
const logs = (nginx: Nginx, line: string) => within(5_000, () => nginx.accessLog().includes(line));

t.test(
  'the configuration is whole: braces, statements, and every place this test adapts',
  async (t) => {
    const text = CONFIGURATION.replace(/#.*$/gm, '').replace(/'[^']*'/g, "''");
    t.equal(text.split('{').length, text.split('}').length, 'as many braces open as close');
    const unfinished = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => /[^;{}']$/.test(line));
    t.same(unfinished, [], 'every statement ends');
    for (const place of ['listen 8080;', 'gatehouse-1:3000', 'gatehouse-2:3000', '/dev/stdout']) {
      t.equal(CONFIGURATION.split(place).length, 2, `${place} is there once`);
    }
    for (const header of [
      'Host $http_host',
      'X-Forwarded-For $remote_addr',
      'X-Forwarded-Proto $scheme',
    ]) {
      t.match(text, `proxy_set_header ${header};`);
    }
    t.notMatch(
      text,
      /\$(request|request_uri|args|query_string|http_referer|http_authorization)\b/,
      'no secrets in the log',
    );
    const format = /log_format[^;]+;/.exec(CONFIGURATION)![0];
    t.match(format, '$logged_path');
    t.notMatch(format, /\$uri\b/, 'and no identifier of a sign-in in progress');
  },
);

if (NGINX) testRunning(NGINX);
else
  t.comment(
    'NO NGINX ON THIS MACHINE: deploy/nginx.conf was read, not run (apt-get install nginx-light)',
  );

function testRunning(program: string): void {
  t.test(
    'tells Gatehouse who called, by what host and scheme, whatever the caller claims',
    async (t) => {
      const [one, two] = [await startUpstream(t, 'one'), await startUpstream(t, 'two')];
      const nginx = await startNginx(t, program, [one.port, two.port]);
      const headers = {
        host: 'auth.example.com:8443',
        'x-forwarded-for': '203.0.113.9',
        'x-forwarded-proto': 'gopher',
        authorization: 'Bearer secret',
      };
      const answer = await send(nginx.port, '/oauth/userinfo?key=in-the-query', { headers });
      t.equal(answer.status, 200);
      const seen = [...one.requests, ...two.requests][0];
      t.equal(seen?.headers.host, 'auth.example.com:8443', 'Host with its port');
      t.equal(seen?.headers['x-forwarded-for'], '127.0.0.1', 'the address of the connection only');
      t.equal(seen?.headers['x-forwarded-proto'], 'http');
      t.equal(seen?.headers.authorization, 'Bearer secret');
      t.equal(seen?.url, '/oauth/userinfo?key=in-the-query', 'the query, unchanged');
      t.notMatch(answer.headers.server, /\d/, 'no version of nginx');
      await t.resolves(logs(nginx, 'GET /oauth/userinfo 200'));
      t.notMatch(nginx.accessLog(), /in-the-query|secret/, 'and none of it in the log');
    },
  );

  t.test('logs the identifier of no sign-in in progress, whatever goes wrong', async (t) => {
    const [one, two] = [await startUpstream(t, 'one'), await startUpstream(t, 'two')];
    const nginx = await startNginx(t, program, [one.port, two.port]);
    const secret = 'Xk2_uid-of-a-sign-in';
    const paths: [path: string, logged: string][] = [
      [`/interaction/${secret}`, '/interaction/:uid'],
      [`/interaction/${secret}/sign-in`, '/interaction/:uid/sign-in'],
      [`/oauth/authorize/${secret}?a=${secret}`, '/oauth/authorize/:uid'],
      [`/%69nteraction//${secret}/`, '/interaction/:uid/'],
      [`/interaction/${secret}/a%0Ab`, '/interaction/:uid/a'],
    ];
    for (const [path, logged] of paths) {
      await send(nginx.port, path);
      await t.resolves(logs(nginx, `GET ${logged} 200`));
    }
    await send(nginx.port, '/oauth/authorize?state=x');
    await t.resolves(logs(nginx, 'GET /oauth/authorize 200'), 'other paths as they are');
    for (const { server } of [one, two]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    t.equal((await send(nginx.port, `/interaction/${secret}?b=${secret}`)).status, 502);
    await t.resolves(logs(nginx, 'GET /interaction/:uid 502'));
    t.notMatch(nginx.logs(), secret);
  });

  t.test('carries WebSockets for the API behind, quiet ones too', async (t) => {
    const [one, two] = [await startUpstream(t, 'one'), await startUpstream(t, 'two')];
    const nginx = await startNginx(t, program, [one.port, two.port], '1s');
    const headers = { connection: 'Upgrade', upgrade: 'WebSocket' };
    const outgoing = request({ host: '127.0.0.1', port: nginx.port, path: '/v1/socket', headers });
    outgoing.end();
    const soon = { signal: AbortSignal.timeout(10_000) };
    const upgraded = await once(outgoing, 'upgrade', soon);
    const [answer, socket] = upgraded as [IncomingMessage, Duplex];
    t.teardown(() => socket.destroy());
    t.equal(answer.headers.upgrade, 'websocket');
    await sleep(2_500);
    for (const said of ['one', 'two']) {
      socket.write(said);
      t.equal(String((await once(socket, 'data'))[0]), said, 'both ways');
    }
  });

  t.test('hands on no switch to another protocol', async (t) => {
    const [one, two] = [await startUpstream(t, 'one'), await startUpstream(t, 'two')];
    const nginx = await startNginx(t, program, [one.port, two.port]);
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': '' };
    const answer = await send(nginx.port, '/v1/notes', { headers });
    t.equal(answer.status, 200);
    const seen = [...one.requests, ...two.requests][0]!.headers;
    t.notMatch(seen, { upgrade: /./ });
    t.notMatch(seen.connection, /upgrade/i);
  });

  t.test('spreads requests over both, on connections that stay open', async (t) => {
    const upstreams = [await startUpstream(t, 'one'), await startUpstream(t, 'two')];
    const nginx = await startNginx(
      t,
      program,
      upstreams.map(({ port }) => port),
    );
    for (let count = 0; count < 40; count += 1) await send(nginx.port, '/healthz');
    for (const { requests } of upstreams) {
      t.ok(requests.length >= 10, `${requests.length} of 40`);
      const used = new Set(requests.map(({ connection }) => connection)).size;
      t.ok(used < requests.length / 2, `${used} connections for ${requests.length} requests`);
    }
  });

  t.test('passes over a process that is down, for a POST too, and comes back to it', async (t) => {
    const [one, two] = [await startUpstream(t, 'one'), await startUpstream(t, 'two')];
    const nginx = await startNginx(t, program, [one.port, two.port]);
    one.server.closeAllConnections();
    await new Promise((resolve) => one.server.close(resolve));
    for (let count = 0; count < 10; count += 1) {
      const post = { method: 'POST', body: 'grant_type=client_credentials' };
      const answer = await send(nginx.port, '/oauth/token', post);
      t.same([answer.status, answer.body], [200, 'two'], 'nobody notices');
    }
    t.equal(two.requests.length, 10, 'and each was worked on once');
    one.server.listen(one.port, '127.0.0.1');
    await once(one.server, 'listening');
    const deadline = Date.now() + 15_000;
    while (one.requests.length === 0 && Date.now() < deadline) {
      await send(nginx.port, '/healthz');
      await sleep(250);
    }
    t.ok(one.requests.length > 0, 'it gets requests again');
  });

  t.test('hands a 503 on and keeps its processes', async (t) => {
    const [one, two] = [await startUpstream(t, 'one'), await startUpstream(t, 'two')];
    const nginx = await startNginx(t, program, [one.port, two.port]);
    for (let count = 0; count < 8; count += 1) {
      const { status, body } = await send(nginx.port, '/busy');
      t.same([status, /one|two/.test(body)], [503, true], 'what Gatehouse said');
    }
    t.equal((await send(nginx.port, '/healthz')).status, 200);
  });

  t.test('keeps /metrics to the operator’s own network', async (t) => {
    const [one, two] = [await startUpstream(t, 'one'), await startUpstream(t, 'two')];
    const nginx = await startNginx(t, program, [one.port, two.port]);
    for (const path of ['/metrics', '/metrics?x', '/%6detrics', '//metrics', '/a/../metrics']) {
      t.equal((await send(nginx.port, path)).status, 404, path);
    }
    t.equal(one.requests.length + two.requests.length, 0, 'and it asks nobody');
  });
}
