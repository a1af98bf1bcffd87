import t from 'tap';
import { createUser } from '../support/gatehouse.ts';
import { createUserAgent, type Page } from '../support/user-agent.ts';
import { refusesForgeries } from './attacks.ts';
import { type Developer, formOf, type KeyDesk, openKeyDesk } from './key-desk.ts';

const DAY_SECONDS = 86_400;
const SYSTEM = { actor: { kind: 'system' } } as const;

function stoppedClock() {
  let time = Date.parse('2026-11-21T12:00:00Z');
  return {
    now: () => new Date(time),
    advance(seconds: number) {
      time += seconds * 1000;
    },
  };
}

/** The link that a page shows. */
const linkIn = ({ body }: Page): string => /<code id="link">([^<]+)</.exec(body)?.[1] ?? '';

async function invite(by: Developer, email: string, role = 'member'): Promise<Page> {
  return by.send(await by.open('/members/invite'), '/members/invite', { email, role });
}

/** Somebody with an account, who opens a link and comes back to it after signing in. */
async function arrive({ gatehouse }: KeyDesk, link: string, email?: string) {
  const user = await createUser(gatehouse, email ? { email } : {});
  const agent = createUserAgent();
  const signInPage = await agent.get(
    `${gatehouse.issuer}/sign-in?return_to=${encodeURIComponent(new URL(link).pathname)}`,
  );
  const form = signInPage.forms.find(({ action }) => action.includes('/sign-in?return_to='))!;
  const { email: account, password } = user;
  const signedIn = await agent.submit(signInPage, form, { email: account, password });
  return { user, agent, page: await agent.follow(signedIn) };
}

const roleOf = async ({ gatehouse }: KeyDesk, userId: string, { user }: Developer) =>
  (await gatehouse.identity.memberships.find(userId, user.organizationId))?.role;

t.test('whoever is invited signs in on the way, comes back, and joins with the role', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const made = await invite(ada, ' Grace@Navy.example ', 'admin');
  t.equal(made.status, 201);
  const link = linkIn(made);
  t.match(link, /\/invitations\/[\w-]{43}$/, '256 bits');
  t.match((await ada.open('/members')).body, 'grace@navy.example');

  const stranger = await createUserAgent().get(link);
  t.equal(stranger.status, 200);
  t.match(stranger.body, 'Ada Example invites you');
  t.match(stranger.body, 'Administrator');
  t.match(stranger.body, 'g•••@n•••.example');
  t.notMatch(stranger.body, 'grace@navy.example', 'a stranger sees the address masked');
  t.equal(stranger.headers.get('referrer-policy'), 'no-referrer');
  t.equal(stranger.headers.get('cache-control'), 'no-store');

  const { user, agent, page } = await arrive(desk, link, 'grace@navy.example');
  t.equal(page.url, link, 'back at the invitation');
  const joined = await agent.follow(await agent.submit(page, formOf(page, new URL(link).pathname)));
  t.match(joined.body, 'Welcome. You are a member now.');
  t.match(joined.url, ada.user.organizationId);
  t.equal(await roleOf(desk, user.id, ada), 'admin');
  t.equal((await createUserAgent().get(link)).status, 404, 'and its link is used up');
  t.notMatch((await ada.open('/members')).body, 'New link');
  const log = (await ada.open('/audit')).body;
  for (const type of ['invitation.created', 'invitation.accepted', 'membership.created']) {
    t.match(log, `<code>${type}</code>`);
  }
});

t.test('somebody new signs up on the way and comes back', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const link = linkIn(await invite(ada, 'new@example.com'));
  const agent = createUserAgent();
  const page = await agent.get(link);
  const signUpUrl = /href="(\/sign-up[^"]+)"/.exec(page.body)?.[1] ?? '';
  const form = await agent.get(new URL(signUpUrl, link).href);
  const fields = { name: 'Newcomer', email: 'new@example.com', password: 'violet otter kettle 47' };
  const back = await agent.follow(await agent.submit(form, form.forms[0]!, fields));
  t.equal(back.url, link);
  const joined = await agent.follow(await agent.submit(back, back.forms[0]!));
  t.match(joined.body, 'Welcome. You are a member now.');
});

t.test('twenty acceptances at once make one member, and one line in the log', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const link = linkIn(await invite(ada, 'grace@navy.example'));
  const { user, agent, page } = await arrive(desk, link, 'grace@navy.example');
  const form = formOf(page, new URL(link).pathname);
  const answers = await Promise.all(Array.from({ length: 20 }, () => agent.submit(page, form)));
  t.same([...new Set(answers.map(({ status }) => status))], [303], 'each says where to go on');
  const welcomes = answers.filter(({ headers }) => headers.get('location')?.includes('joined'));
  t.equal(welcomes.length, 1);
  t.equal(await roleOf(desk, user.id, ada), 'member');
  const log = (await ada.open('/audit?type=invitation.accepted')).body;
  t.equal(log.match(/<code>invitation\.accepted</g)?.length, 1);
});

t.test('two accounts at once: one address, one member', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const link = linkIn(await invite(ada, 'grace@navy.example'));
  const token = new URL(link).pathname.split('/').at(-1)!;
  const { user } = await arrive(desk, link, 'grace@navy.example');
  await desk.gatehouse.identity.users.update(user.id, { email: 'former@navy.example' }, SYSTEM);
  const heir = await arrive(desk, link, 'grace@navy.example');
  const accepted = await Promise.all(
    Array.from({ length: 20 }, (_, i) => accept(desk, token, i % 2 ? user.id : heir.user.id)),
  );
  t.equal(accepted.filter((outcome) => outcome === 'accepted').length, 1);
  t.equal(await roleOf(desk, heir.user.id, ada), 'member');
  t.equal(await roleOf(desk, user.id, ada), undefined, 'it is the address that counts');
});

async function accept(desk: KeyDesk, token: string, userId: string) {
  const context = { actor: { kind: 'user', id: userId } } as const;
  return (await desk.gatehouse.invitations.accept(token, userId, context)).outcome;
}

t.test(
  'somebody else who finds the link hears whose it is, masked, and joins nothing',
  async (t) => {
    const desk = await openKeyDesk(t);
    const ada = await desk.owner();
    const link = linkIn(await invite(ada, 'grace@navy.example', 'owner'));
    const { user, agent, page } = await arrive(desk, link);
    t.match(page.body, 'for another account');
    t.match(page.body, 'g•••@n•••.example');
    t.notMatch(page.body, 'grace@navy.example');
    const [, csrf = ''] = page.forms[0]!.fields.find(([name]) => name === '_csrf')!;
    const forged = await agent.submit(
      page,
      { action: link, method: 'post', fields: [['_csrf', csrf]] },
      { email: user.email, role: 'owner', organization: ada.user.organizationId },
    );
    t.equal(forged.status, 403);
    t.equal(await roleOf(desk, user.id, ada), undefined);

    const switched = await agent.submit(page, formOf(page, '/switch-account'));
    const signInPage = await agent.follow(switched);
    t.match(signInPage.url, `/sign-in?return_to=${encodeURIComponent(new URL(link).pathname)}`);
    t.equal((await createUserAgent().get(link)).status, 200, 'the invitation stands');
  },
);

t.test('nobody invites above their role; members invite nobody', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const ben = await desk.colleague(ada, 'admin');
  const eve = await desk.colleague(ada, 'member');
  const forged = await invite(ben, 'accomplice@example.com', 'owner');
  t.equal(forged.status, 422);
  t.match(forged.body, 'not above your own');
  t.match(forged.body, 'value="accomplice@example.com"', 'what was typed stays');
  t.equal((await invite(ben, 'accomplice@example.com', 'emperor')).status, 422);
  t.equal((await eve.open('/members/invite')).status, 403);
  t.equal((await invite(ben, 'fine@example.com', 'admin')).status, 201);

  t.equal((await invite(ada, 'boss@example.com', 'owner')).status, 201);
  const revoke = (await ada.open('/members')).forms.find(({ action }) =>
    action.endsWith('/revoke'),
  )!;
  const page = await ben.open('/members');
  const beyond = await ben.agent.submit(page, {
    ...formOf(page, '/revoke'),
    action: revoke.action,
  });
  t.equal(beyond.status, 403, 'nor do they revoke above it');
});

t.test('an invitation counts as long as who sent it may give the role', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const ben = await desk.colleague(ada, 'admin');
  const link = linkIn(await invite(ben, 'accomplice@example.com', 'admin'));
  const { user, agent, page } = await arrive(desk, link, 'accomplice@example.com');
  const place = { userId: ben.user.id, organizationId: ada.user.organizationId };
  await desk.gatehouse.identity.memberships.changeRole({ ...place, role: 'member' }, SYSTEM);
  const late = await agent.submit(page, formOf(page, new URL(link).pathname));
  t.equal(late.status, 404);
  t.match(late.body, 'no longer works');
  t.equal(await roleOf(desk, user.id, ada), undefined);
  const list = await ada.open('/members');
  t.match(list.body, 'On hold');
  const again = linkIn(await ada.send(list, '/renew'));
  t.equal((await agent.get(again)).status, 200, 'who may give it sends it again');
});

t.test('a link lives seven days; sent again it is another one', async (t) => {
  const clock = stoppedClock();
  const desk = await openKeyDesk(t, { clock });
  const ada = await desk.owner();
  const first = linkIn(await invite(ada, 'grace@navy.example'));
  clock.advance(6 * DAY_SECONDS);
  const page = await ada.open('/members');
  const second = linkIn(await ada.send(page, '/renew'));
  t.not(second, first);
  const stranger = createUserAgent();
  t.equal((await stranger.get(first)).status, 404, 'the one before is nothing any more');
  clock.advance(6 * DAY_SECONDS);
  t.equal((await stranger.get(second)).status, 200);
  const sentTwice = await ada.send(page, '/renew');
  t.match(sentTwice.headers.get('location'), 'invitation_sent_before', 'a form makes one link');
  clock.advance(DAY_SECONDS);
  const gone = await stranger.get(second);
  t.equal(gone.status, 404);
  t.notMatch(gone.body, 'Organization', 'nor does it say whose it was');
  t.match((await ada.open('/members')).body, 'Expired');
  t.equal((await invite(ada, 'grace@navy.example')).status, 201, 'a new one takes its place');
});

t.test('revoked is revoked; unknown tokens answer the same', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const other = await desk.owner();
  const link = linkIn(await invite(ada, 'grace@navy.example'));
  const page = await ada.open('/members');
  const theirs = formOf(page, '/revoke').action;
  await invite(other, 'grace@navy.example');
  const neighbour = await other.open('/members');
  for (const form of ['/revoke', '/renew']) {
    const action = formOf(page, form).action.replace(
      ada.user.organizationId,
      other.user.organizationId,
    );
    const answer = await other.agent.submit(neighbour, { ...formOf(neighbour, form), action });
    t.equal(answer.status, 404, `${form} of a neighbour's`);
    const inTheirs = { ...formOf(neighbour, form), action: formOf(page, form).action };
    t.equal((await other.agent.submit(neighbour, inTheirs)).status, 404);
  }
  const stranger = createUserAgent();
  t.equal((await stranger.get(link)).status, 200);
  t.equal((await ada.send(page, '/revoke')).status, 303);
  const revoked = await stranger.get(link);
  const unknown = await stranger.get(link.replace(/.{10}$/, 'AAAAAAAAAA'));
  t.equal(revoked.status, 404);
  const plain = ({ body }: Page) => body.replace(/[\w-]{36}/g, '');
  t.equal(plain(revoked), plain(unknown), 'which it was is not said');
  t.equal(
    (await ada.agent.submit(page, { ...formOf(page, '/revoke'), action: theirs })).status,
    404,
  );
});

t.test('what is wrong with an invitation is said beside its field', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const ben = await desk.colleague(ada, 'member');
  for (const [email, words] of [
    ['', 'Enter an email address'],
    ['grace@', 'Enter a full email address'],
    [ben.user.email.toUpperCase(), 'is a member already'],
  ] as const) {
    const answer = await invite(ada, email);
    t.equal(answer.status, 422);
    t.match(answer.body, words);
    t.match(answer.body, /id="error-summary" autofocus/);
    t.match(answer.body, 'href="#email"');
  }
  await invite(ada, 'grace@navy.example');
  t.match((await invite(ada, 'GRACE@navy.example')).body, 'invited already');
});

t.test(
  'an organization has a hundred open invitations at the most, and an hour as many',
  async (t) => {
    const clock = stoppedClock();
    const desk = await openKeyDesk(t, { clock });
    const ada = await desk.owner();
    const { organizationId } = ada.user;
    const context = { actor: { kind: 'user', id: ada.user.id } } as const;
    const send = async (n: number) =>
      (
        await desk.gatehouse.invitations.invite(
          { organizationId, email: `colleague-${n}@navy.example`, role: 'member' },
          context,
        )
      ).outcome;
    for (let n = 0; n < 95; n += 1) t.equal(await send(n), 'invited');
    clock.advance(3601);
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => send(n + 95)));
    t.equal(outcomes.filter((outcome) => outcome === 'invited').length, 5);
    t.equal(outcomes.filter((outcome) => outcome === 'too_many').length, 15);
    t.match((await invite(ada, 'late@navy.example')).body, 'There are 100 open invitations');
    for (let n = 0; n < 80; n += 1) await send(0);
    const throttled = await invite(ada, 'late@navy.example');
    t.equal(throttled.status, 429);
    t.equal(throttled.headers.get('retry-after'), '3600');
    const page = await ada.open('/members');
    t.equal((await ada.send(page, '/renew')).status, 429, 'sending again counts, too');
  },
);

t.test('tokens are in no log, and stored as a keyed hash', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const link = linkIn(await invite(ada, 'grace@navy.example'));
  const { agent, page } = await arrive(desk, link, 'grace@navy.example');
  await agent.get(`${link}/nowhere`);
  await agent.get(`${link}?again=${link}`);
  await agent.submit(page, formOf(page, new URL(link).pathname));
  const token = link.split('/').at(-1)!;
  t.notMatch(desk.gatehouse.logLines.join('\n'), token);
  t.match(desk.gatehouse.logLines.join('\n'), '/invitations/:token');
  const { rows } = await desk.gatehouse.database.pool.query('SELECT * FROM invitations');
  t.equal(rows.length, 1);
  t.notMatch(JSON.stringify(rows), token);
  t.equal(rows[0].hash.length, 32);
});

t.test('invitations are made, revoked and accepted from our own pages alone', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  await refusesForgeries(t, ada, {
    ...{ page: '/members/invite', action: '/members/invite' },
    fields: { email: 'forged@example.com', role: 'owner' },
  });
  const link = linkIn(await invite(ada, 'grace@navy.example'));
  await refusesForgeries(t, ada, { page: '/members', action: '/renew' });
  await refusesForgeries(t, ada, { page: '/members', action: '/revoke' });
  const { user, agent, page } = await arrive(desk, link, 'grace@navy.example');
  const { action, fields } = formOf(page, new URL(link).pathname);
  const bare = await agent.submit(page, { action, method: 'post', fields: [] });
  t.equal(bare.status, 403);
  const foreign = await fetch(action, {
    ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) },
    headers: { cookie: agent.cookiesFor(action), origin: 'https://evil.example' },
  });
  t.equal(foreign.status, 403);
  t.equal(await roleOf(desk, user.id, ada), undefined);
  t.notMatch((await ada.open('/members')).body, 'forged@example.com');
});

t.test('a form makes one invitation, however often it is sent', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const page = await ada.open('/members/invite');
  const fields = { email: 'grace@navy.example', role: 'member' };
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => ada.send(page, '/members/invite', fields)),
  );
  t.equal(answers.filter(({ status }) => status === 201).length, 1);
  t.equal(answers.filter(({ status }) => status === 303).length, 9);
});
