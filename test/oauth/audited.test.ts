import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import t, { type Test } from 'tap';
import { listAuditEvents } from '../../src/audit/audit.store.ts';
import { AUDIT_EVENT_TYPES, type AuditEventType } from '../../src/audit/audit.ts';
import {
  authorizeUrl,
  consent,
  newPkce,
  obtainCode,
  revoke,
  signIn,
  token,
} from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  startGatehouse,
} from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { within } from '../support/two-servers.ts';
import { createUserAgent } from '../support/user-agent.ts';

// What people and apps do at the protocol's endpoints, in the audit log.

const gatehouse = await startGatehouse(t);
const { issuer, database } = gatehouse;
const client = await registerClient(gatehouse);
const user = await createUser(gatehouse);

/** The newest event of a type; the library's events are written beside the answer. */
async function newest(t: Pick<Test, 'equal'>, type: AuditEventType, count: number) {
  const list = async () => (await listAuditEvents(database, { type })).items;
  await within(1000, async () => (await list()).length >= count);
  const items = await list();
  t.equal(items.length, count, type);
  return items[0]!;
}

const BY_USER = {
  ...{ actor: { kind: 'user', id: user.id }, address: '127.0.0.1', requestId: String },
};

t.test('a sign-out, of our own page and asked for by an app', async (t) => {
  const own = await obtainCode(gatehouse, client, user);
  const home = await own.agent.get(`${issuer}/`);
  const form = home.forms.find(({ action }) => action.endsWith('/sign-out'))!;
  await own.agent.submit(home, form);
  const target = { kind: 'user', id: user.id };
  t.match(await newest(t, 'signed_out', 1), { ...BY_USER, target, details: {} });

  const { agent } = await obtainCode(gatehouse, client, user);
  const page = await agent.get(`${issuer}/oauth/logout?client_id=${client.clientId}`);
  await agent.submit(page, page.forms[0]!);
  const again = await agent.get(`${issuer}/oauth/logout?client_id=${client.clientId}`);
  await agent.submit(again, again.forms[0]!, { logout: 'yes' });
  const details = { client_id: client.clientId };
  t.match(await newest(t, 'signed_out', 2), { ...BY_USER, target, details }, 'a no is no sign-out');

  const nobody = createUserAgent();
  const asked = await nobody.get(`${issuer}/oauth/logout`);
  await nobody.submit(asked, asked.forms[0]!);
  await newest(t, 'signed_out', 2);
});

/** How many have read a session, and wait for its row to end it. */
async function endingsThatWait(): Promise<number> {
  const { rows } = await database.pool.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database()
       AND wait_event_type = 'Lock' AND query LIKE '%DELETE FROM sessions%'`,
  );
  return rows.length;
}

const signOutsOf = async ({ id }: { id: string }) =>
  (await listAuditEvents(database, { type: 'signed_out', actor: { kind: 'user', id } })).items;

/** Somebody signed in, and the forms that sign them out: our own page's, and the one that an app asks for. */
async function aboutToLeave() {
  const leaving = await createUser(gatehouse);
  const { agent } = await obtainCode(gatehouse, client, leaving);
  const home = await agent.get(`${issuer}/`);
  const own = home.forms.find(({ action }) => action.endsWith('/sign-out'))!;
  const asked = await agent.get(`${issuer}/oauth/logout?client_id=${client.clientId}`);
  const isIn = async () => (await agent.get(`${issuer}/`)).body.includes(leaving.email);
  const roads = {
    'our own page': () => agent.submit(home, own),
    'an app': () => agent.submit(asked, asked.forms[0]!, { logout: 'yes' }),
  };
  return { leaving, agent, isIn, roads };
}

for (const road of ['our own page', 'an app'] as const) {
  t.test(`no session ends by ${road} without its record`, async (t) => {
    const { leaving, agent, isIn, roads } = await aboutToLeave();
    const cookies = agent.cookiesFor(`${issuer}/`);
    await database.pool.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'no room for it'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON audit_events FOR EACH ROW
        WHEN (NEW.type = 'signed_out') EXECUTE FUNCTION refuse()`);
    const answer = await roads[road]();
    await database.pool.query('DROP TRIGGER refuse ON audit_events; DROP FUNCTION refuse()');
    t.equal(answer.status, 500);
    t.equal(agent.cookiesFor(`${issuer}/`), cookies, 'the browser is told nothing else');
    t.ok(await isIn());
    t.same(await signOutsOf(leaving), []);
    await roads[road]();
    t.notOk(await isIn());
    t.equal((await signOutsOf(leaving)).length, 1);
  });

  t.test(`parallel sign-outs by ${road} are recorded once`, async (t) => {
    const { leaving, isIn, roads } = await aboutToLeave();
    const answers = await database.transaction(async (tx) => {
      await tx.query('SELECT FROM sessions WHERE user_id = $1 FOR UPDATE', [leaving.id]);
      const sent = Array.from({ length: 3 }, () => roads[road]());
      await within(700, async () => (await endingsThatWait()) === 3);
      return sent;
    });
    await Promise.all(answers);
    t.notOk(await isIn());
    t.equal((await signOutsOf(leaving)).length, 1);
  });
}

t.test('a sign-out for another account, in the middle of an authorization', async (t) => {
  const other = await registerClient(gatehouse);
  const { leaving, agent, isIn } = await aboutToLeave();
  const page = await agent.follow(await agent.get(authorizeUrl(gatehouse, other, newPkce())));
  const form = page.forms.find(({ action }) => action.endsWith('/switch-account'))!;
  await agent.submit(page, form);
  t.notOk(await isIn());
  t.match(await signOutsOf(leaving), [{ ...{ address: '127.0.0.1', requestId: String } }]);
});

t.test('somebody else who signs in ends a session, and signs nobody out', async (t) => {
  const { leaving, agent, isIn } = await aboutToLeave();
  const page = await agent.get(`${issuer}/sign-in?again=yes`);
  const form = page.forms.find(({ action }) => action.includes('/sign-in?'))!;
  const { email, password } = user;
  await agent.submit(page, form, { email, password });
  t.ok((await agent.get(`${issuer}/`)).body.includes(email));
  t.notOk(await isIn());
  t.same(await signOutsOf(leaving), []);
});

t.test('a no to an app', async (t) => {
  const other = await registerClient(gatehouse);
  const agent = createUserAgent();
  const asked = await agent.follow(await agent.get(authorizeUrl(gatehouse, other, newPkce())));
  await consent(agent, await signIn(agent, asked, user), { decision: 'deny' });
  const target = { kind: 'client', id: other.clientId };
  t.match(await newest(t, 'consent.refused', 1), { ...BY_USER, target });
  await agent.get(authorizeUrl(gatehouse, other, newPkce(), { prompt: 'none' }));
  await newest(t, 'consent.refused', 1);
});

t.test('the end of an access token, with who ended it', async (t) => {
  const { access_token } = await createSignedIn(gatehouse, user).tokens(client);
  await revoke(gatehouse, client, access_token);
  const { jti } = decodeJwt(access_token);
  t.match(await newest(t, 'token.revoked', 1), {
    ...{ actor: { kind: 'client', id: client.clientId }, requestId: String },
    target: { kind: 'access_token', id: jti },
    organizationId: user.organizationId,
  });
  await revoke(gatehouse, client, access_token);
  await newest(t, 'token.revoked', 1);

  const service = await registerService(gatehouse);
  const { body } = await token(gatehouse, service, { grant_type: 'client_credentials' });
  await revoke(gatehouse, client, body.access_token!);
  await newest(t, 'token.revoked', 1);
  await revoke(gatehouse, service, body.access_token!);
  t.match(await newest(t, 'token.revoked', 2), { actor: { id: service.clientId } });
});

t.test('every type that is declared is written somewhere', async (t) => {
  const files = await readdir('src', { recursive: true });
  const sources = files.filter(
    (file) => file.endsWith('.ts') && file !== join('audit', 'audit.ts'),
  );
  const texts = await Promise.all(sources.map((file) => readFile(join('src', file), 'utf8')));
  const silent = AUDIT_EVENT_TYPES.filter(
    (type) => !texts.some((text) => text.includes(`'${type}'`)),
  );
  t.same(silent, []);
});
