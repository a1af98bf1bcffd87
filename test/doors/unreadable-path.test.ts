import t from 'tap';
import { dial, startFront } from '../gate/front.ts';
import { exactRequest } from '../support/exact-request.ts';

// Paths that the router cannot decode, where the gate is a proxy. Without one: test/gate/forward-auth.test.ts.

let reached = 0;
const front = await startFront(t, (_request, response) => {
  reached += 1;
  response.end('from upstream');
});
const ask = (target: string, method = 'GET') =>
  exactRequest(front.port, { method, target, headers: front.bearer });
const denials = () =>
  front.gatehouse.logLines.filter((line) => JSON.parse(line).msg === 'denied at the gate');
t.beforeEach(() => void front.gatehouse.logLines.splice(0));

t.test('a path for the API is refused in the platform’s words, and the log has it', async (t) => {
  const targets = ['/v1/%zz', '/v1/%', '/v1/%ff?api_key=klen_live_secret', '/%zz', '/managed/%zz'];
  for (const target of targets) {
    for (const method of ['GET', 'POST']) {
      front.gatehouse.logLines.splice(0);
      const { status, headers, json, text } = await ask(target, method);
      t.equal(status, 400, `${method} ${target}`);
      t.match(json, { error: { code: 'invalid_request' } });
      t.match(headers, { 'x-request-id': /^req_/, 'cache-control': 'no-store' });
      const [line = '{}', ...more] = denials();
      t.same(more, []);
      t.match(JSON.parse(line), {
        ...{ requestId: headers['x-request-id'], reason: 'malformed_request', method },
      });
      t.equal(line.match(/"requestId"/g)?.length, 1);
      t.notMatch(text + line, 'secret');
    }
  }
  t.equal(reached, 0, 'nothing goes upstream');
});

t.test('its refusal is that of other paths that the gate cannot read', async (t) => {
  const [undecodable, ambiguous] = [await ask('/v1/%zz'), await ask('/v1/%2e%2e/x')];
  t.equal(undecodable.status, ambiguous.status);
  t.same({ ...undecodable.json, request_id: '' }, { ...ambiguous.json, request_id: '' });
});

t.test('on Gatehouse’s own paths it is a problem document, in any spelling', async (t) => {
  const own = [
    ...['/manage/v1/users/%zz', '/oauth/%zz', '/OAuth/%ff', '//oauth//%zz', '/%6fauth/%zz'],
    ...[
      '/gate/%zz',
      '/.well-known/%zz',
      '/invitations/%zz',
      '/dashboard/organizations/%zz?hint=secret',
    ],
  ];
  for (const target of own) {
    const { status, headers, text } = await ask(target);
    t.equal(status, 400, target);
    t.match(headers, { 'content-type': /^application\/problem\+json/, 'x-request-id': /^req_/ });
    t.notMatch(text, 'secret');
  }
  t.same(denials(), []);
  const long = await ask(`/invitations/${'x'.repeat(1_000)}`);
  t.match(long, { status: 414, headers: { 'content-type': /^application\/problem\+json/ } });
  t.match(long.text, 'too long', 'as is an identifier that is none for its length');
});

t.test('a body behind such a path is never read as a request', async (t) => {
  const caller = await dial(t, front.port);
  caller.send('POST /v1/%zz HTTP/1.1', 'Host: x', 'Content-Length: 100', 'Expect: 100-continue');
  caller.send('GET /v1/calls HTTP/1.1', 'Host: x', `Authorization: ${front.bearer.authorization}`);
  await caller.closed;
  t.match(caller.read(), /^HTTP\/1\.1 400 [\s\S]*connection: close/i);
  t.equal(caller.read().match(/HTTP\/1\.1/g)?.length, 1);

  const endless = await dial(t, front.port);
  endless.send('POST /v1/%zz HTTP/1.1', 'Host: x', 'Content-Length: 1000000');
  endless.socket.write('some');
  await endless.closed;
  t.match(endless.read(), /^HTTP\/1\.1 400 /, 'and one that stops is waited for no longer');
  t.equal(reached, 0);
});

t.test('who reads pages gets one, on Gatehouse’s own paths only', async (t) => {
  const look = (target: string, accept: string, language = 'en') =>
    exactRequest(front.port, {
      ...{ method: 'GET', target },
      headers: { accept, 'accept-language': language },
    });
  const browser = 'text/html,application/xhtml+xml,*/*;q=0.8';
  for (const target of [
    '/oauth/%ff',
    '/dashboard/organizations/%zz?hint=secret',
    '/invitations/%zz',
  ]) {
    const { status, headers, text } = await look(target, browser);
    t.equal(status, 400, target);
    t.match(headers, {
      'content-type': 'text/html; charset=utf-8',
      'content-language': 'en',
      'content-security-policy': /default-src/,
      'x-request-id': /^req_/,
    });
    t.match(text, '<code>bad_request</code>');
    t.match(text, `<code>${headers['x-request-id']}</code>`);
    t.notMatch(text, /secret|%ff|%zz/);
  }
  const german = await look('/dashboard/organizations/%zz', browser, 'de');
  t.match(german, { status: 400, headers: { 'content-language': 'de' }, text: /<html lang="de"/ });
  const long = await look(`/invitations/${'x'.repeat(1_000)}`, browser);
  t.match(long, { status: 414, headers: { 'content-type': /^text\/html/ } });
  const program = await look('/oauth/%ff', 'application/json');
  t.match(program, { status: 400, headers: { 'content-type': /^application\/problem\+json/ } });
  const api = await look('/v1/%zz', browser);
  t.match(api, { status: 400, json: { error: { code: 'invalid_request' } } });
});
