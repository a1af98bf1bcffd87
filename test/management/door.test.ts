import fastify from 'fastify';
import t from 'tap';
import { useManagementDoor } from '../../src/doors/management.ts';
import { openApiRoutes } from '../../src/management/openapi.routes.ts';
import { openHouse } from './house.ts';

t.test('a route that does not declare its access is refused at registration', async (t) => {
  const app = fastify();
  t.teardown(() => app.close());
  const attempt = app.register(async (door) => {
    const authenticate = async () => ({ kind: 'nobody' as const, because: 'missing' as const });
    useManagementDoor(door, { issuer: 'https://x.example', authenticate });
    door.get('/open', async () => 'open');
  });
  await t.rejects(Promise.resolve(attempt), /GET \/open does not declare what access/);
});

t.test('a route that the description would leave out is refused at registration', async (t) => {
  for (const schema of [undefined, {}, { operationId: 'secret', hide: true }]) {
    const app = fastify();
    t.teardown(() => app.close());
    const attempt = app.register(async (door) => {
      const about = { issuer: 'https://x.example', platformName: 'X', keyHeaders: [] };
      await openApiRoutes(door, about);
      const options = { config: { access: 'audit:read' as const } };
      door.get('/hidden', { ...options, ...(schema && { schema }) }, async () => 'hidden');
    });
    await t.rejects(Promise.resolve(attempt), /GET \/hidden has no operationId/);
  }
});

t.test('what a route throws stays in the log', async (t) => {
  const lines: string[] = [];
  const app = fastify({ logger: { stream: { write: (line: string) => void lines.push(line) } } });
  t.teardown(() => app.close());
  app.register(async (door) => {
    const authenticate = async () => ({ kind: 'root' as const });
    useManagementDoor(door, { issuer: 'https://x.example', authenticate });
    door.get('/broken', { config: { access: 'audit:read' } }, async () => {
      throw new Error('the cause with a secret');
    });
  });
  const answer = await app.inject({ url: '/broken', headers: { authorization: 'Bearer x' } });
  t.equal(answer.statusCode, 500);
  t.match(answer.headers['content-type'], 'application/problem+json');
  t.match(answer.json(), { code: 'internal_error', status: 500 });
  t.notMatch(answer.body, 'secret');
  t.match(lines.join(''), 'the cause with a secret');
});

const house = await openHouse(t);
const { call, get, post, adminKey, issuer } = house;

t.test('takes the key in any case of its scheme, and nowhere but in the header', async (t) => {
  const authorization = `bearer   ${adminKey}`;
  t.equal((await call('GET', '/plans', undefined, { authorization })).status, 200);
  const none = { authorization: null };
  const query = `?access_token=${adminKey}`;
  t.equal((await call('GET', `/plans${query}`, undefined, none)).status, 401);
  t.equal((await call('POST', '/organizations', { access_token: adminKey }, none)).status, 401);
});

t.test('a long header of a stranger’s costs no more to read than a short one', async (t) => {
  const authorization = `Bearer x${' '.repeat(15_000)}x`;
  const start = performance.now();
  for (let turn = 0; turn < 20; turn += 1) {
    t.equal((await call('GET', '/plans', undefined, { authorization })).status, 401);
  }
  t.ok(performance.now() - start < 2_000, 'where one that backtracks takes ten seconds');
});

t.test('tells nobody without it which paths there are', async (t) => {
  for (const path of ['/nothing', '/organizations/x', '/', '', '/organizations/x/y']) {
    t.equal((await call('GET', path, undefined, { authorization: null })).status, 401, path);
    t.equal((await call('PUT', path, undefined, { authorization: null })).status, 401, path);
  }
});

t.test('an unauthenticated body is not read', async (t) => {
  const options = { authorization: null, raw: '{' };
  t.equal((await call('POST', '/organizations', undefined, options)).status, 401);
});

t.test('knows no path, or not this method of it (RFC 9110 §15.5.6)', async (t) => {
  t.match(await get('/nothing'), { status: 404, body: { code: 'not_found' } });
  const put = await call('PUT', '/organizations/x', {});
  t.match(put, { status: 405, body: { code: 'method_not_allowed' } });
  t.equal(put.headers.allow, 'DELETE, GET, HEAD, PATCH');
  t.equal((await call('DELETE', '/plans')).status, 405);
  t.equal((await call('OPTIONS', '/plans')).status, 405);
});

t.test('takes JSON only, and not too much of it', async (t) => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'nonsense']) {
    const headers = { 'content-type': type };
    const answer = await call('POST', '/organizations', undefined, { raw: '{}', headers });
    t.match(answer, { status: 415, body: { code: 'unsupported_media_type' } });
  }
  const large = await post('/organizations', { name: 'x'.repeat(200_000) });
  t.match(large, { status: 413, body: { code: 'payload_too_large' } });
  for (const raw of ['{', 'nothing', '{"name":"a"}}', '{"__proto__":{"name":"a"}}']) {
    const answer = await call('POST', '/organizations', undefined, { raw });
    t.match(answer, { status: 400, body: { code: 'malformed_request' } }, raw);
  }
  const empty = await call('POST', '/organizations', undefined, { raw: '' });
  t.match(empty, { status: 400, body: { errors: [{ path: '', found: 'nothing' }] } });
});

t.test('its problems are as RFC 9457 has them', async (t) => {
  const { status, headers, body } = await get('/organizations/unknown');
  t.equal(status, 404);
  t.match(headers['content-type'], /^application\/problem\+json/);
  t.match(body, {
    type: `${issuer}/reference#problem-not_found`,
    title: 'There is no such thing',
    status: 404,
    code: 'not_found',
    detail: 'There is no such organization.',
    request_id: /^req_/,
  });
});

t.test('names every wrong field with what was expected and found', async (t) => {
  const { body } = await post('/organizations', { nmae: 'Acme', plan: 'por' });
  t.strictSame(body.errors, [
    {
      ...{
        in: 'body',
        path: 'nmae',
        message: 'is not known here',
        expected: 'one of name, plan',
      },
      ...{ found: 'the unknown member "nmae"', hint: 'Did you mean "name"?' },
    },
    {
      ...{ in: 'body', path: 'plan', message: 'must be one of free, pro' },
      ...{ expected: 'one of free, pro', found: '"por"', hint: 'Did you mean "pro"?' },
    },
  ]);
});

t.test('coerces whole numbers in a query, and nothing else', async (t) => {
  t.equal((await get('/organizations?limit=100')).status, 200);
  for (const limit of ['0', '101', '1e1', '0x10', '', '1.5', 'ten', ' 5', '9'.repeat(400)]) {
    const answer = await get(`/organizations?limit=${encodeURIComponent(limit)}`);
    t.match(answer, { status: 400, body: { errors: [{ in: 'query', path: 'limit' }] } }, limit);
  }
  t.equal((await get('/organizations?limit=1&limit=2')).status, 400);
  const client = await post('/clients', { name: 'x', require_pkce: 'true' });
  t.match(client, { status: 400, body: { errors: [{ path: 'require_pkce' }] } });
  t.equal((await post('/organizations', { name: 7 })).status, 400);
});

t.test('refuses text that Postgres cannot hold, wherever it stands', async (t) => {
  const bad = [
    post('/organizations', { name: 'a\0b' }),
    post('/clients', { name: 'a', contacts: ['ok', '\ud800'] }),
    post('/clients', { name: 'a', jwks: { keys: [{ kty: 'EC', 'x\0': 'y' }] } }),
    post('/memberships', { user_id: '\0', organization_id: 'x', role: 'member' }),
  ];
  for (const answer of await Promise.all(bad)) t.equal(answer.status, 400, answer.text);
});

t.test('shows its description to anyone', async (t) => {
  const { app } = house;
  const answer = await app.inject('/openapi.json');
  t.equal(answer.statusCode, 200);
  t.match(answer.headers['content-type'], 'application/json');
  t.equal((await app.inject({ url: '/openapi.json', method: 'HEAD' })).statusCode, 200);
});

// The last one: the database does not come back.
t.test('without a database it is 503, to be tried again', async (t) => {
  await house.database.close();
  const writes = [post('/organizations', { name: 'x' }), post('/signing-keys/rotate')];
  const reads = ['/users', '/clients', '/audit', '/consents?user_id=x', '/users/x'].map(get);
  for (const answer of await Promise.all([...writes, ...reads])) {
    t.match(answer, { status: 503, body: { code: 'unavailable' } });
    t.equal(answer.headers['retry-after'], '2');
  }
  t.equal((await get('/plans')).status, 200, 'what the platform declares needs none');
});
