import t from 'tap';
import { authorizeUrl, newPkce, obtainCode, redeem, refresh } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  startGatehouse,
  type TestClient,
  type TestGatehouse,
} from '../support/gatehouse.ts';
import { createUserAgent, locationOf, type UserAgent } from '../support/user-agent.ts';

const OUT = 'https://app.example.com/signed-out';

const logoutUrl = ({ issuer }: TestGatehouse, parameters: Record<string, string> = {}) =>
  `${issuer}/oauth/logout?${new URLSearchParams(parameters)}`;

/** None of them is registered. */
const MUTANTS = [
  'https://evil.example/',
  'https://app.example.com/signed-out/',
  'https://app.example.com/Signed-Out',
  'https://app.example.com:8443/signed-out',
  'https://app.example.com/signed-out?next=https://evil.example',
  'https://app.example.com/signed-out#evil',
  'https://app.example.com@evil.example/signed-out',
  'https://app.example.com.evil.example/signed-out',
  'http://app.example.com/signed-out',
  '//evil.example/',
  '/evil',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
];

t.test('sign-out asked for by an app (OpenID Connect RP-Initiated Logout)', async (t) => {
  const gatehouse = await startGatehouse(t);
  const { issuer } = gatehouse;
  const client = await registerClient(gatehouse, { postLogoutRedirectUris: [OUT] });
  const user = await createUser(gatehouse);
  const connect = async (of: TestClient = client) => {
    const { agent, code, pkce } = await obtainCode(gatehouse, of, user);
    const { body } = await redeem(gatehouse, of, code, pkce);
    return { agent, tokens: body, idToken: String(body.id_token) };
  };
  const isIn = async (agent: UserAgent) =>
    (await agent.get(`${issuer}/`)).body.includes(user.email);
  const confirm = async (agent: UserAgent, url: string, changes: Record<string, string> = {}) => {
    const page = await agent.get(url);
    return agent.submit(page, page.forms[0]!, { logout: 'yes', ...changes });
  };

  await t.test('ends nothing before the user says so (logout CSRF)', async (t) => {
    const { agent, idToken } = await connect();
    const asked = await agent.get(logoutUrl(gatehouse, { id_token_hint: idToken }));
    t.equal(asked.status, 200);
    t.ok(await isIn(agent), 'a link alone');
    const foreign = await connect();
    const theirs = await foreign.agent.get(logoutUrl(gatehouse));
    const stolen = theirs.forms[0]!.fields.find(([name]) => name === 'xsrf')![1];
    for (const xsrf of ['', 'wrong', stolen]) {
      const answer = await agent.submit(asked, asked.forms[0]!, { xsrf, logout: 'yes' });
      t.equal(answer.status, 400, xsrf);
      t.equal(answer.headers.get('location'), null, xsrf);
    }
    t.ok(await isIn(agent), 'a form without its token');
    const url = `${issuer}/oauth/logout/confirm`;
    const bare = await fetch(url, { method: 'POST', redirect: 'manual' });
    t.equal(bare.status, 400, 'a form without the cookie, as another site would send it');
    t.equal((await agent.get(`${url}?logout=yes`)).status, 404, 'no link does it');
    const stay = await agent.submit(asked, asked.forms[0]!);
    t.equal(stay.status, 303);
    t.ok(await isIn(agent), 'and a no is a no');
  });

  await t.test(
    'takes its form from no other site, as no form is (Fetch Metadata §2)',
    async (t) => {
      const { agent } = await connect();
      const asked = await agent.get(logoutUrl(gatehouse));
      const { action, fields } = asked.forms[0]!;
      const send = (headers: Record<string, string>) =>
        fetch(action, {
          ...{ method: 'POST', redirect: 'manual' },
          headers: { cookie: agent.cookiesFor(action), ...headers },
          body: new URLSearchParams([...fields, ['logout', 'yes']]),
        });
      const elsewhere: Record<string, string>[] = [
        { origin: 'https://evil.example' },
        { origin: 'null', 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'cross-site' },
        { origin: issuer, 'sec-fetch-site': 'cross-site' },
        { origin: issuer, 'sec-fetch-site': 'same-site' },
      ];
      for (const headers of elsewhere) {
        const about = JSON.stringify(headers);
        const answer = await send(headers);
        t.equal(answer.status, 403, about);
        t.match(await answer.text(), /<html[\s\S]*<code>foreign_origin<\/code>/, about);
        t.match(answer.headers.get('content-security-policy'), /form-action 'self';/, about);
        t.equal(answer.headers.get('x-frame-options'), 'DENY', about);
      }
      t.ok(await isIn(agent));
      // What browsers send with a form of ours, which has no referrer.
      const own = await send({ origin: 'null', 'sec-fetch-site': 'same-origin' });
      t.equal(own.status, 303);
      t.notOk(await isIn(agent), 'and the genuine form counts');
    },
  );

  await t.test('refuses a NUL by a page (RFC 6749 Appendix A)', async (t) => {
    const { agent } = await connect();
    for (const browser of [agent, createUserAgent()]) {
      for (const name of ['state', 'client_id', 'id_token_hint', 'logout_hint', 'ui_locales']) {
        const page = await browser.get(logoutUrl(gatehouse, { [name]: 'a\0b' }));
        t.equal(page.status, 400, name);
        t.match(page.headers.get('content-type'), /^text\/html/, name);
        t.match(page.headers.get('content-security-policy'), /form-action 'self';/, name);
        t.equal(page.headers.get('cache-control'), 'no-store', name);
        t.match(page.body, 'a parameter has a NUL character in it', name);
        t.match(page.body, /<code>invalid_request<\/code>/, name);
      }
    }
    t.ok(await isIn(agent));
  });

  await t.test('ends the session on the server, and leaves connected apps connected', async (t) => {
    const { agent, tokens } = await connect();
    const before = agent.cookiesFor(`${issuer}/`);
    const answer = await confirm(agent, logoutUrl(gatehouse));
    t.equal(answer.status, 303);
    t.equal(locationOf(answer).href, `${issuer}/oauth/logout/success`);
    t.notOk(await isIn(agent), 'signed out');
    const thief = createUserAgent();
    for (const cookie of before.split('; ')) thief.setCookie(`${cookie}; path=/`, issuer);
    t.notOk(await isIn(thief), 'an old cookie opens nothing');
    const silent = await agent.get(authorizeUrl(gatehouse, client, newPkce(), { prompt: 'none' }));
    t.equal(locationOf(silent).searchParams.get('error'), 'login_required');
    const next = await refresh(gatehouse, client, String(tokens.refresh_token));
    t.equal(next.status, 200, 'the app goes on');
  });

  await t.test(
    'returns to a registered URI, with the state, and names it in form-action',
    async (t) => {
      for (const hint of ['client_id', 'id_token_hint']) {
        const { agent, idToken } = await connect();
        const url = logoutUrl(gatehouse, {
          [hint]: hint === 'client_id' ? client.clientId : idToken,
          post_logout_redirect_uri: OUT,
          state: 'a&b=c "<script>',
        });
        const page = await agent.get(url);
        const policy = page.headers.get('content-security-policy') ?? '';
        t.match(policy, /form-action 'self' https:(;|$)/, hint);
        const back = locationOf(await confirm(agent, url));
        t.equal(back.origin + back.pathname, OUT, hint);
        t.equal(back.searchParams.get('state'), 'a&b=c "<script>', hint);
      }
    },
  );

  await t.test('is no open redirect (RFC 9700 §4.11)', async (t) => {
    const { agent, idToken } = await connect();
    const known = {
      by_client: { client_id: client.clientId },
      by_hint: { id_token_hint: idToken },
    };
    for (const uri of MUTANTS) {
      for (const [name, hint] of Object.entries(known)) {
        for (const browser of [agent, createUserAgent()]) {
          const url = logoutUrl(gatehouse, { ...hint, post_logout_redirect_uri: uri });
          const page = await browser.get(url);
          t.equal(page.status, 400, `${uri} ${name}`);
          t.equal(page.headers.get('location'), null, `${uri} ${name}`);
          t.same(page.forms, [], `${uri} ${name}`);
        }
      }
      // Without an app there is nothing to check it against: it does not count.
      const fresh = createUserAgent();
      const page = await fresh.get(logoutUrl(gatehouse, { post_logout_redirect_uri: uri }));
      const answer = await fresh.submit(page, page.forms[0]!);
      t.equal(locationOf(answer).href, `${issuer}/oauth/logout/success`, uri);
    }
    t.ok(await isIn(agent));
  });

  await t.test('refuses a registered URI of another app, and one given twice', async (t) => {
    const other = await registerClient(gatehouse, {
      postLogoutRedirectUris: ['https://other.example/out'],
    });
    const { agent, idToken } = await connect();
    const refused: Record<string, string>[] = [
      { client_id: client.clientId, post_logout_redirect_uri: 'https://other.example/out' },
      { id_token_hint: idToken, client_id: other.clientId, post_logout_redirect_uri: OUT },
    ];
    for (const parameters of refused) {
      const page = await agent.get(logoutUrl(gatehouse, parameters));
      t.equal(page.status, 400, JSON.stringify(parameters));
    }
    const url = logoutUrl(gatehouse, { client_id: client.clientId, post_logout_redirect_uri: OUT });
    const doubled = await agent.get(`${url}&post_logout_redirect_uri=https://evil.example/`);
    t.equal(doubled.status, 400, 'twice');
    t.equal(doubled.headers.get('location'), null, 'twice');
  });

  await t.test('believes no hint that it did not sign (OpenID Core §3.1.3.7)', async (t) => {
    const { agent, idToken } = await connect();
    const [, payload, signature] = idToken.split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const flipped = `${signature![0] === 'A' ? 'B' : 'A'}${signature!.slice(1)}`;
    const [header] = idToken.split('.');
    for (const hint of ['x', `${none}.${payload}.`, `${header}.${payload}.${flipped}`]) {
      const url = logoutUrl(gatehouse, { id_token_hint: hint, post_logout_redirect_uri: OUT });
      const page = await agent.get(url);
      t.equal(page.status, 400, hint.slice(0, 20));
      t.equal(page.headers.get('location'), null, hint.slice(0, 20));
    }
    t.ok(await isIn(agent));
  });

  await t.test('of nobody is a page of ours, whose form leads on', async (t) => {
    const known = { client_id: client.clientId, post_logout_redirect_uri: OUT, state: 'bye' };
    const leads: [Record<string, string>, words: RegExp, targets: RegExp, to: string][] = [
      [known, />Continue to [^<]+</, /form-action 'self' https:;/, `${OUT}?state=bye`],
      [{}, />Continue</, /form-action 'self';/, `${issuer}/oauth/logout/success`],
    ];
    for (const [parameters, words, targets, to] of leads) {
      const agent = createUserAgent();
      const page = await agent.get(logoutUrl(gatehouse, parameters));
      t.equal(page.status, 200, to);
      t.match(page.body, /<h1>You are not signed in<\/h1>/, to);
      t.match(page.body, words, to);
      const policy = page.headers.get('content-security-policy') ?? '';
      t.match(policy, /script-src 'self';/, 'nothing inline runs');
      t.match(policy, targets, to);
      t.equal(page.headers.get('cache-control'), 'no-store', to);
      t.equal(page.forms.length, 1, to);
      t.equal(locationOf(await agent.submit(page, page.forms[0]!)).href, to);
    }
  });

  await t.test('speaks the reader’s language, to nobody and when it refuses', async (t) => {
    const agent = createUserAgent(undefined, 'de');
    const nobody = await agent.get(logoutUrl(gatehouse));
    t.match(nobody.body, /<html lang="de">[\s\S]*<h1>Sie sind nicht angemeldet<\/h1>/);
    const asked = await agent.get(logoutUrl(gatehouse, { ui_locales: 'en' }));
    t.match(asked.body, /<html lang="en">/, 'or the one that the app asks for');
    const wrong = 'https://evil.example/';
    const refused: Record<string, string>[] = [
      { client_id: client.clientId, post_logout_redirect_uri: wrong },
      { id_token_hint: 'x' },
      { client_id: 'unknown' },
    ];
    for (const parameters of refused) {
      const page = await agent.get(logoutUrl(gatehouse, parameters));
      const about = JSON.stringify(parameters);
      t.equal(page.status, 400, about);
      t.match(page.body, /<html lang="de">[\s\S]*Dieser Link kann Sie nicht abmelden/, about);
      t.match(page.headers.get('content-security-policy'), /form-action 'self';/, about);
      t.notMatch(page.body, wrong, about);
    }
  });

  await t.test('of our own page wants its CSRF token', async (t) => {
    const { agent } = await connect();
    const home = await agent.get(`${issuer}/`);
    const form = home.forms.find(({ action }) => action.endsWith('/sign-out'))!;
    const refused = await agent.submit(home, form, { _csrf: '' });
    t.equal(refused.status, 403);
    t.ok(await isIn(agent));
    await agent.submit(home, form);
    t.notOk(await isIn(agent));
  });
});
