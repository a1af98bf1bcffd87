import t from 'tap';
import { listConsents } from '../../src/oauth/consents/consents.store.ts';
import {
  authorize,
  authorizeUrl,
  consent,
  newPkce,
  type Parameters,
  redeem,
  signIn,
} from '../support/flows.ts';
import {
  createMember,
  createUser,
  registerClient,
  startGatehouse,
  type TestClient,
  type TestUser,
} from '../support/gatehouse.ts';
import { createUserAgent, locationOf, type Page } from '../support/user-agent.ts';

const SYSTEM = { actor: { kind: 'system' } } as const;
/** A member's role does not include it; an administrator's does. */
const ABOVE = 'notes:delete';

const consentForm = (page: Page) => page.forms.find(({ action }) => action.endsWith('/consent'))!;
const chosenIn = (page: Page) =>
  consentForm(page).fields.find(([name]) => name === 'organization_id')?.[1];
const offersYes = (page: Page) => page.body.includes('name="decision" value="allow"');
const offersNo = (page: Page) => page.body.includes('name="decision" value="deny"');
/** The radio button or option of an organization, as far as its name. */
const choiceOf = (page: Page, organizationId: string) =>
  new RegExp(`<(?:input|option)[^>]*value="${organizationId}"[^>]*>`).exec(page.body)?.[0] ?? '';

t.test('consent where a role includes nothing of what is asked', async (t) => {
  const gatehouse = await startGatehouse(t);
  const { identity, database } = gatehouse;
  const library = await createUser(gatehouse, { organizationName: 'Quiet Library' });
  const join = (user: TestUser, organizationId: string, role: 'admin' | 'member' = 'member') =>
    identity.memberships.add({ userId: user.id, organizationId, role }, SYSTEM);
  const standing = async (user: TestUser, client: TestClient) =>
    (await listConsents(database.pool, user.id)).filter((one) => one.clientId === client.clientId);

  async function before(user: TestUser, client: TestClient, more: Parameters = {}) {
    const [agent, pkce] = [createUserAgent(), newPkce()];
    const url = authorizeUrl(gatehouse, client, pkce, { scope: ABOVE, ...more });
    const page = await signIn(agent, await agent.follow(await agent.get(url)), user);
    const grantedBy = async (back: Page) => {
      const code = locationOf(back).searchParams.get('code') ?? 'none';
      return (await redeem(gatehouse, client, code, pkce)).body.scope;
    };
    return { agent, page, grantedBy };
  }

  await t.test('offers no yes, but a no and another account', async (t) => {
    const member = await createMember(gatehouse, library.organizationId);
    const client = await registerClient(gatehouse);
    const { agent, page } = await before(member, client);
    t.equal(page.status, 200);
    t.notOk(offersYes(page));
    t.ok(offersNo(page));
    t.match(page.body, /not yours to give: your role in Quiet Library \(Member\) includes none/);
    t.match(page.body, 'Delete notes', 'says what it is about');
    t.notMatch(page.body, /will be able to|Keep access|take this back/, 'nothing can be given');
    const organizationId = library.organizationId;
    const yes: Record<string, string>[] = [{ organization_id: organizationId }, {}];
    for (const chosen of yes) {
      const posted = await consent(agent, page, { ...chosen, scope: ABOVE });
      t.equal(posted.status, 422, 'nor is a yes accepted');
      t.equal(posted.headers.get('location'), null);
      t.notOk(offersYes(posted));
    }
    t.same(await standing(member, client), [], 'nothing was allowed');
    const other = page.forms.find(({ action }) => action.endsWith('/switch-account'))!;
    const next = await agent.follow(await agent.submit(page, other));
    t.ok(offersYes(await signIn(agent, next, library)), 'an owner may');
    const again = await before(member, client);
    const back = locationOf(await consent(again.agent, again.page, { decision: 'deny' }));
    t.equal(back.searchParams.get('error'), 'access_denied');
    t.equal(back.searchParams.get('state'), 'a state');
  });

  await t.test('says so of all of several organizations', async (t) => {
    const museum = await createUser(gatehouse, { organizationName: 'Loud Museum' });
    const member = await createMember(gatehouse, library.organizationId);
    await join(member, museum.organizationId);
    const { page } = await before(member, await registerClient(gatehouse));
    t.notOk(offersYes(page));
    t.match(page.body, 'includes none of it in any of your organizations');
  });

  await t.test('lets an organization be chosen where it is more, and no other', async (t) => {
    for (const more of [0, 7]) {
      const member = await createMember(gatehouse, library.organizationId);
      for (let count = 0; count < more; count += 1) {
        await join(member, (await createUser(gatehouse)).organizationId);
      }
      const house = await createUser(gatehouse, { organizationName: 'Own House' });
      await join(member, house.organizationId, 'admin');
      const client = await registerClient(gatehouse);
      const { agent, page, grantedBy } = await before(member, client);
      t.ok(offersYes(page));
      t.match(choiceOf(page, library.organizationId), / disabled>/, 'without scripts');
      t.match(choiceOf(page, house.organizationId), / (?:checked|selected)>/);
      if (more === 0) t.match(page.body, 'Your role there includes nothing of what this app asks');
      const wrong = { organization_id: library.organizationId, scope: ABOVE };
      const refused = await consent(agent, page, wrong);
      t.equal(refused.status, 422);
      t.match(refused.body, 'Your role in that organization includes nothing');
      const stranger = await createUser(gatehouse);
      const foreign = { organization_id: stranger.organizationId, scope: ABOVE };
      t.equal((await consent(agent, page, foreign)).status, 422, 'nor one of somebody else');
      t.same(await standing(member, client), [], 'nothing was allowed');
      const right = { organization_id: house.organizationId, scope: ABOVE };
      t.equal(await grantedBy(await consent(agent, refused, right)), ABOVE);
      t.match(await standing(member, client), [{ organizationId: house.organizationId }]);
    }
  });

  await t.test('asks anew where a standing consent is for such an organization', async (t) => {
    const person = await createMember(gatehouse, library.organizationId, 'admin');
    const client = await registerClient(gatehouse);
    const url = authorizeUrl(gatehouse, client, newPkce(), { scope: ABOVE });
    await authorize(createUserAgent(), url, person);
    const { organizationId } = library;
    const lesser = { userId: person.id, organizationId, role: 'member' } as const;
    await identity.memberships.changeRole(lesser, SYSTEM);
    t.notOk(offersYes((await before(person, client)).page), 'nowhere else to go');
    const house = await createUser(gatehouse, { organizationName: 'Own House' });
    await join(person, house.organizationId, 'admin');
    const { agent, page, grantedBy } = await before(person, client);
    t.equal(chosenIn(page), house.organizationId);
    t.match(choiceOf(page, organizationId), / disabled>/);
    t.notMatch(page.body, 'Already allowed', 'not there');
    t.equal(await grantedBy(await consent(agent, page)), ABOVE);
  });

  await t.test('loses the yes when the role shrinks while the page is open', async (t) => {
    const person = await createMember(gatehouse, library.organizationId, 'admin');
    const client = await registerClient(gatehouse);
    const { agent, page } = await before(person, client);
    t.ok(offersYes(page));
    const { organizationId } = library;
    const lesser = { userId: person.id, organizationId, role: 'member' } as const;
    await identity.memberships.changeRole(lesser, SYSTEM);
    const answers = await Promise.all([consent(agent, page), consent(agent, page)]);
    for (const answer of answers) {
      t.equal(answer.status, 422);
      t.notOk(offersYes(answer));
    }
    t.same(await standing(person, client), []);
  });

  await t.test('is a question still where who they are is asked, too', async (t) => {
    const member = await createMember(gatehouse, library.organizationId);
    const scope = `openid ${ABOVE}`;
    const { agent, page, grantedBy } = await before(member, await registerClient(gatehouse), {
      scope,
    });
    t.ok(offersYes(page));
    t.match(page.body, /Know who you are[\s\S]*will not get[\s\S]*Delete notes/);
    t.equal(await grantedBy(await consent(agent, page)), 'openid');
  });
});
