import t from 'tap';
import { createTestClock } from '../support/clock.ts';
import { authorize, authorizeUrl, newPkce, redeem, refresh, userinfo } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  type TestClient,
  type TestUser,
} from '../support/gatehouse.ts';
import { startTwoServers, within } from '../support/two-servers.ts';
import { createUserAgent, type Page, type UserAgent } from '../support/user-agent.ts';

const SYSTEM = { actor: { kind: 'system' } } as const;
const REFUSED = { status: 400, body: { error: 'invalid_grant' } };
const SCOPE = 'openid email notes:read notes:write';
const NOWHERE = '019a8c9e-77b6-7bd1-a0c6-5ad2f4c1f3f0';

const clock = createTestClock();
const { first: gatehouse, servers } = await startTwoServers(t, { clock });

/** A browser with somebody signed in who uses these apps, and the tokens each app has. */
async function connect(user: TestUser, ...apps: TestClient[]) {
  const agent = createUserAgent();
  const tokens: { access_token: string; refresh_token: string }[] = [];
  for (const app of apps) {
    const pkce = newPkce();
    const url = authorizeUrl(gatehouse, app, pkce, { scope: SCOPE });
    const answer = { scope: ['notes:read', 'notes:write'] };
    const code = (await authorize(agent, url, user, answer)).searchParams.get('code')!;
    const { body } = await redeem(gatehouse, app, code, pkce);
    tokens.push(body as (typeof tokens)[number]);
  }
  return { agent, tokens };
}

const home = (agent: UserAgent) => agent.get(`${gatehouse.issuer}/`);
const disconnectForms = (page: Page) =>
  page.forms.filter(({ action }) => action.endsWith('/disconnect'));
/** The rows of the list, in order. */
const rows = ({ body }: Page) =>
  Array.from(body.matchAll(/<li class="row connected">[\s\S]*?<\/dl>\s*<\/li>/g), ([row]) => row);
const today = () => clock.now().toISOString().slice(0, 10);

t.test('lists each app with what it may do, for whom, since when and when last', async (t) => {
  const user = await createUser(gatehouse, { organizationName: 'Analytical Engines' });
  const publisher = await gatehouse.identity.organizations.create({ name: 'Labs' }, SYSTEM);
  const older = await registerClient(gatehouse, { name: 'Older <App>' });
  const newer = await registerClient(gatehouse, {
    name: 'Newer App',
    organizationId: publisher.id,
  });
  const { agent, tokens } = await connect(user, older);
  const connectedOn = today();
  clock.advance(3 * 86_400);
  const pkce = newPkce();
  await authorize(agent, authorizeUrl(gatehouse, newer, pkce, { scope: 'openid' }), user);
  clock.advance(86_400);
  const refreshedOn = today();
  const refreshed = await refresh(gatehouse, older, tokens[0]!.refresh_token);
  t.equal(refreshed.status, 200);

  const page = await home(agent);
  const [first = '', second = '', ...more] = rows(page);
  t.same(more, []);
  t.match(first, 'Older &lt;App&gt;');
  t.match(first, 'for Analytical Engines');
  for (const title of ['Know who you are', 'See your email address', 'See your notes']) {
    t.match(first, title);
  }
  t.match(first, 'Write notes');
  t.notMatch(first, 'Delete notes');
  t.match(first, `<time datetime="${connectedOn}">`, 'since the consent');
  t.match(first, `<time datetime="${refreshedOn}">`, 'a refresh is a use');
  t.match(second, 'Newer App');
  t.match(second, 'by Labs');
  t.notMatch(second, 'for Analytical Engines', 'it knows nothing of the organization');
  t.equal(disconnectForms(page).length, 2);
});

t.test('disconnecting ends refresh and access tokens at once, and the consent', async (t) => {
  const user = await createUser(gatehouse);
  const app = await registerClient(gatehouse, { name: 'Leaving' });
  const other = await registerClient(gatehouse, { name: 'Staying' });
  const { agent, tokens } = await connect(user, app, other);
  const [ended, kept] = tokens as [(typeof tokens)[0], (typeof tokens)[0]];
  const pkce = newPkce();
  const pending = await authorize(
    agent,
    authorizeUrl(gatehouse, app, pkce, { scope: SCOPE }),
    user,
  );

  const page = await home(agent);
  const at = rows(page).findIndex((row) => row.includes('Leaving'));
  const answer = await agent.submit(page, disconnectForms(page)[at]!);
  t.equal(answer.status, 303);
  t.equal(answer.headers.get('location'), '/');
  t.equal((await userinfo(gatehouse, ended.access_token)).status, 401, 'in the same moment');
  t.match(await refresh(gatehouse, app, ended.refresh_token), REFUSED);
  t.match(await refresh(servers[1], app, ended.refresh_token), REFUSED, 'everywhere');
  await within(1000, async () => (await userinfo(servers[1], ended.access_token)).status === 401);
  const code = pending.searchParams.get('code')!;
  t.match(await redeem(gatehouse, app, code, pkce), REFUSED, 'so is a code under way');

  t.equal((await userinfo(gatehouse, kept.access_token)).status, 200, 'another app is untouched');
  t.equal((await refresh(gatehouse, other, kept.refresh_token)).status, 200);
  const [left = '', ...more] = rows(await home(agent));
  t.match(left, 'Staying');
  t.same(more, []);
  const again = await agent.follow(await agent.get(authorizeUrl(gatehouse, app, newPkce())));
  t.ok(
    again.forms.some(({ action }) => action.endsWith('/consent')),
    'it has to ask again',
  );
  const { rows: events } = await gatehouse.database.pool.query(
    `SELECT actor_id, target_id FROM audit_events WHERE type = 'consent.revoked'
     AND actor_kind = 'user' AND actor_id = $1`,
    [user.id],
  );
  t.same(events, [{ actor_id: user.id, target_id: app.clientId }]);
});

t.test("another user's consent answers like one that does not exist", async (t) => {
  const [owner, neighbour] = [await createUser(gatehouse), await createUser(gatehouse)];
  const app = await registerClient(gatehouse, { name: 'Shared' });
  const theirs = await connect(owner, app);
  const mine = await connect(neighbour, app);
  const action = disconnectForms(await home(theirs.agent))[0]!.action;
  const page = await home(mine.agent);
  const form = disconnectForms(page)[0]!;
  const answerFor = async (url: string) => {
    const { status, headers, body } = await mine.agent.submit(page, { ...form, action: url });
    const reference = headers.get('x-request-id')!;
    return { status, body: body.replace(reference, 'a reference') };
  };
  const missing = await answerFor(`${gatehouse.issuer}/connected-apps/${NOWHERE}/disconnect`);
  t.equal(missing.status, 404);
  t.same(await answerFor(action), missing);
  for (const odd of ['%00', 'x'.repeat(2000), "'--", '..%2f']) {
    const answer = await answerFor(`${gatehouse.issuer}/connected-apps/${odd}/disconnect`);
    t.ok([400, 404, 414].includes(answer.status), odd.slice(0, 10), { status: answer.status });
  }
  t.equal((await userinfo(gatehouse, theirs.tokens[0]!.access_token)).status, 200);
  t.equal((await refresh(gatehouse, app, theirs.tokens[0]!.refresh_token)).status, 200);
  t.equal(rows(await home(theirs.agent)).length, 1, 'the neighbour still has theirs');

  t.equal((await mine.agent.submit(page, form)).status, 303);
  t.same(await answerFor(form.action), missing, 'twice is missing as well');
});

t.test('needs the CSRF token, our own origin and somebody signed in', async (t) => {
  const user = await createUser(gatehouse);
  const app = await registerClient(gatehouse);
  const { agent, tokens } = await connect(user, app);
  const page = await home(agent);
  const form = disconnectForms(page)[0]!;
  for (const token of ['', 'wrong']) {
    t.equal((await agent.submit(page, form, { _csrf: token })).status, 403, token);
  }
  const elsewhere = { ...page, url: 'https://evil.example/' };
  t.equal((await agent.submit(elsewhere, form)).status, 403, 'from another site');
  t.ok((await agent.get(form.action)).status >= 400, 'a link does nothing');

  const stranger = createUserAgent();
  const signInPage = await stranger.get(`${gatehouse.issuer}/sign-in`);
  const fields = signInPage.forms[0]!.fields.filter(([name]) => name === '_csrf');
  const answer = await stranger.submit(signInPage, { ...form, fields });
  t.equal(answer.status, 303);
  t.equal(answer.headers.get('location'), '/sign-in');
  t.equal((await userinfo(gatehouse, tokens[0]!.access_token)).status, 200, 'nothing happened');
});

t.test('the consent page says where, and there it is', async (t) => {
  const user = await createUser(gatehouse);
  const app = await registerClient(gatehouse, { name: 'Promised' });
  const { agent } = await connect(user, app);
  const asking = await registerClient(gatehouse, { name: 'Asking' });
  const page = await agent.follow(await agent.get(authorizeUrl(gatehouse, asking, newPkce())));
  t.match(page.body, /take this back at any time in\s+<a href="\/">your connected apps<\/a>/);
  t.match((await home(agent)).body, /Connected apps[\s\S]*Promised/);
});
