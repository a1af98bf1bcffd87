import t, { type Test } from 'tap';
import { authorizeUrl, newPkce } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  startGatehouse,
  type TestClient,
  type TestGatehouse,
} from '../support/gatehouse.ts';
import { type Server, startTwoServers } from '../support/two-servers.ts';
import { createUserAgent, type Form, type UserAgent } from '../support/user-agent.ts';

// The throttle as a guesser meets it: over HTTP, through every door that leads to a password.

/** Guesses at one account in fifteen minutes, and from one address. */
const PER_ACCOUNT = 10;
const PER_ADDRESS = 100;
/** More at once would be told to wait by the password queue, which counts as no guess. */
const AT_ONCE = 40;

interface Guess {
  email: string;
  password?: string;
  forwardedFor?: string;
}

interface Answer {
  status: number;
  retryAfter: string | null;
  location: string | null;
  body: string;
}

/** A browser before a sign-in form. */
interface Door {
  agent: UserAgent;
  form: Form;
}

async function frontDoor({ issuer }: Server): Promise<Door> {
  const agent = createUserAgent();
  const page = await agent.get(`${issuer}/sign-in`);
  return { agent, form: page.forms[0]! };
}

/** The one on the way to an app. */
async function appDoor(server: Server, client: TestClient): Promise<Door> {
  const agent = createUserAgent();
  const url = authorizeUrl(server, client, newPkce(), { scope: 'openid' });
  const page = await agent.follow(await agent.get(url));
  return { agent, form: page.forms.find(({ action }) => action.endsWith('/sign-in'))! };
}

/** The SDK's, where a platform has one: no page before it. */
const tokenDoor = ({ issuer }: Server): Door => ({
  agent: createUserAgent(),
  form: { action: `${issuer}/v1/auth/token`, method: 'post', fields: [] },
});

async function guess({ agent, form }: Door, { forwardedFor, ...typed }: Guess): Promise<Answer> {
  const fields = { ...Object.fromEntries(form.fields), password: 'not the password', ...typed };
  const response = await fetch(form.action, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      cookie: agent.cookiesFor(form.action),
      ...(forwardedFor ? { 'x-forwarded-for': forwardedFor } : {}),
    },
  });
  const { status, headers } = response;
  const body = await response.text();
  return {
    status,
    retryAfter: headers.get('retry-after'),
    location: headers.get('location'),
    body,
  };
}

/** Sends many at once, in turn through each door. */
async function storm(doors: readonly Door[], guesses: readonly Guess[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let from = 0; from < guesses.length; from += AT_ONCE) {
    const batch = guesses.slice(from, from + AT_ONCE);
    const sent = batch.map((one, index) => guess(doors[index % doors.length]!, one));
    answers.push(...(await Promise.all(sent)));
  }
  return answers;
}

const times = <Value>(count: number, make: (index: number) => Value) =>
  Array.from({ length: count }, (_, index) => make(index));

/** How many there were of each status. */
const tally = (answers: readonly Answer[]) =>
  Object.fromEntries(
    Object.entries(Object.groupBy(answers, ({ status }) => status)).map(([status, group]) => [
      status,
      group!.length,
    ]),
  );

function expectRefusals(t: Test, answers: readonly Answer[]): void {
  for (const { retryAfter, body } of answers.filter(({ status }) => status === 429)) {
    const seconds = Number(retryAfter);
    if (!(seconds > 840 && seconds <= 900)) t.fail('Retry-After is the rest of the window');
    const words = body.startsWith('{') ? 'Too many requests' : 'too many attempts to sign in';
    if (!body.includes(words)) t.fail('the page says so', { body });
  }
}

/** A page without what belongs to this browser and what was typed. */
const anonymous = ({ body }: Answer, email: string) =>
  body.replaceAll(email, 'EMAIL').replace(/name="_csrf" value="[^"]*"/g, 'name="_csrf"');

async function lookedAt({ database }: TestGatehouse): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM audit_events WHERE type = 'sign_in.failed'`,
  );
  return rows[0]!.count;
}

t.test('of fifty parallel guesses through both doors, ten are looked at', async (t) => {
  const gatehouse = await startGatehouse(t);
  const client = await registerClient(gatehouse);
  const user = await createUser(gatehouse);
  const doors = await Promise.all([
    ...times(3, () => frontDoor(gatehouse)),
    ...times(3, () => appDoor(gatehouse, client)),
  ]);
  // All fifty at once: those beyond ten never reach the password queue.
  const answers = await Promise.all(
    times(50, (index) => guess(doors[index % doors.length]!, { email: user.email })),
  );
  t.same(tally(answers), { 401: PER_ACCOUNT, 429: 50 - PER_ACCOUNT });
  t.equal(await lookedAt(gatehouse), PER_ACCOUNT);
  expectRefusals(t, answers);

  for (const door of [doors[0]!, doors[5]!]) {
    const right = await guess(door, { email: user.email, password: user.password });
    t.equal(right.status, 429, 'nor is the right password, until the window ends');
    t.equal(right.location, null);
    const shouted = await guess(door, { email: ` ${user.email.toUpperCase()} ` });
    t.equal(shouted.status, 429, 'however the address is written');
  }
  const neighbour = await createUser(gatehouse);
  const { email, password } = neighbour;
  const welcome = await guess(doors[0]!, { email, password });
  t.equal(welcome.status, 303, 'another account is not concerned');
});

t.test('guesses at once through every door of two processes are counted as one', async (t) => {
  const { first: gatehouse, servers } = await startTwoServers(t, { platform: 'kliq' });
  const client = await registerClient(gatehouse);
  const { email, password } = await createUser(gatehouse);
  const doors = await Promise.all(
    servers.flatMap((server) => [frontDoor(server), appDoor(server, client), tokenDoor(server)]),
  );
  const answers = await storm(doors, Array(2 * doors.length).fill({ email }));
  t.same(tally(answers), { 401: PER_ACCOUNT, 429: 2 * doors.length - PER_ACCOUNT });
  t.equal(await lookedAt(gatehouse), PER_ACCOUNT);
  const late = await storm(doors, Array(doors.length).fill({ email, password }));
  t.same(tally(late), { 429: doors.length }, 'nor is the right password, at any of them');
  expectRefusals(t, [...answers, ...late]);
});

t.test('a known and an unknown account are told the same, and as often', async (t) => {
  const gatehouse = await startGatehouse(t);
  const client = await registerClient(gatehouse);
  for (const door of [await frontDoor(gatehouse), await appDoor(gatehouse, client)]) {
    const { email: known } = await createUser(gatehouse);
    const unknown = known.replace('person', 'nobody');
    const ofKnown = await storm([door], Array(15).fill({ email: known }));
    const ofUnknown = await storm([door], Array(15).fill({ email: unknown }));
    t.same(tally(ofKnown), { 401: PER_ACCOUNT, 429: 5 });
    t.same(tally(ofUnknown), tally(ofKnown));
    for (const status of [401, 429]) {
      const [a, b] = [ofKnown, ofUnknown].map((all) => all.find((one) => one.status === status));
      t.equal(anonymous(a!, known), anonymous(b!, unknown), `the page of ${status}`);
    }
    expectRefusals(t, [...ofKnown, ...ofUnknown]);
  }
});

t.test('X-Forwarded-For buys no attempts without TRUST_PROXY', async (t) => {
  const gatehouse = await startGatehouse(t);
  const client = await registerClient(gatehouse);
  const doors = [await frontDoor(gatehouse), await appDoor(gatehouse, client)];
  const user = await createUser(gatehouse);
  const answers = await storm(
    doors,
    times(PER_ADDRESS + 20, (index) => ({
      email: `somebody-${index}@example.com`,
      forwardedFor: `198.51.100.${index}`,
    })),
  );
  t.same(tally(answers), { 401: PER_ADDRESS, 429: 20 }, 'they all came from one address');
  expectRefusals(t, answers);
  const late = await guess(doors[0]!, { ...user, forwardedFor: '203.0.113.1' });
  t.equal(late.status, 429);
  const { rows } = await gatehouse.database.pool.query(
    `SELECT key FROM sign_in_attempts WHERE key LIKE 'address:%'`,
  );
  t.same(rows, [{ key: 'address:127.0.0.1' }]);
});

t.test('behind a trusted proxy each address has its own, and no more', async (t) => {
  const gatehouse = await startGatehouse(t, { environment: { TRUST_PROXY: 'loopback' } });
  const client = await registerClient(gatehouse);
  const doors = [await frontDoor(gatehouse), await appDoor(gatehouse, client)];
  const user = await createUser(gatehouse);
  const right = { email: user.email, password: user.password };
  const busy = '198.51.100.1';
  const answers = await storm(
    doors,
    times(PER_ADDRESS + 20, (index) => ({
      email: `somebody-${index}@example.com`,
      // What the client itself puts before the proxy's entry is nobody's word.
      forwardedFor: index % 2 === 0 ? busy : `203.0.113.${index}, ${busy}`,
    })),
  );
  t.same(tally(answers), { 401: PER_ADDRESS, 429: 20 });
  t.equal((await guess(doors[0]!, { ...right, forwardedFor: busy })).status, 429);
  const elsewhere = await guess(doors[0]!, { ...right, forwardedFor: '198.51.100.2' });
  t.equal(elsewhere.status, 303, 'another address is not concerned');

  const crowd = await storm(
    doors,
    times(30, (index) => ({ email: user.email, forwardedFor: `192.0.2.${index}` })),
  );
  t.same(tally(crowd), { 401: PER_ACCOUNT, 429: 20 }, 'many addresses, one account: ten');
});
