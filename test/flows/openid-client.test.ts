import * as oidc from 'openid-client';
import t, { type Test } from 'tap';
import { authorize } from '../support/flows.ts';
import { createUser, registerService, startGatehouse } from '../support/gatehouse.ts';
import {
  CLIENT_KINDS,
  platformWithTwoResources,
  type RelyingParty,
  registerRelyingParty,
  SEARCH_API,
} from '../support/relying-party.ts';
import { createUserAgent } from '../support/user-agent.ts';

const gatehouse = await startGatehouse(t, { platform: await platformWithTwoResources() });
const user = await createUser(gatehouse);

/** As an app would: discovery first. The library refuses http unless it is told otherwise. */
const connect = (
  { clientId, authentication }: Pick<RelyingParty, 'clientId' | 'authentication'>,
  algorithm: 'oidc' | 'oauth2' = 'oidc',
) =>
  oidc.discovery(new URL(gatehouse.issuer), clientId, undefined, authentication, {
    algorithm,
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  });

interface Answer {
  back: URL;
  checks: Required<
    Pick<oidc.AuthorizationCodeGrantChecks, 'expectedNonce' | 'pkceCodeVerifier'>
  > & {
    expectedState: string;
  };
}

/** An authorization request with everything a careful app sends, answered by a person. */
async function ask(
  config: oidc.Configuration,
  client: RelyingParty,
  more: Record<string, string> = {},
  build: (
    config: oidc.Configuration,
    parameters: URLSearchParams,
  ) => URL | Promise<URL> = oidc.buildAuthorizationUrl,
): Promise<Answer> {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const expectedNonce = oidc.randomNonce();
  const expectedState = oidc.randomState();
  const parameters = new URLSearchParams({
    redirect_uri: client.redirectUri,
    scope: 'openid profile email notes:read',
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    nonce: expectedNonce,
    state: expectedState,
    ...more,
  });
  const url = await build(config, parameters);
  const back = await authorize(createUserAgent(), url.href, user);
  return { back, checks: { pkceCodeVerifier, expectedNonce, expectedState } };
}

async function obtain(
  config: oidc.Configuration,
  client: RelyingParty,
  more: Record<string, string> = {},
) {
  const { back, checks } = await ask(config, client, more);
  return oidc.authorizationCodeGrant(config, back, checks);
}

const VERIFIER = oidc.randomPKCECodeVerifier();
const CHALLENGE = await oidc.calculatePKCECodeChallenge(VERIFIER);

/** Without nonce and state, always with the same verifier. */
const plainRequest = (
  config: oidc.Configuration,
  client: RelyingParty,
  more: Record<string, string>,
) =>
  oidc.buildAuthorizationUrl(config, {
    redirect_uri: client.redirectUri,
    scope: 'openid notes:read',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...more,
  });

/** How the token endpoint's refusal reaches the app. */
const refused = (error: string) => ({ code: 'OAUTH_RESPONSE_BODY_ERROR', error });

/** How the authorization endpoint's does. */
const sentBack = (error: string) => ({ code: 'OAUTH_AUTHORIZATION_RESPONSE_ERROR', error });

t.test('every kind of client goes the whole way with openid-client', async (t) => {
  for (const [index, kind] of CLIENT_KINDS.entries()) {
    await t.test(kind, async (t) => {
      const client = await registerRelyingParty(gatehouse, kind);
      const config = await connect(client, index % 2 === 0 ? 'oidc' : 'oauth2');
      await wholeWay(t, config, client);
    });
  }
});

async function wholeWay(t: Test, config: oidc.Configuration, client: RelyingParty): Promise<void> {
  t.equal(config.serverMetadata().issuer, gatehouse.issuer);
  const tokens = await obtain(config, client);
  t.equal(tokens.token_type, 'bearer');
  t.match(tokens.claims(), { iss: gatehouse.issuer, aud: client.clientId, sub: user.id });

  const info = await oidc.fetchUserInfo(config, tokens.access_token, user.id);
  t.match(info, { sub: user.id, name: 'Ada Example', email: user.email, email_verified: Boolean });

  const next = await oidc.refreshTokenGrant(config, tokens.refresh_token!);
  t.not(next.refresh_token, tokens.refresh_token);
  t.equal(next.claims()?.sub, user.id, 'the ID token is renewed and valid');
  const narrower = await oidc.refreshTokenGrant(config, next.refresh_token!, { scope: 'openid' });
  t.equal(narrower.scope, 'openid');

  if (client.kind !== 'none') {
    const facts = await oidc.tokenIntrospection(config, narrower.access_token);
    t.match(facts, { active: true, client_id: client.clientId, sub: user.id, scope: 'openid' });
  }
  await oidc.tokenRevocation(config, narrower.refresh_token!, { token_type_hint: 'refresh_token' });
  await t.rejects(
    oidc.refreshTokenGrant(config, narrower.refresh_token!),
    refused('invalid_grant'),
  );
  await t.rejects(
    oidc.fetchUserInfo(config, narrower.access_token, user.id),
    challenge({ error: 'invalid_token' }),
    'access tokens die with their refresh token (RFC 7009 §2.1)',
  );
}

const challenge = (parameters: Record<string, string>) => ({
  code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
  cause: [{ scheme: 'bearer', parameters }],
});

t.test('answers are this server’s and this request’s (RFC 9207, RFC 6749 §10.12)', async (t) => {
  const client = await registerRelyingParty(gatehouse, 'client_secret_basic');
  const config = await connect(client);
  const { back, checks } = await ask(config, client);
  const fromElsewhere = new URL(back);
  fromElsewhere.searchParams.set('iss', 'https://elsewhere.example');
  await t.rejects(oidc.authorizationCodeGrant(config, fromElsewhere, checks), {
    code: 'OAUTH_INVALID_RESPONSE',
  });
  const withoutIss = new URL(back);
  withoutIss.searchParams.delete('iss');
  await t.rejects(oidc.authorizationCodeGrant(config, withoutIss, checks), {
    code: 'OAUTH_INVALID_RESPONSE',
  });
  const otherState = { ...checks, expectedState: 'another' };
  await t.rejects(oidc.authorizationCodeGrant(config, back, otherState), {
    code: 'OAUTH_INVALID_RESPONSE',
  });
  const tokens = await oidc.authorizationCodeGrant(config, back, checks);
  t.equal(tokens.claims()?.nonce, checks.expectedNonce);
  await t.rejects(
    oidc.authorizationCodeGrant(config, back, checks),
    refused('invalid_grant'),
    'a code works once',
  );
});

t.test('max_age and auth_time (OpenID Connect Core §3.1.2.1)', async (t) => {
  const client = await registerRelyingParty(gatehouse, 'client_secret_basic');
  const config = await connect(client);
  const { back, checks } = await ask(config, client, { max_age: '300' });
  const tokens = await oidc.authorizationCodeGrant(config, back, { ...checks, maxAge: 300 });
  t.type(tokens.claims()?.auth_time, 'number');
});

t.test('a refusal comes back as an error the app can read', async (t) => {
  const client = await registerRelyingParty(gatehouse, 'client_secret_basic');
  const config = await connect(client);
  const refused = await ask(config, client, { prompt: 'none' });
  await t.rejects(
    oidc.authorizationCodeGrant(config, refused.back, refused.checks),
    sentBack('login_required'),
  );
  const unknown = await ask(config, client, { scope: 'openid notes:burn' });
  await t.rejects(
    oidc.authorizationCodeGrant(config, unknown.back, unknown.checks),
    sentBack('invalid_scope'),
  );
});

t.test('bad credentials and tokens are challenged in the words of the RFCs', async (t) => {
  const client = await registerRelyingParty(gatehouse, 'client_secret_basic');
  const wrong = { ...client, authentication: oidc.ClientSecretBasic('a wrong secret') };
  await t.rejects(oidc.refreshTokenGrant(await connect(wrong), 'whatever'), {
    code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
    status: 401,
    cause: [{ scheme: 'basic' }],
  });
  const config = await connect(client);
  await t.rejects(
    oidc.fetchUserInfo(config, 'a.b.c', user.id),
    challenge({ error: 'invalid_token' }),
  );
});

t.test('a token without openid does not open userinfo (RFC 6750 §3.1)', async (t) => {
  const client = await registerRelyingParty(gatehouse, 'client_secret_basic');
  const config = await connect(client);
  const url = plainRequest(config, client, { scope: 'notes:read' });
  const back = await authorize(createUserAgent(), url.href, user);
  const tokens = await oidc.authorizationCodeGrant(config, back, { pkceCodeVerifier: VERIFIER });
  t.equal(tokens.id_token, undefined);
  await t.rejects(
    oidc.fetchUserInfo(config, tokens.access_token, user.id),
    challenge({ error: 'insufficient_scope', scope: 'openid' }),
  );
});

t.test('client credentials (RFC 6749 §4.4)', async (t) => {
  const service = await registerService(gatehouse);
  const authentication = oidc.ClientSecretBasic(service.secret);
  const config = await connect({ ...service, authentication }, 'oauth2');
  const tokens = await oidc.clientCredentialsGrant(config, { scope: 'notes:read' });
  t.match(tokens, { token_type: 'bearer', scope: 'notes:read', expires_in: 3600 });
  t.equal(tokens.refresh_token, undefined);
  t.match(await oidc.tokenIntrospection(config, tokens.access_token), {
    active: true,
    client_id: service.clientId,
  });
  await t.rejects(oidc.clientCredentialsGrant(config, { scope: 'notes:burn' }), {
    code: 'OAUTH_RESPONSE_BODY_ERROR',
    error: 'invalid_scope',
    status: 400,
  });
  await oidc.tokenRevocation(config, tokens.access_token);
  t.same(await oidc.tokenIntrospection(config, tokens.access_token), { active: false });
});

t.test('pushed authorization requests (RFC 9126)', async (t) => {
  const client = await registerRelyingParty(gatehouse, 'private_key_jwt ES256', {
    requirePushedRequests: true,
  });
  const config = await connect(client);
  const { back, checks } = await ask(config, client, {}, oidc.buildAuthorizationUrlWithPAR);
  const tokens = await oidc.authorizationCodeGrant(config, back, checks);
  t.equal(tokens.claims()?.sub, user.id);

  const pushed = new URLSearchParams({ redirect_uri: client.redirectUri, scope: 'notes:burn' });
  await t.rejects(
    oidc.buildAuthorizationUrlWithPAR(config, pushed),
    { code: 'OAUTH_RESPONSE_BODY_ERROR' },
    'mistakes come to light before the browser leaves',
  );
});

t.test('resource indicators (RFC 8707)', async (t) => {
  const client = await registerRelyingParty(gatehouse, 'client_secret_post');
  const config = await connect(client);
  const { back, checks } = await ask(config, client, { resource: SEARCH_API });
  const tokens = await oidc.authorizationCodeGrant(config, back, checks, { resource: SEARCH_API });
  t.match(await oidc.tokenIntrospection(config, tokens.access_token), {
    active: true,
    aud: SEARCH_API,
  });
  const unknown = await ask(config, client, { resource: 'https://unknown.example' });
  await t.rejects(
    oidc.authorizationCodeGrant(config, unknown.back, unknown.checks),
    sentBack('invalid_target'),
  );
});

t.test('sender-constrained tokens: DPoP (RFC 9449)', async (t) => {
  for (const kind of ['none', 'client_secret_basic'] as const) {
    await t.test(kind, async (t) => {
      const client = await registerRelyingParty(gatehouse, kind);
      const config = await connect(client);
      const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
      const { back, checks } = await ask(config, client, {
        dpop_jkt: await DPoP.calculateThumbprint(),
      });
      const tokens = await oidc.authorizationCodeGrant(config, back, checks, undefined, { DPoP });
      t.equal(tokens.token_type, 'dpop');
      await t.rejects(
        oidc.fetchUserInfo(config, tokens.access_token, user.id),
        challenge({ error: 'invalid_token' }),
        'the token alone, as Bearer, opens nothing (§7.1)',
      );
      const facts = await oidc.fetchUserInfo(config, tokens.access_token, user.id, { DPoP });
      t.equal(facts.sub, user.id, 'with a proof it does');
      const next = await oidc.refreshTokenGrant(config, tokens.refresh_token!, undefined, { DPoP });
      t.equal(next.token_type, 'dpop');
      if (kind === 'none') {
        const other = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
        await t.rejects(
          oidc.refreshTokenGrant(config, next.refresh_token!, undefined, { DPoP: other }),
          refused('invalid_grant'),
          'a public client’s refresh token is bound to its key (§5)',
        );
      } else {
        const facts = await oidc.tokenIntrospection(config, next.access_token);
        t.match(facts, { active: true, token_type: 'DPoP', cnf: { jkt: String } });
      }
    });
  }
});

t.test('form_post (OAuth 2.0 Form Post Response Mode)', async (t) => {
  const client = await registerRelyingParty(gatehouse, 'client_secret_basic');
  const config = await connect(client);
  const agent = createUserAgent();
  await authorize(agent, plainRequest(config, client, {}).href, user);

  const expectedState = `"><script>alert(1)</script>'&`;
  const url = plainRequest(config, client, { response_mode: 'form_post', state: expectedState });
  const page = await agent.follow(await agent.get(url.href));
  t.equal(page.status, 200);
  t.notMatch(page.body, '<script>alert');
  const [form] = page.forms;
  t.match(form, { method: 'post', action: client.redirectUri });
  const posted = new Request(form!.action, {
    method: 'POST',
    body: new URLSearchParams(form!.fields),
  });
  const tokens = await oidc.authorizationCodeGrant(config, posted, {
    expectedState,
    pkceCodeVerifier: VERIFIER,
    idTokenExpected: true,
  });
  t.equal(tokens.claims()?.sub, user.id);
});

t.test('signing out of the app signs out of the server (RP-Initiated Logout)', async (t) => {
  const home = 'https://app.example.com/bye';
  const client = await registerRelyingParty(gatehouse, 'client_secret_basic', {
    postLogoutRedirectUris: [home],
  });
  const config = await connect(client);
  const agent = createUserAgent();
  const back = await authorize(agent, plainRequest(config, client, {}).href, user);
  const tokens = await oidc.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: VERIFIER,
    idTokenExpected: true,
  });
  const url = oidc.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token!,
    post_logout_redirect_uri: home,
    state: 'so long',
  });
  const page = await agent.follow(await agent.get(url.href));
  const form = page.forms.find(({ action }) => action.endsWith('/oauth/logout/confirm'));
  const done = await agent.submit(page, form!, { logout: 'yes' });
  t.equal(done.headers.get('location'), `${home}?state=so+long`);
  const silent = plainRequest(config, client, { prompt: 'none' });
  const answer = await agent.get(silent.href);
  t.match(answer.headers.get('location'), 'error=login_required');
  const foreign = new URL(url);
  foreign.searchParams.set('post_logout_redirect_uri', 'https://elsewhere.example/');
  t.equal((await agent.get(foreign.href)).status, 400, 'a strange way out is no way out');
});
