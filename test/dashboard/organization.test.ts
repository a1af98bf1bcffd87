import t from 'tap';
import { loadPlatform } from '../../src/platform/load.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { createUser } from '../support/gatehouse.ts';
import { locationOf } from '../support/user-agent.ts';
import { refusesForgeries } from './attacks.ts';
import { type Developer, formOf, type KeyDesk, openKeyDesk } from './key-desk.ts';

const NEW = '/dashboard/organizations/new';

const openNew = ({ gatehouse }: KeyDesk, { agent }: Developer) =>
  agent.get(`${gatehouse.issuer}${NEW}`);

t.test('owners and administrators change the name; what is wrong with it is said', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const eve = await desk.colleague(ada, 'member');
  const renamed = await ada.send(await ada.open('/settings'), '/settings', { name: ' Engines ' });
  t.equal(locationOf(renamed).search, '?done=organization_renamed');
  const page = await ada.agent.follow(renamed);
  t.match(page.body, 'The name is changed.');
  t.match(page.body, 'value="Engines"');
  for (const name of ['', '   ', 'x'.repeat(201), 'a\u0000b']) {
    const answer = await ada.send(page, '/settings', { name });
    t.equal(answer.status, 422, JSON.stringify(name.slice(0, 5)));
    t.match(answer.body, 'href="#name"');
  }
  const theirs = await eve.open('/settings');
  t.match(theirs.body, 'Engines');
  t.notOk(
    theirs.forms.some(({ action }) => action.endsWith('/settings')),
    'members look on',
  );
  const form = { ...formOf(theirs, '/sign-out'), action: theirs.url };
  t.equal((await eve.agent.submit(theirs, form, { name: 'Mine' })).status, 403);
  const other = await desk.owner();
  const own = await other.open('/settings');
  const forged = { ...formOf(own, '/settings'), action: page.url.split('?')[0]! };
  t.equal((await other.agent.submit(own, forged, { name: 'Theirs' })).status, 404);
  const { organizations } = desk.gatehouse.identity;
  t.equal((await organizations.find(ada.user.organizationId))?.name, 'Engines');
  await refusesForgeries(t, ada, {
    ...{ page: '/settings', action: '/settings', fields: { name: 'Forged' } },
  });
});

t.test('a further organization has its founder as owner, and is switched to', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const page = await openNew(desk, ada);
  const made = await ada.agent.submit(page, formOf(page, NEW), { name: 'Second Engines' });
  const there = await ada.agent.follow(made);
  t.match(there.body, 'Your new organization is ready');
  t.match(there.body, 'Switch organization');
  const twice = await ada.agent.submit(page, formOf(page, NEW), { name: 'Second Engines' });
  t.match(twice.headers.get('location'), 'organization_sent_before');
  const memberships = await desk.gatehouse.identity.membershipsOf(ada.user.id);
  t.same(memberships.map(({ organizationName, role }) => `${organizationName}: ${role}`).slice(1), [
    'Second Engines: owner',
  ]);
  const wrong = await ada.agent.submit(page, formOf(page, NEW), { name: ' ' });
  t.equal(wrong.status, 422);
  const bare = await ada.agent.submit(page, { action: page.url, method: 'post', fields: [] });
  t.equal(bare.status, 403, 'without a token');
});

t.test('nobody founds a tenth and eleventh at once', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const { identity } = desk.gatehouse;
  const context = { actor: { kind: 'user', id: ada.user.id } } as const;
  const found = () => identity.foundOrganization({ userId: ada.user.id, name: 'More' }, context);
  const outcomes = await Promise.all(Array.from({ length: 20 }, found));
  t.equal(outcomes.filter(({ outcome }) => outcome === 'created').length, 9, 'with the first, ten');
  const page = await openNew(desk, ada);
  const answer = await ada.agent.submit(page, formOf(page, NEW), { name: 'Eleventh' });
  t.equal(answer.status, 422);
  t.match(answer.body, 'You own 10 organizations');
  t.match(answer.body, 'value="Eleventh"');
});

t.test('where nobody signs up, the operator makes organizations', async (t) => {
  const kaie = await loadPlatform('kaie');
  const platform: Platform = { ...kaie, signUp: { enabled: false } };
  const desk = await openKeyDesk(t, { platform });
  const ada = await desk.owner();
  t.notMatch((await ada.open('/settings')).body, NEW);
  t.equal((await openNew(desk, ada)).status, 404);
});

t.test('the plan page says what is included, and what is used of it', async (t) => {
  const desk = await openKeyDesk(t, { platform: 'kloakd' });
  const ada = await desk.owner();
  const { organizationId } = ada.user;
  const fresh = (await ada.open('/plan')).body;
  t.match(fresh, 'Developer');
  t.match(fresh, '0 of 50,000');
  t.match(fresh, /Discoveries<\/span><span class="row-about">Included/);
  t.match(fresh, /Monitors<\/span><span class="row-about">Not included/);
  t.match(fresh, '120 per minute');
  t.notMatch(fresh, 'Free discoveries', 'what only strangers count on is not theirs');

  const { secret } = await ada.make({ environment: 'live', permissions: 'set:full_access' });
  for (let n = 0; n < 3; n += 1) {
    const response = await fetch(`${desk.gatehouse.issuer}/gate/decision`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${desk.gatehouse.adminKey}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        ...{ method: 'GET', address: '192.0.2.1' },
        path: `/api/v1/organizations/${organizationId}/discoveries`,
        headers: {
          authorization: `Bearer ${secret}`,
          'x-kloakd-organization': organizationId,
        },
      }),
    });
    t.match(await response.json(), { allowed: true });
  }
  const used = (await ada.open('/plan')).body;
  t.match(used, '3 of 50,000');
  t.match(used, '49,997 left');
  t.match(used, /<meter class="meter" min="0" max="50000" value="3"/);
  t.match(used, 'Starts again on');
  const neighbour = await createUser(desk.gatehouse);
  t.ok(neighbour);
  t.match((await (await desk.owner()).open('/plan')).body, '0 of 50,000', 'a count of their own');
});

t.test('every platform has a plan page with the figures of its file', async (t) => {
  const words: Record<string, string> = {
    kaie: 'for each credential by itself',
    klen: 'A key can be given a lower figure.',
    kliq: 'Plan and limits',
    example: 'Plan and limits',
  };
  for (const [platform, expected] of Object.entries(words)) {
    const desk = await openKeyDesk(t, { platform });
    const page = await (await desk.owner()).open('/plan');
    t.equal(page.status, 200, platform);
    t.match(page.body, expected, platform);
    await desk.gatehouse.stop();
  }
});
