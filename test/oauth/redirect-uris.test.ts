import t, { type Test } from 'tap';
import type { ClientInput } from '../../src/oauth/clients/clients.service.ts';
import { isLoopbackRedirect, redirectUriProblem } from '../../src/oauth/redirect-uris.ts';
import { authorizeUrl, newPkce, type Parameters, post } from '../support/flows.ts';
import {
  CALLBACK,
  registerClient,
  startGatehouse,
  type TestClient,
  type TestGatehouse,
} from '../support/gatehouse.ts';

const GOOD = [
  'https://app.example.com/callback',
  'https://app.example.com',
  'https://app.example.com:8443/a/b?c=d&e=f',
  'https://bücher.example/',
  'http://localhost/callback',
  'http://localhost:3000/callback',
  'http://127.0.0.1/callback',
  'http://[::1]:8080/callback',
  'com.example.app:/callback',
];

const BAD = [
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  'javascript://app.example.com/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'file:///etc/passwd',
  'blob:https://app.example.com/1',
  'about:blank',
  'filesystem:https://app.example.com/temporary/x',
  'view-source:https://app.example.com/',
  'mailto:ada@example.com',
  'ftp://app.example.com/',
  'ws://app.example.com/',
  'wss://app.example.com/',
  'https://app.example.com/callback#',
  'https://app.example.com/callback#fragment',
  'com.example.app:/callback#fragment',
  'http://app.example.com/callback',
  'http://localhost.evil.example/callback',
  'http://127.0.0.1.evil.example/callback',
  'http://127.0.0.1:80@evil.example/',
  'http://127.0.0.2/callback',
  'http://192.168.0.1/callback',
  'http://169.254.169.254/latest',
  'https://*.example.com/callback',
  'https://app.example.com/*',
  'https://user@app.example.com/callback',
  'https://user:password@app.example.com/callback',
  'https://@app.example.com/callback',
  'https://app.example.com\\@evil.example/',
  'https://app.example.com/call back',
  'https://app.example.com/call\nback',
  'https://app.exam\tple.com/callback',
  '\u0000https://app.example.com/',
  ' https://app.example.com/',
  'https:app.example.com/callback',
  'https:/app.example.com/callback',
  'https:///app.example.com/callback',
  'https://app;sandbox;.example.com/callback',
  'https://app.example.com%2eevil.example/callback',
  "https://a'b.example/callback",
  'myapp:/callback',
  '//app.example.com/callback',
  '/callback',
  'app.example.com/callback',
  '',
];

t.test(
  'registers redirect URIs that lead to one app only (RFC 9700 §2.1, RFC 8252 §7)',
  async (t) => {
    for (const uri of GOOD) t.equal(redirectUriProblem(uri), undefined, uri);
    for (const uri of BAD) t.type(redirectUriProblem(uri), 'string', JSON.stringify(uri));
  },
);

t.test('frees the port of a loopback address and nothing else (RFC 8252 §7.3)', async (t) => {
  const registered = ['http://127.0.0.1/callback', 'http://[::1]:1234/callback', CALLBACK];
  const same = [
    'http://127.0.0.1/callback',
    'http://127.0.0.1:1/callback',
    'http://127.0.0.1:65535/callback',
    'http://[::1]/callback',
    'http://[::1]:8080/callback',
  ];
  for (const uri of same) t.equal(isLoopbackRedirect(uri, registered), true, uri);
  for (const uri of LOOPBACK_MUTANTS) t.equal(isLoopbackRedirect(uri, registered), false, uri);
  const ofOthers = ['https://app.example.com:8443/callback', 'http://localhost:3000/callback'];
  for (const uri of ofOthers) {
    t.equal(isLoopbackRedirect(uri, [...registered, 'http://localhost/callback']), false, uri);
  }
});

/** None of them is http://127.0.0.1/callback or http://[::1]:1234/callback on some port. */
const LOOPBACK_MUTANTS = [
  'http://127.0.0.1:80@evil.example/callback',
  'http://127.0.0.1:80@evil.example:80/callback',
  'http://evil.example@127.0.0.1:80/callback',
  'http://evil.example:80@127.0.0.1:80/callback',
  'http://127.0.0.1:1\\@evil.example/callback',
  'http://127.0.0.1:1\\@evil.example:2/callback',
  'http://127.0.0.1.evil.example/callback',
  'http://127.0.0.1:80.evil.example/callback',
  'http://127.0.0.1:65536/callback',
  'http://127.0.0.1:99999/callback',
  'http://127.0.0.1:-1/callback',
  'http://127.0.0.1:8 0/callback',
  'http://127.0.0.1:8\t0/callback',
  'http://127.0.0.1:80/callback/',
  'http://127.0.0.1:80/Callback',
  'http://127.0.0.1:80/callback?next=evil',
  'http://127.0.0.1:80/callback#fragment',
  'http://127.0.0.1:80/callback/../callback',
  'http://127.0.0.1:80//callback',
  'http://127.0.0.1:80/%63allback',
  'http://127.0.0.1:80',
  'https://127.0.0.1:80/callback',
  'HTTP://127.0.0.1:80/callback',
  'http://127.1:80/callback',
  'http://2130706433:80/callback',
  'http://0x7f000001:80/callback',
  'http://0177.0.0.1:80/callback',
  'http://127.0.0.2:80/callback',
  'http://127.0.0.1.:80/callback',
  'http://localhost:80/callback',
  'http://0.0.0.0:80/callback',
  'http://[::]:80/callback',
  'http://[0:0:0:0:0:0:0:1]:80/callback',
  'http://[::ffff:127.0.0.1]:80/callback',
  'http://[::1%25lo]:80/callback',
  'http:127.0.0.1:80/callback',
  'http:///127.0.0.1:80/callback',
];

/** None of them is https://app.example.com/callback, whatever a URL parser makes of it. */
const MUTANTS: Record<string, string> = {
  'case of the host': 'https://APP.example.com/callback',
  'case of the path': 'https://app.example.com/Callback',
  'case of the scheme': 'HTTPS://app.example.com/callback',
  'default port': 'https://app.example.com:443/callback',
  'another port': 'https://app.example.com:8443/callback',
  'another scheme': 'http://app.example.com/callback',
  'another path': 'https://app.example.com/callback2',
  'trailing slash': 'https://app.example.com/callback/',
  'no path': 'https://app.example.com',
  'a path below': 'https://app.example.com/callback/evil',
  'dot segments': 'https://app.example.com/x/../callback',
  'a dot segment that leads away': 'https://app.example.com/callback/../evil',
  'encoded dot segments': 'https://app.example.com/callback/%2e%2e/evil',
  'double slash': 'https://app.example.com//callback',
  'encoded letter': 'https://app.example.com/%63allback',
  'encoded slash': 'https://app.example.com%2Fcallback',
  'a query': 'https://app.example.com/callback?next=https://evil.example',
  'an empty query': 'https://app.example.com/callback?',
  'a fragment': 'https://app.example.com/callback#evil',
  'an empty fragment': 'https://app.example.com/callback#',
  userinfo: 'https://evil@app.example.com/callback',
  'the host as userinfo': 'https://app.example.com@evil.example/callback',
  'the host and a port as userinfo': 'https://app.example.com:443@evil.example/callback',
  'a backslash for an @': 'https://app.example.com\\@evil.example/callback',
  'a backslash for a slash': 'https:\\\\app.example.com\\callback',
  subdomain: 'https://evil.app.example.com/callback',
  'parent domain': 'https://example.com/callback',
  'longer domain': 'https://app.example.com.evil.example/callback',
  'another domain that ends alike': 'https://evilapp.example.com/callback',
  'final dot': 'https://app.example.com./callback',
  'a letter that looks alike': 'https://аpp.example.com/callback',
  'full-width letters': 'https://ａpp.example.com/callback',
  'IPv4 address': 'https://93.184.216.34/callback',
  'IPv6 address': 'https://[2606:2800:220:1:248:1893:25c8:1946]/callback',
  'a loopback address': 'http://127.0.0.1/callback',
  'white space before': ' https://app.example.com/callback',
  'white space after': 'https://app.example.com/callback ',
  'a tab in it': 'https://app.example.com/call\tback',
  'a line feed after': 'https://app.example.com/callback\n',
  'a NUL after': 'https://app.example.com/callback\0',
  'relative to the scheme': '//app.example.com/callback',
  'relative to the host': '/callback',
  'one slash': 'https:/app.example.com/callback',
  'a prefix of it': 'https://app.example.com/callbac',
  'both, separated by a space': `${CALLBACK} https://evil.example/`,
  'both, separated by a comma': `${CALLBACK},https://evil.example/`,
  javascript: 'javascript:alert(1)',
  data: 'data:text/html,<script>alert(1)</script>',
  'a scheme of an app': 'com.example.app:/callback',
  'a wildcard': 'https://*.example.com/callback',
};

const get = (url: string) => fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } });

/** A page for people, that leads nowhere. */
async function isErrorPage(t: Test, answer: Response, code: string, about: string) {
  const body = await answer.text();
  t.equal(answer.status, 400, `${about}: status`);
  t.equal(answer.headers.get('location'), null, `${about}: no Location`);
  t.equal(answer.headers.get('refresh'), null, `${about}: no Refresh`);
  t.match(answer.headers.get('content-type'), /^text\/html/, `${about}: a page`);
  t.ok(body.includes(`<code>${code}</code>`), `${about}: ${code}`);
  t.notMatch(body, /http-equiv|<form|evil\.example|<script>/, `${about}: leads nowhere`);
}

t.test('exact redirect URIs', async (t) => {
  const gatehouse = await startGatehouse(t);
  const client = await registerClient(gatehouse);
  const ask = (redirectUri: string | undefined, more: Parameters = {}) =>
    authorizeUrl(gatehouse, client, newPkce(), { redirect_uri: redirectUri, ...more });

  await t.test('begins with the one that is registered', async (t) => {
    const answer = await get(ask(CALLBACK));
    t.equal(answer.status, 303);
    t.match(answer.headers.get('location'), /^\/interaction\/[\w-]+$/);
  });

  await t.test(
    'refuses a redirect URI that differs in anything and does not redirect (RFC 9700 §4.1.3)',
    async (t) => {
      for (const [name, uri] of Object.entries(MUTANTS)) {
        await isErrorPage(t, await get(ask(uri)), 'invalid_redirect_uri', name);
      }
    },
  );

  await t.test(
    'does not redirect there with another error either, whichever is found first (RFC 9700 §4.11.2)',
    async (t) => {
      const others: Parameters[] = [
        { response_type: 'token' },
        { response_type: undefined },
        { response_mode: 'web_message' },
        { response_mode: 'form_post', scope: 'nonsense' },
        { scope: 'nonsense' },
        { prompt: 'none' },
        { code_challenge: undefined },
        { request: 'e30.e30.' },
        { request_uri: 'urn:ietf:params:oauth:request_uri:nonsense' },
        { registration: '{}' },
        { resource: 'https://elsewhere.example' },
        { max_age: '-1' },
      ];
      for (const more of others) {
        const answer = await get(ask('https://evil.example/callback', more));
        await isErrorPage(t, answer, 'invalid_redirect_uri', JSON.stringify(more));
      }
    },
  );

  await t.test('refuses the same in a pushed request (RFC 9126 §2.1)', async (t) => {
    const challenge = { code_challenge: newPkce().challenge, code_challenge_method: 'S256' };
    const push = (uri: string) =>
      post(
        `${gatehouse.issuer}/oauth/par`,
        {
          client_id: client.clientId,
          response_type: 'code',
          scope: 'openid',
          redirect_uri: uri,
          ...challenge,
        },
        client,
      );
    t.match(await push(CALLBACK), { status: 201, body: { expires_in: 60 } }, 'registered');
    for (const [name, uri] of Object.entries(MUTANTS)) {
      const answer = await push(uri);
      t.equal(answer.status, 400, name);
      t.equal(answer.body.error, 'invalid_request', name);
      t.match(answer.body.error_description, /redirect_uri/, name);
    }
  });

  await t.test('never redirects for an unknown client or none (RFC 6749 §4.1.2.1)', async (t) => {
    const disabled = await registerClient(gatehouse);
    const { clientService } = gatehouse.oauth;
    await clientService.update(
      disabled.clientId,
      { disabled: true },
      { actor: { kind: 'system' } },
    );
    const cases: [about: string, client: string | undefined, code: string][] = [
      ['unknown', 'nobody', 'invalid_client'],
      ['missing', undefined, 'invalid_request'],
      ['empty', '', 'invalid_request'],
      ['disabled', disabled.clientId, 'invalid_client'],
      ['a NUL', `${client.clientId}\0`, 'invalid_client'],
      ['a long one', 'a'.repeat(8_000), 'invalid_client'],
      ['a quote', `${client.clientId}' OR '1'='1`, 'invalid_client'],
      ['a prototype', '__proto__', 'invalid_client'],
    ];
    for (const [about, clientId, code] of cases) {
      await isErrorPage(t, await get(ask(CALLBACK, { client_id: clientId })), code, about);
    }
  });

  await t.test(
    'wants a redirect URI even where one is registered (OpenID Core §3.1.2.1)',
    async (t) => {
      await isErrorPage(t, await get(ask(undefined)), 'invalid_request', 'missing');
      await isErrorPage(t, await get(ask('')), 'invalid_request', 'empty');
    },
  );
});

t.test('loopback redirect URIs', async (t) => {
  const gatehouse = await startGatehouse(t);
  const redirectUris = ['http://127.0.0.1/callback', 'http://[::1]:1234/callback'];
  const kinds: Record<string, Partial<ClientInput>> = {
    'a public client': { redirectUris, tokenEndpointAuthMethod: 'none' },
    'a native client': {
      ...{ redirectUris, tokenEndpointAuthMethod: 'none', applicationType: 'native' },
    },
  };
  for (const [name, input] of Object.entries(kinds)) {
    const client = await registerClient(gatehouse, input);
    await t.test(
      `leaves ${name} the port of a loopback address, and only that (RFC 8252 §7.3)`,
      async (t) => {
        const same = ['http://127.0.0.1:49152/callback', 'http://[::1]:8080/callback'];
        for (const uri of [...same, ...redirectUris]) {
          const answer = await get(askFor(gatehouse, client, uri));
          t.equal(answer.status, 303, uri);
          t.match(answer.headers.get('location'), /^\/interaction\//, uri);
        }
        for (const uri of LOOPBACK_MUTANTS) {
          await isErrorPage(
            t,
            await get(askFor(gatehouse, client, uri)),
            'invalid_redirect_uri',
            uri,
          );
        }
      },
    );
  }

  await t.test('leaves a client with a secret no port (RFC 9700 §4.1.3)', async (t) => {
    const client = await registerClient(gatehouse, { redirectUris });
    const uri = 'http://127.0.0.1:49152/callback';
    await isErrorPage(t, await get(askFor(gatehouse, client, uri)), 'invalid_redirect_uri', uri);
    t.equal((await get(askFor(gatehouse, client, redirectUris[0]!))).status, 303);
  });
});

const askFor = (gatehouse: TestGatehouse, client: TestClient, redirectUri: string) =>
  authorizeUrl(gatehouse, client, newPkce(), { redirect_uri: redirectUri });

t.test('refuses to register a redirect URI that leads to no app (RFC 7591 §5)', async (t) => {
  const gatehouse = await startGatehouse(t);
  for (const field of ['redirectUris', 'postLogoutRedirectUris'] as const) {
    for (const uri of BAD) {
      const outcome = await gatehouse.oauth.clientService.create(
        { name: 'An app', redirectUris: [CALLBACK], [field]: [CALLBACK, uri] },
        { actor: { kind: 'system' } },
      );
      const about = `${field} ${JSON.stringify(uri)}`;
      if (outcome.outcome !== 'invalid') t.fail(about);
      else t.match(outcome.problems[0]?.field, /^(post_logout_)?redirect_uris$/, about);
    }
  }
});
