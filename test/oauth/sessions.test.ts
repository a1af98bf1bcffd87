import t from 'tap';
import type { Admission } from '../../src/identity/admission.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createRevocations } from '../../src/oauth/revocations.store.ts';
import { touchSessions } from '../../src/oauth/sessions/user-sessions.store.ts';
import { authorize, authorizeUrl, consent, newPkce, signIn } from '../support/flows.ts';
import { createUser, registerClient, startGatehouse, type TestUser } from '../support/gatehouse.ts';
import { within } from '../support/two-servers.ts';
import { createUserAgent, locationOf, type UserAgent } from '../support/user-agent.ts';

const SYSTEM = { actor: { kind: 'system' } } as const;
const gatehouse = await startGatehouse(t);
const { issuer, database, oauth, identity } = gatehouse;
const client = await registerClient(gatehouse);
const revocations = createRevocations({ clock: systemClock });
const url = () => authorizeUrl(gatehouse, client, newPkce());

const cookieOf = (agent: UserAgent) =>
  /gatehouse_session=([^;]*)/.exec(agent.cookiesFor(`${issuer}/`))![1]!;

const isIn = async (cookie: string, user: TestUser) => {
  const agent = createUserAgent();
  agent.setCookie(`gatehouse_session=${cookie}; path=/`, issuer);
  return (await agent.get(`${issuer}/`)).body.includes(user.email);
};

/** Somebody signed in, to whose app the way is open without a question. */
async function connected() {
  const user = await createUser(gatehouse);
  const agent = createUserAgent();
  await authorize(agent, url(), user);
  return { user, agent, cookie: cookieOf(agent) };
}

/**
 * An authorization request that has read its session and goes on when `meanwhile` has happened: it waits for
 * what it alone wants, to lock the membership for its grant, and holds nothing that an ending wants.
 */
async function slowly(agent: UserAgent, meanwhile: () => Promise<unknown>) {
  const { answer } = await database.transaction(async (tx) => {
    await tx.query('LOCK TABLE memberships IN EXCLUSIVE MODE');
    const answer = agent.get(url());
    await within(700, () => isWaiting('INTO grants'));
    await meanwhile();
    return { answer };
  });
  return answer;
}

async function isWaiting(table: string): Promise<boolean> {
  const { rows } = await database.pool.query(
    `SELECT 1 FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`,
    [`%${table}%`],
  );
  return rows.length > 0;
}

/** Our own pages' sign-in and sign-out, without their forms: a password takes too long to hold a lock. */
const pages = {
  request: (cookie: string) => ({ cookies: { gatehouse_session: cookie }, headers: {} }) as never,
  async begin(cookie: string, user: TestUser, admission?: Admission): Promise<string> {
    let given = '';
    const reply = { setCookie: (_name: string, value: string) => (given = value) } as never;
    const who = { userId: user.id, remember: true };
    await oauth.sessions.begin(pages.request(cookie), reply, who, admission);
    return given;
  },
  end: (cookie: string) =>
    oauth.sessions.end(pages.request(cookie), { clearCookie: () => undefined } as never),
};

const sessionsOf = async (user: TestUser) =>
  (await database.pool.query('SELECT uid FROM sessions WHERE user_id = $1', [user.id])).rows;

const endings: Record<string, (user: TestUser, cookie: string) => Promise<unknown>> = {
  'sign-out': (_user, cookie) => pages.end(cookie),
  'a password change': (user) => database.transaction((tx) => revocations.denySubject(tx, user.id)),
  'disabling the user': (user) => identity.users.disable(user.id, SYSTEM),
};

for (const [name, end] of Object.entries(endings)) {
  t.test(`a slow request does not bring back the session that ${name} has ended`, async (t) => {
    const { user, agent, cookie } = await connected();
    const answer = await slowly(agent, () => end(user, cookie));
    t.equal(answer.status, 303, 'and nothing breaks');
    t.equal(locationOf(answer).searchParams.get('error'), 'access_denied', 'but leads nowhere');
    t.same(await sessionsOf(user), []);
    if (name === 'disabling the user') await identity.users.enable(user.id, SYSTEM);
    t.notOk(await isIn(cookie, user));
    const next = await agent.follow(await agent.get(url()));
    const signedIn = await signIn(agent, next, user);
    // What was allowed ended with the user, and is asked anew.
    const page = name === 'disabling the user' ? await consent(agent, signedIn) : signedIn;
    t.ok(locationOf(page).searchParams.get('code'), 'the user signs in again');
  });
}

t.test('a slow request does not undo a change of identifier (session fixation)', async (t) => {
  const { user, agent, cookie } = await connected();
  let changed = '';
  const answer = await slowly(agent, async () => {
    changed = await pages.begin(cookie, user);
    t.not(changed, cookie);
    agent.setCookie(`gatehouse_session=${changed}; path=/`, issuer);
  });
  t.ok(locationOf(answer).searchParams.get('code'), 'its own answer is good');
  t.equal(cookieOf(agent), changed, 'the browser keeps the cookie it got meanwhile');
  t.ok(await isIn(changed, user), 'which is good');
  t.notOk(await isIn(cookie, user), 'and the old one opens nothing');
  t.equal((await sessionsOf(user)).length, 1);
});

t.test('signing in again keeps the session and changes its identifier', async (t) => {
  const { user, cookie } = await connected();
  const before = await sessionsOf(user);
  const changed = await pages.begin(cookie, user);
  t.same(await sessionsOf(user), before, 'what is open in another tab goes on');
  t.notOk(await isIn(cookie, user));
  const again = await Promise.all([pages.begin(changed, user), pages.begin(changed, user)]);
  for (const one of again) t.ok(await isIn(one, user), 'also when two tabs do so at once');
});

t.test('a session begun for somebody who was disabled meanwhile is not stored', async (t) => {
  const { user, cookie } = await connected();
  await identity.users.disable(user.id, SYSTEM);
  await pages.begin(cookie, user);
  await identity.users.enable(user.id, SYSTEM);
  t.same(await sessionsOf(user), []);
});

/** A sign-in whose password was right, before what it is for has begun. */
async function admitted(cookie: string, user: TestUser, meanwhile: () => Promise<unknown>) {
  const attempt = { email: user.email, password: user.password, address: '192.0.2.1' };
  let given = '';
  const { outcome } = await identity.signIn(attempt, async (_user, admission) => {
    await meanwhile();
    given = await pages.begin(cookie, user, admission);
    return given !== '';
  });
  return { outcome, given };
}

const signInsOf = async (user: TestUser) =>
  (
    await database.pool.query(
      `SELECT type, details FROM audit_events WHERE target_id = $1 AND type LIKE 'sign_in.%'
       ORDER BY id`,
      [user.id],
    )
  ).rows;

const overtakings: Record<string, (user: TestUser) => Promise<unknown>> = {
  'a password change': (user) =>
    identity.changePassword({
      ...{ userId: user.id, currentPassword: user.password, address: '192.0.2.2' },
      newPassword: 'quiet violet harbour 58',
    }),
  'disabling the user': (user) => identity.users.disable(user.id, SYSTEM),
};

for (const [name, overtake] of Object.entries(overtakings)) {
  t.test(`no session begins with a password that ${name} has overtaken`, async (t) => {
    const user = await createUser(gatehouse);
    const stranger = await connected();
    for (const cookie of ['', stranger.cookie]) {
      const { outcome, given } = await admitted(cookie, user, () => overtake(user));
      t.equal(outcome, 'rejected');
      t.equal(given, '', 'no cookie');
    }
    t.same(await sessionsOf(user), []);
    t.ok(await isIn(stranger.cookie, stranger.user), 'whose browser it was stays signed in');
    const [first] = await signInsOf(user);
    t.match(first, { type: 'sign_in.failed', details: { reason: 'changed_meanwhile' } });
  });

  t.test(`nor does one go on under a new identifier after ${name}`, async (t) => {
    const { user, cookie } = await connected();
    const before = await signInsOf(user);
    const { outcome } = await admitted(cookie, user, () => overtake(user));
    t.equal(outcome, 'rejected');
    t.same(await sessionsOf(user), [], 'and the old one has ended with the password');
    const after = await signInsOf(user);
    t.same(after.filter(({ type }) => type === 'sign_in.succeeded').length, before.length);
  });
}

t.test('a sign-in is recorded once, also when its session was ended meanwhile', async (t) => {
  const { user, cookie } = await connected();
  const before = (await signInsOf(user)).length;
  const { outcome, given } = await admitted(cookie, user, () => pages.end(cookie));
  t.equal(outcome, 'signed_in');
  t.ok(await isIn(given, user), 'in a session of its own');
  t.equal((await signInsOf(user)).length, before + 1);
});

t.test('a session that somebody holds does not hold up when others were last seen', async (t) => {
  const [held, free] = [await connected(), await connected()];
  const uidOf = async ({ user }: { user: TestUser }) => (await sessionsOf(user))[0]!.uid as string;
  const [heldUid, freeUid] = [await uidOf(held), await uidOf(free)];
  const at = new Date(Date.now() + 3 * 3_600_000);
  const seen = [heldUid, freeUid].map((id) => ({ id, at }));
  const lastSeen = async (uid: string): Promise<Date | null> => {
    const text = 'SELECT last_seen_at FROM sessions WHERE uid = $1';
    return (await database.pool.query(text, [uid])).rows[0].last_seen_at;
  };
  const before = await lastSeen(heldUid);
  await database.transaction(async (tx) => {
    await tx.query('SELECT FROM sessions WHERE uid = $1 FOR UPDATE', [heldUid]);
    await touchSessions(database.pool, seen);
  });
  t.same(await lastSeen(freeUid), at);
  t.same(await lastSeen(heldUid), before, 'left for the next time');
  await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      touchSessions(database.pool, i % 2 ? seen : [...seen].reverse()),
    ),
  );
  t.same(await lastSeen(heldUid), at, 'and neither order of them is in the way of the other');
});
