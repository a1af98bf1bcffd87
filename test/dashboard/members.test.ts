import t from 'tap';
import { locationOf, type Page } from '../support/user-agent.ts';
import { refusesForgeries } from './attacks.ts';
import { type Developer, type KeyDesk, openKeyDesk } from './key-desk.ts';

const remove = (developer: Developer) => `/members/${developer.user.id}/remove`;
const member = (developer: Developer) => `/members/${developer.user.id}`;

const roleIn = async ({ gatehouse }: KeyDesk, { user }: Developer, organizationId: string) =>
  (await gatehouse.identity.memberships.find(user.id, organizationId))?.role;

/** Sends a form that the page does not show: what a browser's tools can do. */
async function forge(developer: Developer, path: string, fields: Record<string, string>) {
  const page = await developer.open('/members');
  const [, csrf = ''] = page.forms[0]!.fields.find(([name]) => name === '_csrf') ?? [];
  const action = page.url.replace('/members', path);
  return developer.agent.submit(
    page,
    { action, method: 'post', fields: [['_csrf', csrf]] },
    fields,
  );
}

t.test('members see who belongs to their organization, and since when', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const ben = await desk.colleague(ada, 'member');
  const other = await desk.owner();
  const { status, body } = await ben.open('/members');
  t.equal(status, 200);
  for (const { user } of [ada, ben]) t.match(body, user.email);
  t.notMatch(body, other.user.email);
  t.notMatch(body, '/members/invite', 'whoever may not invite is not offered it');
  t.match((await ada.open('/members')).body, '/members/invite');
  t.equal((await ben.open('/members?cursor=made-up')).status, 404);
  t.equal((await ben.open('/members?cursor=a&cursor=b')).status, 404);
});

t.test(
  'an owner gives any role, an administrator none above their own, a member none',
  async (t) => {
    const desk = await openKeyDesk(t);
    const ada = await desk.owner();
    const { organizationId } = ada.user;
    const ben = await desk.colleague(ada, 'admin');
    const eve = await desk.colleague(ada, 'member');

    const changed = await ada.send(await ada.open(member(eve)), member(eve), { role: 'owner' });
    t.equal(changed.status, 303);
    const page = await ada.agent.follow(changed);
    t.match(page.body, 'The role is changed.');
    t.equal(await roleIn(desk, eve, organizationId), 'owner');
    await ada.send(page, member(eve), { role: 'member' });
    t.equal(await roleIn(desk, eve, organizationId), 'member');

    t.notMatch((await ben.open(member(eve))).body, 'value="owner"', 'the form offers no more');
    const reach = [
      [ben, eve, 'owner', 403],
      [ben, ada, 'member', 403],
      [ben, eve, 'emperor', 422],
      [eve, ben, 'member', 403],
      [eve, eve, 'admin', 403],
    ] as const;
    for (const [who, whom, role, status] of reach) {
      const answer = await forge(who, member(whom), { role });
      t.equal(answer.status, status, `${role} by ${who.user.email}`);
    }
    t.equal(await roleIn(desk, ada, organizationId), 'owner');
    t.equal(await roleIn(desk, ben, organizationId), 'admin');
    t.equal(await roleIn(desk, eve, organizationId), 'member');
    t.equal((await forge(ben, member(eve), { role: 'admin' })).status, 303, 'up to their own');
  },
);

t.test('an organization keeps an owner, also when all leave at the same moment', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const { organizationId } = ada.user;
  const only = await ada.send(await ada.open(remove(ada)), remove(ada));
  t.equal(only.status, 422);
  t.match(only.body, 'must keep an owner');
  const demoted = await ada.send(await ada.open(member(ada)), member(ada), { role: 'member' });
  t.equal(demoted.status, 422);

  const ben = await desk.colleague(ada, 'owner');
  const pages = await Promise.all([ada.open(remove(ada)), ben.open(remove(ben))]);
  const left = await Promise.all([
    ada.send(pages[0], remove(ada)),
    ben.send(pages[1], remove(ben)),
  ]);
  t.same(left.map(({ status }) => status).sort(), [303, 422]);
  const { items } = await desk.gatehouse.identity.memberships.listOfOrganization(
    organizationId,
    {},
  );
  t.equal(items.length, 1);
});

t.test('whoever is removed, or leaves, is out at once', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const ben = await desk.colleague(ada, 'admin');
  const eve = await desk.colleague(ada, 'member');
  t.equal((await forge(eve, remove(ben), {})).status, 403, 'members remove nobody');
  t.equal((await forge(ben, remove(ada), {})).status, 403, 'administrators remove no owner');
  t.equal((await eve.open(remove(ben))).status, 403);

  const removed = await ben.send(await ben.open(remove(eve)), remove(eve));
  t.equal(locationOf(removed).search, '?done=member_removed');
  t.equal((await eve.open('/members')).status, 404);
  t.equal((await ben.open(member(eve))).status, 404);

  const left = await ben.send(await ben.open(remove(ben)), remove(ben));
  const home = await ben.agent.follow(left);
  t.match(home.body, 'You have left the organization.');
  t.match(home.body, 'You are in no organization yet');
  t.equal((await ben.open('/members')).status, 404);
  const { items } = await ada.open('/audit?type=membership.deleted').then(eventsIn);
  t.equal(items, 2, 'and the log says so');
});

const eventsIn = ({ body }: Page) => ({ items: body.match(/<code>membership\.deleted</g)?.length });

t.test("a neighbour's organization and members answer like what isn't there", async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const other = await desk.owner();
  const { organizationId } = other.user;
  for (const path of [
    '/members',
    member(other),
    '/members/invite',
    '/settings',
    '/plan',
    '/audit',
  ]) {
    t.equal((await ada.open(path, organizationId)).status, 404, path);
  }
  for (const path of [member(other), remove(other)]) {
    t.equal((await ada.open(path)).status, 404, `${path} within her own`);
    t.equal((await forge(ada, path, { role: 'member' })).status, 404);
  }
  t.equal((await ada.open('/members/%00')).status, 404);
  t.equal(await roleIn(desk, other, organizationId), 'owner');
});

t.test('members are changed from our own pages alone', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const ben = await desk.colleague(ada, 'member');
  await refusesForgeries(t, ada, {
    ...{ page: member(ben), action: member(ben), fields: { role: 'owner' } },
  });
  await refusesForgeries(t, ada, { page: remove(ben), action: remove(ben) });
  t.equal(await roleIn(desk, ben, ada.user.organizationId), 'member');
});
