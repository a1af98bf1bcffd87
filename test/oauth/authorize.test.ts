import t, { type Test } from 'tap';
import {
  authorize,
  authorizeUrl,
  newPkce,
  obtainCode,
  type Parameters,
  redeem,
} from '../support/flows.ts';
import {
  CALLBACK,
  createUser,
  registerClient,
  startGatehouse,
  type TestClient,
  type TestGatehouse,
  type TestUser,
} from '../support/gatehouse.ts';
import { createUserAgent, locationOf, type Page, type UserAgent } from '../support/user-agent.ts';

const MARKUP = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`;

/** A browser in which the user is signed in and has allowed the app: the answer comes at once. */
async function connect(gatehouse: TestGatehouse, client: TestClient, user: TestUser) {
  const { agent } = await obtainCode(gatehouse, client, user);
  return agent;
}

/** The parameters that came back, whether in the query or the fragment. */
function answerOf(page: Page): URLSearchParams {
  const { search, hash } = locationOf(page);
  return new URLSearchParams(hash ? hash.slice(1) : search);
}

/** The error goes back to the app, with state and issuer and nothing that could be used. */
function refusesBackAtTheApp(
  t: Test,
  page: Page,
  expected: { error: string; state: string | null; issuer: string },
  about: string,
) {
  t.equal(page.status, 303, `${about}: status`);
  const { origin, pathname } = locationOf(page);
  t.equal(origin + pathname, CALLBACK, `${about}: redirect URI`);
  const answer = answerOf(page);
  t.equal(answer.get('error'), expected.error, `${about}: error`);
  t.equal(answer.get('state'), expected.state, `${about}: state`);
  t.equal(answer.get('iss'), expected.issuer, `${about}: iss`);
  const words = answer.get('error_description') ?? 'none, they are optional';
  t.match(words, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, `${about}: words (RFC 6749 §4.1.2.1)`);
  for (const name of ['code', 'access_token', 'id_token', 'token_type']) {
    t.equal(answer.get(name), null, `${about}: no ${name}`);
  }
}

const REFUSED: Record<string, [error: string, parameters: Parameters]> = {
  'no PKCE (RFC 9700 §2.1.1)': [
    'invalid_request',
    { code_challenge: undefined, code_challenge_method: undefined },
  ],
  'PKCE with an empty challenge (RFC 7636 §4.4.1)': ['invalid_request', { code_challenge: '' }],
  'PKCE by plain (RFC 9700 §2.1.1)': ['invalid_request', { code_challenge_method: 'plain' }],
  'PKCE without a method, which means plain (RFC 7636 §4.3)': [
    'invalid_request',
    { code_challenge_method: undefined },
  ],
  'PKCE by an unknown method (RFC 7636 §4.4.1)': [
    'invalid_request',
    { code_challenge_method: 's256' },
  ],
  'a PKCE method without a challenge (RFC 7636 §4.4.1)': [
    'invalid_request',
    { code_challenge: undefined },
  ],
  'a challenge of 42 characters (RFC 7636 §4.2)': [
    'invalid_request',
    { code_challenge: 'a'.repeat(42) },
  ],
  'a challenge of 129 characters (RFC 7636 §4.2)': [
    'invalid_request',
    { code_challenge: 'a'.repeat(129) },
  ],
  'a scope that nobody knows (RFC 6749 §3.3)': ['invalid_scope', { scope: 'openid nonsense' }],
  'a scope in another case (RFC 6749 §3.3)': ['invalid_scope', { scope: 'openid Notes:read' }],
  'a wildcard for a scope (RFC 6749 §3.3)': ['invalid_scope', { scope: 'notes:*' }],
  'a scope that the client did not register (RFC 6749 §3.3)': [
    'invalid_scope',
    { scope: 'openid notes:delete' },
  ],
  'a scope out of grammar (RFC 6749 §3.3)': ['invalid_scope', { scope: 'openid "notes:read"' }],
  'scopes divided by a line feed (RFC 6749 §3.3)': [
    'invalid_scope',
    { scope: 'openid\nnotes:read' },
  ],
  'no scope (RFC 6749 §3.3)': ['invalid_scope', { scope: undefined }],
  'an unknown resource (RFC 8707 §2)': [
    'invalid_target',
    { resource: 'https://elsewhere.example' },
  ],
  'a resource that is like ours (RFC 8707 §2)': [
    'invalid_target',
    { resource: 'https://api.notes.example/' },
  ],
  'a relative resource (RFC 8707 §2)': ['invalid_target', { resource: '/notes' }],
  'a resource with a fragment (RFC 8707 §2)': [
    'invalid_target',
    { resource: 'https://api.notes.example#x' },
  ],
  'no response type (RFC 6749 §4.1.2.1)': ['invalid_request', { response_type: undefined }],
  'an access token (RFC 9700 §2.1.2)': ['unsupported_response_type', { response_type: 'token' }],
  'an ID token (RFC 9700 §2.1.2)': ['unsupported_response_type', { response_type: 'id_token' }],
  'code and access token (RFC 9700 §2.1.2)': [
    'unsupported_response_type',
    { response_type: 'code token' },
  ],
  'code and ID token (RFC 9700 §2.1.2)': [
    'unsupported_response_type',
    { response_type: 'code id_token', nonce: 'n' },
  ],
  'nothing at all (RFC 9700 §2.1.2)': ['unsupported_response_type', { response_type: 'none' }],
  'an unknown response mode (OAuth Response Modes §2.1)': [
    'unsupported_response_mode',
    { response_mode: 'web_message' },
  ],
  'prompt=none among others (OpenID Core §3.1.2.1)': ['invalid_request', { prompt: 'none login' }],
  'an unknown prompt (OpenID Core §3.1.2.1)': ['invalid_request', { prompt: 'nonsense' }],
  'a request object (OpenID Core §6.1)': ['request_not_supported', { request: 'e30.e30.' }],
  'a request by reference (OpenID Core §6.2)': [
    'request_uri_not_supported',
    { request_uri: 'https://evil.example/request.jwt' },
  ],
  'a registration on the way (OpenID Core §7.2.1)': [
    'registration_not_supported',
    { registration: '{}' },
  ],
};

t.test('what the authorization endpoint refuses', async (t) => {
  const gatehouse = await startGatehouse(t);
  const client = await registerClient(gatehouse, { scopes: ['notes:read', 'notes:write'] });
  const user = await createUser(gatehouse);
  const agents = {
    'signed out': createUserAgent(),
    'signed in': await connect(gatehouse, client, user),
  };
  const expected = { state: 'a state', issuer: gatehouse.issuer };

  for (const [what, [error, parameters]] of Object.entries(REFUSED)) {
    await t.test(`refuses ${what}`, async (t) => {
      for (const [who, agent] of Object.entries(agents)) {
        const page = await agent.get(authorizeUrl(gatehouse, client, newPkce(), parameters));
        refusesBackAtTheApp(t, page, { error, ...expected }, who);
      }
    });
  }

  await t.test('refuses a NUL, and gives the state back (RFC 6749 Appendix A)', async (t) => {
    const agent = agents['signed out'];
    for (const name of ['state', 'login_hint', 'nonce', 'display', 'dpop_jkt']) {
      const more = { [name]: 'a\0b' };
      const page = await agent.get(authorizeUrl(gatehouse, client, newPkce(), more));
      const refusal = { ...expected, ...more, error: 'invalid_request' };
      refusesBackAtTheApp(t, page, refusal, name);
    }
  });

  await t.test('refuses any parameter that comes twice (RFC 6749 §3.1)', async (t) => {
    const url = authorizeUrl(gatehouse, client, newPkce(), { nonce: 'n', prompt: 'login' });
    const names = [...new URL(url).searchParams.keys()];
    for (const name of names) {
      for (const second of [new URL(url).searchParams.get(name)!, 'https://evil.example/']) {
        for (const spelling of [name, `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`]) {
          const about = `${spelling}=${second}`;
          const doubled = `${url}&${spelling}=${encodeURIComponent(second)}`;
          const page = await agents['signed in'].get(doubled);
          if (name === 'client_id' || name === 'redirect_uri') {
            t.equal(page.status, 400, `${about}: status`);
            t.equal(page.headers.get('location'), null, `${about}: no redirect`);
            t.ok(page.body.includes('<code>invalid_request</code>'), `${about}: error`);
          } else {
            const state = name === 'state' ? null : 'a state';
            const { issuer } = gatehouse;
            refusesBackAtTheApp(t, page, { error: 'invalid_request', state, issuer }, about);
          }
        }
      }
    }
  });

  await t.test(
    'takes names that only resemble a parameter for unknown ones (RFC 6749 §3.1)',
    async (t) => {
      const alike = [
        'redirect_uri[]',
        'redirect_uri[0]',
        'Redirect_Uri',
        'redirect_uri ',
        'redirect_uri\0',
        'redirectUri',
        'client_id[]',
        '__proto__',
        'constructor',
      ];
      for (const name of alike) {
        const url = new URL(authorizeUrl(gatehouse, client, newPkce()));
        url.searchParams.append(name, 'https://evil.example/');
        const page = await agents['signed in'].get(url.href);
        t.equal(page.status, 303, JSON.stringify(name));
        const { origin, pathname, searchParams } = locationOf(page);
        t.equal(origin + pathname, CALLBACK, JSON.stringify(name));
        t.match(searchParams.get('code'), /^[\w-]{22,}$/, JSON.stringify(name));
      }
    },
  );

  await t.test('answers every other method with 405 (RFC 9110 §15.5.6)', async (t) => {
    const url = authorizeUrl(gatehouse, client, newPkce());
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const answer = await fetch(url, { method, redirect: 'manual' });
      t.equal(answer.status, 405, method);
      t.equal(answer.headers.get('allow'), 'GET, POST', method);
    }
  });
});

t.test('prompt=none', async (t) => {
  const gatehouse = await startGatehouse(t);
  const client = await registerClient(gatehouse);
  const user = await createUser(gatehouse);
  const ask = (of: TestClient, more: Parameters = {}) =>
    authorizeUrl(gatehouse, of, newPkce(), { prompt: 'none', ...more });
  const expected = { state: 'a state', issuer: gatehouse.issuer };

  await t.test('answers login_required without a session (OpenID Core §3.1.2.6)', async (t) => {
    const agent = createUserAgent();
    const page = await agent.get(ask(client));
    refusesBackAtTheApp(t, page, { error: 'login_required', ...expected }, 'no cookie');
    agent.setCookie('gatehouse_session=forged; path=/', gatehouse.issuer);
    const forged = await agent.get(ask(client));
    refusesBackAtTheApp(t, forged, { error: 'login_required', ...expected }, 'forged cookie');
  });

  await t.test('asks for nothing that a user must answer (OpenID Core §3.1.2.6)', async (t) => {
    const agent = await connect(gatehouse, client, user);
    t.match(answerOf(await agent.get(ask(client))).get('code'), /^[\w-]{22,}$/, 'allowed before');
    const wider = await agent.get(ask(client, { scope: 'openid notes:read notes:write' }));
    refusesBackAtTheApp(t, wider, { error: 'consent_required', ...expected }, 'a new scope');
    const other = await agent.get(ask(await registerClient(gatehouse)));
    refusesBackAtTheApp(t, other, { error: 'consent_required', ...expected }, 'another app');
  });

  await t.test('gives nothing to an app that could be any program (RFC 8252 §8.6)', async (t) => {
    const redirectUris = ['http://127.0.0.1/callback'];
    const native = await registerClient(gatehouse, {
      ...{ redirectUris, tokenEndpointAuthMethod: 'none' },
    });
    const agent = await connect(gatehouse, native, user);
    const page = await agent.get(ask(native));
    const answer = answerOf(page);
    t.equal(answer.get('error'), 'interaction_required');
    t.equal(answer.get('code'), null);
    const shown = await agent.follow(await agent.get(ask(native, { prompt: undefined })));
    t.ok(
      shown.forms.some(({ action }) => action.endsWith('/consent')),
      'asks again',
    );
  });
});

t.test('success', async (t) => {
  const clock = { offsetMs: 0, now: () => new Date(Date.now() + clock.offsetMs) };
  const gatehouse = await startGatehouse(t, { clock });
  const client = await registerClient(gatehouse);
  const user = await createUser(gatehouse);
  const agent = await connect(gatehouse, client, user);
  const ask = (more: Parameters = {}) =>
    agent.get(authorizeUrl(gatehouse, client, newPkce(), more));

  await t.test(
    'gives a code and no token, and names itself (RFC 9207 §2, RFC 9700 §2.1.2)',
    async (t) => {
      for (const mode of ['query', 'fragment', undefined]) {
        const page = await ask({ response_mode: mode });
        t.equal(page.status, 303, 'never 307, which would repeat a POST (RFC 9700 §4.12)');
        const names = [...answerOf(page).keys()].sort();
        t.same(names, ['code', 'iss', 'state'], `${mode}: nothing else`);
        t.equal(answerOf(page).get('iss'), gatehouse.issuer, `${mode}: iss`);
        t.equal(page.headers.get('cache-control'), 'no-store', `${mode}: not stored`);
        t.equal(page.headers.get('referrer-policy'), 'no-referrer', `${mode}: no referrer`);
      }
    },
  );

  await t.test('gives the state back byte for byte (RFC 6749 §4.1.2)', async (t) => {
    const states = [
      ...['0', ' ', ' a  b ', 'a+b', 'a%20b', '%', '%zz', 'a&b=c', '#x', '?', ';', '\\', '/../'],
      ...['\t\r\nLocation: https://evil.example', 'null', 'undefined', '[object Object]', MARKUP],
      ...['ünïcödé', '日本語', '🗝️', '\u202egnp.exe', '\u0001\u007f', 'é', 'e\u0301', '\ufeff'],
      ...[
        'a'.repeat(4_000),
        JSON.stringify({ a: ["'", '"'] }),
        Buffer.alloc(64, 255).toString('base64'),
      ],
    ];
    for (const state of states) {
      const page = await ask({ state });
      t.equal(answerOf(page).get('state'), state, JSON.stringify(state).slice(0, 60));
      t.ok(answerOf(page).get('code'), 'with a code');
      const error = await ask({ state, scope: 'nonsense' });
      t.equal(answerOf(error).get('state'), state, `error: ${JSON.stringify(state).slice(0, 60)}`);
    }
    const without = await ask({ state: undefined });
    t.notOk(answerOf(without).has('state'), 'none for none');
    t.notOk(answerOf(await ask({ state: '' })).has('state'), 'none for an empty one (§3.1)');
  });

  await t.test('keeps the state over sign-in and consent (RFC 6749 §4.1.2)', async (t) => {
    const state = `${MARKUP} ünï+cödé%20\r\n`;
    const url = authorizeUrl(gatehouse, client, newPkce(), { state, prompt: 'login consent' });
    const back = await authorize(createUserAgent(), url, user);
    t.equal(back.searchParams.get('state'), state);
  });

  await t.test(
    'makes codes that nobody guesses: 128 bits and more (RFC 6749 §10.10)',
    async (t) => {
      const codes: string[] = [];
      for (let count = 0; count < 64; count += 1) codes.push(answerOf(await ask()).get('code')!);
      t.equal(new Set(codes).size, codes.length, 'all differ');
      const alphabet = new Set(codes.join('')).size;
      const length = Math.min(...codes.map((code) => code.length));
      t.ok(length * Math.log2(alphabet) >= 128, `${length} of ${alphabet} characters`);
      for (let place = 0; place < length; place += 1) {
        const seen = new Set(codes.map((code) => code[place])).size;
        t.ok(seen >= 16, `place ${place} takes ${seen} values in 64 codes`);
      }
    },
  );

  await t.test(
    'lets a code live for a minute at the most (RFC 9700 §4.5, RFC 6749 §4.1.2)',
    async (t) => {
      t.teardown(() => {
        clock.offsetMs = 0;
      });
      for (const [age, status] of [
        [50, 200],
        [61, 400],
      ] as const) {
        clock.offsetMs = -age * 1000;
        const pkce = newPkce();
        const page = await agent.get(authorizeUrl(gatehouse, client, pkce));
        clock.offsetMs = 0;
        const answer = await redeem(gatehouse, client, answerOf(page).get('code')!, pkce);
        t.equal(answer.status, status, `${age} seconds old`);
        t.equal(
          answer.body.error,
          status === 200 ? undefined : 'invalid_grant',
          `${age} seconds old`,
        );
      }
    },
  );

  await t.test(
    'posts state and iss escaped, by a page of ours in which nothing inline runs (Form Post §4)',
    async (t) => {
      const requests = { success: {}, error: { scope: 'nonsense' } };
      for (const [name, more] of Object.entries(requests)) {
        const page = await ask({ response_mode: 'form_post', state: MARKUP, ...more });
        t.equal(page.status, name === 'success' ? 200 : 400, `${name}: status`);
        t.equal(page.headers.get('location'), null, `${name}: no redirect`);
        t.equal(page.forms.length, 1, `${name}: one form`);
        t.equal(page.forms[0]?.action, CALLBACK, `${name}: to the app`);
        const fields = Object.fromEntries(page.forms[0]?.fields ?? []);
        t.equal(fields.state, MARKUP, `${name}: the same state`);
        t.equal(fields.iss, gatehouse.issuer, `${name}: iss`);
        t.equal(typeof fields.code, name === 'success' ? 'string' : 'undefined', `${name}: code`);
        t.notMatch(page.body, /<script>alert|<img/, `${name}: escaped`);
        t.match(page.body, / data-sends-itself>/, `${name}: sends itself where scripts run`);
        t.match(page.body, /<button [^>]*type="submit"/, `${name}: and is a button where not`);
        t.notMatch(page.body, /<script(?![^>]*\ssrc="\/)/, `${name}: nothing inline`);
        t.notMatch(page.body, '/language?', `${name}: it is not asked for again`);
        t.equal(page.headers.get('cache-control'), 'no-store', `${name}: nor kept`);
        const policy = page.headers.get('content-security-policy')!;
        t.match(policy, "script-src 'self';", `${name}: scripts of ours`);
        t.match(policy, "form-action 'self' https:;", `${name}: to where the app is`);
        t.notMatch(policy, /unsafe|sha256/, `${name}: and no other`);
      }
    },
  );

  await t.test(
    'does not let the request change while the user is away (RFC 6749 §10.14)',
    async (t) => {
      const browser = createUserAgent();
      const pkce = newPkce();
      const newcomer = await registerClient(gatehouse);
      let page = await browser.follow(await browser.get(authorizeUrl(gatehouse, newcomer, pkce)));
      const changed = {
        ...{ response_type: 'token', redirect_uri: 'https://evil.example/', state: 'another' },
        ...{ scope: 'openid notes:delete', client_id: 'another', response_mode: 'fragment' },
        ...{ code_challenge: newPkce().challenge, resource: 'https://elsewhere.example' },
        ...{ prompt: 'none', request_uri: 'urn:ietf:params:oauth:request_uri:x' },
      };
      const query = new URLSearchParams(changed).toString();
      const steps: Record<string, string>[] = [
        { ...changed, email: user.email, password: user.password },
        { ...changed, decision: 'allow' },
      ];
      for (const fields of steps) {
        const form = page.forms.at(-1)!;
        const answer = await browser.submit(
          page,
          { ...form, action: `${form.action}?${query}` },
          fields,
        );
        t.equal(answer.status, 303, 'on to the endpoint');
        const resumed = await browser.get(`${locationOf(answer).href}?${query}`);
        page = resumed.headers.get('location')?.startsWith('/')
          ? await browser.follow(resumed)
          : resumed;
      }
      const back = locationOf(page);
      t.equal(back.origin + back.pathname, CALLBACK, 'the same app');
      t.same([...back.searchParams.keys()].sort(), ['code', 'iss', 'state'], 'a code and no token');
      t.equal(back.hash, '');
      t.equal(back.searchParams.get('state'), 'a state');
      const answer = await redeem(gatehouse, newcomer, back.searchParams.get('code')!, pkce);
      t.equal(answer.status, 200, 'by the same challenge');
      t.equal(answer.body.scope, 'openid', 'the scopes were unticked, not widened');
    },
  );
});

t.test('pages', async (t) => {
  const gatehouse = await startGatehouse(t);
  const client = await registerClient(gatehouse);
  const user = await createUser(gatehouse);

  await t.test(
    'escapes every parameter on every page that it reaches (XSS in an error hint)',
    async (t) => {
      const agent = createUserAgent();
      const names = [
        ...[
          'client_id',
          'redirect_uri',
          'response_type',
          'response_mode',
          'scope',
          'state',
          'nonce',
        ],
        ...[
          'display',
          'prompt',
          'max_age',
          'ui_locales',
          'id_token_hint',
          'login_hint',
          'acr_values',
        ],
        ...['code_challenge', 'code_challenge_method', 'request', 'request_uri', 'resource'],
        ...['registration', 'claims', 'dpop_jkt', MARKUP],
      ];
      for (const name of names) {
        for (const mode of ['query', 'form_post']) {
          const more = { response_mode: mode, state: MARKUP, [name]: MARKUP };
          const url = authorizeUrl(gatehouse, client, newPkce(), more);
          const page = await agent.follow(await agent.get(url));
          t.notMatch(page.body, /<script>alert|<img/, `${name} by ${mode} at ${page.status}`);
          t.notMatch(page.body, /"'>/, `${name} by ${mode}: quotes`);
        }
      }
    },
  );

  await t.test('escapes hints and whatever else a stranger puts into a path or form', async (t) => {
    const agent = createUserAgent();
    const url = authorizeUrl(gatehouse, client, newPkce(), { login_hint: MARKUP });
    const signIn = await agent.follow(await agent.get(url));
    const form = signIn.forms[0]!;
    t.equal(Object.fromEntries(form.fields).email, MARKUP, 'the hint stands in the field');
    const again = await agent.submit(signIn, form, { email: MARKUP, password: MARKUP });
    t.equal(again.status, 401);
    t.equal(Object.fromEntries(again.forms[0]!.fields).email, MARKUP, 'what was typed too');
    const markup = encodeURIComponent(MARKUP);
    const pages = [
      again,
      await agent.get(`${gatehouse.issuer}/interaction/${markup}`),
      await agent.get(`${gatehouse.issuer}/oauth/authorize/${markup}`),
      await agent.get(`${gatehouse.issuer}/oauth/logout?id_token_hint=${markup}&state=${markup}`),
      await agent.get(`${gatehouse.issuer}/oauth/logout?client_id=${markup}`),
      await agent.get(`${gatehouse.issuer}/oauth/logout/success?client_id=${markup}`),
      await agent.get(`${gatehouse.issuer}/${markup}?${markup}=${markup}`),
    ];
    for (const page of pages) {
      t.notMatch(page.body, /<script>alert|<img|"'>/, `${page.status} ${page.url.slice(0, 90)}`);
    }
  });

  await t.test(
    'cannot be framed, and loads nothing from elsewhere (RFC 9700 §4.16, §4.2.4)',
    async (t) => {
      for (const [name, page] of Object.entries(await everyPage(gatehouse, client, user))) {
        const policy = page.headers.get('content-security-policy') ?? '';
        t.match(policy, /(^|; ?)frame-ancestors 'none'(;|$)/, `${name}: frame-ancestors`);
        t.match(policy, /(^|; ?)default-src 'none'(;|$)/, `${name}: default-src`);
        t.notMatch(policy, /unsafe-|\*/, `${name}: nothing unsafe`);
        t.equal(page.headers.get('x-frame-options'), 'DENY', `${name}: X-Frame-Options`);
        t.equal(page.headers.get('referrer-policy'), 'no-referrer', `${name}: Referrer-Policy`);
        t.equal(page.headers.get('x-content-type-options'), 'nosniff', `${name}: nosniff`);
        t.equal(page.headers.get('cache-control'), 'no-store', `${name}: no-store`);
        const assets = page.body.matchAll(
          /<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)="([^"]*)"/g,
        );
        for (const [, url = ''] of assets) t.match(url, /^\/[^/]/, `${name}: ${url} is ours`);
        t.notMatch(page.body, /\son\w+=|style="|@import|url\(/i, `${name}: nothing inline`);
      }
    },
  );
});

async function everyPage(
  gatehouse: TestGatehouse,
  client: TestClient,
  user: TestUser,
): Promise<Record<string, Page>> {
  const { issuer } = gatehouse;
  const agent: UserAgent = createUserAgent();
  const signIn = await agent.follow(await agent.get(authorizeUrl(gatehouse, client, newPkce())));
  const form = signIn.forms[0]!;
  const failed = await agent.submit(signIn, form, { email: user.email, password: 'wrong' });
  const fields = { email: user.email, password: user.password };
  const consent = await agent.follow(await agent.submit(signIn, form, fields));
  const get = (path: string) => agent.get(`${issuer}${path}`);
  return {
    'sign-in': signIn,
    'sign-in with its error': failed,
    'sign-up': await createUserAgent().get(`${signIn.url}/sign-up`),
    consent,
    'consent without its token': await agent.submit(consent, consent.forms.at(-1)!, { _csrf: '' }),
    account: await get('/'),
    home: await createUserAgent().get(`${issuer}/`),
    expired: await get('/interaction/nothing'),
    'bad link': await get('/oauth/authorize?client_id=nobody'),
    'expired at the endpoint': await get('/oauth/authorize/nothing'),
    'form post': await agent.get(
      authorizeUrl(gatehouse, client, newPkce(), { response_mode: 'form_post', prompt: 'none' }),
    ),
    'sign-out': await get('/oauth/logout'),
    'signed out': await get('/oauth/logout/success'),
    'sign-out refused': await get('/oauth/logout?client_id=nobody'),
    'not found': await get('/nothing'),
  };
}
