import t from 'tap';
import { authorizeUrl, newPkce, signIn } from '../support/flows.ts';
import { CALLBACK, createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { FORM, type RawAnswer, rawRequest } from '../support/raw-request.ts';
import { createUserAgent, locationOf } from '../support/user-agent.ts';

// Authorization and logout, asked for by a form (docs/decisions/0008). In a browser: test/flows/posted-requests.test.ts.

const gatehouse = await startGatehouse(t);
const client = await registerClient(gatehouse, { postLogoutRedirectUris: [CALLBACK] });
const { issuer } = gatehouse;
const AUTHORIZE = '/oauth/authorize';
const LOGOUT = '/oauth/logout';
const BOTH = [AUTHORIZE, LOGOUT];

type Sent = Parameters<typeof rawRequest>[1];
type Test = Pick<typeof t, 'equal' | 'match' | 'notMatch' | 'notOk'>;

const send = (path: string, sent: Sent = {}) =>
  rawRequest(issuer + path, { ...sent, headers: { ...FORM, ...sent?.headers } });

function isErrorPage(t: Test, answer: RawAnswer, status: number, detail: RegExp): void {
  t.equal(answer.status, status, String(detail));
  t.match(answer.headers, {
    'content-type': /^text\/html/,
    'content-security-policy': /default-src 'none'.*form-action 'self';.*frame-ancestors 'none'/,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'content-language': 'en',
    'x-request-id': /^req_/,
  });
  t.match(answer.text, detail);
  t.match(answer.text, /<html[\s\S]*<code>invalid_request<\/code>/);
  t.notMatch(answer.text, /FST_/);
  t.notOk('location' in answer.headers);
}

t.test('goes on by GET, with the fields as they came (OpenID Core §3.1.2.1)', async (t) => {
  const forms: [body: string, query: string][] = [
    ['b=2&a=1', '?b=2&a=1'],
    ['state=a&scope=b&state=c', '?state=a&scope=b&state=c'],
    ['state=a+b%20c%26d%3D%22%23%C3%A9', '?state=a+b+c%26d%3D%22%23%C3%A9'],
    [
      'state=é#x y\r\nLocation: https://evil.example',
      '?state=%C3%A9%23x+y%0D%0ALocation%3A+https%3A%2F%2Fevil.example',
    ],
    ['state=%00', '?state=%00'],
    ['', ''],
  ];
  for (const path of BOTH) {
    for (const [body, query] of forms) {
      const answer = await send(path, { body });
      t.equal(answer.status, 303, body);
      t.equal(answer.headers.location, path + query, body);
      t.match(answer.headers, {
        'content-security-policy': /default-src 'none'/,
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      });
    }
    const bare = await rawRequest(issuer + path);
    t.equal(bare.headers.location, path, 'without a body, and so without a type');
  }
});

t.test('keeps what the URL had by itself (RFC 6749 §3.1)', async (t) => {
  const { headers } = await send(`${AUTHORIZE}?tenant=a&state=1`, { body: 'state=2' });
  t.equal(headers.location, `${AUTHORIZE}?tenant=a&state=1&state=2`, 'for the library to refuse');
});

t.test('leads to the same answer as a link would', async (t) => {
  const agent = createUserAgent();
  const user = await createUser(gatehouse);
  await signIn(agent, await agent.get(`${issuer}/sign-in`), user);
  const fieldsOf = (url: string) => [...new URL(url).searchParams];
  const submit = async (path: string, fields: [string, string][]) => {
    const page = { url: 'https://app.example.com/', status: 200, headers: new Headers() };
    const form = { action: issuer + path, method: 'post', fields };
    return agent.follow(await agent.submit({ ...page, body: '', forms: [] }, form));
  };
  const fields = fieldsOf(authorizeUrl(gatehouse, client, newPkce()));
  const consent = await submit(AUTHORIZE, fields);
  t.match(new URL(consent.url).pathname, /^\/interaction\//);
  t.match(consent.body, 'wants access');

  const twice = await submit(AUTHORIZE, [...fields, ['nonce', 'a'], ['nonce', 'b']]);
  t.equal(
    locationOf(twice).searchParams.get('error'),
    'invalid_request',
    'a field that came twice',
  );
  const strange = await submit(AUTHORIZE, [...fields, ['redirect_uri', 'https://evil.example/']]);
  t.equal(strange.status, 400);
  t.equal(strange.headers.get('location'), null);

  const leaving = await submit(LOGOUT, [
    ['client_id', client.clientId],
    ['post_logout_redirect_uri', CALLBACK],
    ['state', 'bye'],
  ]);
  const out = await agent.submit(leaving, leaving.forms[0]!, { logout: 'yes' });
  t.equal(locationOf(out).href, `${CALLBACK}?state=bye`);
});

t.test('a form too long for a URL is refused, and says what to do (RFC 9126 §1)', async (t) => {
  const room = 8_000 - issuer.length;
  for (const path of BOTH) {
    const state = 'x'.repeat(room - `${path}?state=`.length);
    t.equal((await send(path, { body: `state=${state}` })).status, 303, 'the longest');
    const pushed =
      path === AUTHORIZE ? /push it to \/oauth\/par first/ : /too long to go on as a URL</;
    isErrorPage(t, await send(path, { body: `state=x${state}` }), 414, pushed);
    const encoded = 'é'.repeat(room / 6);
    isErrorPage(t, await send(path, { body: `state=${encoded}` }), 414, /too long/);
    isErrorPage(t, await send(path, { body: 'x'.repeat(300_000) }), 413, /the form is too long/);
  }
});

t.test('what is no form is refused by a page', async (t) => {
  const types = ['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'x', ''];
  for (const path of BOTH) {
    for (const type of types) {
      const answer = await send(path, { body: 'a=b', headers: { 'content-type': type } });
      isErrorPage(t, answer, 415, /send the form as application\/x-www-form-urlencoded/);
    }
    const charset = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' };
    t.equal((await send(path, { body: 'a=b', headers: charset })).status, 303);
  }
});

t.test('any other method is refused by a page, its body unread (RFC 9110 §15.5.6)', async (t) => {
  for (const path of BOTH) {
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      for (const type of ['application/json', FORM['content-type']]) {
        const answer = await send(path, { method, body: '{', headers: { 'content-type': type } });
        isErrorPage(t, answer, 405, /is not allowed here; use GET or POST/);
        t.equal(answer.headers.allow, 'GET, POST');
      }
    }
  }
});

t.test('the page speaks the reader’s language', async (t) => {
  const headers = { 'accept-language': 'de', 'content-type': 'text/plain' };
  const authorize = await send(AUTHORIZE, { body: 'x', headers });
  t.match(authorize.text, /<html lang="de">[\s\S]*Dieser Link funktioniert nicht/);
  const logout = await send(LOGOUT, { body: 'x', headers });
  t.match(logout.text, /<html lang="de">[\s\S]*Dieser Link kann Sie nicht abmelden/);
});
