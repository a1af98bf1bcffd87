import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
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
const AUDIENCE = gatehouse.platform.api.identifier;

/** The issuer is http here, which the library refuses unless it is told otherwise. */
const insecure = { [oauth.allowInsecureRequests]: true };

async function discover(algorithm: 'oidc' | 'oauth2'): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(gatehouse.issuer);
  const response = await oauth.discoveryRequest(issuer, { algorithm, ...insecure });
  return oauth.processDiscoveryResponse(issuer, response);
}

const as = await discover('oidc');

interface Answer {
  back: URL;
  verifier: string;
  nonce: string;
  state: string;
}

async function ask(client: RelyingParty, more: Record<string, string> = {}): Promise<Answer> {
  const verifier = oauth.generateRandomCodeVerifier();
  const nonce = oauth.generateRandomNonce();
  const state = oauth.generateRandomState();
  const url = new URL(as.authorization_endpoint!);
  url.search = new URLSearchParams({
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    response_type: 'code',
    scope: 'openid email notes:read notes:write',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    nonce,
    state,
    ...more,
  }).toString();
  const back = await authorize(createUserAgent(), url.href, user);
  return { back, verifier, nonce, state };
}

const nameOf = ({ clientId }: Pick<RelyingParty, 'clientId'>): oauth.Client => ({
  client_id: clientId,
});

async function redeem(
  client: RelyingParty,
  { back, verifier, nonce, state }: Answer,
  options: oauth.TokenEndpointRequestOptions = {},
): Promise<oauth.TokenEndpointResponse> {
  const parameters = oauth.validateAuthResponse(as, nameOf(client), back, state);
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    nameOf(client),
    client.authentication,
    parameters,
    client.redirectUri,
    verifier,
    { ...insecure, ...options },
  );
  const tokens = await oauth.processAuthorizationCodeResponse(as, nameOf(client), response, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  await oauth.validateApplicationLevelSignature(as, response, insecure);
  return tokens;
}

async function refresh(
  client: RelyingParty,
  token: string,
  options: oauth.TokenEndpointRequestOptions = {},
): Promise<oauth.TokenEndpointResponse> {
  const { authentication } = client;
  const all = { ...insecure, ...options };
  const response = await oauth.refreshTokenGrantRequest(
    as,
    nameOf(client),
    authentication,
    token,
    all,
  );
  return oauth.processRefreshTokenResponse(as, nameOf(client), response);
}

async function introspect(client: RelyingParty, token: string) {
  const { authentication } = client;
  const response = await oauth.introspectionRequest(
    as,
    nameOf(client),
    authentication,
    token,
    insecure,
  );
  return oauth.processIntrospectionResponse(as, nameOf(client), response);
}

async function revoke(client: RelyingParty, token: string): Promise<void> {
  const { authentication } = client;
  const response = await oauth.revocationRequest(
    as,
    nameOf(client),
    authentication,
    token,
    insecure,
  );
  await oauth.processRevocationResponse(response);
}

async function userInfo(client: RelyingParty, token: string) {
  const response = await oauth.userInfoRequest(as, nameOf(client), token, insecure);
  return oauth.processUserInfoResponse(as, nameOf(client), user.id, response);
}

const REFUSED = { code: oauth.RESPONSE_BODY_ERROR, status: 400 };
/** Without a challenge: an assertion is no HTTP authentication scheme (RFC 6749 §5.2). */
const NOBODY = { code: oauth.RESPONSE_BODY_ERROR, status: 401, error: 'invalid_client' };
const UNAUTHORIZED = { code: oauth.WWW_AUTHENTICATE_CHALLENGE, status: 401 };
const refused = (error: string) => ({ ...REFUSED, error });

/** A strict API at the platform's audience (RFC 9068 §4). */
const apiRequest = (token: string, scheme = 'Bearer', headers: Record<string, string> = {}) =>
  new Request(`${AUDIENCE}/v1/notes`, {
    headers: { authorization: `${scheme} ${token}`, ...headers },
  });

t.test('both kinds of metadata tell the same (RFC 8414, OpenID Connect Discovery)', async (t) => {
  t.same(await discover('oauth2'), as);
  t.equal(as.issuer, gatehouse.issuer);
  t.equal(as.authorization_response_iss_parameter_supported, true);
});

t.test('every kind of client goes the whole way with oauth4webapi', async (t) => {
  for (const kind of CLIENT_KINDS) {
    await t.test(kind, async (t) => {
      await wholeWay(t, await registerRelyingParty(gatehouse, kind));
    });
  }
});

async function wholeWay(t: Test, client: RelyingParty): Promise<void> {
  const tokens = await redeem(client, await ask(client));
  t.match(oauth.getValidatedIdTokenClaims(tokens), { sub: user.id, aud: client.clientId });
  const claims = await oauth.validateJwtAccessToken(
    as,
    apiRequest(tokens.access_token),
    AUDIENCE,
    insecure,
  );
  t.match(claims, { client_id: client.clientId, sub: user.id, org_id: user.organizationId });
  t.match(await userInfo(client, tokens.access_token), { sub: user.id, email: user.email });

  const next = await refresh(client, tokens.refresh_token!);
  t.equal(next.scope, tokens.scope, 'a refresh keeps what was granted');
  if (client.kind !== 'none') {
    t.match(await introspect(client, next.access_token), {
      active: true,
      aud: AUDIENCE,
      iss: gatehouse.issuer,
      token_type: 'Bearer',
    });
  }
  await revoke(client, next.access_token);
  await t.rejects(userInfo(client, next.access_token), UNAUTHORIZED);
  await revoke(client, next.refresh_token!);
  await t.rejects(refresh(client, next.refresh_token!), refused('invalid_grant'));
}

t.test('an ID token is not an access token (RFC 9068 §5)', async (t) => {
  const client = await registerRelyingParty(gatehouse, 'client_secret_basic');
  const tokens = await redeem(client, await ask(client));
  await t.rejects(
    oauth.validateJwtAccessToken(as, apiRequest(tokens.id_token!), AUDIENCE, insecure),
  );
  await t.rejects(userInfo(client, tokens.id_token!), { code: oauth.WWW_AUTHENTICATE_CHALLENGE });
  await t.rejects(
    oauth.validateJwtAccessToken(as, apiRequest(tokens.access_token), SEARCH_API, insecure),
    { code: oauth.JWT_CLAIM_COMPARISON },
    'and a token for one API is none for another',
  );
});

t.test('authorization answers are checked before the code is used', async (t) => {
  const client = await registerRelyingParty(gatehouse, 'none');
  const { back, state } = await ask(client);
  const tampered = (name: string, value: string) => {
    const url = new URL(back);
    url.searchParams.set(name, value);
    return () => oauth.validateAuthResponse(as, nameOf(client), url, state);
  };
  t.throws(tampered('iss', 'https://elsewhere.example'), { code: oauth.INVALID_RESPONSE });
  t.throws(tampered('state', 'another'), { code: oauth.INVALID_RESPONSE });
  const refused = await ask(client, { prompt: 'none' });
  t.throws(
    () => oauth.validateAuthResponse(as, nameOf(client), refused.back, refused.state),
    { code: oauth.AUTHORIZATION_RESPONSE_ERROR, error: 'login_required' },
    'errors carry iss and state too',
  );
});

t.test('another verifier, another client, another redirect URI (RFC 7636, 6749)', async (t) => {
  const client = await registerRelyingParty(gatehouse, 'client_secret_basic');
  const other = await registerRelyingParty(gatehouse, 'client_secret_post');
  const invalidGrant = refused('invalid_grant');
  const wrongVerifier = { ...(await ask(client)), verifier: oauth.generateRandomCodeVerifier() };
  await t.rejects(redeem(client, wrongVerifier), invalidGrant);
  await t.rejects(redeem(other, await ask(client)), invalidGrant);
  const elsewhere = { ...client, redirectUri: 'https://app.example.com/other' };
  await t.rejects(redeem(elsewhere, await ask(client)), invalidGrant);
  const wrongSecret = { ...client, authentication: oauth.ClientSecretBasic('a wrong secret') };
  await t.rejects(redeem(wrongSecret, await ask(client)), {
    code: oauth.WWW_AUTHENTICATE_CHALLENGE,
    status: 401,
    cause: [{ scheme: 'basic', parameters: { error: 'invalid_client' } }],
  });
  await t.rejects(introspect(wrongSecret, 'whatever'), UNAUTHORIZED);
});

t.test('client credentials, narrowed and for another resource (RFC 6749 §4.4)', async (t) => {
  for (const kind of ['client_secret_basic', 'private_key_jwt EdDSA'] as const) {
    const service = await registerRelyingParty(gatehouse, kind, {
      redirectUris: [],
      grantTypes: ['client_credentials'],
    });
    const grant = async (parameters: Record<string, string>) => {
      const response = await oauth.clientCredentialsGrantRequest(
        as,
        nameOf(service),
        service.authentication,
        parameters,
        insecure,
      );
      return oauth.processClientCredentialsResponse(as, nameOf(service), response);
    };
    const all = await grant({});
    t.equal(all.scope, 'notes:read notes:write notes:delete', `${kind}: all it is registered for`);
    const narrow = await grant({ scope: 'notes:read', resource: SEARCH_API });
    const request = apiRequest(narrow.access_token);
    const claims = await oauth.validateJwtAccessToken(as, request, SEARCH_API, insecure);
    t.match(claims, { sub: service.clientId, client_id: service.clientId, scope: 'notes:read' });
    await t.rejects(grant({ scope: 'openid' }), refused('invalid_scope'));
    await t.rejects(grant({ resource: 'https://unknown.example' }), refused('invalid_target'));
  }
});

t.test('a service sees its own tokens only (RFC 7662 §4)', async (t) => {
  const [one, other] = await Promise.all([registerService(gatehouse), registerService(gatehouse)]);
  const party = (service: typeof one): RelyingParty => ({
    ...service,
    kind: 'client_secret_basic',
    authentication: oauth.ClientSecretBasic(service.secret),
  });
  const response = await oauth.clientCredentialsGrantRequest(
    as,
    nameOf(one),
    party(one).authentication,
    {},
    insecure,
  );
  const tokens = await oauth.processClientCredentialsResponse(as, nameOf(one), response);
  t.same(await introspect(party(other), tokens.access_token), { active: false });
  await revoke(party(other), tokens.access_token);
  t.match(await introspect(party(one), tokens.access_token), { active: true });
});

t.test('pushed authorization requests (RFC 9126)', async (t) => {
  for (const kind of CLIENT_KINDS) {
    const client = await registerRelyingParty(gatehouse, kind);
    const verifier = oauth.generateRandomCodeVerifier();
    const nonce = oauth.generateRandomNonce();
    const push = async (more: Record<string, string> = {}) => {
      const response = await oauth.pushedAuthorizationRequest(
        as,
        nameOf(client),
        client.authentication,
        {
          redirect_uri: client.redirectUri,
          response_type: 'code',
          scope: 'openid notes:read',
          code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
          state: 'pushed',
          nonce,
          ...more,
        },
        insecure,
      );
      return oauth.processPushedAuthorizationResponse(as, nameOf(client), response);
    };
    const pushed = await push();
    t.ok(pushed.expires_in > 0 && pushed.expires_in <= 600, `${kind}: for less than ten minutes`);
    const url = new URL(as.authorization_endpoint!);
    url.search = new URLSearchParams({
      client_id: client.clientId,
      request_uri: pushed.request_uri,
    }).toString();
    const agent = createUserAgent();
    const back = await authorize(agent, url.href, user);
    const tokens = await redeem(client, { back, verifier, nonce, state: 'pushed' });
    t.equal(decodeJwt(tokens.access_token).sub, user.id);
    const again = await agent.follow(await agent.get(url.href));
    t.equal(again.headers.get('location'), null, 'a pushed request is used once (§4)');
    await t.rejects(push({ redirect_uri: 'https://elsewhere.example/' }), REFUSED);
    await t.rejects(push({ request_uri: 'urn:x' }), REFUSED);
  }
});

t.test('resource indicators (RFC 8707)', async (t) => {
  const client = await registerRelyingParty(gatehouse, 'client_secret_basic');
  const answer = await ask(client, { resource: SEARCH_API, scope: 'openid notes:read' });
  const additionalParameters = { resource: SEARCH_API };
  const tokens = await redeem(client, answer, { additionalParameters });
  const request = apiRequest(tokens.access_token);
  const claims = await oauth.validateJwtAccessToken(as, request, SEARCH_API, insecure);
  t.equal(claims.aud, SEARCH_API);
  await t.rejects(
    refresh(client, tokens.refresh_token!, { additionalParameters: { resource: AUDIENCE } }),
    refused('invalid_target'),
    'a refresh does not widen the audience (§2.2)',
  );
});

t.test('sender-constrained tokens: DPoP (RFC 9449)', async (t) => {
  for (const alg of ['ES256', 'Ed25519']) {
    const client = await registerRelyingParty(gatehouse, 'none');
    const keyPair = await oauth.generateKeyPair(alg);
    const DPoP = oauth.DPoP(nameOf(client), keyPair);
    const tokens = await redeem(client, await ask(client), { DPoP });
    t.equal(tokens.token_type, 'dpop', alg);
    const proofs: string[] = [];
    await oauth.protectedResourceRequest(
      tokens.access_token,
      'GET',
      new URL(`${AUDIENCE}/v1/notes`),
      new Headers(),
      undefined,
      {
        DPoP,
        [oauth.customFetch]: async (_url, { headers }) => {
          proofs.push(headers.dpop!);
          return new Response();
        },
      },
    );
    const request = apiRequest(tokens.access_token, 'DPoP', { dpop: proofs[0]! });
    const claims = await oauth.validateJwtAccessToken(as, request, AUDIENCE, insecure);
    t.type(claims.cnf?.jkt, 'string', 'a strict API accepts token and proof');
    await t.rejects(
      oauth.validateJwtAccessToken(as, apiRequest(tokens.access_token), AUDIENCE, insecure),
    );
    await t.rejects(
      userInfo(client, tokens.access_token),
      {
        code: oauth.WWW_AUTHENTICATE_CHALLENGE,
        cause: [{ scheme: 'bearer', parameters: { error: 'invalid_token' } }],
      },
      'userinfo refuses it as Bearer',
    );
    await t.rejects(refresh(client, tokens.refresh_token!), refused('invalid_grant'));
    t.match(await refresh(client, tokens.refresh_token!, { DPoP }), { token_type: 'dpop' });
  }
});

t.test('private_key_jwt: a signature by another key proves nothing (RFC 7523 §3)', async (t) => {
  const client = await registerRelyingParty(gatehouse, 'private_key_jwt ES256');
  const stranger = await oauth.generateKeyPair('ES256');
  const key = { key: stranger.privateKey, kid: 'the ES256 key' };
  const answer = await ask(client);
  const forged = { ...client, authentication: oauth.PrivateKeyJwt(key) };
  await t.rejects(redeem(forged, answer), NOBODY);
  const elsewhere = oauth.PrivateKeyJwt(key, {
    [oauth.modifyAssertion]: (_header, payload) => {
      payload.aud = 'https://elsewhere.example';
    },
  });
  await t.rejects(redeem({ ...client, authentication: elsewhere }, answer), NOBODY);
  t.ok(await redeem(client, answer), 'a failed try costs the code nothing');
});
