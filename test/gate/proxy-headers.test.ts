import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { ASSERTION_TYPE } from '../../src/gate/upstream-identity.ts';
import { rawRequest } from '../support/raw-request.ts';
import { dial, startFront } from './front.ts';

type Seen = Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders' | 'headersDistinct'>;

/** An upstream that remembers what reached it. */
async function openFront(
  t: Pick<Test, 'teardown'>,
  options: Parameters<typeof startFront>[2] = {},
) {
  const seen: Seen[] = [];
  const front = await startFront(
    t,
    createServer((request, response) => {
      const { method, url, rawHeaders, headersDistinct } = request;
      seen.push({ method, url, rawHeaders, headersDistinct });
      if (url?.startsWith('/answer')) return answerInFull(request, response);
      response.end('from upstream');
    }),
    options,
  );
  const get = (path: string, headers: Record<string, string | string[]> = {}) =>
    rawRequest(front.address + path, { method: 'GET', headers: { ...front.bearer, ...headers } });
  return { ...front, seen, get, last: () => seen.at(-1)! };
}

function answerInFull(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/answer/early') {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
  }
  response.writeHead(200, [
    ...['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Set-Cookie', 'gatehouse_session=fixed'],
    ...['X-Gatehouse-Subject', 'leaked', 'X-RateLimit-Limit', '7', 'X-Request-Id', 'theirs'],
    ...['Keep-Alive', 'timeout=77', 'Connection', 'keep-alive, X-Hop', 'X-Hop', '1'],
    ...['Content-Encoding', 'gzip', 'X-Own', 'kept', 'Playground-Verdicts', 'forged'],
  ]);
  response.end('no gzip at all');
}

const front = await openFront(t);
const { get, last, key, seen } = front;
t.beforeEach(() => void seen.splice(0));

t.test('what the upstream gets of a request', async (t) => {
  await t.test('is the method, the raw path and the query, byte for byte', async (t) => {
    const target = '/v1/calls/a%C3%A9;c=1?x=%2F..%2f&y=&&z=a+b&y=2';
    t.equal((await get(target)).text, 'from upstream');
    t.match(last(), { method: 'GET', url: target });
  });

  await t.test('holds no credential, wherever the caller put it', async (t) => {
    const ways: [string, Record<string, string>, string][] = [
      ['/v1/calls?page=2', {}, '/v1/calls?page=2'],
      ['/v1/calls', { 'X-API-Key': key }, '/v1/calls'],
      [`/v1/calls?page=2&api_key=${key}&z=1`, {}, '/v1/calls?page=2&z=1'],
      [`/v1/calls?api%5Fkey=${key}`, {}, '/v1/calls'],
    ];
    for (const [i, [path, headers, expected]] of ways.entries()) {
      const { status } = await rawRequest(front.address + path, {
        method: 'GET',
        headers: { ...(i === 0 ? front.bearer : {}), ...headers },
      });
      t.equal(status, 200, `way ${i}`);
      t.equal(last().url, expected);
      t.notOk(JSON.stringify(last()).includes(key.slice(-12)), 'not in any header');
      t.notOk(last().headersDistinct.authorization);
    }
    t.notOk(front.gatehouse.logLines.join('').includes(key), 'nor in the log');
  });

  await t.test('says who is calling, plain and signed', async (t) => {
    await get('/v1/calls');
    const { headersDistinct } = last();
    t.match(headersDistinct, {
      'x-gatehouse-credential': ['api_key'],
      'x-gatehouse-organization': [front.organizationId],
      'x-gatehouse-scopes': ['can_read_calls'],
    });
    const [head = ''] = headersDistinct['x-gatehouse-assertion']![0]!.split('.');
    t.match(JSON.parse(Buffer.from(head, 'base64url').toString()), { typ: ASSERTION_TYPE });
  });

  await t.test('cannot be forged: x-gatehouse-* in any case, form and number', async (t) => {
    const connection = await dial(t, front.port);
    connection.send(
      'GET /v1/calls HTTP/1.1',
      ...['Host: x', `Authorization: Bearer ${key}`, 'Connection: close, x-gatehouse-subject'],
      'X-Gatehouse-Subject: forged',
      'x-gatehouse-subject: forged',
      'X-GATEHOUSE-ORGANIZATION: forged',
      'X_Gatehouse_Organization: forged',
      'X-Gatehouse_Plan: forged',
      'X.Gatehouse.Scopes: forged',
      'X-Gatehouse-Assertion: forged',
      'X-Gatehouse-Anything: forged',
    );
    await connection.ended;
    t.match(connection.read(), /^HTTP\/1\.1 200 /);
    t.notOk(last().rawHeaders.includes('forged'));
    const names = last().rawHeaders.filter((_, i) => i % 2 === 0);
    const identity = names.filter((name) => /gatehouse/i.test(name));
    t.equal(identity.length, new Set(identity.map((name) => name.toLowerCase())).size);
    t.match(last().headersDistinct, { 'x-gatehouse-organization': [front.organizationId] });
  });

  await t.test('is not told that the playground asks, which hears of the gate only', async (t) => {
    const asked = { 'playground-verdicts': 'tell' };
    const { headers } = await get('/answer', asked);
    t.equal(last().headersDistinct['playground-verdicts'], undefined);
    const verdicts = JSON.parse(headers['playground-verdicts'] as string);
    t.match(verdicts[0], { stage: 'authenticate', verdict: 'passed' });
    t.equal((await get('/answer')).headers['playground-verdicts'], undefined, 'nor unasked');
    const handshake = { ...asked, connection: 'Upgrade', upgrade: 'websocket', authorization: '' };
    const refused = await get('/v1/calls', handshake);
    t.equal(refused.status, 401);
    t.equal(refused.headers['playground-verdicts'], undefined, 'nor with a handshake');
  });

  await t.test('is without hop-by-hop headers, those included that Connection lists', async (t) => {
    await get('/v1/calls', {
      connection: 'close, X-Private, te',
      ...{ te: 'trailers', 'x-private': '1', 'keep-alive': 'timeout=9' },
      ...{ 'proxy-authorization': 'Basic eDp5', 'proxy-connection': 'close', proxy: 'http://evil' },
      ...{ upgrade: 'h2c', 'http2-settings': 'AAMAAABk' },
      'x-public': '1',
    });
    const names = Object.keys(last().headersDistinct);
    for (const name of ['te', 'x-private', 'keep-alive', 'upgrade', 'http2-settings']) {
      t.notOk(names.includes(name), name);
    }
    t.same(
      names.filter((name) => name.startsWith('proxy')),
      [],
    );
    t.ok(names.includes('x-public'));
  });

  await t.test('keeps repeated headers and cookies, not Gatehouse’s own cookies', async (t) => {
    await get('/v1/calls', {
      accept: ['text/html', 'application/json'],
      cookie: ['a=1; gatehouse_session=secret; b=2', '__Host-gatehouse_session=secret'],
    });
    t.match(last().headersDistinct, {
      accept: ['text/html', 'application/json'],
      cookie: ['a=1; b=2'],
    });
    t.equal(last().headersDistinct.cookie?.length, 1);
  });

  await t.test('names the upstream as host, and the caller’s host beside it', async (t) => {
    const { headers } = await get('/v1/calls', { 'x-request-id': 'chosen' });
    const { headersDistinct } = last();
    t.equal(headersDistinct.host?.[0], new URL(front.gatehouse.config.upstream!).host);
    t.match(headersDistinct, {
      'x-forwarded-host': [new URL(front.address).host],
      'x-forwarded-proto': ['http'],
      'x-request-id': [headers['x-request-id']],
      via: ['1.1 gatehouse'],
    });
  });

  await t.test('offers no other method or path than the gate has decided on', async (t) => {
    await get('/v1/calls', {
      ...{ 'x-http-method-override': 'DELETE', 'x-http-method': 'DELETE' },
      ...{ 'x-method-override': 'DELETE', 'x-original-url': '/admin', 'x-rewrite-url': '/admin' },
      'x-forwarded-uri': '/admin',
    });
    t.notOk(/DELETE|\/admin/.test(JSON.stringify(last())));
  });
});

t.test('X-Forwarded-For', async (t) => {
  const spoof = {
    'x-forwarded-for': '198.51.100.7, 192.0.2.9',
    'x-forwarded-proto': 'https',
    ...{ 'x-real-ip': '198.51.100.7', forwarded: 'for=198.51.100.7', x_forwarded_for: 'x' },
  };

  await t.test('a caller who is no trusted proxy cannot say where it comes from', async (t) => {
    await get('/v1/calls', spoof);
    const { headersDistinct } = last();
    t.match(headersDistinct, {
      'x-forwarded-for': ['127.0.0.1'],
      'x-forwarded-proto': ['http'],
    });
    t.notOk(JSON.stringify(headersDistinct).includes('198.51.100.7'));
  });

  await t.test('a trusted proxy is believed, and what it was told is not', async (t) => {
    const { get, last } = await openFront(t, {
      connectionString: front.gatehouse.connectionString,
      environment: { TRUST_PROXY: '127.0.0.1' },
    });
    await get('/v1/calls', spoof);
    t.match(last().headersDistinct, {
      'x-forwarded-for': ['192.0.2.9, 127.0.0.1'],
      'x-forwarded-proto': ['https'],
    });
  });
});

t.test('Gatehouse’s own paths never go upstream, however they are spelled', async (t) => {
  const own = [
    ...['/oauth/token', '//oauth/token', '/oauth//token', '/OAuth/Token', '/%6fauth/token'],
    ...[
      '/oauth%2ftoken',
      '/x/../oauth/token',
      '/oauth/unknown',
      '/./oauth/token',
      '/oauth;x/../oauth',
    ],
    ...['/manage/v1/users', '/MANAGE/v1/users', '//manage', '/gate/decision', '/gate', '/Gate/x'],
    ...['/.well-known/anything', '/.Well-Known/openid-configuration', '/healthz', '/HEALTHZ'],
    ...['/sign-in', '/Sign-In/', '//sign-in', '/metrics', '/METRICS', '\\oauth\\token'],
  ];
  for (const method of ['GET', 'POST', 'PATCH']) {
    for (const path of own) {
      const connection = await dial(t, front.port);
      connection.send(
        `${method} ${path} HTTP/1.1`,
        ...['Host: x', `Authorization: Bearer ${front.key}`, 'Connection: close'],
        'Content-Length: 0',
      );
      await connection.ended;
      t.match(connection.read(), /^HTTP\/1\.1 [2-5]/, `${method} ${path} is answered`);
    }
  }
  t.same(
    front.seen.map(({ url }) => url),
    [],
  );
  await front.get('/oauthx/token');
  t.equal(front.seen.length, 1, 'a path that only begins like one of them is the upstream’s');
});

t.test('a request that two servers could read in two ways goes nowhere', async (t) => {
  const { host } = new URL(front.address);
  const authorization = `Authorization: Bearer ${front.key}`;
  const hostile: [string, string[]][] = [
    [
      'Content-Length beside Transfer-Encoding',
      ['Content-Length: 4', 'Transfer-Encoding: chunked'],
    ],
    ['two Content-Lengths', ['Content-Length: 4', 'Content-Length: 5']],
    ['a transfer coding other than chunked', ['Transfer-Encoding: gzip, chunked']],
    ['a transfer coding that is none', ['Transfer-Encoding: xchunked']],
    ['a header without a colon', ['X-Broken']],
    ['a folded header', ['X-Folded: a', ' b']],
    ['a space before the colon', ['Transfer-Encoding : chunked']],
    ['a bare LF', ['X-A: b\nX-Gatehouse-Subject: forged']],
    ['too large a header', [`X-Large: ${'x'.repeat(20_000)}`]],
  ];
  for (const [what, lines] of hostile) {
    const connection = await dial(t, front.port);
    connection.send('POST /v1/x HTTP/1.1', `Host: ${host}`, authorization, ...lines);
    connection.socket.write('0\r\n\r\n');
    await connection.until(/^HTTP\/1\.1 4\d\d /);
    t.pass(what);
  }
  const targets = ['http://other.example/v1/calls', `http://${host}/v1/calls`, 'v1/calls'];
  for (const target of [...targets, '/v1/calls#x', '/v1/../x', '/v1/%2e%2e/x', '/v1/calls?\xff']) {
    const connection = await dial(t, front.port);
    connection.send(`GET ${target} HTTP/1.1`, `Host: ${host}`, authorization);
    await connection.until(/^HTTP\/1\.1 4\d\d /);
    t.pass(target);
  }
  for (const line of ['CONNECT 127.0.0.1:80 HTTP/1.1', 'TRACE /v1/calls HTTP/1.1']) {
    const connection = await dial(t, front.port);
    connection.send(line, `Host: ${host}`, authorization);
    await Promise.race([connection.until(/^HTTP\/1\.1 4\d\d /), connection.closed]);
    t.pass(line);
  }
  t.same(front.seen, []);
});

t.test('what the caller gets of an answer', async (t) => {
  for (const path of ['/answer', '/answer/early']) {
    const { status, headers, text } = await get(path);
    t.equal(text, 'no gzip at all', 'a body passes as it is, whatever its coding');
    t.equal(status, 200, 'early hints are left out');
    t.same(headers['set-cookie'], ['a=1', 'b=2'], 'cookies one by one, none of Gatehouse’s name');
    t.match(headers, {
      'x-own': 'kept',
      'content-encoding': 'gzip',
      'x-ratelimit-limit': '1000000',
      ratelimit: /requests_per_minute_limit/,
      'x-request-id': /^req_/,
    });
    t.notOk('x-gatehouse-subject' in headers);
    t.notOk('x-hop' in headers);
    t.not(headers['keep-alive'], 'timeout=77');
  }
});
