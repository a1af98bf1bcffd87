import t from 'tap';
import { openDesk } from '../gate/desk.ts';
import { createTestClock } from '../support/clock.ts';
import {
  authorize,
  authorizeUrl,
  consent,
  newPkce,
  obtainTokens,
  type Parameters,
  post,
  refresh,
  revoke,
  signIn,
  type TokenAnswer,
  token,
} from '../support/flows.ts';
import { CALLBACK, createUser } from '../support/gatehouse.ts';
import { createUserAgent, locationOf } from '../support/user-agent.ts';
import { ask, bearer, crowd, newClient } from './caller.ts';

// What Kaie's page says of OAuth 2.0, claim by claim, with no more parameters than it names.

const desk = await openDesk(t, 'kaie');
const { gatehouse } = desk;
const user = await createUser(gatehouse);
const scope = 'workflows:read analytics:read';
const grantable = gatehouse.platform.scopes.map(({ name }) => name).join(' ');

/** The page names no code_challenge: the operator lets this app go without (RFC 7636). */
const client = await newClient(desk, {
  ...{ redirect_uris: [CALLBACK], scope: grantable, require_pkce: false },
});

const asDocumented: Parameters = {
  ...{ scope, code_challenge: undefined, code_challenge_method: undefined },
};
const authorizationUrl = (more: Parameters = {}) =>
  authorizeUrl(gatehouse, client, newPkce(), { ...asDocumented, ...more });

async function newCode(): Promise<string> {
  const back = await authorize(createUserAgent(), authorizationUrl(), user);
  return back.searchParams.get('code')!;
}

/** The token request of the page: everything in the form. */
const exchange = (code: string, more: Parameters = {}): Promise<TokenAnswer> =>
  post(`${gatehouse.issuer}/oauth/token`, {
    ...{ grant_type: 'authorization_code', code, redirect_uri: CALLBACK },
    ...{ client_id: client.clientId, client_secret: client.secret, ...more },
  });

/** The error that goes back to the app; in the fragment, where tokens would have come (RFC 6749 §4.2.2.1). */
const errorOf = async (more: Parameters): Promise<string | null> => {
  const { searchParams, hash } = locationOf(await createUserAgent().get(authorizationUrl(more)));
  return searchParams.get('error') ?? new URLSearchParams(hash.slice(1)).get('error');
};

t.test('OAuth Flow', async (t) => {
  const agent = createUserAgent();
  let code = '';
  let accessToken = '';

  await t.test('Authorization Request: Redirect users to the authorization endpoint', async (t) => {
    const page = await agent.follow(await agent.get(authorizationUrl()));
    t.ok(page.forms.some(({ action }) => action.endsWith('/sign-in')));
    t.match(page.body, 'Example App');
  });

  await t.test('User Consent: Users grant permission to your application', async (t) => {
    const page = await agent.follow(await agent.get(authorizationUrl()));
    const asked = await signIn(agent, page, user);
    t.match(asked.body, 'See your workflows');
    t.match(asked.body, 'See analytics');
    t.notMatch(asked.body, 'Delete workflows', 'nothing that was not asked for');
    const back = locationOf(await consent(agent, asked));
    t.equal(back.origin + back.pathname, CALLBACK);
    code = back.searchParams.get('code') ?? '';

    const other = createUserAgent();
    const again = await other.follow(await other.get(authorizationUrl()));
    const refused = await signIn(other, again, await createUser(gatehouse));
    const denied = locationOf(await consent(other, refused, { decision: 'deny' }));
    t.equal(denied.searchParams.get('error'), 'access_denied', 'or they do not');
  });

  await t.test('Authorization Code: Receive an authorization code', async (t) => {
    t.ok(code.length >= 22, 'of 128 bits at least');
  });

  await t.test('Token Exchange: the code for access and refresh tokens', async (t) => {
    const answer = await exchange(code);
    t.match(answer, {
      status: 200,
      body: { access_token: String, refresh_token: String, token_type: 'Bearer', scope },
    });
    accessToken = answer.body.access_token!;
  });

  await t.test('API Access: Use the access token to make API requests', async (t) => {
    const { status, headers } = await ask(desk, 'GET', '/v1/workflows', bearer(accessToken));
    t.equal(status, 200);
    t.equal(headers.get('x-gatehouse-subject'), user.id);
    t.equal(headers.get('x-gatehouse-organization'), user.organizationId);
    const heard = await ask(desk, 'GET', '/v1/triggers', bearer(accessToken));
    t.match(heard, { status: 403, reason: 'insufficient_scope' });
  });
});

t.test('client_id: Your application’s client ID', async (t) => {
  const page = await createUserAgent().get(authorizationUrl({ client_id: 'somebody-else' }));
  t.equal(page.status, 400);
  t.equal(page.headers.get('location'), null, 'nobody unknown is redirected to');
});

t.test('redirect_uri: Where to redirect after authorization', async (t) => {
  for (const redirect_uri of ['https://evil.example/callback', `${CALLBACK}/`, `${CALLBACK}?x`]) {
    const page = await createUserAgent().get(authorizationUrl({ redirect_uri }));
    t.equal(page.status, 400, redirect_uri);
    t.equal(page.headers.get('location'), null, redirect_uri);
  }
});

t.test('response_type: Must be code', async (t) => {
  t.equal(await errorOf({ response_type: 'token' }), 'unsupported_response_type');
  t.equal(await errorOf({ response_type: undefined }), 'invalid_request');
});

t.test('scope: Requested permissions (space-separated)', async (t) => {
  const tokens = await obtainTokens(gatehouse, client, user, { scope: 'triggers:read' });
  t.equal(tokens.scope, 'triggers:read');
  t.equal((await obtainTokens(gatehouse, client, user, { scope })).scope, scope);
  t.equal(await errorOf({ scope: 'workflows:read,analytics:read' }), 'invalid_scope');
});

t.test('state: Random string to prevent CSRF attacks', async (t) => {
  const state = 'p%20 +/=?&ü"<x>';
  const back = await authorize(createUserAgent(), authorizationUrl({ state }), user);
  t.equal(back.searchParams.get('state'), state, 'comes back as it was sent');
  t.equal(back.searchParams.get('iss'), gatehouse.issuer, 'RFC 9207');
});

t.test('grant_type: Must be authorization_code', async (t) => {
  for (const [grant_type, error] of [
    ['password', 'unsupported_grant_type'],
    ['implicit', 'unsupported_grant_type'],
    [undefined, 'invalid_request'],
  ] as const) {
    const answer = await exchange(await newCode(), { grant_type });
    t.match(answer, { status: 400, body: { error } }, `${grant_type}`);
  }
});

t.test('code: Authorization code from the previous step', async (t) => {
  const code = await newCode();
  const answers = await crowd(10, () => exchange(code));
  t.equal(answers.filter(({ status }) => status === 200).length, 1, 'of ten at once, one');
  const guess = await exchange('guessed');
  t.match(guess, { status: 400, body: { error: 'invalid_grant' } });
});

t.test('redirect_uri: Same redirect URI used in authorization', async (t) => {
  const answer = await exchange(await newCode(), { redirect_uri: `${CALLBACK}/other` });
  t.match(answer, { status: 400, body: { error: 'invalid_grant' } });
});

t.test('client_secret: Your application’s client secret', async (t) => {
  const wrong = await exchange(await newCode(), { client_secret: 'guessed' });
  t.match(wrong, { status: 401, body: { error: 'invalid_client' } });
  const none = await exchange(await newCode(), { client_secret: undefined });
  t.match(none, { status: 401, body: { error: 'invalid_client' } });
  const other = await newClient(desk, { redirect_uris: [CALLBACK], scope: grantable });
  const stolen = await exchange(await newCode(), {
    ...{ client_id: other.clientId, client_secret: other.secret },
  });
  t.match(stolen, { status: 400, body: { error: 'invalid_grant' } }, 'of another app');
});

t.test('Include the access token in the Authorization header', async (t) => {
  const { access_token } = await obtainTokens(gatehouse, client, user, { scope });
  t.equal((await ask(desk, 'GET', '/v1/workflows', bearer(access_token))).status, 200);
  const heard = await ask(desk, 'GET', `/v1/workflows?access_token=${access_token}`);
  t.match(heard, { status: 401, body: { error: { code: 'MISSING_AUTHENTICATION' } } });
});

t.test('Access tokens expire after 1 hour. Use refresh tokens to get new ones', async (t) => {
  const clock = createTestClock();
  const later = await openDesk(t, 'kaie', { clock });
  const person = await createUser(later.gatehouse);
  const app = await newClient(later, { redirect_uris: [CALLBACK], scope: grantable });
  const tokens = await obtainTokens(later.gatehouse, app, person, { scope });
  t.equal(tokens.expires_in, 3600);
  const call = (accessToken: string) => ask(later, 'GET', '/v1/workflows', bearer(accessToken));
  clock.advance(3540);
  t.equal((await call(tokens.access_token)).status, 200);
  clock.advance(61);
  t.match(await call(tokens.access_token), {
    ...{ status: 401, reason: 'expired_token' },
    body: { error: { code: 'INVALID_TOKEN', message: 'Access token is invalid or expired' } },
  });
  const refreshed = await refresh(later.gatehouse, app, tokens.refresh_token);
  t.equal(refreshed.status, 200);
  t.equal((await call(refreshed.body.access_token!)).status, 200);

  await t.test('Use short-lived access tokens, long-lived refresh tokens', async (t) => {
    clock.advance(29 * 86_400);
    t.match(await call(refreshed.body.access_token!), { status: 401, reason: 'expired_token' });
    const last = await refresh(later.gatehouse, app, refreshed.body.refresh_token!);
    t.equal(last.status, 200, 'a month of rest is no end');
    t.equal((await call(last.body.access_token!)).status, 200);
  });
});

t.test('Implement token refresh logic, secure token exchange', async (t) => {
  const tokens = await obtainTokens(gatehouse, client, user, { scope });
  const answers = await crowd(10, () => refresh(gatehouse, client, tokens.refresh_token));
  t.equal(answers.filter(({ status }) => status === 200).length, 1, 'of ten at once, one');
  const more = await obtainTokens(gatehouse, client, user, { scope });
  const wider = await refresh(gatehouse, client, more.refresh_token, { scope: 'admin' });
  t.match(wider, { status: 400, body: { error: 'invalid_scope' } });
  const other = await newClient(desk, { redirect_uris: [CALLBACK], scope: grantable });
  const stolen = await token(gatehouse, other, {
    ...{ grant_type: 'refresh_token', refresh_token: more.refresh_token },
  });
  t.match(stolen, { status: 400, body: { error: 'invalid_grant' } });
});

t.test('Revoke tokens when no longer needed', async (t) => {
  const tokens = await obtainTokens(gatehouse, client, user, { scope });
  const call = () => ask(desk, 'GET', '/v1/workflows', bearer(tokens.access_token));
  t.equal((await call()).status, 200);
  t.equal((await revoke(gatehouse, client, tokens.refresh_token)).status, 200);
  t.match(await call(), { status: 401, body: { error: { code: 'INVALID_TOKEN' } } });
  const answer = await refresh(gatehouse, client, tokens.refresh_token);
  t.match(answer, { status: 400, body: { error: 'invalid_grant' } });
});

t.test('OAuth Token: 1000 requests per hour', async (t) => {
  const caller = await createUser(gatehouse);
  const tokens = await obtainTokens(gatehouse, client, caller, { scope });
  const call = (accessToken: string) => ask(desk, 'GET', '/v1/workflows', bearer(accessToken));
  const answers = await crowd(1_005, () => call(tokens.access_token));
  t.equal(answers.filter(({ status }) => status === 200).length, 1_000);
  t.equal(answers.filter(({ reason }) => reason === 'rate_limited').length, 5);
  const next = await refresh(gatehouse, client, tokens.refresh_token);
  t.equal((await call(next.body.access_token!)).status, 429, 'a refresh is no fresh start');
  const again = await obtainTokens(gatehouse, client, caller, { scope });
  t.equal((await call(again.access_token)).status, 429, 'nor is another authorization');
  const { access_token } = await obtainTokens(gatehouse, client, await createUser(gatehouse), {
    scope,
  });
  t.equal((await call(access_token)).status, 200, 'another user’s counts for itself');
});
