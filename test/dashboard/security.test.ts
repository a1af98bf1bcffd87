import t from 'tap';
import { createTestClock } from '../support/clock.ts';
import { createUser } from '../support/gatehouse.ts';
import { formOf, ISSUER, openDesk, SECURITY } from './security-desk.ts';

const desk = await openDesk(t);
const { gatehouse } = desk;

t.test('shows each session with its browser and address, and which one this is', async (t) => {
  const { agent, ...user } = await desk.person();
  await desk.enter(desk.newAgent(), user);
  const { body, status } = await agent.get(SECURITY);
  t.equal(status, 200);
  t.equal(body.match(/Signed in \d/g)?.length, 2);
  t.equal(body.match(/This browser/g)?.length, 1);
  t.match(body, '203.0.113.9');
});

t.test(
  'says when another session was last seen, to the hour and not at every request',
  async (t) => {
    const clock = createTestClock();
    const desk = await openDesk(t, undefined, clock);
    const { database, oauth } = desk.gatehouse;
    const { agent, ...user } = await desk.person();
    const other = desk.newAgent();
    await desk.enter(other, user);
    const beganAt = await lastSeen();
    t.ok(Math.abs(beganAt - clock.now().getTime()) < 60_000, 'at the sign-in');

    clock.advance(1800);
    await come();
    t.equal(await lastSeen(), beganAt, 'not again within the hour');
    clock.advance(1900);
    const from = clock.now().getTime();
    t.ok(await desk.isSignedIn(other));
    t.equal(await lastSeen(), beganAt, 'the request itself writes nothing');
    await come();
    const seenAt = await lastSeen();
    t.ok(seenAt >= from && seenAt <= clock.now().getTime(), 'after it, once more');
    await come();
    t.equal(await lastSeen(), seenAt);

    const page = await agent.get(SECURITY);
    t.match(page.body, `<time datetime="${new Date(seenAt).toISOString()}">last seen `);
    t.equal(page.body.match(/last seen \d/g)?.length, 1, 'of the other, not of this one');

    /** A request with the other session, and what the process does now and then. */
    async function come() {
      t.ok(await desk.isSignedIn(other));
      await oauth.sessionUses.flush();
    }
    async function lastSeen() {
      const { rows } = await database.pool.query<{ at: Date }>(
        'SELECT last_seen_at AS at FROM sessions WHERE user_id = $1 ORDER BY created_at DESC LIMIT 1',
        [user.id],
      );
      return rows[0]!.at.getTime();
    }
  },
);

t.test('a session that is ended is over at the next request, in every process', async (t) => {
  const { agent, ...user } = await desk.person();
  const other = desk.newAgent();
  await desk.enter(other, user);
  const elsewhere = await openDesk(t, gatehouse.connectionString);
  const statusElsewhere = async () => {
    const url = `${elsewhere.gatehouse.address}/dashboard/security`;
    const headers = { cookie: other.cookiesFor(`${ISSUER}/`) };
    return (await fetch(url, { headers, redirect: 'manual' })).status;
  };
  t.equal(await statusElsewhere(), 200);
  const page = await agent.get(SECURITY);
  const form = page.forms.find(({ action }) => /sessions\/[^/]+\/end$/.test(action))!;
  const done = await agent.submit(page, form);
  t.match(done.headers.get('location'), /done=session_ended$/);
  t.equal(await statusElsewhere(), 303, 'in another process, too');
  t.notOk(await desk.isSignedIn(other));
  t.ok(await desk.isSignedIn(agent), 'the other goes on');
  t.equal((await agent.submit(page, form)).status, 404, 'once');
  t.ok((await desk.audited(user)).includes('session.ended'));
});

t.test('all other sessions are ended at once', async (t) => {
  const { agent, ...user } = await desk.person();
  const others = [desk.newAgent(), desk.newAgent()];
  for (const other of others) await desk.enter(other, user);
  const page = await agent.get(SECURITY);
  await agent.submit(page, formOf(page, '/sessions/end-others'));
  t.same(await Promise.all(others.map(desk.isSignedIn)), [false, false]);
  t.ok(await desk.isSignedIn(agent));
  t.notMatch((await agent.get(SECURITY)).body, 'End all other sessions');
});

t.test("somebody else's session answers like one that isn't there", async (t) => {
  const victim = await desk.person();
  const { agent } = await desk.person();
  const { rows } = await gatehouse.database.pool.query<{ uid: string }>(
    'SELECT uid FROM sessions WHERE user_id = $1',
    [victim.id],
  );
  const page = await agent.get(SECURITY);
  const form = { ...formOf(page, '/password'), action: `${SECURITY}/sessions/${rows[0]!.uid}/end` };
  t.equal((await agent.submit(page, form)).status, 404);
  t.ok(await desk.isSignedIn(victim.agent));
});

t.test('a new password ends every other session and keeps this one', async (t) => {
  const { agent, ...user } = await desk.person();
  const other = desk.newAgent();
  await desk.enter(other, user);
  const page = await agent.get(SECURITY);
  const form = formOf(page, '/password');
  const fresh = 'quiet violet harbour 58';
  const wrong = await agent.submit(page, form, { current_password: 'no', new_password: fresh });
  t.equal(wrong.status, 422);
  t.match(wrong.body, 'That isn’t your current password.');
  t.notMatch(wrong.body, fresh, 'what was typed stays secret');
  t.match(wrong.body, /role="alert" tabindex="-1" id="error-summary" autofocus/);
  const { password } = user;
  const weak = await agent.submit(page, form, {
    ...{ current_password: password, new_password: 'password1234' },
  });
  t.equal(weak.status, 422);
  t.match(weak.body, 'easy to guess');
  const done = await agent.submit(page, form, {
    ...{ current_password: password, new_password: fresh },
  });
  t.match(done.headers.get('location'), /done=password_changed$/);
  t.ok(await desk.isSignedIn(agent), 'this one goes on');
  t.notOk(await desk.isSignedIn(other));
  const again = desk.newAgent();
  await desk.enter(again, { ...user, password: fresh });
  t.ok(await desk.isSignedIn(again));
});

t.test('guesses at the current password are throttled like those at a sign-in', async (t) => {
  const { agent } = await desk.person();
  const page = await agent.get(SECURITY);
  const guess = { current_password: 'a guess', new_password: 'quiet violet harbour 58' };
  const statuses: number[] = [];
  for (let index = 0; index < 11; index += 1) {
    statuses.push((await agent.submit(page, formOf(page, '/password'), guess)).status);
  }
  t.equal(statuses.at(0), 422);
  t.equal(statuses.at(-1), 429);
});

t.test('every form needs its CSRF token and comes from here', async (t) => {
  const { agent } = await desk.person();
  const page = await agent.get(SECURITY);
  for (const { action, method } of page.forms.filter((form) => form.method === 'post')) {
    const bare = await agent.submit(page, { action, method, fields: [] });
    t.equal(bare.status, 403, `${new URL(action).pathname} without a token`);
  }
  const foreign = { ...page, url: 'https://evil.example/' };
  t.equal((await agent.submit(foreign, formOf(page, '/password'))).status, 403);
});

t.test('nobody sees it who is not signed in', async (t) => {
  const agent = desk.newAgent();
  for (const path of ['/dashboard/security', '/dashboard/connected-apps']) {
    const page = await agent.get(ISSUER + path);
    t.equal(page.status, 303);
    t.match(page.headers.get('location'), '/sign-in?return_to=');
  }
});

t.test('what signing in takes is changed after a fresh sign-in only', async (t) => {
  const { agent, ...user } = await desk.person();
  const before = await agent.get(SECURITY);
  await gatehouse.database.pool.query(
    `UPDATE sessions SET signed_in_at = signed_in_at - interval '1 hour' WHERE user_id = $1`,
    [user.id],
  );
  const stale = await agent.submit(before, formOf(before, '/passkeys'), { name: 'Phone' });
  t.equal(stale.headers.get('location'), '/sign-in?return_to=%2Fdashboard%2Fsecurity&again=yes');
  const page = await agent.get(SECURITY);
  t.match(page.body, 'Confirm that it’s you');
  t.notMatch(page.body, 'data-passkey');
  const confirm = await agent.follow(stale);
  t.match(confirm.body, 'Sign in once more to go on');
  const { email, password } = user;
  const back = await agent.submit(confirm, formOf(confirm, '/sign-in'), { email, password });
  const again = await agent.follow(back);
  t.equal(again.url, SECURITY);
  t.match(again.body, 'data-passkey="create"');
});

t.test('connected apps: the own ones, and no others', async (t) => {
  const { agent } = await desk.person();
  const page = await agent.get(`${ISSUER}/dashboard/connected-apps`);
  t.equal(page.status, 200);
  t.match(page.body, 'No app has access to your account');
  const victim = await createUser(gatehouse);
  const form = {
    ...formOf(page, '/sign-out'),
    action: `${ISSUER}/dashboard/connected-apps/${victim.id}/disconnect`,
  };
  t.equal((await agent.submit(page, form)).status, 404);
});
