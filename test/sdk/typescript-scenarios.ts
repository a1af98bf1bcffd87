import { inspect } from 'node:util';
import type { Test } from 'tap';
import type { LiveServer } from '../../sdk/live/start.ts';
import {
  type ClientOptions,
  createIdentityVerifier,
  type PlatformClient,
  type RequestOptions,
} from '../../sdk/typescript/src/index.ts';
import type { Scenario } from './live-list.ts';
import { CLIENTS, failureOf, type PlatformName } from './typescript-fakes.ts';

// Plays the cases of sdk/vectors/live.json with @gatehouse/client.

/** What the echo behind the gate says. */
export interface Echo {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

interface Play {
  readonly t: Test;
  readonly platform: PlatformName;
  readonly server: LiveServer;
  readonly scenario: Scenario;
}

const SECRET_OPTIONS = ['apiKey', 'accessToken', 'clientSecret', 'password'];

export const clientOf = (platform: PlatformName, server: LiveServer, options: ClientOptions) =>
  new CLIENTS[platform]({
    ...{ baseUrl: server.baseUrl, organizationId: server.organizationId },
    ...{ maxRetries: 0, runtime: { env: {} }, ...options },
  });

export async function play(playing: Play): Promise<void> {
  const { scenario } = playing;
  await (scenario.input.do ? DEEDS[scenario.input.do]! : playCall)(playing);
}

async function playCall({ t, platform, server, scenario }: Play): Promise<void> {
  const { input, expect } = scenario;
  const options = Object.fromEntries(
    Object.entries(input.options!).map(([option, place]) => {
      const value = place
        .split('.')
        .reduce<unknown>((from, key) => Reflect.get(Object(from), key), server);
      return [option, option === 'scopes' ? [value] : value];
    }),
  );
  const ask = server[input.ask!]!;
  const call = async () => {
    const client = clientOf(platform, server, options);
    for (let left = input.calls ?? 1; left > 1; left -= 1)
      await client.request(ask.method, ask.path);
    return (await client.request<Echo>(ask.method, ask.path)).data;
  };
  if (expect.credential) return checkHeard(t, server, ask, await call(), expect.credential);
  const error = await failureOf(call());
  const { status, reason, code } = expect;
  const wanted = Object.entries({ status, reason, code }).filter(
    ([, value]) => value !== undefined,
  );
  t.match(error, { name: expect.error, ...Object.fromEntries(wanted) });
  if (expect.requestId) t.match(error.requestId, /\w{8}/, 'the operator finds it');
  if (expect.retryAfter) t.ok(error.retryAfter! > 0 && error.retryAfter! <= 60);
  for (const option of SECRET_OPTIONS.filter((name) => options[name])) {
    t.notOk(inspect(error, { depth: 9 }).includes(options[option] as string), option);
  }
}

function checkHeard(
  t: Test,
  server: LiveServer,
  ask: { readonly method: string; readonly path: string },
  heard: Echo,
  credential: string,
): void {
  const { organizationId, apiKey } = server;
  t.equal(heard.method, ask.method);
  t.equal(heard.path, ask.path.replace('{organization}', organizationId));
  t.equal(heard.headers['x-gatehouse-organization'], organizationId);
  t.equal(heard.headers['x-gatehouse-credential'], credential);
  t.notOk(JSON.stringify(heard).includes(apiKey));
}

const DEEDS: Readonly<Record<string, (playing: Play) => Promise<void>>> = {
  async environment({ t, platform, server, scenario }) {
    const Client = CLIENTS[platform];
    const prefix = platform.toUpperCase();
    const env = {
      [`${prefix}_API_KEY`]: server.apiKey,
      [`${prefix}_ORG_ID`]: server.organizationId,
      [`${prefix}_BASE_URL`]: server.baseUrl,
    };
    const { method, path } = server.allowed;
    const { data } = await new Client({ runtime: { env } }).request<Echo>(method, path);
    checkHeard(t, server, server.allowed, data, scenario.expect.credential!);
  },

  async bodies({ t, platform, server, scenario }) {
    const body = scenario.input.body!;
    const client = clientOf(platform, server, { apiKey: server.apiKey });
    const { method, path } = server.forbidden;
    const heard = async (options: RequestOptions) =>
      (await client.request<Echo>(method, path, options)).data;
    const asText = await heard({ body, headers: { 'content-type': 'application/json' } });
    t.equal(asText.body, body);
    checkHeard(t, server, server.forbidden, asText, scenario.expect.credential!);
    const json = JSON.parse(body);
    t.same(JSON.parse((await heard({ json })).body), json);
  },

  async refresh({ t, platform, server, scenario }) {
    const { auth } = clientOf(platform, server, { apiKey: server.apiKey });
    const { email, password, allowed } = server;
    const first = await auth.getToken({ email, password });
    const { accessToken } = await auth.refresh(first.refreshToken);
    const client = clientOf(platform, server, { accessToken });
    t.equal((await client.request(allowed.method, allowed.path)).status, 200);
    const replayed = await failureOf(auth.refresh(first.refreshToken));
    t.equal(replayed.name, scenario.expect.error);
  },

  async noRefreshToken({ t, platform, server, scenario }) {
    const { auth } = clientOf(platform, server, { apiKey: server.apiKey });
    for (const none of ['', undefined]) {
      t.equal((await failureOf(auth.refresh(none))).name, scenario.expect.error);
    }
  },

  async webhook({ t, platform, server, scenario }) {
    const Client = CLIENTS[platform];
    const { secret, payload, headers } = server.webhook;
    const delivery = { payload, headers, secrets: [secret], toleranceSeconds: 3600 };
    t.equal((await Client.verifyWebhook(delivery)).id, headers['webhook-id']);
    const own = Object.entries(headers).filter(([header]) => !header.startsWith('webhook-'));
    const alone = { ...delivery, headers: Object.fromEntries(own) };
    t.same((await Client.verifyWebhook(alone)).id, null);
    const changed = Client.verifyWebhook({ ...delivery, payload: `${payload} ` });
    t.equal((await failureOf(changed)).reason, scenario.expect.reason);
  },

  async assertion({ t, platform, server, scenario }) {
    const { issuer, audience, organizationId, allowed } = server;
    const client: PlatformClient = clientOf(platform, server, { apiKey: server.apiKey });
    const { data } = await client.request<Echo>(allowed.method, allowed.path);
    const verifier = createIdentityVerifier({ issuer, audience });
    const verdict = await verifier.verify(data.headers);
    t.match(verdict, { principal: { kind: scenario.expect.kind, organizationId } });
    t.ok('principal' in verdict && verdict.principal?.scopes.includes(allowed.scope));
    const elsewhere = createIdentityVerifier({ issuer, audience: 'https://else.example.com' });
    t.match(await elsewhere.verify(data.headers), { status: 401 }, 'and only this API');
    const assertion = data.headers['x-gatehouse-assertion']!;
    const changed = { 'x-gatehouse-assertion': withOtherClaims(assertion) };
    t.match(await verifier.verify(changed), { status: 401 }, 'as it was signed');
    const asToken = { authorization: `Bearer ${assertion}` };
    t.match(await verifier.verify(asToken), { status: 401 }, 'it is no access token');
  },

  async accessToken({ t, server, scenario }) {
    const { issuer, audience, clientId, organizationId, accessToken } = server;
    const verifier = createIdentityVerifier({ issuer, audience });
    const verify = (headers: Record<string, string>) => verifier.verify(headers);
    const principal = { kind: scenario.expect.kind, subject: clientId, organizationId };
    t.match(await verify({ authorization: `Bearer ${accessToken}` }), { principal });
    t.match(await verify({ authorization: `Bearer ${accessToken}x` }), { status: 401 });
    t.match(await verify({ 'x-gatehouse-assertion': accessToken }), { status: 401 });
  },
};

function withOtherClaims(jwt: string): string {
  const [header, claims, signature] = jwt.split('.') as [string, string, string];
  const said = JSON.parse(Buffer.from(claims, 'base64url').toString());
  const changed = Buffer.from(JSON.stringify({ ...said, org_id: 'another' })).toString('base64url');
  return [header, changed, signature].join('.');
}
