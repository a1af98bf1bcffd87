import t, { type Test } from 'tap';
import { formOf, type KeyDesk, openKeyDesk, secretIn } from '../dashboard/key-desk.ts';
import { createUser } from '../support/gatehouse.ts';
import { createUserAgent, type Page, type UserAgent } from '../support/user-agent.ts';
import { click, wordsOf } from './browsing.ts';
import { ask, bearer } from './caller.ts';

// What the documents say of their dashboards, step by step: by links and forms, as a browser without scripts
// follows and sends them. Names of tests are the documents' words.

/** Somebody at a browser that knows nothing yet. */
async function arrive({ gatehouse }: KeyDesk) {
  const user = await createUser(gatehouse);
  const agent = createUserAgent();
  return { user, agent, home: await agent.get(`${gatehouse.issuer}/dashboard`) };
}

/** Signs in on the page where a visit of the dashboard leads to. */
async function logIn(t: Test, { user, agent, home }: Awaited<ReturnType<typeof arrive>>) {
  const page = await agent.follow(home);
  const [form] = page.forms.filter(({ action }) => new URL(action).pathname === '/sign-in');
  const { email, password } = user;
  const signedIn = await agent.follow(await agent.submit(page, form!, { email, password }));
  t.equal(signedIn.status, 200);
  t.match(new URL(signedIn.url).pathname, /^\/dashboard/);
  return signedIn;
}

/** What the heading of a menu is followed by, up to the next menu. */
const menuOf = ({ body }: Page, title: string): string =>
  new RegExp(`class="sections-title"[^>]*>${title}</p>([\\s\\S]*?)</ul>`).exec(body)?.[1] ?? '';

const send = (agent: UserAgent, page: Page, fields: Record<string, string | string[]>) =>
  agent.submit(page, formOf(page, '/keys'), { expiry: 'never', ...fields });

t.test('Kaie: Getting Your API Key', async (t) => {
  const desk = await openKeyDesk(t, { platform: 'kaie' });
  const visitor = await arrive(desk);
  const { agent } = visitor;
  let page = visitor.home;
  let key = '';

  await t.test('Log in to your Kaie dashboard', async (t) => {
    t.equal(page.status, 303, 'nobody is in without');
    page = await logIn(t, visitor);
    t.match(wordsOf(page), 'Kaie');
  });

  await t.test('Navigate to Settings > API Keys', async (t) => {
    t.match(menuOf(page, 'Settings'), /API keys/i);
    page = await click(agent, page, 'API keys', { after: 'Settings</p>' });
    t.equal(page.status, 200);
  });

  await t.test('Click Create New API Key', async () => {
    page = await click(agent, page, 'Create New API Key');
  });

  await t.test('Give your key a descriptive name', async (t) => {
    t.match(wordsOf(page), 'Give your key a descriptive name');
    page = await send(agent, page, { name: ' ', permissions: 'set:read_only' });
    t.equal(page.status, 422);
    t.equal(secretIn(page), undefined);
  });

  await t.test('Select the appropriate permissions', async (t) => {
    for (const level of ['Read Only', 'Read/Write', 'Full Access']) t.match(wordsOf(page), level);
    page = await send(agent, page, { name: 'Order sync', permissions: 'set:read_write' });
    t.equal(page.status, 201);
  });

  await t.test('Copy the generated API key', async (t) => {
    key = secretIn(page) ?? '';
    const { status } = await ask(desk, 'POST', '/v1/workflows', bearer(key));
    t.equal(status, 200);
    const heard = await ask(desk, 'DELETE', '/v1/workflows/1', bearer(key));
    t.match(heard, { status: 403, body: { error: { code: 'INSUFFICIENT_PERMISSIONS' } } });
  });

  await t.test('API keys are only shown once when created', async (t) => {
    const list = await click(agent, page, 'API keys', { after: 'Settings</p>' });
    const detail = await click(agent, list, 'Order sync');
    for (const later of [list, detail]) {
      t.match(wordsOf(later), key.slice(-4), 'its last characters tell it apart');
      t.notOk(later.body.includes(key));
    }
  });
});

t.test('Klen: Creating and revoking API keys', async (t) => {
  const desk = await openKeyDesk(t, { platform: 'klen' });
  const visitor = await arrive(desk);
  const { agent } = visitor;
  const keys = async (page: Page) => click(agent, page, 'API keys', { after: 'API</p>' });
  const { calls, agents } = { calls: '/v1/calls', agents: '/v1/agents' };
  let page = visitor.home;
  let key = '';

  await t.test('Log in to your Klen AI dashboard', async (t) => {
    page = await logIn(t, visitor);
    t.match(wordsOf(page), 'Klen');
  });

  await t.test('Navigate to API > API Keys', async (t) => {
    t.match(menuOf(page, 'API'), /API keys/i);
    page = await keys(page);
    t.equal(page.status, 200);
  });

  await t.test('Click “Create New API Key”', async () => {
    page = await click(agent, page, 'Create New API Key');
  });

  await t.test('Give your key a name and select the appropriate permissions', async (t) => {
    const offered = Array.from(page.body.matchAll(/name="scope" value="(\w+)"/g), ([, one]) => one);
    const six = desk.gatehouse.platform.scopes.map(({ name }) => name);
    t.same(offered.sort(), six.sort());
    page = await send(agent, page, { name: 'Reception', scope: 'can_fly' });
    t.equal(page.status, 422, 'and no other');
  });

  await t.test('Click “Create Key”', async (t) => {
    t.match(page.body, /<button[^>]*type="submit"[^>]*>Create key</i);
    page = await send(agent, page, { name: 'Reception', scope: ['can_read_calls'] });
    t.equal(page.status, 201);
    key = secretIn(page) ?? '';
    t.equal((await ask(desk, 'GET', calls, bearer(key))).status, 200);
    const heard = await ask(desk, 'GET', agents, bearer(key));
    t.match(heard, { status: 403, body: { error: { code: 'permission_denied' } } });
  });

  await t.test('You can view and manage your API keys from your dashboard', async (t) => {
    page = await keys(page);
    t.match(wordsOf(page), 'Reception');
    t.notOk(page.body.includes(key));
    const neighbour = await desk.owner();
    t.notMatch((await neighbour.open('/keys')).body, 'Reception');
    const [made] = await desk.keysOf({ user: visitor.user } as never);
    const foreign = await neighbour.open(`/keys/${made!.id}`, visitor.user.organizationId);
    t.equal(foreign.status, 404);
  });

  await t.test('Click the “Revoke” button next to the key you want to revoke', async (t) => {
    const other = await send(agent, await click(agent, page, 'Create New API Key'), {
      ...{ name: 'Switchboard', scope: ['can_read_calls'] },
    });
    page = await keys(other);
    const confirmation = await click(agent, page, 'Revoke Reception');
    t.equal((await ask(desk, 'GET', calls, bearer(key))).status, 200, 'nothing has happened yet');
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => agent.submit(confirmation, formOf(confirmation, '/revoke'))),
    );
    t.ok(answers.every(({ status }) => [303, 404].includes(status)));
    const done = answers.find(({ status }) => status === 303)!;
    const heard = await ask(desk, 'GET', calls, bearer(key));
    t.match(heard, { status: 401, body: { error: { code: 'invalid_key' } } });
    t.notMatch(wordsOf(await agent.follow(done)), 'Revoke Reception');
    const untouched = await ask(desk, 'GET', calls, bearer(secretIn(other)!));
    t.equal(untouched.status, 200, 'that key and no other');
  });
});

t.test('KLOAKD: Generate an API key from the dashboard: Settings → API Keys', async (t) => {
  const desk = await openKeyDesk(t, { platform: 'kloakd' });
  const visitor = await arrive(desk);
  const { agent, user } = visitor;
  const home = await logIn(t, visitor);
  t.match(menuOf(home, 'Settings'), /API keys/i);
  const list = await click(agent, home, 'API keys', { after: 'Settings</p>' });
  const form = await click(agent, list, 'Create New API Key');
  t.notMatch(form.body, 'sk-test-', 'those are for the playground');
  const page = await send(agent, form, { name: 'Crawler', permissions: 'set:full_access' });
  t.equal(page.status, 201);
  const key = secretIn(page) ?? '';
  t.match(key, /^sk-live-/);
  const path = `/api/v1/organizations/${user.organizationId}/discoveries`;
  const { status } = await ask(desk, 'POST', path, {
    ...{ ...bearer(key), 'x-kloakd-organization': user.organizationId },
  });
  t.equal(status, 200);
});
