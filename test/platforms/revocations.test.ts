import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { newSigner, sign } from '../credentials/signer.ts';
import { obtainTokens, revoke } from '../support/flows.ts';
import { CALLBACK, freePort, type TestClient, type TestGatehouse } from '../support/gatehouse.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { type GatehouseProcess, spawnGatehouse } from '../support/process.ts';
import { within } from '../support/two-servers.ts';

// What one process ends is over in every other within a second, and stays so when all of them are killed.
// On KLOAKD, which has every kind of credential and plans.

const EVERYWHERE_MS = 1_000;
const ADMIN_KEY = `admin_${randomBytes(24).toString('base64url')}`;
const AUDIENCE = 'https://api.kloakd.dev';
const SCOPE = 'discoveries:read monitors:read';

interface Decided {
  allowed: boolean;
  reason: string | null;
}

/** What somebody holds, and what it is used for. */
interface Held {
  credential: string;
  organizationId: string;
  module: 'discoveries' | 'monitors';
}

async function call(server: { issuer: string }, method: string, path: string, body?: object) {
  const response = await fetch(server.issuer + path, {
    method,
    headers: {
      authorization: `Bearer ${ADMIN_KEY}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

const manage = (server: GatehouseProcess, method: string, path: string, body?: object) =>
  call(server, method, `/manage/v1${path}`, body);

const decide = (server: GatehouseProcess, held: Held): Promise<Decided> =>
  call(server, 'POST', '/gate/decision', {
    method: 'GET',
    path: `/api/v1/organizations/${held.organizationId}/${held.module}`,
    headers: {
      authorization: `Bearer ${held.credential}`,
      'x-kloakd-organization': held.organizationId,
    },
  });

/** Where all the credentials come from: one process, and nothing but HTTP. */
async function furnish(server: GatehouseProcess) {
  const organization = async (plan: string): Promise<string> =>
    (await manage(server, 'POST', '/organizations', { name: 'Acme', plan })).id;
  const newKey = async (organizationId: string, module: Held['module'] = 'discoveries') => {
    const body = { organization_id: organizationId, name: 'Key' };
    const { id, key } = await manage(server, 'POST', '/api-keys', body);
    return { id: id as string, held: { credential: key, organizationId, module } as Held };
  };
  const signer = await newSigner();
  const newService = async (organizationId: string) => {
    const account = await manage(server, 'POST', '/service-accounts', {
      ...{ organization_id: organizationId, name: 'Nightly job', scopes: SCOPE.split(' ') },
      jwks: { keys: [signer.publicJwk] },
    });
    const exp = Math.floor(Date.now() / 1000) + 1_800;
    const credential = await sign(signer, account, AUDIENCE, { claims: { exp } });
    const held: Held = { credential, organizationId, module: 'discoveries' };
    return { id: account.id as string, held };
  };
  const registered = await manage(server, 'POST', '/clients', {
    ...{ name: 'Example App', redirect_uris: [CALLBACK], scope: SCOPE },
  });
  const client: TestClient = {
    ...{ clientId: registered.client_id, secret: registered.client_secret },
    redirectUri: CALLBACK,
  };
  const newMember = async (organizationId: string) => {
    const email = `member-${randomBytes(4).toString('hex')}@example.com`;
    const password = `correct horse ${randomBytes(6).toString('hex')}`;
    const { id } = await manage(server, 'POST', '/users', {
      ...{ email, password, organization_id: organizationId, role: 'member' },
    });
    const user = { id: id as string, email, password, organizationId };
    const tokens = await obtainTokens(server as unknown as TestGatehouse, client, user, {
      scope: SCOPE,
    });
    const held: Held = { credential: tokens.access_token, organizationId, module: 'discoveries' };
    return { id: user.id, held };
  };
  return { organization, newKey, newService, newMember, client };
}

t.test('revocations on two processes', { timeout: 300_000 }, async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const port = await freePort();
  const environment = {
    ...{ DATABASE_URL: connectionString, PLATFORM: 'kloakd', ADMIN_KEY, LOG_LEVEL: 'warn' },
    ...{ MASTER_KEY: randomBytes(32).toString('base64'), ISSUER: `http://127.0.0.1:${port}` },
  };
  const start = (at: number) =>
    spawnGatehouse(t, { environment: { ...environment, PORT: String(at) } });
  const [one, two] = await Promise.all([start(port), start(await freePort())]);

  const made = await furnish(one);
  const own = await made.organization('enterprise');
  const leaving = await made.organization('enterprise');
  const upgraded = await made.organization('developer');
  const [key, otherKey] = [await made.newKey(own), await made.newKey(own)];
  const [service, otherService] = [await made.newService(own), await made.newService(own)];
  const [consented, appToken] = [await made.newMember(own), await made.newMember(own)];
  const [member, otherMember] = [await made.newMember(own), await made.newMember(own)];
  const planned = await made.newKey(leaving, 'monitors');
  const risen = await made.newKey(upgraded, 'monitors');
  const bystanders = [otherKey, otherService, otherMember].map(({ held }) => held);

  /** How it is ended on the first process, and what the second says of it then. */
  const endings: [name: string, held: Held, end: () => Promise<unknown>, reason: string][] = [
    ['key', key.held, () => manage(one, 'DELETE', `/api-keys/${key.id}`), 'invalid_api_key'],
    [
      'token, by its consent',
      consented.held,
      async () => {
        const { data } = await manage(one, 'GET', `/consents?user_id=${consented.id}`);
        await manage(one, 'DELETE', `/consents/${data[0].id}?user_id=${consented.id}`);
      },
      'invalid_token',
    ],
    [
      'token, by its app',
      appToken.held,
      () => revoke(one, made.client, appToken.held.credential),
      'invalid_token',
    ],
    [
      'service account',
      service.held,
      () => manage(one, 'DELETE', `/service-accounts/${service.id}`),
      'invalid_token',
    ],
    [
      'membership',
      member.held,
      () => manage(one, 'DELETE', `/memberships/${own}/${member.id}`),
      'invalid_token',
    ],
    [
      'plan',
      planned.held,
      () => manage(one, 'PATCH', `/organizations/${leaving}`, { plan: 'developer' }),
      'not_entitled',
    ],
  ];
  const expectOver = async (t: Pick<Test, 'match'>, server: GatehouseProcess) => {
    for (const [name, held, , reason] of endings) {
      t.match(await decide(server, held), { allowed: false, reason }, name);
    }
    for (const held of [...bystanders, risen.held]) {
      t.match(await decide(server, held), { allowed: true }, 'what nobody ended');
    }
  };

  for (const [name, held, end, reason] of endings) {
    await t.test(`of a ${name}: seen by a second process within one second`, async (t) => {
      for (const server of [one, two]) t.match(await decide(server, held), { allowed: true });
      await end();
      const isOver = async (server: GatehouseProcess) => !(await decide(server, held)).allowed;
      await Promise.all([two, one].map((server) => within(EVERYWHERE_MS, () => isOver(server))));
      for (const server of [two, one]) {
        t.match(await decide(server, held), { allowed: false, reason });
      }
    });
  }

  await t.test('a better plan is seen within one second, too', async (t) => {
    for (const server of [one, two]) {
      t.match(await decide(server, risen.held), { allowed: false, reason: 'not_entitled' });
    }
    await manage(one, 'PATCH', `/organizations/${upgraded}`, { plan: 'enterprise' });
    const isIn = async (server: GatehouseProcess) => (await decide(server, risen.held)).allowed;
    await Promise.all([two, one].map((server) => within(EVERYWHERE_MS, () => isIn(server))));
    for (const server of [two, one]) t.match(await decide(server, risen.held), { allowed: true });
  });

  await t.test('still in force after kill -9', async (t) => {
    await expectOver(t, two);
    await Promise.all([one.kill('SIGKILL'), two.kill('SIGKILL')]);
    await expectOver(t, await start(port));
  });
});
