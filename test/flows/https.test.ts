import * as oidc from 'openid-client';
import t from 'tap';
import { authorize, authorizeUrl, newPkce } from '../support/flows.ts';
import { CALLBACK, createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { createUserAgent, fetchThrough, type Page } from '../support/user-agent.ts';

const ISSUER = 'https://auth.example.test';

/** As deployed: TLS ends at a proxy, which this process trusts to name the caller. */
const gatehouse = await startGatehouse(t, {
  issuer: ISSUER,
  environment: { TRUST_PROXY: '127.0.0.1' },
});
const user = await createUser(gatehouse);
const proxy = { origin: ISSUER, address: gatehouse.address };

t.test('a strict client needs no exemption, and every URL is the public one', async (t) => {
  const client = await registerClient(gatehouse, { postLogoutRedirectUris: [CALLBACK] });
  const config = await oidc.discovery(new URL(ISSUER), client.clientId, client.secret, undefined, {
    [oidc.customFetch]: fetchThrough(proxy) as oidc.CustomFetch,
    execute: [oidc.enableNonRepudiationChecks],
  });
  const endpoints = Object.entries(config.serverMetadata()).filter(
    ([name]) => name.endsWith('_endpoint') || name === 'jwks_uri' || name === 'issuer',
  );
  t.ok(endpoints.length >= 8);
  for (const [name, url] of endpoints) t.equal(new URL(String(url)).origin, ISSUER, name);

  const verifier = oidc.randomPKCECodeVerifier();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: client.redirectUri,
    scope: 'openid notes:read',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const agent = createUserAgent(proxy);
  const back = await authorize(agent, url.href, user);
  const tokens = await oidc.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  });
  t.match(tokens.claims(), { iss: ISSUER, sub: user.id });
  t.match(await oidc.fetchUserInfo(config, tokens.access_token, user.id), { sub: user.id });

  const logout = oidc.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token!,
    post_logout_redirect_uri: CALLBACK,
  });
  const page = await agent.follow(await agent.get(logout.href));
  const done = await agent.submit(page, page.forms[0]!, { logout: 'yes' });
  t.equal(done.headers.get('location'), CALLBACK);
  t.equal(agent.cookiesFor(ISSUER).includes('session'), false, 'the session cookie is gone');
});

t.test('cookies are for https, for scripts out of reach, and for this host', async (t) => {
  const client = await registerClient(gatehouse);
  const seen = new Map<string, string>();
  const agent = createUserAgent(proxy);
  const note = (page: Page) => {
    for (const cookie of page.headers.getSetCookie())
      seen.set(cookie.slice(0, cookie.indexOf('=')), cookie);
    return page;
  };
  let page = note(await agent.get(authorizeUrl(gatehouse, client, newPkce())));
  for (let steps = 0; steps < 12; steps += 1) {
    const location = page.headers.get('location');
    if (location?.startsWith(CALLBACK)) break;
    const [form] = page.forms.filter(({ action }) => /sign-in|consent$/.test(action));
    const { email, password } = user;
    page = note(
      location
        ? await agent.get(new URL(location, page.url).href)
        : await agent.submit(page, form!, { email, password, decision: 'allow' }),
    );
  }
  t.match(page.headers.get('location'), CALLBACK, 'the whole road was walked');
  t.same([...seen.keys()].sort(), [
    '__Host-gatehouse_csrf',
    '__Host-gatehouse_session',
    '__Secure-gatehouse_interaction',
    '__Secure-gatehouse_resume',
  ]);
  for (const [name, cookie] of seen) {
    t.match(cookie, /; ?secure/i, name);
    t.match(cookie, /; ?httponly/i, name);
    t.match(cookie, /; ?samesite=lax/i, name);
    t.notMatch(cookie, /; ?domain=/i, name);
  }
});

t.test('what a stranger writes into the headers moves nothing (RFC 8414 §3.3)', async (t) => {
  const document = '/.well-known/openid-configuration';
  const response = await fetch(`${gatehouse.address}${document}`, {
    headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' },
  });
  const metadata = (await response.json()) as { issuer: string; token_endpoint: string };
  t.equal(metadata.issuer, ISSUER);
  t.equal(metadata.token_endpoint, `${ISSUER}/oauth/token`);
});

t.test('the caller is the one the trusted proxy names', async (t) => {
  const { rows } = await gatehouse.database.pool.query<{ address: string }>(
    'SELECT DISTINCT address FROM audit_events WHERE address IS NOT NULL',
  );
  t.same(
    rows.map((row) => row.address),
    ['203.0.113.9'],
  );
});
