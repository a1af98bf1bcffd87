import { createHash } from 'node:crypto';
import t, { type Test } from 'tap';
import { createMasterKey } from '../../src/lib/master-key.ts';
import { loadPlatform } from '../../src/platform/load.ts';
import { newSigner, sign } from '../credentials/signer.ts';
import { askForKey } from '../credentials/stranger.ts';
import { obtainPair, refresh as refreshPair } from '../credentials/user-token-callers.ts';
import { codesIn, formOf, ISSUER, optionsOf, SECURITY } from '../dashboard/security-desk.ts';
import { createAuthenticator } from '../support/authenticator.ts';
import {
  consent,
  introspect,
  newPkce,
  type Pkce,
  post,
  redeem,
  refresh,
  revoke,
  signIn,
} from '../support/flows.ts';
import {
  createUser,
  registerClient,
  startGatehouse,
  type TestClient,
} from '../support/gatehouse.ts';
import { createUserAgent, locationOf, type Page, type UserAgent } from '../support/user-agent.ts';
import { managing } from '../webhooks/manage.ts';

// Every secret that there is, made and used once over HTTP; then whatever was written is searched for it.

/** One platform with every kind of credential. */
const [kloakd, kliq] = [await loadPlatform('kloakd'), await loadPlatform('kliq')];
const platform = { ...kloakd, userTokens: kliq.userTokens, webhooks: kliq.webhooks };
const scopes = platform.scopes.map(({ name }) => name);

const gatehouse = await startGatehouse(t, {
  ...{ platform, issuer: ISSUER },
  environment: { TRUST_PROXY: '127.0.0.1' },
});
/** The same server, without the TLS in front of it. */
const direct = { ...gatehouse, issuer: gatehouse.address };
const manage = managing(direct);
const newAgent = () => createUserAgent({ origin: ISSUER, address: gatehouse.address });

/** By value. */
const secrets = new Map<string, string>();

/** Remembers a secret, to search for; shorter than this it is none. */
function keep(name: string, value: unknown): string {
  if (typeof value !== 'string' || value.length < 12) throw new Error(`no ${name}: ${value}`);
  secrets.set(value, name);
  return value;
}

function keepAll(values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) keep(name, value);
}

/** What the page and its cookies give the browser. */
function keepPage(agent: UserAgent, page: Page): void {
  for (const [, name = '', value] of agent.cookiesFor(page.url).matchAll(/([^=; ]+)=([^;]*)/g)) {
    keep(`the cookie ${name}`, decodeURIComponent(value!));
  }
  for (const [name, value] of page.forms.flatMap(({ fields }) => fields)) {
    if (name === '_csrf') keep('the CSRF token', value);
  }
}

/** How a secret may be written: as it is, in hex or base64, the bytes it stands for, or an unkeyed hash. */
function writtenAs(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const digest = createHash('sha256').update(secret).digest();
  const inBase64 = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(before && before + 1, -1),
  );
  return [
    ...[secret, encodeURIComponent(secret), ...inBase64, bytes.toString('hex')],
    ...[Buffer.from(secret, 'base64url').toString('hex'), digest.toString('hex')],
  ];
}

const tables = await tablesOfDatabase();
/** Tables with hashed or sealed things in them, in which nothing has been seen yet. */
const unseen = new Set(tables.filter(({ bytes }) => bytes).map(({ name }) => name));

async function tablesOfDatabase() {
  const { rows } = await gatehouse.database.pool.query<{ name: string; bytes: boolean }>(
    `SELECT table_name AS name, bool_or(data_type = 'bytea') AS bytes
     FROM information_schema.columns JOIN information_schema.tables
       USING (table_schema, table_name)
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' GROUP BY 1 ORDER BY 1`,
  );
  return rows;
}

/** Every row there is, by table, and every line of the log. bytea is `\x` and hex. */
async function written(): Promise<Map<string, string>> {
  const places = new Map([['the log', gatehouse.logLines.join('')]]);
  for (const { name } of tables) {
    const { rows } = await gatehouse.database.pool.query<{ row: string }>(
      `SELECT r::text AS row FROM "${name}" r`,
    );
    if (rows.length > 0) unseen.delete(name);
    places.set(name, rows.map(({ row }) => row).join('\n'));
  }
  return places;
}

/** Things come and go: this looks at what is there now, for all that was ever secret. */
async function expectNone(t: Pick<Test, 'same'>, when: string): Promise<Map<string, string>> {
  const places = await written();
  const found = [...places].flatMap(([place, text]) =>
    [...secrets]
      .filter(([secret]) => writtenAs(secret).some((form) => text.includes(form)))
      .map(([, name]) => `${name} in ${place}`),
  );
  t.same(found, [], when);
  return places;
}

t.test('no secret is readable in any table or in the log', async (t) => {
  const user = await createUser(gatehouse);
  const client = await registerClient(gatehouse);
  keepAll({
    ...{ 'the admin key': gatehouse.adminKey, 'the password': user.password },
    'the client secret': client.secret,
    'the master key': gatehouse.config.masterKey.toString('base64'),
    'a signing key': gatehouse.oauth.signingKeys.all[0]!.privateJwk.d,
  });

  await t.test('while somebody signs in and consents, and when the code is redeemed', async (t) => {
    const agent = newAgent();
    const pkce = newPkce();
    const pushed = await post(`${direct.issuer}/oauth/par`, requestOf(client, pkce), client);
    const reference = String(pushed.body.request_uri);
    keepAll({
      'the code verifier': pkce.verifier,
      'the PAR reference': reference.slice(reference.lastIndexOf(':') + 1),
    });
    await expectNone(t, 'a request was pushed');
    const query = new URLSearchParams({ client_id: client.clientId, request_uri: reference });
    const start = await agent.get(`${ISSUER}/oauth/authorize?${query}`);
    const signingIn = await agent.follow(start);
    keepPage(agent, signingIn);
    await expectNone(t, 'the password is asked for');
    const consenting = await signIn(agent, signingIn, user);
    keepPage(agent, consenting);
    await expectNone(t, 'consent is asked for');
    const back = locationOf(await consent(agent, consenting));
    const code = keep('the code', back.searchParams.get('code'));
    await expectNone(t, 'there is a code');

    const { body } = await redeem(direct, client, code, pkce);
    keepTokens(body);
    const next = (await refresh(direct, client, String(body.refresh_token))).body;
    keepTokens(next);
    t.equal((await introspect(direct, client, String(next.refresh_token))).body.active, true);
    await expectNone(t, 'it was redeemed, and the token refreshed');
    await revoke(direct, client, String(next.access_token));
    t.equal((await redeem(direct, client, code, pkce)).status, 400, 'a replay');
    t.equal((await refresh(direct, client, String(next.refresh_token))).status, 400, 'its end');
  });

  await t.test('while a second step is set up and taken', async (t) => {
    const agent = newAgent();
    await signIn(agent, await agent.get(`${ISSUER}/sign-in`), user);
    const security = await agent.get(SECURITY);
    keepPage(agent, security);
    const authenticator = createAuthenticator({ origin: ISSUER });
    const credential = authenticator.create(optionsOf(security, 'create'));
    await agent.submit(security, formOf(security, '/passkeys'), { name: 'Phone', credential });
    const page = await agent.get(SECURITY);
    const codes = codesIn(await agent.submit(page, formOf(page, '/second-step/on')));
    for (const code of codes) keepAll({ 'a recovery code': code, 'one bare': bare(code) });
    const other = newAgent();
    const step = await signIn(other, await other.get(`${ISSUER}/sign-in`), user);
    keepPage(other, step);
    await expectNone(t, 'the password was right and the passkey is asked for');
    await other.submit(step, formOf(step, '/second-step'), { code: codes[0]! });
    keepPage(other, await other.get(SECURITY));
    t.equal((await other.get(SECURITY)).status, 200, 'a recovery code lets them in');
  });

  await t.test('when keys, invitations and webhooks are made and used', async (t) => {
    const { organizationId: organization_id } = await createUser(gatehouse);
    const make = async (path: string, body: object) => {
      const answer = await manage('POST', path, { organization_id, ...body });
      t.equal(answer.status, 201, path);
      return answer.body;
    };
    const { key } = await make('/api-keys', { name: 'Nightly export', scopes });
    const hook = { url: 'https://hooks.example.com/in', events: ['*'] };
    const { secret } = await make('/webhooks', hook);
    const invited = { email: 'invited@example.com', role: 'member' };
    const { link } = await make('/invitations', invited);
    const signer = await newSigner();
    const keys = [signer.publicJwk];
    const account = await make('/service-accounts', { name: 'Job', scopes, jwks: { keys } });
    const jwt = await sign(signer, account, platform.api.identifier);
    const playground = (await askForKey(gatehouse)).body.key;
    keepAll({
      ...{ 'an API key': key, 'a playground key': playground, 'a webhook secret': secret },
      ...{ 'an invitation': link.split('/').at(-1), 'a service JWT': jwt.split('.')[2] },
    });
    const newcomer = await createUser(gatehouse);
    const pair = await obtainPair(direct, newcomer);
    const next = (await refreshPair(direct, pair.refreshToken)).body;
    keep('the password of a user token', newcomer.password);
    for (const { accessToken, refreshToken } of [pair, next]) {
      keepTokens({ access_token: accessToken, refresh_token: refreshToken });
    }
    for (const credential of [key, playground, jwt, pair.accessToken, `${key}x`]) {
      const headers = { authorization: `Bearer ${credential}` };
      await fetch(`${direct.issuer}/gate/check?key=${credential}`, { headers });
    }
    await newAgent().get(`${ISSUER}/invitations/${link.split('/').at(-1)}`);
    const places = await expectNone(t, 'all of it was made and used');

    const hash = createMasterKey(gatehouse.config.masterKey).hashSecret(key).toString('hex');
    t.match(places.get('api_key_secrets'), hash, 'a keyed hash is what is kept, and is found');
    t.match(places.get('the log'), '/gate/check', 'the log is that of these requests');
    t.same([...unseen], [], 'every table with hashes had something in it');
  });
});

const bare = (code: string) => code.replaceAll('-', '');

const requestOf = (client: TestClient, pkce: Pkce) => ({
  client_id: client.clientId,
  ...{ response_type: 'code', redirect_uri: client.redirectUri, scope: `openid ${scopes[0]}` },
  ...{ code_challenge: pkce.challenge, code_challenge_method: 'S256', state: 'a state' },
});

/** Of a JWT the signature: without it, it is none. */
function keepTokens(tokens: Record<string, unknown>): void {
  keep('a refresh token', tokens.refresh_token);
  for (const name of ['access_token', 'id_token']) {
    if (tokens[name]) keep(`the signature of an ${name}`, String(tokens[name]).split('.')[2]);
  }
}
