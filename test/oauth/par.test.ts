import t from 'tap';
import {
  authorize,
  authorizeUrl,
  newPkce,
  obtainCode,
  type Parameters,
  type Pkce,
  post,
  redeem,
} from '../support/flows.ts';
import {
  CALLBACK,
  createUser,
  registerClient,
  type TestClient,
  type TestGatehouse,
} from '../support/gatehouse.ts';
import { type Server, startTwoServers } from '../support/two-servers.ts';
import { createUserAgent, locationOf } from '../support/user-agent.ts';

const requestOf = (client: TestClient, pkce: Pkce, more: Parameters = {}): Parameters => ({
  client_id: client.clientId,
  redirect_uri: client.redirectUri,
  response_type: 'code',
  scope: 'openid notes:read',
  state: 'a pushed state',
  code_challenge: pkce.challenge,
  code_challenge_method: 'S256',
  ...more,
});

const push = (gatehouse: TestGatehouse, client: TestClient, parameters: Parameters) =>
  post(`${gatehouse.issuer}/oauth/par`, parameters, client);

/** The authorization request that refers to a pushed one. */
function refer({ issuer }: Server, client: TestClient, uri: unknown, more: Parameters = {}) {
  const url = new URL('/oauth/authorize', issuer);
  const parameters = { client_id: client.clientId, request_uri: String(uri), ...more };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value!);
  return url.href;
}

t.test('pushed authorization requests', async (t) => {
  const clock = { offsetMs: 0, now: () => new Date(Date.now() + clock.offsetMs) };
  const { first: gatehouse, servers } = await startTwoServers(t, { clock });
  const client = await registerClient(gatehouse);
  const user = await createUser(gatehouse);
  const { agent } = await obtainCode(gatehouse, client, user);
  const pushed = async (pkce: Pkce, more: Parameters = {}) =>
    (await push(gatehouse, client, requestOf(client, pkce, more))).body.request_uri;

  await t.test('leads from a pushed request to a code (RFC 9126 §2.2, §4)', async (t) => {
    const pkce = newPkce();
    const answer = await push(gatehouse, client, requestOf(client, pkce));
    t.equal(answer.status, 201);
    t.equal(answer.headers.get('cache-control'), 'no-store');
    t.match(answer.headers.get('content-type'), /^application\/json/);
    t.equal(answer.body.expires_in, 60, 'a minute, within the 600 seconds');
    t.match(answer.body.request_uri, /^urn:ietf:params:oauth:request_uri:[\w-]{22,}$/);
    const url = refer(gatehouse, client, answer.body.request_uri);
    const back = await authorize(createUserAgent(), url, user);
    t.equal(back.origin + back.pathname, CALLBACK);
    t.equal(back.searchParams.get('state'), 'a pushed state');
    t.equal(back.searchParams.get('iss'), gatehouse.issuer);
    const code = back.searchParams.get('code')!;
    const tokens = await redeem(gatehouse, client, code, pkce);
    t.equal(tokens.status, 200);
    t.equal(tokens.body.scope, 'openid notes:read');
  });

  await t.test('authenticates the client as the token endpoint does (RFC 9126 §2)', async (t) => {
    const callers: Record<string, TestClient> = {
      'a wrong secret': { ...client, secret: 'wrong' },
      'no secret': { ...client, secret: '' },
      'an unknown client': { ...client, clientId: 'nobody' },
    };
    for (const [name, caller] of Object.entries(callers)) {
      const answer = await push(gatehouse, caller, requestOf(caller, newPkce()));
      t.equal(answer.status, 401, name);
      t.equal(answer.body.error, 'invalid_client', name);
      t.equal(answer.body.request_uri, undefined, name);
      t.equal(answer.headers.get('cache-control'), 'no-store', name);
    }
    const wrong = callers['a wrong secret']!;
    const { headers } = await push(gatehouse, wrong, requestOf(wrong, newPkce()));
    t.match(headers.get('www-authenticate'), /^Basic /);
  });

  await t.test('takes no request for another client (RFC 9126 §2.1)', async (t) => {
    const other = await registerClient(gatehouse);
    const answer = await push(gatehouse, other, requestOf(client, newPkce()));
    t.ok([400, 401].includes(answer.status), String(answer.status));
    t.equal(answer.body.request_uri, undefined);
  });

  await t.test('is of use to the client that pushed it only (RFC 9126 §7.1)', async (t) => {
    const other = await registerClient(gatehouse);
    const uri = await pushed(newPkce());
    const page = await agent.get(refer(gatehouse, other, uri));
    t.equal(page.status, 400);
    t.equal(page.headers.get('location'), null);
    const mine = await agent.get(refer(gatehouse, client, uri));
    t.ok(locationOf(mine).searchParams.get('code'), 'and is not used up by the attempt');
  });

  await t.test('works once, at one of two servers (RFC 9126 §7.3)', async (t) => {
    const uri = await pushed(newPkce());
    const urls = servers.map((server) => refer(server, client, uri));
    const pages = await Promise.all(
      Array.from({ length: 20 }, (_, index) => agent.get(urls[index % urls.length]!)),
    );
    const codes = pages.filter((page) => page.headers.get('location')?.includes('code='));
    t.equal(codes.length, 1, 'of twenty at once, one');
    for (const url of urls) {
      const again = await agent.get(url);
      t.equal(again.status, 400, 'and none later');
      t.equal(again.headers.get('location'), null);
      t.ok(again.body.includes('<code>invalid_request_uri</code>'));
    }
  });

  await t.test('works once, although two browsers began with it (RFC 9126 §7.3)', async (t) => {
    const url = refer(gatehouse, client, await pushed(newPkce(), { prompt: 'consent' }));
    const browsers = [createUserAgent(), createUserAgent()];
    const answers = [];
    for (const browser of browsers) answers.push(await browser.follow(await browser.get(url)));
    t.ok(
      answers.every((page) => page.forms.length > 0),
      'both were asked to sign in',
    );
    const ended = await Promise.all(
      browsers.map((browser) => authorize(browser, url, user).catch(() => undefined)),
    );
    const codes = ended.filter((back) => back?.searchParams.has('code'));
    t.equal(codes.length, 1);
  });

  await t.test('lasts for a minute (RFC 9126 §2.2)', async (t) => {
    t.teardown(() => {
      clock.offsetMs = 0;
    });
    for (const age of [50, 61]) {
      clock.offsetMs = -age * 1000;
      const uri = await pushed(newPkce());
      clock.offsetMs = 0;
      const page = await agent.get(refer(gatehouse, client, uri));
      t.equal(page.status, age < 60 ? 303 : 400, `${age} seconds`);
      t.equal(page.headers.has('location'), age < 60, `${age} seconds`);
    }
  });

  await t.test('refuses a request_uri and a request object in it (RFC 9126 §2.1)', async (t) => {
    const uri = await pushed(newPkce());
    const refused: Record<string, Parameters> = {
      request_uri_not_supported: { request_uri: String(uri) },
      request_not_supported: { request: 'e30.e30.' },
    };
    for (const [error, more] of Object.entries(refused)) {
      const answer = await push(gatehouse, client, requestOf(client, newPkce(), more));
      t.equal(answer.status, 400, error);
      t.equal(answer.body.error, error);
      t.equal(answer.body.request_uri, undefined, error);
    }
  });

  await t.test('is checked when it is pushed (RFC 9126 §2.1, §2.3)', async (t) => {
    const refused: [error: string, more: Parameters][] = [
      ['invalid_request', { code_challenge: undefined, code_challenge_method: undefined }],
      ['invalid_request', { code_challenge_method: 'plain' }],
      ['invalid_request', { code_challenge_method: undefined }],
      ['invalid_request', { client_id: undefined }],
      ['invalid_request', { redirect_uri: undefined }],
      ['invalid_request', { redirect_uri: 'https://evil.example/' }],
      ['invalid_request', { response_type: undefined }],
      ['unsupported_response_type', { response_type: 'token' }],
      ['invalid_scope', { scope: 'openid nonsense' }],
      ['invalid_scope', { scope: undefined }],
      ['invalid_target', { resource: 'https://elsewhere.example' }],
    ];
    for (const [error, more] of refused) {
      const about = JSON.stringify(more);
      const answer = await push(gatehouse, client, requestOf(client, newPkce(), more));
      t.equal(answer.status, 400, about);
      t.equal(answer.body.error, error, about);
      t.equal(answer.headers.get('location'), null, about);
    }
  });

  await t.test('refuses any parameter that comes twice (RFC 6749 §3.1)', async (t) => {
    const request = requestOf(client, newPkce());
    for (const name of Object.keys(request)) {
      const body = new URLSearchParams(request as Record<string, string>);
      body.append(name, request[name]!);
      const answer = await fetch(`${gatehouse.issuer}/oauth/par`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Basic ${btoa(`${client.clientId}:${client.secret}`)}`,
        },
        body: body.toString(),
      });
      t.equal(answer.status, 400, name);
      t.match(await answer.json(), { error: 'invalid_request' }, name);
    }
  });

  await t.test(
    'what stands beside the reference does not count (RFC 9126 §5, RFC 9101 §6.3)',
    async (t) => {
      const beside = {
        ...{ redirect_uri: 'https://evil.example/', scope: 'openid notes:delete', state: 'evil' },
        ...{ response_mode: 'fragment', prompt: 'login', code_challenge: newPkce().challenge },
      };
      const pkce = newPkce();
      const page = await agent.get(refer(gatehouse, client, await pushed(pkce), beside));
      t.equal(page.status, 303);
      const back = locationOf(page);
      t.equal(back.origin + back.pathname, CALLBACK);
      t.equal(back.hash, '');
      t.equal(back.searchParams.get('state'), 'a pushed state');
      const answer = await redeem(gatehouse, client, back.searchParams.get('code')!, pkce);
      t.equal(answer.status, 200);
      t.equal(answer.body.scope, 'openid notes:read');
      const other = await agent.get(
        refer(gatehouse, client, await pushed(newPkce()), { response_type: 'token' }),
      );
      t.notOk(`${other.headers.get('location')}`.includes('access_token'), 'no token');
    },
  );

  await t.test('knows no reference that was not pushed (RFC 9126 §4)', async (t) => {
    const uris = [
      'urn:ietf:params:oauth:request_uri:',
      'urn:ietf:params:oauth:request_uri:nonsense',
      `urn:ietf:params:oauth:request_uri:${'a'.repeat(43)}`,
      'urn:ietf:params:oauth:request_uri:a\0b',
      'https://evil.example/request',
      'file:///etc/passwd',
    ];
    for (const uri of uris) {
      const page = await agent.get(refer(gatehouse, client, uri));
      t.equal(page.status, 400, JSON.stringify(uri));
      t.equal(page.headers.get('location'), null, JSON.stringify(uri));
      const evil = { redirect_uri: 'https://evil.example/' };
      const led = await agent.get(refer(gatehouse, client, uri, evil));
      t.equal(led.headers.get('location'), null, `${JSON.stringify(uri)}, with a redirect URI`);
    }
  });

  await t.test('is a must for a client that registered so (RFC 9126 §6)', async (t) => {
    const strict = await registerClient(gatehouse, { requirePushedRequests: true });
    const pkce = newPkce();
    const page = await agent.get(authorizeUrl(gatehouse, strict, pkce));
    t.equal(page.status, 303);
    t.equal(locationOf(page).searchParams.get('error'), 'invalid_request');
    t.equal(locationOf(page).searchParams.get('code'), null);
    const { body } = await push(gatehouse, strict, requestOf(strict, pkce));
    const back = await authorize(agent, refer(gatehouse, strict, body.request_uri), user);
    t.ok(back.searchParams.get('code'));
  });

  await t.test('takes a form by POST and nothing else (RFC 9126 §2.1)', async (t) => {
    const url = `${gatehouse.issuer}/oauth/par`;
    const query = new URLSearchParams(requestOf(client, newPkce()) as Record<string, string>);
    const get = await fetch(`${url}?${query}`);
    t.equal(get.status, 405);
    t.equal(get.headers.get('allow'), 'POST');
    const authorization = `Basic ${btoa(`${client.clientId}:${client.secret}`)}`;
    const inQuery = await fetch(`${url}?${query}`, { method: 'POST', headers: { authorization } });
    t.equal(inQuery.status, 400, 'parameters in the query');
    const json = await fetch(url, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(requestOf(client, newPkce())),
    });
    t.equal(json.status, 400, 'JSON');
    t.match(await json.json(), { error: 'invalid_request' });
  });
});
