import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import t from 'tap';
import { type LiveServer, type LiveServers, startLive } from '../../sdk/live/start.ts';
import {
  type ClientOptions,
  createIdentityVerifier,
  KliqClient,
  Kloakd,
  type RequestOptions,
} from '../../sdk/typescript/src/index.ts';
import { CLIENTS, failureOf, type PlatformName } from './typescript-fakes.ts';

// @gatehouse/client against a started Gatehouse of each platform file, as its proxy.

/** The suites of other languages read the file that GATEHOUSE_LIVE names; so does this, where there is one. */
const outside = process.env.GATEHOUSE_LIVE;
const servers: LiveServers = outside
  ? JSON.parse(readFileSync(outside, 'utf8'))
  : (await startLive(t)).servers;

/** Of the client, fetched without the SDK. */
async function tokenOf({ issuer, clientId, clientSecret }: LiveServer): Promise<string> {
  const answer = await fetch(`${issuer}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** What the echo behind the gate says. */
interface Echo {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

for (const [name, server] of Object.entries(servers)) {
  const { allowed, forbidden, baseUrl, organizationId } = server;
  const Client = CLIENTS[name as PlatformName];
  const make = (options: ClientOptions) =>
    new Client({ baseUrl, organizationId, runtime: { env: {} }, ...options });
  const own = ({ path }: { path: string }) => path.replace('{organization}', organizationId);

  t.test(`${name}: a key is let through, and its secret stays at the gate`, async (t) => {
    const { apiKey } = server;
    const query = { q: 'a b&c' };
    const { status, data } = await make({ apiKey }).request<Echo>(allowed.method, allowed.path, {
      query,
    });
    t.equal(status, 200);
    t.equal(data.path, `${own(allowed)}?q=a%20b%26c`);
    t.equal(data.headers['x-gatehouse-organization'], organizationId);
    t.equal(data.headers['x-gatehouse-credential'], 'api_key');
    t.notOk(JSON.stringify(data).includes(apiKey));
  });

  t.test(`${name}: a body arrives as it was sent`, async (t) => {
    const body = '{ "text": "Grüße, 世界" }';
    const client = make({ apiKey: server.apiKey });
    const heard = async (options: RequestOptions) =>
      (await client.request<Echo>(forbidden.method, forbidden.path, options)).data.body;
    t.equal(await heard({ body, headers: { 'content-type': 'application/json' } }), body);
    const json = JSON.parse(body);
    t.same(JSON.parse(await heard({ json })), json);
  });

  t.test(`${name}: an unknown key and a mistyped one are an AuthenticationError`, async (t) => {
    for (const apiKey of [server.wrongApiKey, server.mistypedApiKey]) {
      const error = await failureOf(make({ apiKey }).get(allowed.path));
      t.match(error, { name: 'AuthenticationError', status: 401, reason: 'invalid_api_key' });
      t.match(error.requestId, /\w{8}/, 'the operator finds it');
      t.notOk(inspect(error).includes(apiKey));
    }
  });

  t.test(`${name}: a key without the scope is a ForbiddenError`, async (t) => {
    const client = make({ apiKey: server.narrowApiKey });
    t.equal((await client.get(allowed.path)).status, 200);
    const error = await failureOf(client.request(forbidden.method, forbidden.path));
    t.match(error, { name: 'ForbiddenError', status: 403, reason: 'insufficient_permission' });
  });

  t.test(`${name}: client credentials fetch one token for all calls`, async (t) => {
    const { clientId, clientSecret, issuer } = server;
    let fetches = 0;
    const counting: typeof fetch = (input, init) => {
      if (String(input) === `${issuer}/oauth/token`) fetches += 1;
      return fetch(input, init);
    };
    const client = make({ clientId, clientSecret, fetch: counting });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => client.get<Echo>(allowed.path)),
    );
    for (const { data } of answers) t.equal(data.headers['x-gatehouse-credential'], 'access_token');
    t.equal(fetches, 1);
    const wrong = make({ clientId, clientSecret: 'ghcs_wrong' });
    const error = await failureOf(wrong.get(allowed.path));
    t.match(error, { name: 'AuthenticationError', code: 'invalid_client' });
    t.notMatch(inspect(error), 'ghcs_wrong');
  });

  t.test(`${name}: a token without the scope is a ForbiddenError, told apart`, async (t) => {
    const { clientId, clientSecret } = server;
    const client = make({ clientId, clientSecret, scopes: [allowed.scope] });
    t.equal((await client.get(allowed.path)).status, 200);
    const error = await failureOf(client.request(forbidden.method, forbidden.path));
    t.match(error, { name: 'ForbiddenError', status: 403, reason: 'insufficient_scope' });
  });

  t.test(`${name}: an access token of one’s own is sent as it is`, async (t) => {
    const accessToken = await tokenOf(server);
    t.equal((await make({ accessToken }).get(allowed.path)).status, 200);
    const error = await failureOf(make({ accessToken: `${accessToken}x` }).get(allowed.path));
    t.match(error, { name: 'AuthenticationError', reason: 'invalid_token' });
  });

  t.test(`${name}: the neighbour’s organization is closed`, async (t) => {
    if (!allowed.path.includes('{organization}')) return t.pass('its paths name none');
    const { apiKey, otherOrganizationId } = server;
    const client = make({ apiKey, organizationId: otherOrganizationId });
    const error = await failureOf(client.get(allowed.path));
    t.match(error, { name: 'ForbiddenError', reason: 'organization_mismatch' });
  });

  t.test(`${name}: what the plan does not include is a NotEntitledError`, async (t) => {
    if (!server.notEntitled) return t.pass('it has no plans');
    const client = make({ apiKey: server.apiKey });
    const { method, path } = server.notEntitled;
    const error = await failureOf(client.request(method, path));
    t.match(error, { name: 'NotEntitledError', status: 403, reason: 'not_entitled' });
  });

  t.test(
    `${name}: a limit that is used up is a RateLimitError that says for how long`,
    async (t) => {
      if (!server.limitedApiKey) return t.pass('its keys have no limits of their own');
      const client = make({ apiKey: server.limitedApiKey, maxRetries: 0 });
      await client.get(allowed.path).catch(() => {});
      const error = await failureOf(client.get(allowed.path));
      t.match(error, { name: 'RateLimitError', status: 429, reason: 'rate_limited' });
      t.ok(error.retryAfter! > 0 && error.retryAfter! <= 60, `${error.retryAfter} s`);
    },
  );

  t.test(`${name}: email and password`, async (t) => {
    const { email, password, hasUserTokens } = server;
    if (!hasUserTokens) {
      return t.throws(() => make({ email, password }), { name: 'ConfigurationError' });
    }
    const { data } = await make({ email, password }).get<Echo>(allowed.path);
    t.equal(data.headers['x-gatehouse-credential'], 'access_token');
    const wrong = await failureOf(make({ email, password: 'wrong' }).get(allowed.path));
    t.match(wrong, { name: 'AuthenticationError', status: 401 });
    return undefined;
  });

  t.test(`${name}: the API knows its caller by the gate’s assertion`, async (t) => {
    const { issuer, audience, apiKey } = server;
    const { data } = await make({ apiKey }).get<Echo>(allowed.path);
    const verifier = createIdentityVerifier({ issuer, audience, accept: ['assertion'] });
    const verdict = await verifier.verify(data.headers);
    t.match(verdict, { principal: { kind: 'api_key', organizationId } });
    const elsewhere = createIdentityVerifier({ issuer, audience: 'https://else.example.com' });
    t.match(await elsewhere.verify(data.headers), { status: 401 }, 'and only this API');
  });

  t.test(`${name}: an access token is verified by the server’s keys`, async (t) => {
    const { issuer, audience, clientId } = server;
    const accessToken = await tokenOf(server);
    const verifier = createIdentityVerifier({ issuer, audience, accept: ['access_token'] });
    const verdict = await verifier.verify({ authorization: `Bearer ${accessToken}` });
    t.match(verdict, { principal: { kind: 'access_token', subject: clientId, organizationId } });
    t.match(await verifier.verify({ authorization: `Bearer ${accessToken}x` }), { status: 401 });
  });

  t.test(`${name}: a webhook is verified by either signature`, async (t) => {
    const { secret, payload, headers } = server.webhook;
    const delivery = { payload, headers, secrets: [secret], toleranceSeconds: 3600 };
    t.equal((await Client.verifyWebhook(delivery)).id, headers['webhook-id']);
    const own = Object.entries(headers).filter(([header]) => !header.startsWith('webhook-'));
    const alone = { ...delivery, headers: Object.fromEntries(own) };
    t.same((await Client.verifyWebhook(alone)).id, null);
    const changed = Client.verifyWebhook({ ...delivery, payload: `${payload} ` });
    t.equal((await failureOf(changed)).reason, 'signature_mismatch');
  });
}

// The documents' own examples. Their import names the package a platform publishes under; nothing else is adapted.

t.test('KLIQ: API Key Authentication', async (t) => {
  const { apiKey, baseUrl, allowed, organizationId } = servers.kliq;
  await withEnvironment({ KLIQ_API_KEY: apiKey, KLIQ_BASE_URL: baseUrl }, async () => {
    const kliq = new KliqClient({
      apiKey: process.env.KLIQ_API_KEY!,
    });

    const path = allowed.path.replace('{organization}', organizationId);
    t.equal((await kliq.get(path)).status, 200);
  });
});

t.test('KLIQ: JWT Token Authentication', async (t) => {
  const { apiKey, baseUrl, email, password, allowed, organizationId } = servers.kliq;
  const path = allowed.path.replace('{organization}', organizationId);
  await withEnvironment({ KLIQ_API_KEY: apiKey, KLIQ_BASE_URL: baseUrl }, async () => {
    const kliq = new KliqClient();
    // Exchange credentials for a token
    const { accessToken, refreshToken } = await kliq.auth.getToken({
      email,
      password,
    });

    // Use the token for subsequent requests
    const kliqAuth = new KliqClient({
      accessToken,
    });

    // Refresh when expired
    const newTokens = await kliq.auth.refresh(refreshToken);

    t.equal((await kliqAuth.get(path)).status, 200);
    const renewed = new KliqClient({ accessToken: newTokens.accessToken });
    t.equal((await renewed.get(path)).status, 200);
    const replayed = await failureOf(kliq.auth.refresh(refreshToken));
    t.equal(replayed.name, 'AuthenticationError', 'a refresh token is for one use');
  });
});

t.test('KLIQ: OAuth2 Client Credentials', async (t) => {
  const { clientId, clientSecret, baseUrl, allowed, organizationId } = servers.kliq;
  const environment = {
    ...{ KLIQ_CLIENT_ID: clientId, KLIQ_CLIENT_SECRET: clientSecret, KLIQ_BASE_URL: baseUrl },
  };
  await withEnvironment(environment, async () => {
    const kliq = new KliqClient({
      clientId: process.env.KLIQ_CLIENT_ID!,
      clientSecret: process.env.KLIQ_CLIENT_SECRET!,
    });

    // The SDK handles token acquisition and refresh automatically
    const path = allowed.path.replace('{organization}', organizationId);
    t.equal((await kliq.get(path)).status, 200);
  });
});

t.test('KLOAKD: SDK configuration, TypeScript', async (t) => {
  const { apiKey, organizationId, baseUrl, allowed } = servers.kloakd;
  await withEnvironment({ KLOAKD_BASE_URL: baseUrl }, async () => {
    const client = new Kloakd({
      apiKey,
      organizationId,
    });

    t.equal((await client.get(allowed.path)).status, 200);
  });
});

t.test('KLOAKD: all SDKs read KLOAKD_API_KEY and KLOAKD_ORG_ID automatically', async (t) => {
  const { apiKey, organizationId, baseUrl, allowed } = servers.kloakd;
  const environment = {
    ...{ KLOAKD_API_KEY: apiKey, KLOAKD_ORG_ID: organizationId, KLOAKD_BASE_URL: baseUrl },
  };
  await withEnvironment(environment, async () => {
    const { data } = await new Kloakd().get<Echo>(allowed.path);
    t.equal(data.headers['x-gatehouse-organization'], organizationId);
  });
});

async function withEnvironment(
  variables: Record<string, string>,
  work: () => Promise<void>,
): Promise<void> {
  Object.assign(process.env, variables);
  try {
    await work();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}
