import { decodeJwt, type JWTPayload } from 'jose';
import t, { type Test } from 'tap';
import { listConsents } from '../../src/oauth/consents/consents.store.ts';
import {
  authorize,
  authorizeUrl,
  consent,
  newPkce,
  type Parameters,
  type Pkce,
  redeem,
  signIn,
} from '../support/flows.ts';
import {
  CALLBACK,
  createMember,
  createUser,
  registerClient,
  startGatehouse,
  type TestClient,
  type TestGatehouse,
  type TestUser,
} from '../support/gatehouse.ts';
import {
  createUserAgent,
  type Form,
  locationOf,
  type Page,
  type UserAgent,
} from '../support/user-agent.ts';

const SYSTEM = { actor: { kind: 'system' } } as const;
const MARKUP = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`;

const consentForm = (page: Page) => page.forms.find(({ action }) => action.endsWith('/consent'))!;
const ticked = (page: Page) =>
  consentForm(page)
    .fields.filter(([name]) => name === 'scope')
    .map(([, value]) => value);

const textOf = (html = '') => html.replaceAll(/<[^>]*>/g, '').trim();
/** What the page says of one fact, which it lists by name. */
const factOf = ({ body }: Page, name: string) =>
  textOf(new RegExp(`<dt>${name}</dt>\\s*<dd[^>]*>(.*?)</dd>`).exec(body)?.[1]);
/** Every group of permissions: its heading, and what stands under it. */
const groupsOf = ({ body }: Page) =>
  Array.from(body.matchAll(/<h3[^>]*>(.*?)<\/h3>(.*?)<\/section>/gs), ([, heading, rows = '']) => [
    textOf(heading),
    ...Array.from(rows.matchAll(/"row-title">(.*?)<\/span>/g), ([, title]) => textOf(title)),
  ]);

/** A browser that stands before the consent page. */
async function beforeConsent(
  gatehouse: TestGatehouse,
  client: TestClient,
  user: TestUser,
  more: Parameters = {},
) {
  const agent = createUserAgent();
  const pkce = newPkce();
  const url = authorizeUrl(gatehouse, client, pkce, more);
  const page = await signIn(agent, await agent.follow(await agent.get(url)), user);
  if (!consentForm(page)) throw new Error(`no consent at ${page.url} (${page.status})`);
  return { agent, pkce, url, page };
}

/** What an access token says, when the page leads to a code. */
async function claimsOf(gatehouse: TestGatehouse, client: TestClient, back: Page, pkce: Pkce) {
  const code = locationOf(back).searchParams.get('code') ?? 'none';
  const answer = await redeem(gatehouse, client, code, pkce);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  const claims: JWTPayload & { org_id?: string; scope?: string } = decodeJwt(
    answer.body.access_token!,
  );
  return { ...claims, granted: answer.body.scope };
}

/** Posts a form as a browser would that sends these headers. */
async function submit(agent: UserAgent, form: Form, headers: Record<string, string>) {
  const body = new URLSearchParams([...form.fields, ['decision', 'allow']]).toString();
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(form.action, {
    ...{ method: 'POST', redirect: 'manual', body },
    headers: { ...type, cookie: agent.cookiesFor(form.action), ...headers },
  });
  return { status: answer.status, location: answer.headers.get('location') };
}

t.test('consent', async (t) => {
  const gatehouse = await startGatehouse(t);
  const user = await createUser(gatehouse, { organizationName: 'First' });
  const newClient = () => registerClient(gatehouse);
  const standing = async (client: TestClient, of = user) =>
    (await listConsents(gatehouse.database.pool, of.id))
      .filter(({ clientId }) => clientId === client.clientId)
      .map((one) => ({ ...one, scopes: one.scopes.toSorted() }));

  await t.test('refuses a form without its CSRF token with 403 (RFC 9700 §4.7)', async (t) => {
    const client = await newClient();
    const { agent, page } = await beforeConsent(gatehouse, client, user);
    const stranger = await beforeConsent(gatehouse, client, user);
    const foreign = consentForm(stranger.page).fields.find(([name]) => name === '_csrf')![1];
    const tokens = { missing: [], empty: '', wrong: 'wrong', 'of another browser': foreign };
    for (const form of page.forms) {
      for (const [name, token] of Object.entries(tokens)) {
        const about = `${new URL(form.action).pathname.split('/').at(-1)}, ${name}`;
        const answer = await agent.submit(page, form, { _csrf: token, decision: 'allow' });
        t.equal(answer.status, 403, about);
        t.equal(answer.headers.get('location'), null, about);
        t.match(answer.body, /<code>csrf_token_invalid<\/code>/, about);
      }
    }
    t.equal(page.forms.length, 2, 'the answer, and the switch of accounts');
    t.same(await standing(client), [], 'nothing was allowed');
    const shown = await agent.get(page.url);
    t.ok(consentForm(shown), 'the question still stands');
  });

  await t.test('refuses a form that another site sends with 403 (RFC 9700 §4.7)', async (t) => {
    const client = await newClient();
    const { agent, page } = await beforeConsent(gatehouse, client, user);
    const form = consentForm(page);
    const refused: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: `${gatehouse.issuer}.evil.example` },
      { origin: 'http://127.0.0.1:1' },
      { origin: 'https://127.0.0.1' },
      { origin: 'file://' },
      { origin: '' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', origin: 'null' },
      { 'sec-fetch-site': 'cross-site', origin: gatehouse.issuer },
    ];
    for (const headers of refused) {
      const answer = await submit(agent, form, headers);
      t.equal(answer.status, 403, JSON.stringify(headers));
      t.equal(answer.location, null, JSON.stringify(headers));
    }
    t.same(await standing(client), []);
    const ours: Record<string, string>[] = [
      { origin: 'null' },
      { 'sec-fetch-site': 'same-origin' },
    ];
    for (const headers of ours) {
      const answer = await submit(agent, form, headers);
      t.equal(answer.status, 303, `our own: ${JSON.stringify(headers)}`);
    }
  });

  await t.test('refuses a sign-in that another site sends (login CSRF)', async (t) => {
    for (const path of ['/sign-in', '/sign-up']) {
      const agent = createUserAgent();
      const page = await agent.get(gatehouse.issuer + path);
      const form = page.forms[0]!;
      const fields = { email: user.email, password: user.password, name: 'Ada' };
      const without = await agent.submit(page, form, { ...fields, _csrf: '' });
      t.equal(without.status, 403, path);
      t.notMatch(agent.cookiesFor(form.action), /gatehouse_session/, path);
      const filled = { ...form, fields: [...form.fields, ...Object.entries(fields)] };
      const foreign = await submit(agent, filled, { origin: 'https://evil.example' });
      t.equal(foreign.status, 403, path);
    }
  });

  await t.test('names who is asking, and for which organization', async (t) => {
    const publisher = await createUser(gatehouse, { organizationName: 'Minutes Labs' });
    const { organizationId } = publisher;
    const known = await registerClient(gatehouse, { name: 'Minutes', organizationId });
    const unknown = await registerClient(gatehouse, { name: 'Minutes' });
    const { agent, page } = await beforeConsent(gatehouse, known, user);
    const url = authorizeUrl(gatehouse, unknown, newPkce());
    const unverified = await agent.follow(await agent.get(url));
    for (const shown of [page, unverified]) {
      t.match(shown.body, />Minutes wants access to your Acme Notes account<\/h1>/);
      t.equal(factOf(shown, 'Organization'), 'First');
    }
    const warning = 'Registered by its developer; not verified by Acme Notes';
    t.match(page.body, '>An app by Minutes Labs<');
    t.notMatch(page.body, warning);
    t.match(unverified.body, warning);
    t.notMatch(unverified.body, 'An app by');
  });

  await t.test('says where it sends people: the very host of this request', async (t) => {
    const device = 'an app on this device';
    const targets = {
      'https://second.example.com:8443/callback': 'second.example.com:8443',
      'https://127.0.0.1.example.com/callback': '127.0.0.1.example.com',
      'http://127.0.0.1/callback': device,
      'http://[::1]:8080/callback': device,
      'http://localhost/callback': device,
      'com.example.app:/callback': device,
    };
    const redirectUris = ['https://first.example.com/callback', ...Object.keys(targets)];
    const client = await registerClient(gatehouse, { redirectUris });
    const { agent, page } = await beforeConsent(gatehouse, client, user);
    t.equal(factOf(page, 'Sends you to'), 'first.example.com');
    for (const [redirectUri, target] of Object.entries(targets)) {
      const url = authorizeUrl(gatehouse, { ...client, redirectUri }, newPkce());
      const shown = await agent.follow(await agent.get(url));
      t.equal(factOf(shown, 'Sends you to'), target, redirectUri);
      t.notMatch(shown.body, 'first.example.com', redirectUri);
    }
  });

  await t.test('groups what is asked by what it lets an app do', async (t) => {
    const client = await newClient();
    const scope = 'openid notes:delete notes:write notes:read';
    const { page } = await beforeConsent(gatehouse, client, user, { scope });
    t.same(groupsOf(page), [
      ['Know you', 'Know who you are'],
      ['Read', 'See your notes'],
      ['Make changes', 'Write notes'],
      ['Administer', 'Delete notes'],
      ['Stay connected', 'Keep access when you are not here'],
    ]);
  });

  await t.test('puts the organization that was chosen into org_id', async (t) => {
    const member = await createUser(gatehouse, { organizationName: 'Alpha' });
    const second = await gatehouse.identity.organizations.create({ name: 'Beta' }, SYSTEM);
    const membership = { userId: member.id, organizationId: second.id, role: 'member' } as const;
    await gatehouse.identity.memberships.add(membership, SYSTEM);
    for (const organizationId of [second.id, member.organizationId]) {
      const client = await newClient();
      const { agent, page, pkce, url } = await beforeConsent(gatehouse, client, member);
      t.match(page.body, /Alpha[\s\S]*Beta/, 'both are offered');
      const back = await consent(agent, page, { organization_id: organizationId });
      const claims = await claimsOf(gatehouse, client, back, pkce);
      t.equal(claims.org_id, organizationId);
      t.equal((await standing(client, member))[0]?.organizationId, organizationId);
      const again = await agent.get(url);
      const later = await claimsOf(gatehouse, client, again, pkce);
      t.equal(later.org_id, organizationId, 'and stays chosen');
    }
  });

  await t.test('lets nobody choose an organization without being its member', async (t) => {
    const stranger = await createUser(gatehouse);
    const member = await createUser(gatehouse);
    const second = await gatehouse.identity.organizations.create({ name: 'Beta' }, SYSTEM);
    const membership = { userId: member.id, organizationId: second.id, role: 'member' } as const;
    await gatehouse.identity.memberships.add(membership, SYSTEM);
    const client = await newClient();
    const { agent, page, pkce } = await beforeConsent(gatehouse, client, member);
    const refused: Record<string, string | string[]> = {
      'of somebody else': stranger.organizationId,
      unknown: '019aa000-0000-7000-8000-000000000000',
      empty: '',
      'a NUL': '\0',
      'left out': [],
      'two at once': [second.id, stranger.organizationId],
    };
    for (const [name, organizationId] of Object.entries(refused)) {
      const answer = await consent(agent, page, { organization_id: organizationId });
      t.equal(answer.status, 422, name);
      t.equal(answer.headers.get('location'), null, name);
      t.ok(consentForm(answer), `${name}: asks again`);
    }
    t.same(await standing(client, member), [], 'nothing was allowed');
    await gatehouse.identity.memberships.remove(member.id, second.id, SYSTEM);
    const late = await consent(agent, page, { organization_id: second.id });
    t.equal(late.status, 422, 'one left meanwhile is not exchanged for the one that remains');
    t.same(await standing(client, member), [], 'nothing was allowed');
    const claims = await claimsOf(gatehouse, client, await consent(agent, late), pkce);
    t.equal(claims.org_id, member.organizationId, 'but asked about');
    const alone = await beforeConsent(gatehouse, await newClient(), stranger);
    const foreign = await consent(alone.agent, alone.page, { organization_id: second.id });
    t.equal(foreign.status, 422);
  });

  await t.test('does not grant what was unticked, and asks no second time at once', async (t) => {
    const client = await newClient();
    const scope = 'openid profile notes:read notes:write notes:delete';
    const { agent, page, pkce } = await beforeConsent(gatehouse, client, user, { scope });
    t.same(ticked(page), ['notes:read', 'notes:write', 'notes:delete'], 'ticked by default');
    const back = await consent(agent, page, { scope: ['notes:write'] });
    t.equal(back.status, 303, 'no loop');
    const claims = await claimsOf(gatehouse, client, back, pkce);
    t.equal(claims.granted, 'openid profile notes:write', 'the answer says what was granted');
    t.equal(claims.scope, 'openid profile notes:write', 'and so does the token');
    t.same((await standing(client))[0]?.scopes, ['notes:write', 'openid', 'profile']);
  });

  await t.test('says what a role does not let the user give, before they answer', async (t) => {
    const scope = 'openid notes:read notes:delete';
    const { organizationId } = await createUser(gatehouse, { organizationName: 'Quiet Library' });
    const member = await createMember(gatehouse, organizationId);
    const client = await newClient();
    const { agent, page, pkce } = await beforeConsent(gatehouse, client, member, { scope });
    t.same(ticked(page), ['notes:read'], 'what they cannot give is no choice');
    t.match(page.body, /your role in Quiet Library \(Member\) does not include them/);
    t.match(page.body, /id="withheld"[\s\S]*Delete notes/);
    const all = { scope: ['notes:read', 'notes:delete'] };
    const claims = await claimsOf(gatehouse, client, await consent(agent, page, all), pkce);
    t.equal(claims.granted, 'openid notes:read', 'nor is it given when it is posted');
    const owned = await beforeConsent(gatehouse, await newClient(), user, { scope });
    t.same(ticked(owned.page), ['notes:read', 'notes:delete']);
    t.notMatch(owned.page.body, /will not get|Not in /, 'an owner is spared all of it');
  });

  await t.test('says in which of several organizations a role is too small', async (t) => {
    const scope = 'openid notes:read notes:delete';
    const { organizationId } = await createUser(gatehouse, { organizationName: 'Quiet Library' });
    const both = await createUser(gatehouse, { organizationName: 'Own House' });
    const membership = { userId: both.id, organizationId, role: 'member' } as const;
    await gatehouse.identity.memberships.add(membership, SYSTEM);
    const client = await newClient();
    const { agent, page, pkce } = await beforeConsent(gatehouse, client, both, { scope });
    t.same(ticked(page), ['notes:read', 'notes:delete'], 'it can be given, elsewhere');
    t.match(page.body, /Delete notes[\s\S]{0,200}Not in Quiet Library: your role there/);
    t.equal(page.body.split('Not in ').length, 2, 'said of nothing else');
    const back = await consent(agent, page, { organization_id: organizationId });
    t.equal((await claimsOf(gatehouse, client, back, pkce)).granted, 'openid notes:read');
  });

  await t.test('says that a lesser role holds back what was allowed before', async (t) => {
    const scope = 'openid notes:delete';
    const { organizationId } = await createUser(gatehouse);
    const person = await createMember(gatehouse, organizationId, 'admin');
    const client = await newClient();
    const { agent, page } = await beforeConsent(gatehouse, client, person, { scope });
    await consent(agent, page);
    const lesser = { userId: person.id, organizationId, role: 'member' } as const;
    await gatehouse.identity.memberships.changeRole(lesser, SYSTEM);
    const more = authorizeUrl(gatehouse, client, newPkce(), { scope: `${scope} notes:read` });
    const again = await agent.follow(await agent.get(more));
    t.notMatch(again.body, /Already allowed/);
    t.match(again.body, /id="withheld"[\s\S]*Delete notes/);
  });

  await t.test('grants the identity alone when every permission is unticked', async (t) => {
    const client = await newClient();
    const { agent, page, pkce } = await beforeConsent(gatehouse, client, user);
    const claims = await claimsOf(
      gatehouse,
      client,
      await consent(agent, page, { scope: [] }),
      pkce,
    );
    t.equal(claims.granted, 'openid');
  });

  await t.test('is a no when nothing at all is left (RFC 6749 §4.1.2.1)', async (t) => {
    const client = await newClient();
    const scope = 'notes:read notes:write';
    const { agent, page } = await beforeConsent(gatehouse, client, user, { scope });
    const back = locationOf(await consent(agent, page, { scope: [] }));
    t.equal(back.searchParams.get('error'), 'access_denied');
    t.equal(back.searchParams.get('code'), null);
    t.same(await standing(client), []);
  });

  await t.test('asks on the second visit only for what is new', async (t) => {
    const client = await newClient();
    const first = await beforeConsent(gatehouse, client, user);
    t.notMatch(first.page.body, /Already allowed/);
    await consent(first.agent, first.page);
    const { agent } = first;
    const same = await agent.get(authorizeUrl(gatehouse, client, newPkce()));
    t.ok(locationOf(same).searchParams.get('code'), 'nothing new: nothing is asked');
    const pkce = newPkce();
    const scope = 'openid notes:read notes:write';
    const more = await agent.get(authorizeUrl(gatehouse, client, pkce, { scope }));
    const page = await agent.follow(more);
    t.same(ticked(page), ['notes:write']);
    t.match(page.body, /Already allowed[\s\S]*See your notes/);
    const claims = await claimsOf(gatehouse, client, await consent(agent, page), pkce);
    t.equal(claims.granted, 'openid notes:read notes:write', 'old and new together');
    const fewer = newPkce();
    const narrow = await agent.get(authorizeUrl(gatehouse, client, fewer));
    const narrowed = await claimsOf(gatehouse, client, narrow, fewer);
    t.equal(narrowed.granted, 'openid notes:read', 'but only what is asked for');
  });

  await t.test(
    'tells the app access_denied, with iss and state (RFC 6749 §4.1.2.1, RFC 9207)',
    async (t) => {
      const answers: Record<string, string | string[]> = {
        'a no': 'deny',
        nothing: [],
        nonsense: 'Allow',
        'yes and no': ['allow', 'deny'],
        'no and yes': ['deny', 'allow'],
      };
      for (const [name, decision] of Object.entries(answers)) {
        const client = await newClient();
        const { agent, page, url } = await beforeConsent(gatehouse, client, user);
        const answer = await consent(agent, page, { decision });
        t.equal(answer.status, 303, name);
        const back = locationOf(answer);
        t.equal(back.origin + back.pathname, CALLBACK, name);
        t.equal(back.searchParams.get('error'), 'access_denied', name);
        t.equal(back.searchParams.get('state'), 'a state', name);
        t.equal(back.searchParams.get('iss'), gatehouse.issuer, name);
        t.equal(back.searchParams.get('code'), null, name);
        t.same(await standing(client), [], `${name}: nothing was allowed`);
        t.ok(consentForm(await agent.follow(await agent.get(url))), `${name}: asks again`);
      }
    },
  );

  await t.test('lets another account answer the same request', async (t) => {
    const client = await newClient();
    const other = await createUser(gatehouse, { name: 'Grace Other' });
    const { agent, page, pkce } = await beforeConsent(gatehouse, client, user);
    const form = page.forms.find(({ action }) => action.endsWith('/switch-account'))!;
    const before = agent.cookiesFor(gatehouse.issuer);
    const signInPage = await agent.follow(await agent.submit(page, form));
    t.equal(signInPage.url, page.url, 'the same interaction');
    t.ok(signInPage.forms.some(({ action }) => action.endsWith('/sign-in')));
    t.notMatch(signInPage.body, user.email, 'says nothing of the first');
    const ended = createUserAgent();
    for (const cookie of before.split('; ')) ended.setCookie(`${cookie}; path=/`, page.url);
    const home = await ended.get(`${gatehouse.issuer}/`);
    t.notMatch(home.body, user.email, 'the first session is over on the server');
    const second = await signIn(agent, signInPage, other);
    t.match(second.body, 'Grace Other');
    const claims = await claimsOf(gatehouse, client, await consent(agent, second), pkce);
    t.equal(claims.sub, other.id);
    t.equal(claims.org_id, other.organizationId);
    t.same(await standing(client), [], 'the first user allowed nothing');
  });

  await t.test(
    'prompt=consent asks again, and takes back what is unticked then (OpenID Core §3.1.2.1)',
    async (t) => {
      const client = await newClient();
      const scope = 'openid notes:read notes:write';
      const { agent, page } = await beforeConsent(gatehouse, client, user, { scope });
      await consent(agent, page);
      const pkce = newPkce();
      const url = authorizeUrl(gatehouse, client, pkce, { scope, prompt: 'consent' });
      const again = await agent.follow(await agent.get(url));
      t.same(ticked(again), ['notes:read', 'notes:write'], 'everything is asked anew');
      const back = await consent(agent, again, { scope: ['notes:read'] });
      const claims = await claimsOf(gatehouse, client, back, pkce);
      t.equal(claims.granted, 'openid notes:read');
      const later = await agent.get(
        authorizeUrl(gatehouse, client, newPkce(), { scope, prompt: 'none' }),
      );
      t.equal(
        locationOf(later).searchParams.get('error'),
        'consent_required',
        'not granted in silence',
      );
    },
  );

  await t.test(
    'prompt=login asks who is there, and nothing else (OpenID Core §3.1.2.1)',
    async (t) => {
      const client = await newClient();
      const { agent, page } = await beforeConsent(gatehouse, client, user);
      await consent(agent, page);
      const pkce = newPkce();
      const url = authorizeUrl(gatehouse, client, pkce, { prompt: 'login' });
      const asked = await agent.follow(await agent.get(url));
      t.ok(asked.forms.some(({ action }) => action.endsWith('/sign-in')));
      const skipped = await agent.get(url.replace('prompt=login', 'prompt='));
      t.ok(locationOf(skipped).searchParams.get('code'), 'the session goes on beside it');
      const back = await signIn(agent, asked, user);
      t.equal((await claimsOf(gatehouse, client, back, pkce)).sub, user.id);
    },
  );

  await t.test(
    'grants nothing beyond what was asked, whatever is posted (RFC 6749 §3.3)',
    async (t) => {
      const client = await newClient();
      const { agent, page, pkce } = await beforeConsent(gatehouse, client, user);
      const scope = [
        'notes:read',
        'notes:delete',
        'email',
        'offline_access',
        'notes:read notes:write',
        '*',
      ];
      const back = await consent(agent, page, {
        scope,
        'scope[]': 'notes:write',
        scopes: 'notes:write',
      });
      const claims = await claimsOf(gatehouse, client, back, pkce);
      t.equal(claims.granted, 'openid notes:read');
      t.same((await standing(client))[0]?.scopes, ['notes:read', 'openid']);
    },
  );

  await t.test('leads two tabs at once to a code each', async (t) => {
    const client = await newClient();
    const fresh = await createUser(gatehouse);
    const agent = createUserAgent();
    const scopes = ['openid notes:read', 'openid notes:write'];
    const tabs = scopes.map((scope) => ({ scope, pkce: newPkce() }));
    const opened: Page[] = [];
    for (const { scope, pkce } of tabs) {
      const url = authorizeUrl(gatehouse, client, pkce, { scope });
      opened.push(await agent.follow(await agent.get(url)));
    }
    const asked: Page[] = [];
    for (const page of opened) asked.push(await signIn(agent, page, fresh));
    const answered = await Promise.all(asked.map((page) => consent(agent, page)));
    for (const [index, { scope, pkce }] of tabs.entries()) {
      const claims = await claimsOf(gatehouse, client, answered[index]!, pkce);
      t.equal(claims.granted, scope);
    }
    const [kept, ...others] = await standing(client, fresh);
    t.same(kept?.scopes, ['notes:read', 'notes:write', 'openid'], 'the second adds to the first');
    t.same(others, [], 'one consent');
  });

  await t.test('leads two tabs of two people to the one who signed in last', async (t) => {
    const client = await newClient();
    const people = [await createUser(gatehouse), await createUser(gatehouse)] as const;
    const agent = createUserAgent();
    const open = async () =>
      agent.follow(await agent.get(authorizeUrl(gatehouse, client, newPkce())));
    const [first, second] = [await open(), await open()];
    const asked = await signIn(agent, first, people[0]);
    const askedToo = await signIn(agent, second, people[1]);
    t.match(askedToo.body, people[1].email);
    const stale = await agent.submit(asked, consentForm(asked), { decision: 'allow' });
    t.equal(stale.status, 400, 'the first one’s question is gone');
    t.same(await standing(client, people[0]), []);
    const back = await consent(agent, askedToo);
    t.ok(locationOf(back).searchParams.get('code'));
  });

  await t.test(
    'answers a finished consent that is posted again with an expired page',
    async (t) => {
      const client = await newClient();
      const { agent, page } = await beforeConsent(gatehouse, client, user);
      const back = await consent(agent, page);
      t.ok(locationOf(back).searchParams.get('code'));
      for (const decision of ['allow', 'deny']) {
        const again = await agent.submit(page, consentForm(page), { decision });
        isExpired(t, again, decision);
      }
      isExpired(t, await agent.get(page.url), 'its address');
      isExpired(
        t,
        await agent.get(page.url.replace('/interaction/', '/oauth/authorize/')),
        'the way on',
      );
    },
  );

  await t.test('asks again after the consent was revoked', async (t) => {
    const client = await newClient();
    const { agent, page, url } = await beforeConsent(gatehouse, client, user);
    await consent(agent, page);
    const { id } = (await standing(client))[0]!;
    await gatehouse.database.pool.query('UPDATE consents SET revoked_at = now() WHERE id = $1', [
      id,
    ]);
    t.same(ticked(await agent.follow(await agent.get(url))), ['notes:read']);
  });

  await t.test(
    'is over when the session has ended or its user is disabled meanwhile',
    async (t) => {
      const endings: Record<string, (agent: UserAgent, of: TestUser) => Promise<unknown>> = {
        'signed out': async (agent) => {
          const home = await agent.get(`${gatehouse.issuer}/`);
          await agent.submit(home, home.forms[0]!);
        },
        disabled: async (_agent, of) => gatehouse.identity.users.disable(of.id, SYSTEM),
      };
      for (const [name, end] of Object.entries(endings)) {
        const client = await newClient();
        const fresh = await createUser(gatehouse);
        const { agent, page } = await beforeConsent(gatehouse, client, fresh);
        await end(agent, fresh);
        const late = await agent.submit(page, consentForm(page), { decision: 'allow' });
        isExpired(t, late, name);
        t.same(await standing(client, fresh), [], name);
      }
    },
  );

  await t.test('is over when the app is deleted meanwhile', async (t) => {
    const client = await newClient();
    const { agent, page } = await beforeConsent(gatehouse, client, user);
    const stored = await gatehouse.oauth.clientService.find(client.clientId);
    await gatehouse.oauth.clientService.delete(stored!, SYSTEM);
    await new Promise((resolve) => setTimeout(resolve, 300));
    isExpired(t, await agent.get(page.url), 'the page');
    const answer = await agent.submit(page, consentForm(page), { decision: 'allow' });
    isExpired(t, answer, 'the answer');
  });

  await t.test(
    'asks for no organization when the app only wants to know who is there',
    async (t) => {
      const client = await newClient();
      const scope = 'openid email';
      const { agent, page, pkce } = await beforeConsent(gatehouse, client, user, { scope });
      t.same(
        consentForm(page).fields.filter(([name]) => name === 'organization_id'),
        [],
      );
      const claims = await claimsOf(gatehouse, client, await consent(agent, page), pkce);
      t.equal(claims.org_id, undefined);
      t.equal(claims.granted, scope);
    },
  );
});

function isExpired(t: Test, page: Page, about: string) {
  t.equal(page.status, 400, `${about}: status`);
  t.equal(page.headers.get('location'), null, `${about}: no redirect`);
  t.match(page.body, /This took a little too long/, `${about}: the expired page`);
  t.same(page.forms, [], `${about}: no form`);
}

t.test('escapes what strangers named themselves on every page that shows it', async (t) => {
  const gatehouse = await startGatehouse(t);
  const publisher = await createUser(gatehouse, { organizationName: MARKUP });
  const client = await registerClient(gatehouse, {
    name: MARKUP,
    organizationId: publisher.organizationId,
    redirectUris: [`https://app.example.com/?a=${encodeURIComponent(MARKUP)}`],
    postLogoutRedirectUris: ['https://app.example.com/out'],
    clientUri: 'https://app.example.com/"><script>alert(1)</script>',
  });
  const user = await createUser(gatehouse, { name: MARKUP, organizationName: MARKUP });
  const second = await gatehouse.identity.organizations.create({ name: `${MARKUP} 2` }, SYSTEM);
  const membership = { userId: user.id, organizationId: second.id, role: 'member' } as const;
  await gatehouse.identity.memberships.add(membership, SYSTEM);

  const agent = createUserAgent();
  const url = authorizeUrl(gatehouse, client, newPkce());
  const signInPage = await agent.follow(await agent.get(url));
  const asked = await signIn(agent, signInPage, user);
  const { issuer } = gatehouse;
  const pages = {
    'sign-in': signInPage,
    'sign-up': await createUserAgent().get(`${issuer}/sign-up`),
    consent: asked,
    account: await agent.get(`${issuer}/`),
    'sign-out': await agent.get(`${issuer}/oauth/logout?client_id=${client.clientId}`),
    'signed out': await agent.get(`${issuer}/oauth/logout/success?client_id=${client.clientId}`),
  };
  for (const [name, page] of Object.entries(pages)) {
    t.equal(page.status, 200, name);
    t.notMatch(page.body, /<script>alert|<img|"'>/, name);
  }
  for (const name of ['sign-in', 'consent', 'account', 'sign-out', 'signed out'] as const) {
    t.match(pages[name].body, /&lt;script&gt;alert/, `${name} shows the name as text`);
  }
  t.ok((await authorize(agent, url, user)).searchParams.get('code'), 'and all of it works');
});
