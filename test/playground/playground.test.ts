import t from 'tap';
import { PLAYGROUND_CLIENT_ID } from '../../src/oauth/clients/house-clients.ts';
import { CALLBACK_PATH } from '../../src/playground/playground-client.ts';
import { env } from '../../src/snippets/described-request.ts';
import { signIn } from '../support/flows.ts';
import { createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { createUserAgent } from '../support/user-agent.ts';

const read = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, body: await response.text(), headers: response.headers };
};

/** The share link that a page shows. */
const linkOf = (html: string) =>
  /id="link" href="([^"]+)"/.exec(html)![1]!.replaceAll('&amp;', '&');

t.test('is there for everybody, with each flow that the platform has', async (t) => {
  const kliq = await startGatehouse(t, { platform: 'kliq' });
  const { body } = await read(`${kliq.issuer}/playground`);
  for (const flow of ['code', 'client_credentials', 'refresh', 'user_tokens']) {
    t.match(body, `href="/playground?flow=${flow}"`, flow);
    const page = await read(`${kliq.issuer}/playground?flow=${flow}`);
    t.equal(page.status, 200);
    t.match(page.body, /<noscript><p class="notice">Trying a step needs scripts/);
    t.match(page.body, /<noscript>.*<a href="\/docs\/authentication">.*<\/noscript>/);
    t.match(page.body, 'curl', 'and reads without scripts');
  }
  t.notMatch(body, 'flow=service_jwt', 'not what it lacks');
  const withUsers = await read(`${kliq.issuer}/playground?flow=user_tokens`);
  t.match(withUsers.body, `${kliq.issuer}/v1/auth/token`, 'at the platform’s own path');
  t.match(withUsers.body, 'refreshToken', 'in its own words');
  t.match(await read(`${kliq.issuer}/playground/keys`), { status: 200, body: 'X-API-Key' });
});

t.test('a key for a stranger is a request, and has its code; a pasted one is none', async (t) => {
  const [kloakd, klen] = await Promise.all(
    ['kloakd', 'klen'].map((platform) => startGatehouse(t, { platform })),
  );
  const { body } = await read(`${kloakd!.issuer}/playground/keys`);
  for (const language of ['curl', 'typescript', 'python', 'go', 'java']) {
    const code = new RegExp(`id="key-${language}"[^]*?</pre>`).exec(body)?.[0];
    t.match(code, `${kloakd!.issuer}/api/v1/playground/keys`, language);
    t.match(code, 'FINGERPRINT');
  }
  t.notMatch((await read(`${klen!.issuer}/playground/keys`)).body, 'id="key-curl"');
});

t.test('a link reproduces the setup, and what is unknown in it counts as not said', async (t) => {
  const { issuer } = await startGatehouse(t, { platform: 'kaie' });
  const query = new URLSearchParams({
    flow: 'refresh',
    scope: 'email triggers:write',
    route: 'DELETE /v1/triggers/*',
  });
  const first = await read(`${issuer}/playground?${query}`);
  const again = await read(linkOf(first.body));
  t.equal(again.body, first.body, 'the same page, letter for letter');
  t.match(first.body, /value="triggers:write" checked/);
  t.notMatch(first.body, /value="openid" checked/);
  t.match(first.body, 'scope=email%20triggers%3Awrite', 'as the request asks for it');
  t.match(first.body, 'curl -X DELETE');

  const secrets = {
    client_secret: 'ghcs_leaked',
    password: 'hunter2-leaked',
    code: 'code-leaked',
    access_token: 'token-leaked',
    api_key: 'kaie_live_leaked',
    flow: '"><script>alert(1)</script>',
    scope: 'openid <b>bold</b> nonsense',
    route: 'GET /not/a/route',
  };
  const odd = await read(`${issuer}/playground?${new URLSearchParams(secrets)}`);
  t.equal(odd.status, 200);
  t.notMatch(odd.body, /leaked|alert\(1\)|nonsense|not\/a\/route|<b>/);
  t.match(odd.body, /href="\/playground\?flow=code" aria-current="true"/);
  const link = new URL(linkOf(odd.body));
  t.same([...link.searchParams.keys()], ['flow', 'scope', 'route']);
  for (const path of ['?flow=code&flow=refresh', '?scope[]=x', '?route=%00']) {
    t.equal((await read(`${issuer}/playground${path}`)).status, 200, path);
  }
});

t.test(
  'has a public client of its own, made once by parallel visitors of two processes',
  async (t) => {
    const first = await startGatehouse(t, { platform: 'kaie' });
    t.equal(await first.oauth.clientService.find(PLAYGROUND_CLIENT_ID), undefined);
    const second = await startGatehouse(t, {
      platform: 'kaie',
      connectionString: first.connectionString,
      issuer: first.issuer,
    });
    const visits = [first, second].flatMap(({ address }) =>
      Array.from({ length: 10 }, () => read(`${address}/playground`)),
    );
    for (const { status } of await Promise.all(visits)) t.equal(status, 200);
    const clients = await first.oauth.clientService.list({ limit: 50 });
    t.equal(clients.length, 1);
    t.match(clients[0], {
      id: PLAYGROUND_CLIENT_ID,
      name: 'OAuth playground',
      organizationId: null,
      tokenEndpointAuthMethod: 'none',
      requirePkce: true,
      redirectUris: [first.issuer + CALLBACK_PATH],
    });
    t.same(
      clients[0]!.scopes,
      first.platform.scopes.map(({ name }) => name),
    );
  },
);

t.test('its client follows the issuer and the platform file', async (t) => {
  const before = await startGatehouse(t, { platform: 'kaie' });
  await read(`${before.issuer}/playground`);
  const { connectionString } = before;
  const after = await startGatehouse(t, { platform: 'example', connectionString });
  await read(`${after.issuer}/playground`);
  const client = await after.oauth.clientService.find(PLAYGROUND_CLIENT_ID);
  t.same(client!.redirectUris, [after.issuer + CALLBACK_PATH]);
  t.same(
    client!.scopes,
    after.platform.scopes.map(({ name }) => name),
  );
});

t.test('the consent page names it, and who stands behind it', async (t) => {
  const gatehouse = await startGatehouse(t, { platform: 'kaie' });
  const { issuer } = gatehouse;
  await read(`${issuer}/playground`);
  const user = await createUser(gatehouse);
  const agent = createUserAgent();
  const url = new URL('/oauth/authorize', issuer);
  url.search = new URLSearchParams({
    client_id: PLAYGROUND_CLIENT_ID,
    redirect_uri: issuer + CALLBACK_PATH,
    response_type: 'code',
    scope: 'openid workflows:read',
    state: 'a-state',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  }).toString();
  const page = await signIn(agent, await agent.follow(await agent.get(url.href)), user);
  t.match(page.body, 'OAuth playground wants access');
  t.match(page.body, 'An app by Kaie');
  t.notMatch(page.body, 'not verified');
});

t.test('the code that comes back gets into no page, no log and no other site', async (t) => {
  const gatehouse = await startGatehouse(t, { platform: 'kaie' });
  const answer = 'code=c0de-of-mine&state=st4te-of-mine&iss=x&error_description=%3Cb%3Ebold';
  const { status, body, headers } = await read(`${gatehouse.issuer}${CALLBACK_PATH}?${answer}`);
  t.equal(status, 200);
  t.notMatch(body, /c0de-of-mine|st4te-of-mine|bold/);
  t.notMatch(gatehouse.logLines.join('\n'), /c0de-of-mine|st4te-of-mine/);
  t.equal(headers.get('referrer-policy'), 'no-referrer');
  t.equal(headers.get('cache-control'), 'no-store');
  t.match(headers.get('content-security-policy'), "default-src 'none'; script-src 'self'");
});

t.test('its modules are asked for again, so that they always fit each other', async (t) => {
  const { issuer } = await startGatehouse(t);
  const module = await fetch(`${issuer}/assets/playground/pkce.js`);
  t.equal(module.headers.get('cache-control'), 'no-cache');
  t.ok(module.headers.get('etag'));
  const style = await fetch(`${issuer}/assets/playground.css?v=1`);
  t.match(style.headers.get('cache-control'), 'immutable');
});

t.test('runs with an app of the visitor’s that its address names', async (t) => {
  const gatehouse = await startGatehouse(t, { platform: 'kaie' });
  const { issuer, oauth } = gatehouse;
  const callback = issuer + CALLBACK_PATH;
  const user = await createUser(gatehouse);
  const own = { organizationId: user.organizationId, redirectUris: [callback] };
  const stranger = await createUser(gatehouse);
  const foreign = await registerClient(gatehouse, {
    ...{ name: 'Secret Project', redirectUris: [callback] },
    organizationId: stranger.organizationId,
  });
  const operators = await registerClient(gatehouse, {
    name: 'Operators’',
    redirectUris: [callback],
  });
  const agent = createUserAgent();
  const signInPage = await agent.get(`${issuer}/sign-in`);
  await signIn(agent, signInPage, user);
  const open = async (clientId: string, more = '') =>
    agent.get(`${issuer}/playground?client_id=${encodeURIComponent(clientId)}${more}`);

  await t.test('a public one as it is, with what it may ask for', async (t) => {
    const { clientId } = await registerClient(gatehouse, {
      ...{ ...own, name: 'Meeting <b>Minutes', tokenEndpointAuthMethod: 'none' },
      scopes: ['workflows:read', 'triggers:read'],
      grantTypes: ['authorization_code'],
    });
    const { body } = await open(clientId);
    t.match(body, 'Meeting &lt;b&gt;Minutes');
    t.match(body, `client_id=${clientId}`);
    t.notMatch(body, PLAYGROUND_CLIENT_ID);
    t.match(body, 'value="triggers:read"');
    t.notMatch(body, 'value="triggers:write"', 'not what it may not ask for');
    t.notMatch(
      body,
      /flow=refresh|id="step-renew"|id="redeem-app_secret"/,
      'nor what it cannot do',
    );
    const link = new URL(linkOf(body));
    t.equal(link.searchParams.get('client_id'), clientId, 'kept in the link');
    t.match(body, `<input type="hidden" name="client_id" value="${clientId}">`, 'and in the form');
    t.equal((await agent.get(link.href)).body, body);
    const key = await agent.get(`${issuer}/playground/keys?client_id=${clientId}`);
    t.notMatch(key.body, clientId, 'a key is no app’s');
  });

  await t.test('a confidential one with a secret that is typed in', async (t) => {
    for (const tokenEndpointAuthMethod of ['client_secret_basic', 'client_secret_post'] as const) {
      const input = { ...own, name: 'Back Office', tokenEndpointAuthMethod };
      const { clientId, secret } = await registerClient(gatehouse, input);
      const { body } = await open(clientId, `&client_secret=${secret}`);
      t.notMatch(body, secret, 'nothing of an address gets into the page');
      t.match(body, /id="redeem-app_secret" type="password" autocomplete="new-password"/);
      const request = requestOf(body, 'redeem') as {
        basic?: object;
        body: { form: [string, string][] };
      };
      const sent = Object.fromEntries(request.body.form);
      if (tokenEndpointAuthMethod === 'client_secret_basic') {
        t.same(request.basic, { username: clientId, password: env('APP_SECRET') });
        t.equal(sent.client_id, undefined, 'one way at a time (RFC 6749 §2.3)');
      } else {
        t.match(sent, { client_id: clientId, client_secret: env('APP_SECRET') });
        t.equal(request.basic, undefined);
      }
    }
  });

  await t.test('says what is in the way of one, and how to mend it', async (t) => {
    const says = async (input: Parameters<typeof registerClient>[1], words: string) => {
      const { clientId } = await registerClient(gatehouse, { ...own, name: 'Half Done', ...input });
      const { body } = await open(clientId);
      t.match(body, `Half Done ${words}`);
      t.match(body, `/dashboard/organizations/${user.organizationId}/apps/${clientId}"`);
      t.match(body, `client_id=${PLAYGROUND_CLIENT_ID}`, 'meanwhile its own');
      return { clientId, body };
    };
    const other = { redirectUris: [`${callback}/`, 'https://app.example.com/callback'] };
    const { body, clientId } = await says(other, 'can’t send people back here yet');
    t.match(body, `<code>${callback}</code>`);
    const system = { actor: { kind: 'system' } } as const;
    await oauth.clientService.update(clientId, { redirectUris: [callback] }, system);
    t.notMatch((await open(clientId)).body, PLAYGROUND_CLIENT_ID, 'mended');
    await oauth.clientService.update(clientId, { disabled: true }, system);
    t.match((await open(clientId)).body, 'Half Done is disabled');
    const grants = { grantTypes: ['client_credentials'], redirectUris: [] } as const;
    await says(grants, 'is not registered for the authorization code flow');
    await says({ requirePushedRequests: true }, 'must push its authorization requests');
  });

  await t.test('keeps one that is unfit, and the setup, when the language changes', async (t) => {
    const more = '&flow=refresh&scope=workflows:read&client_secret=leaked';
    const back = async (reader: typeof agent, clientId: string) => {
      const page = await reader.get(`${issuer}/playground?client_id=${clientId}${more}`);
      t.match(page.body, 'id="own-app"');
      t.notMatch(page.body, 'leaked');
      t.notMatch(linkOf(page.body), clientId, 'no link for others');
      const link = /\/language\?to=de&amp;return_to=([^"]*)/.exec(page.body)?.[1] ?? '';
      return new URL(decodeURIComponent(link), issuer);
    };
    const unfit = await registerClient(gatehouse, { ...own, redirectUris: ['https://a.example/'] });
    for (const [reader, clientId] of [
      [agent, unfit.clientId],
      [createUserAgent(), foreign.clientId],
    ] as const) {
      const there = await back(reader, clientId);
      t.equal(there.pathname, '/playground');
      t.match(Object.fromEntries(there.searchParams), {
        ...{ client_id: clientId, flow: 'refresh', scope: 'workflows:read' },
      });
      const german = await reader.get(there.href);
      t.match(german.body, 'id="own-app"', 'it still says what is wrong');
    }
  });

  await t.test('one that is not theirs answers like one that isn’t there', async (t) => {
    const unknown = await open('019a8c9e-0000-7000-8000-000000000000');
    t.match(unknown.body, 'does not exist, or that belongs to none of your organizations');
    for (const id of [
      foreign.clientId,
      operators.clientId,
      '',
      ' ',
      '\0',
      '<b>',
      'x'.repeat(300),
    ]) {
      const page = await open(id);
      t.equal(page.status, 200);
      t.equal(page.body, unknown.body, id.slice(0, 40));
    }
    t.equal((await open('a', '&client_id=b')).body, unknown.body, 'nor two at once');
    const nobody = await read(`${issuer}/playground?client_id=${foreign.clientId}`);
    t.notMatch(nobody.body, 'Secret Project');
    t.match(nobody.body, `/sign-in?return_to=%2Fplayground%3Fclient_id%3D${foreign.clientId}"`);
    t.notMatch(linkOf(unknown.body), 'client_id');
    const theirs = createUserAgent();
    await signIn(theirs, await theirs.get(`${issuer}/sign-in`), stranger);
    const page = await theirs.get(`${issuer}/playground?client_id=${foreign.clientId}`);
    t.match(page.body, 'Secret Project', 'its own people see it');
  });
});

/** The request that a button of the page makes. */
function requestOf(html: string, run: string): unknown {
  const found = new RegExp(`data-run="${run}" data-request="([^"]*)"`).exec(html)?.[1];
  if (!found) throw new Error(`nothing runs ${run}`);
  return JSON.parse(found.replaceAll('&quot;', '"').replaceAll('&amp;', '&'));
}
