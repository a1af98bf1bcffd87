import t from 'tap';
import type { Executor } from '../../src/database/executor.ts';
import { replacePassword } from '../../src/identity/change-password.ts';
import type { Passkey } from '../../src/identity/passkeys/passkey.ts';
import {
  deletePasskey,
  listPasskeys,
  renamePasskey,
} from '../../src/identity/passkeys/passkeys.store.ts';
import { replaceRecoveryCodes } from '../../src/identity/second-factor/second-factor.store.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createRevocations } from '../../src/oauth/revocations.store.ts';
import { formOf, ISSUER, openDesk, optionsOf, type Person } from '../dashboard/security-desk.ts';
import type { Authenticator } from '../support/authenticator.ts';
import { within } from '../support/two-servers.ts';
import type { Page, UserAgent } from '../support/user-agent.ts';

const SYSTEM = { actor: { kind: 'system' } } as const;
const desk = await openDesk(t);
const { database, identity } = desk.gatehouse;
const revocations = createRevocations({ clock: systemClock });
const clock = systemClock;

/** Somebody with all that a sign-in can be proven by. */
async function equipped() {
  const person = await desk.person();
  const { authenticator } = await desk.addPasskey(person);
  await desk.addPasskey(person, 'Another');
  const codes = await desk.askForPasskey(person);
  return { person, authenticator, codes };
}
type Equipped = Awaited<ReturnType<typeof equipped>>;

/** A browser that has its proof and needs only send it. */
interface Ready {
  agent: UserAgent;
  send(): Promise<Page>;
}

const answered = (agent: UserAgent, page: Page, end: string, authenticator: Authenticator) => {
  const credential = authenticator.get(optionsOf(page, 'get'));
  return { agent, send: () => agent.submit(page, formOf(page, end), { credential }) };
};

const ways: Record<string, (who: Equipped) => Promise<Ready>> = {
  async 'a passkey by itself'({ authenticator }) {
    const agent = desk.newAgent();
    const page = await agent.get(`${ISSUER}/sign-in`);
    return answered(agent, page, '/sign-in/passkey', authenticator);
  },
  async 'a passkey after the password'({ person, authenticator }) {
    const { agent, page } = await desk.atSecondStep(person);
    return answered(agent, page, '/second-step', authenticator);
  },
  async 'a recovery code'({ person, codes }) {
    const { agent, page } = await desk.atSecondStep(person);
    const form = formOf(page, '/second-step');
    return { agent, send: () => agent.submit(page, form, { code: codes[0]! }) };
  },
};

const overtakings: Record<string, (tx: Executor, person: Person) => Promise<unknown>> = {
  async 'a password change'(tx, { id }) {
    const from = (await identity.users.hold(tx, id))!.passwordHash;
    const to = 'no hash that any password has';
    const deps = { users: identity.users, revocations, clock };
    await replacePassword(deps, tx, id, { from, to }, SYSTEM);
  },
  'disabling the user': (tx, { id }) => identity.users.setDisabledWithin(tx, id, true, SYSTEM),
  async 'removing the passkey'(tx, { id: userId }) {
    const [passkey] = await listPasskeys(tx, userId);
    await deletePasskey(tx, passkey!, clock.now(), SYSTEM);
  },
  'renewing the recovery codes': (tx, { id }) =>
    replaceRecoveryCodes(tx, id, [], clock.now(), SYSTEM),
};

/** What a way in does not rest on does not stop it. */
const stops = (way: string, overtaking: string) => {
  if (overtaking === 'a password change') return way !== 'a passkey by itself';
  if (overtaking === 'removing the passkey') return way !== 'a recovery code';
  return overtaking === 'disabling the user' || way === 'a recovery code';
};

/** Whether a statement waits for a lock; which of them, a long one doesn't say. */
async function isWaiting(): Promise<boolean> {
  const { rows } = await database.pool.query(
    `SELECT 1 FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows.length > 0;
}

type Overtake = (tx: Executor) => Promise<unknown>;

/** How a change meets a proof that is sent: it is in force once the answer is there. */
const meetings: Record<string, (ready: Ready, overtake: Overtake) => Promise<Page>> = {
  'has overtaken': async ({ send }, overtake) => {
    const { answer } = await database.transaction(async (tx) => {
      await tx.query('LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE');
      const answer = send();
      await within(1_000, isWaiting);
      await overtake(tx);
      return { answer };
    });
    return answer;
  },
  'is overtaking': async ({ send }, overtake) => {
    const { answer } = await database.transaction(async (tx) => {
      await overtake(tx);
      const answer = send();
      await within(1_000, isWaiting);
      return { answer };
    });
    return answer;
  },
};

/** What a sign-in uses up, and what it leaves. */
async function stateOf({ id }: Person) {
  const { rows } = await database.pool.query(
    `SELECT (SELECT count(*)::int FROM recovery_codes WHERE user_id = $1) AS codes,
       (SELECT count(*)::int FROM pending_sign_ins WHERE user_id = $1) AS pending,
       (SELECT count(*)::int FROM sessions WHERE user_id = $1) AS sessions,
       (SELECT array_agg(counter::int ORDER BY created_at) FROM passkeys WHERE user_id = $1) AS uses,
       (SELECT count(*)::int FROM audit_events WHERE target_id = $1 AND type = 'sign_in.succeeded')
         AS entries,
       (SELECT count(*)::int FROM audit_events WHERE target_id = $1 AND type = 'recovery_code.used')
         AS recoveries`,
    [id],
  );
  return rows[0] as Record<'codes' | 'pending' | 'sessions' | 'entries' | 'recoveries', number>;
}

const hasSession = (agent: UserAgent) =>
  agent.cookiesFor(`${ISSUER}/`).includes('gatehouse_session');

for (const [way, prepare] of Object.entries(ways)) {
  t.test(`a session begins with ${way}, and its record with it`, async (t) => {
    const who = await equipped();
    const { agent, send } = await prepare(who);
    const before = await stateOf(who.person);
    t.equal((await send()).status, 303);
    t.ok(await desk.isSignedIn(agent));
    const after = await stateOf(who.person);
    t.match(after, { sessions: before.sessions + 1, entries: before.entries + 1, pending: 0 });
  });

  for (const [overtaking, overtake] of Object.entries(overtakings)) {
    for (const [meets, meet] of Object.entries(meetings)) {
      if (!stops(way, overtaking)) continue;
      t.test(`none begins with ${way} that ${overtaking} ${meets}`, async (t) => {
        const who = await equipped();
        const ready = await prepare(who);
        const { entries, recoveries } = await stateOf(who.person);
        const answer = await meet(ready, (tx) => overtake(tx, who.person));
        t.equal(answer.status, 401);
        t.notOk(hasSession(ready.agent), 'no cookie');
        t.match(await stateOf(who.person), { entries, recoveries }, 'and no record');
      });
    }
  }
}

t.test('a session does not go on under a new identifier by a passkey that is gone', async (t) => {
  const { person, authenticator } = await equipped();
  const { agent } = person;
  const page = await agent.get(`${ISSUER}/sign-in?again=yes`);
  const cookie = agent.cookiesFor(`${ISSUER}/`);
  const ready = answered(agent, page, '/sign-in/passkey', authenticator);
  const answer = await meetings['is overtaking']!(ready, (tx) =>
    overtakings['removing the passkey']!(tx, person),
  );
  t.equal(answer.status, 401);
  t.equal(agent.cookiesFor(`${ISSUER}/`), cookie);
  t.ok(await desk.isSignedIn(agent), 'and goes on as it was');
});

t.test('a passkey that is renamed just now signs in, and keeps its new name', async (t) => {
  const who = await equipped();
  const [{ id }] = (await listPasskeys(database.pool, who.person.id)) as [Passkey];
  const answer = await meetings['is overtaking']!(await ways['a passkey by itself']!(who), (tx) =>
    renamePasskey(tx, { id, userId: who.person.id, name: 'Blue key' }, clock.now(), SYSTEM),
  );
  t.equal(answer.status, 303);
  const [passkey] = await listPasskeys(database.pool, who.person.id);
  t.match(passkey, { name: 'Blue key', counter: 1 });
});

t.test(
  'of five with one recovery code one gets in; nothing of the others is used up',
  async (t) => {
    const { person, codes } = await equipped();
    const form = (page: Page) => formOf(page, '/second-step');
    const desks = await Promise.all(Array.from({ length: 5 }, () => desk.atSecondStep(person)));
    const before = await stateOf(person);
    const answers = await Promise.all(
      desks.map(({ agent, page }) => agent.submit(page, form(page), { code: codes[0]! })),
    );
    t.equal(answers.filter(({ status }) => status === 303).length, 1);
    t.match(await stateOf(person), {
      ...{ codes: 9, pending: 4, recoveries: 1 },
      ...{ sessions: before.sessions + 1, entries: before.entries + 1 },
    });
    const late = desks.filter(({ agent }) => !hasSession(agent));
    t.equal(late.length, 4);
    const [{ agent, page }] = late as [(typeof late)[number]];
    t.equal((await agent.submit(page, form(page), { code: codes[1]! })).status, 303);
  },
);

t.test("a neighbour's recovery code opens nothing, and stays theirs", async (t) => {
  const [{ person }, neighbour] = [await equipped(), await equipped()];
  const { agent, page } = await desk.atSecondStep(person);
  const form = formOf(page, '/second-step');
  t.equal((await agent.submit(page, form, { code: neighbour.codes[0]! })).status, 401);
  t.notOk(hasSession(agent));
  t.match(await stateOf(neighbour.person), { codes: 10 });
  t.match(await stateOf(person), { codes: 10, pending: 1 });
});
