import t, { type Test } from 'tap';
import { listConsents } from '../../src/oauth/consents/consents.store.ts';
import {
  authorizeUrl,
  consent,
  newPkce,
  type Parameters,
  redeem,
  signIn,
} from '../support/flows.ts';
import {
  CALLBACK,
  createUser,
  registerClient,
  type TestClient,
  type TestUser,
} from '../support/gatehouse.ts';
import { startTwoServers, within } from '../support/two-servers.ts';
import { createUserAgent, locationOf, type Page, type UserAgent } from '../support/user-agent.ts';

// Nobody is sent to an address that the app has given up meanwhile (RFC 6749 §3.1.2.4).

const OTHER = 'https://app.example.com/elsewhere';
const { first: gatehouse, second } = await startTwoServers(t);
const { database, oauth } = gatehouse;

/** As the operator does, at the server where the person is not. */
async function changeRedirectUris({ clientId }: TestClient, redirectUris: string[]) {
  const answer = await fetch(`${second.address}/manage/v1/clients/${clientId}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${second.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: redirectUris }),
  });
  if (answer.status !== 200) throw new Error(await answer.text());
  await within(
    1000,
    async () => String((await oauth.clients.find(clientId))?.redirectUris) === String(redirectUris),
  );
}

async function begin(client: TestClient, more: Parameters = {}, agent = createUserAgent()) {
  const pkce = newPkce();
  const page = await agent.follow(await agent.get(authorizeUrl(gatehouse, client, pkce, more)));
  return { agent, pkce, page };
}

/** A page for people, as for a redirect URI that was never registered. */
function isErrorPage(t: Test, page: Page, about: string): void {
  t.equal(page.status, 400, `${about}: status`);
  t.equal(page.headers.get('location'), null, `${about}: no redirect`);
  t.ok(page.body.includes('<code>invalid_redirect_uri</code>'), about);
  t.match(page.body, /This link doesn’t work/, about);
  t.same(page.forms, [], `${about}: leads nowhere`);
}

async function nothingIsLeft(t: Test, client: TestClient, user: TestUser): Promise<void> {
  t.same(await listConsents(database.pool, user.id), [], 'nothing is remembered');
  const { rows } = await database.pool.query(
    `SELECT 1 FROM artifacts WHERE kind = 'AuthorizationCode' AND client_id = $1`,
    [client.clientId],
  );
  t.same(rows, [], 'no code');
  const grants = await database.pool.query('SELECT 1 FROM grants WHERE client_id = $1', [
    client.clientId,
  ]);
  t.same(grants.rows, [], 'no grant');
}

const submit = (agent: UserAgent, page: Page, end: string, changes: Record<string, string> = {}) =>
  agent.submit(page, page.forms.find(({ action }) => action.endsWith(end))!, changes);

t.test('withdrawn while the consent page is open', async (t) => {
  for (const decision of ['allow', 'deny']) {
    await t.test(`${decision}: an error page, no redirect (RFC 6749 §4.1.2.1)`, async (t) => {
      const [client, user] = [await registerClient(gatehouse), await createUser(gatehouse)];
      const { agent, page } = await begin(client);
      const asked = await signIn(agent, page, user);
      await changeRedirectUris(client, [OTHER]);
      isErrorPage(t, await consent(agent, asked, { decision }), 'the answer');
      isErrorPage(t, await agent.get(asked.url), 'the page once more');
      isErrorPage(t, await submit(agent, asked, '/switch-account'), 'another account');
      await nothingIsLeft(t, client, user);
    });
  }

  await t.test('the request goes on where it is registered again', async (t) => {
    const [client, user] = [await registerClient(gatehouse), await createUser(gatehouse)];
    const { agent, page, pkce } = await begin(client);
    const asked = await signIn(agent, page, user);
    await changeRedirectUris(client, [OTHER]);
    isErrorPage(t, await consent(agent, asked), 'withdrawn');
    await changeRedirectUris(client, [OTHER, CALLBACK]);
    const code = locationOf(await consent(agent, asked)).searchParams.get('code');
    t.equal((await redeem(gatehouse, client, String(code), pkce)).status, 200);
  });
});

t.test('withdrawn while the sign-in page is open', async (t) => {
  await t.test('no code, although consent was given before', async (t) => {
    const [client, user] = [await registerClient(gatehouse), await createUser(gatehouse)];
    const before = await begin(client);
    const back = await consent(before.agent, await signIn(before.agent, before.page, user));
    t.ok(locationOf(back).searchParams.get('code'), 'consent stands');
    const { agent, page } = await begin(client);
    await changeRedirectUris(client, [OTHER]);
    isErrorPage(t, await signIn(agent, page, user), 'at sign-in');
    const home = await agent.get(`${gatehouse.issuer}/`);
    t.notOk(home.body.includes(user.email), 'nor is anybody signed in for it');
  });

  await t.test('nobody signs up for it', async (t) => {
    const client = await registerClient(gatehouse);
    const { agent, page } = await begin(client);
    const form = await agent.get(`${page.url}/sign-up`);
    await changeRedirectUris(client, [OTHER]);
    const email = 'too-late@example.com';
    const fields = { email, password: 'correct horse battery', name: 'Late', organization: 'Late' };
    isErrorPage(t, await submit(agent, form, '/sign-up', fields), 'at sign-up');
    const { rows } = await database.pool.query('SELECT 1 FROM users WHERE email = $1', [email]);
    t.same(rows, []);
  });
});

t.test('another one that comes or goes changes nothing', async (t) => {
  const client = await registerClient(gatehouse, { redirectUris: [CALLBACK, OTHER] });
  const user = await createUser(gatehouse);
  const { agent, page, pkce } = await begin(client);
  const asked = await signIn(agent, page, user);
  await changeRedirectUris(client, [CALLBACK]);
  const code = locationOf(await consent(agent, asked)).searchParams.get('code');
  t.equal((await redeem(gatehouse, client, String(code), pkce)).status, 200);
});

t.test('a loopback address keeps its port, and goes with its path (RFC 8252 §7.3)', async (t) => {
  const registered = 'http://127.0.0.1/callback';
  const redirectUri = 'http://127.0.0.1:49152/callback';
  const native = await registerClient(gatehouse, {
    ...{ redirectUris: [registered], tokenEndpointAuthMethod: 'none', applicationType: 'native' },
  });
  const client = { ...native, redirectUri };
  const user = await createUser(gatehouse);
  const open = async () => {
    const { agent, page, pkce } = await begin(client);
    return { agent, pkce, asked: await signIn(agent, page, user) };
  };
  const { agent, asked, pkce } = await open();
  const page = await submit(agent, asked, '/consent', { decision: 'allow' });
  const back = locationOf(await agent.get(locationOf(page).href));
  t.equal(back.origin + back.pathname, redirectUri);
  const code = String(back.searchParams.get('code'));
  t.equal((await redeem(gatehouse, client, code, pkce)).status, 200);
  const late = await open();
  await changeRedirectUris(client, ['http://127.0.0.1/elsewhere']);
  isErrorPage(t, await consent(late.agent, late.asked), 'its path is gone');
});

t.test('withdrawn between the answer and the way back', async (t) => {
  for (const decision of ['allow', 'deny']) {
    const [client, user] = [await registerClient(gatehouse), await createUser(gatehouse)];
    const { agent, page } = await begin(client);
    const asked = await signIn(agent, page, user);
    const answer = await submit(agent, asked, '/consent', { decision });
    await changeRedirectUris(client, [OTHER]);
    isErrorPage(t, await agent.get(locationOf(answer).href), decision);
  }
});
