import pg from 'pg';
import t from 'tap';
import type { Executor } from '../../src/database/executor.ts';
import { listRefusals } from '../../src/identity/sign-in-attempts.store.ts';
import { createSignInThrottle } from '../../src/identity/sign-in-throttle.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { firstIdOf, newId } from '../../src/lib/ids.ts';
import { createMasterKey } from '../../src/lib/master-key.ts';
import { createUser, registerClient } from '../support/gatehouse.ts';
import { createTestDatabase } from '../support/postgres.ts';
import type { Page } from '../support/user-agent.ts';
import { formOf, ISSUER, openDesk } from './security-desk.ts';

const OPERATOR = `${ISSUER}/dashboard/operator`;
const SYSTEM = { actor: { kind: 'system' } } as const;
const MINUTE_MS = 60_000;

const clock: Clock & { ahead: number } = {
  ahead: 0,
  now: () => new Date(Date.now() + clock.ahead),
};
const { connectionString } = await createTestDatabase(t);
const desk = await openDesk(t, connectionString, clock);
const { gatehouse } = desk;
const { pool } = gatehouse.database;

async function operator() {
  const person = await desk.person();
  await gatehouse.identity.changeUser(person.id, { platformRole: 'operator' }, SYSTEM);
  return person;
}

/** The server's own, without the hash of a password behind it. */
const throttle = createSignInThrottle({
  ...{ executor: pool, clock, hashSecret: createMasterKey(gatehouse.config.masterKey).hashSecret },
});

const guess = (account: string, address: string) => throttle.reserve({ account, address });

async function guessUntilRefused(email: string, address = '198.51.100.23') {
  for (let index = 0; index < 12; index += 1) await guess(email, address);
}

/** The links of a page to one throttle each, in its order. */
const throttlesIn = ({ body }: Page) =>
  Array.from(body.matchAll(/href="\/dashboard\/operator\/throttles\/([\w-]+)"/g), ([, id]) => id!);

const nextOf = ({ body, url }: Page) => {
  const href = /href="([^"]*)" rel="next"/.exec(body)?.[1];
  return href && new URL(href.replaceAll('&amp;', '&'), url).href;
};

async function lastEvent(type: string) {
  const { rows } = await pool.query(
    'SELECT * FROM audit_events WHERE type = $1 ORDER BY id DESC LIMIT 1',
    [type],
  );
  return rows[0];
}

t.beforeEach(async () => {
  await pool.query('TRUNCATE sign_in_attempts');
});

t.test('who is refused is listed, an account that nobody has like one that is there', async (t) => {
  const { agent } = await operator();
  const victim = await createUser(gatehouse, { email: 'zoe@analytical.example' });
  for (let index = 0; index < 10; index += 1) await guess('almost@example.com', '192.0.2.1');
  await guessUntilRefused(victim.email);
  await guessUntilRefused('nobody@nowhere.example');
  await guessUntilRefused('hunter2, the password');
  const page = await agent.get(`${OPERATOR}/throttles`);
  t.equal(throttlesIn(page).length, 3, 'not whoever may try again');
  const row = (whom: string) =>
    new RegExp(`<th scope="row">${whom}<[\\s\\S]*?</tr>`).exec(page.body)?.[0] ?? '';
  const bare = (html: string) =>
    html.replaceAll(/<th.*?>.*?<|[\w-]{36}|unseen">.*?<|<time.*?<\/time>/g, '');
  const [there, notThere] = [row('z•••@a•••.example'), row('n•••@n•••.example')];
  t.match(there, '10 of 10');
  t.equal(bare(there), bare(notThere));
  t.match(row('No email address'), '10 of 10', 'what was typed in its place is kept nowhere');
  for (const secret of ['zoe', 'nowhere', 'hunter2', 'account:']) t.notMatch(page.body, secret);
  const { rows } = await pool.query<{ row: string }>(
    'SELECT sign_in_attempts::text AS row FROM sign_in_attempts',
  );
  for (const { row } of rows) t.notMatch(row, /zoe|nowhere|hunter2/);
});

t.test('so is a network, for signing in and for signing up', async (t) => {
  const { agent } = await operator();
  const address = '2001:db8:7:7::1';
  for (let index = 0; index < 101; index += 1) await guess(`p${index}@example.com`, address);
  for (let index = 0; index < 21; index += 1) await throttle.reserveSignUp({ address });
  const { body } = await agent.get(`${OPERATOR}/throttles`);
  t.match(body, /2001:db8:7:7::\/64<span class="row-about">Sign-ups[\s\S]*20 of 20/);
  t.match(body, /2001:db8:7:7::\/64<span class="row-about">Sign-in attempts[\s\S]*100 of 100/);
});

t.test('says since when and until when, and forgets it when that has passed', async (t) => {
  const { agent } = await operator();
  const begun = clock.now();
  await guessUntilRefused('ann@example.com');
  const page = await agent.get(`${OPERATOR}/throttles`);
  const times = Array.from(page.body.matchAll(/<time datetime="([^"]+)"/g), ([, at]) =>
    new Date(at!).getTime(),
  );
  const [since = 0, until = 0] = times;
  t.equal(until - since, 15 * MINUTE_MS);
  t.ok(Math.abs(since - begun.getTime()) < MINUTE_MS);
  const [id] = throttlesIn(page);
  clock.ahead += 16 * MINUTE_MS;
  t.teardown(() => {
    clock.ahead = 0;
  });
  t.match((await agent.get(`${OPERATOR}/throttles`)).body, 'Nobody has to wait just now.');
  const late = await agent.get(`${OPERATOR}/throttles/${id}`);
  t.match(late.headers.get('location'), /done=throttle_gone$/);
  await guess('ann@example.com', '198.51.100.23');
  t.same(throttlesIn(await agent.get(`${OPERATOR}/throttles`)), [], 'a new window is a new count');
});

t.test('is lifted after a question, once, however many operators say so at once', async (t) => {
  const { agent, id: actor } = await operator();
  await guessUntilRefused('ann@example.com');
  await guessUntilRefused('bob@example.com');
  const list = await agent.get(`${OPERATOR}/throttles`);
  const [bob, ann] = throttlesIn(list);
  const asked = await agent.get(`${OPERATOR}/throttles/${ann}`);
  t.match(asked.body, 'Lift this throttle?');
  t.match(asked.body, 'a•••@e•••.com');
  t.match(await guess('ann@example.com', '192.0.2.9'), { allowed: false }, 'asking is free');
  const form = formOf(asked, '/lift');
  t.equal((await agent.submit(asked, { ...form, fields: [] })).status, 403, 'without its token');
  const answers = await Promise.all(
    Array.from({ length: 8 }, async () =>
      (await agent.submit(asked, form)).headers.get('location'),
    ),
  );
  t.equal(answers.filter((to) => to?.endsWith('done=throttle_cleared')).length, 1);
  t.equal(answers.filter((to) => to?.endsWith('done=throttle_gone')).length, 7);
  t.match(await guess('ann@example.com', '192.0.2.9'), { allowed: true });
  t.same(throttlesIn(await agent.get(`${OPERATOR}/throttles`)), [bob], 'the neighbour waits on');
  t.match(await lastEvent('throttle.cleared'), {
    ...{ actor_id: actor, details: { account: 'a•••@e•••.com' } },
  });
  const { rowCount } = await pool.query(
    `SELECT FROM audit_events WHERE type = 'throttle.cleared' AND actor_id = $1`,
    [actor],
  );
  t.equal(rowCount, 1, 'noted once');
});

t.test('what names nothing is told so, and nothing else', async (t) => {
  const { agent } = await operator();
  for (const id of ['x', newId(clock.now()), '%00', 'account:abc']) {
    const answer = await agent.get(`${OPERATOR}/throttles/${encodeURIComponent(id)}`);
    t.match(answer.headers.get('location'), /done=throttle_gone$/, id);
  }
  t.equal((await agent.get(`${OPERATOR}/throttles?cursor=forged`)).status, 404);
});

t.test('of 100,000 attempts a page reads its own rows, by the index', async (t) => {
  const { agent } = await operator();
  // Of its own: the server's would not wait for so large a statement.
  const filling = new pg.Client({ connectionString });
  await filling.connect();
  t.teardown(() => filling.end());
  const now = clock.now();
  const ends = new Date(now.getTime() + 10 * MINUTE_MS);
  await filling.query(
    `INSERT INTO sign_in_attempts (key, attempts, window_ends_at)
     SELECT 'account:' || n, 1 + n % 10, $1 FROM generate_series(1, 100000) AS n`,
    [ends],
  );
  const ids = Array.from({ length: 120 }, (_, index) => newId(new Date(now.getTime() + index)));
  await filling.query(
    `UPDATE sign_in_attempts SET attempts = 12, refusal_id = ids.id, masked_email = 'a•••@e•••.com'
     FROM unnest($1::text[]) WITH ORDINALITY AS ids(id, n)
     WHERE key = 'account:' || (ids.n * 700)`,
    [ids],
  );
  await filling.query('ANALYZE sign_in_attempts');
  const read: string[] = [];
  let url: string | undefined = `${OPERATOR}/throttles`;
  while (url) {
    const page: Page = await agent.get(url);
    t.ok(throttlesIn(page).length <= 50);
    read.push(...throttlesIn(page));
    t.notMatch(url, 'account', 'a cursor says nothing of whom it is about');
    url = nextOf(page);
  }
  t.same(read, ids.toReversed(), 'each once, the newest first');
  const plans: string[] = [];
  const explaining: Executor = {
    async query(text: unknown, values?: unknown[]) {
      const { rows } = await filling.query(`EXPLAIN (ANALYZE, BUFFERS) ${text}`, values);
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
      return { rows: [] } as never;
    },
  };
  const filter = { limits: { account: 10 }, now, from: firstIdOf(now) };
  for (const before of [undefined, ids[60]]) {
    await listRefusals(explaining, filter, { before, size: 51 });
  }
  t.equal(plans.length, 2);
  for (const plan of plans) {
    t.match(plan, /Index Scan Backward using sign_in_attempts_refusal/);
    t.notMatch(plan, /Seq Scan|Sort/);
  }
});

t.test('plans show what the gate holds to, and who is on them', async (t) => {
  const { agent } = await operator();
  const { platform } = gatehouse;
  const { organizationId } = await createUser(gatehouse, { organizationName: 'Old Hands' });
  await pool.query(`UPDATE organizations SET plan = 'legacy' WHERE id = $1`, [organizationId]);
  await pool.query(
    `INSERT INTO plans (name, title, modules, limits, position) VALUES ('legacy', 'Founders', '{}', '{}', 9)`,
  );
  const page = await agent.get(`${OPERATOR}/plans`);
  const sections = page.body.split('<section').slice(1);
  for (const plan of platform.plans) {
    const section = sections.find((one) => one.includes(`<code>${plan.name}</code>`)) ?? '';
    t.match(section, plan.title);
    for (const { name, title } of platform.modules) {
      t.equal(
        section.includes(`<li>${title}`),
        plan.modules.includes(name),
        `${plan.name} ${name}`,
      );
    }
    for (const limit of platform.namedLimits) {
      if (limit.per === 'identity' || !limit.appliesTo.includes('api_key')) continue;
      const figure = plan.limits[limit.name]?.limit ?? limit.limit;
      t.match(
        section,
        `${new Intl.NumberFormat('en-GB').format(figure)} `,
        `${plan.name} ${limit.name}`,
      );
    }
  }
  const legacy = sections.find((one) => one.includes('<code>legacy</code>')) ?? '';
  t.match(legacy, /Founders[\s\S]*No longer offered[\s\S]*1 organization</);
  const there = await agent.get(`${OPERATOR}?plan=legacy`);
  t.match(there.body, 'Old Hands');
  t.equal(there.body.match(/<tr>/g)?.length, 2, 'and nobody else');
  t.match((await agent.get(`${OPERATOR}?plan=legacy&q=nothing`)).body, 'No such organization');
  t.match((await agent.get(`${OPERATOR}?plan=${encodeURIComponent('\0<b>')}`)).body, '&lt;b&gt;');
});

t.test('clients are found by name, id and organization, page by page', async (t) => {
  const { agent } = await operator();
  const organizationName = 'Babbage 100%_Works';
  const { organizationId } = await createUser(gatehouse, { organizationName });
  const mine = await registerClient(gatehouse, { organizationId, name: 'Difference Engine' });
  const other = await registerClient(gatehouse, { name: 'Elsewhere 100__' });
  const found = async (q: string) => {
    const { body } = await agent.get(`${OPERATOR}/clients?q=${encodeURIComponent(q)}`);
    return [mine, other].map(({ clientId }) => body.includes(clientId));
  };
  t.same(await found('difference'), [true, false]);
  t.same(await found(mine.clientId), [true, false]);
  t.same(await found('100%_'), [true, false], 'a sign is a sign, no pattern');
  t.same(await found(organizationId), [true, false]);
  t.same(await found(' elsewhere\0'), [false, true]);
  t.same(await found('Nobody’s'), [false, false]);
  t.match((await agent.get(`${OPERATOR}/clients?q=Nobody’s`)).body, 'No client has that name');

  await pool.query(
    `INSERT INTO clients (client_id, client_name, token_endpoint_auth_method, created_at)
     SELECT 'many-' || n, 'Many', 'client_secret_basic', date_trunc('second', now())
     FROM generate_series(1, 120) AS n`,
  );
  const read: string[] = [];
  let url: string | undefined = `${OPERATOR}/clients?q=many`;
  while (url) {
    const page: Page = await agent.get(url);
    const rows = Array.from(page.body.matchAll(/<code>(many-\d+)<\/code>/g), ([, id]) => id!);
    t.ok(rows.length <= 50);
    read.push(...rows);
    url = nextOf(page);
  }
  t.equal(read.length, 120);
  t.equal(new Set(read).size, 120, 'each once, though all are of one moment');
  t.equal((await agent.get(`${OPERATOR}/clients?cursor=forged`)).status, 404);
});

t.test('a client’s page says all but its secret, and shuts it out', async (t) => {
  const { agent, id: actor } = await operator();
  const { organizationId } = await createUser(gatehouse, { organizationName: 'Analytical' });
  const client = await registerClient(gatehouse, { organizationId, name: 'Rogue <b>' });
  const path = `${OPERATOR}/clients/${client.clientId}`;
  const page = await agent.get(path);
  for (const words of [
    ...['Rogue &lt;b&gt;', client.clientId, client.redirectUri, 'Analytical', 'Active'],
    ...['A secret, by HTTP Basic', 'refresh_token', client.secret.slice(-4)],
  ]) {
    t.match(page.body, words);
  }
  t.notMatch(page.body, client.secret);
  const done = await agent.submit(page, formOf(page, '/disable'));
  t.match(done.headers.get('location'), /clients\/[\w-]+\?done=client_disabled$/);
  const after = await agent.follow(done);
  t.match(after.body, 'its tokens have ended');
  t.match(after.body, 'Disabled');
  t.match(await lastEvent('client.updated'), { actor_id: actor, target_id: client.clientId });
  t.equal((await agent.get(`${path}/disable`)).headers.get('location'), new URL(path).pathname);
  for (const id of ['nobody', '%00', 'x'.repeat(80)]) {
    t.equal((await agent.get(`${OPERATOR}/clients/${id}`)).status, 404, id);
  }
});
