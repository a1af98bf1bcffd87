import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { authorizeUrl, newPkce, signIn } from '../support/flows.ts';
import { createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { createUserAgent, type Page, type UserAgent } from '../support/user-agent.ts';

// The database goes away between the reading of a session and its saving: oidc-provider tries once more when all
// else is done, and nothing of it stands behind that.

const gatehouse = await startGatehouse(t);
const { issuer } = gatehouse;
const client = await registerClient(gatehouse);
const user = await createUser(gatehouse);

/** Whatever is to be saved of a session fails like that while the work lasts. */
async function whileNoneIsSaved(sqlState: string, work: () => Promise<void>): Promise<void> {
  const { pool } = gatehouse.database;
  await pool.query(`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a secret of the database' USING ERRCODE = '${sqlState}'; END $$`);
  await pool.query(`CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON sessions
    FOR EACH ROW EXECUTE FUNCTION refuse()`);
  try {
    await work();
  } finally {
    await pool.query('DROP TRIGGER refuse ON sessions');
  }
}

const FAILURES: [sqlState: string, status: number, code: string][] = [
  ['57P03', 503, 'temporarily_unavailable'],
  ['XX000', 500, 'server_error'],
];

function isErrorPage(t: Test, page: Page, [, status, code]: (typeof FAILURES)[number]): void {
  t.equal(page.status, status, page.url);
  t.match(page.headers.get('content-type'), /^text\/html/, page.url);
  t.match(page.headers.get('content-security-policy'), /default-src 'none'.*form-action 'self';/);
  t.equal(page.headers.get('x-frame-options'), 'DENY');
  t.equal(page.headers.get('x-content-type-options'), 'nosniff');
  t.equal(page.headers.get('cache-control'), 'no-store');
  t.match(page.headers.get('x-request-id'), /^req_/);
  t.equal(page.headers.get('retry-after'), status === 503 ? '2' : null);
  t.match(page.body, `<code>${code}</code>`);
  t.notMatch(page.body, 'a secret of the database');
  t.equal(page.headers.get('location'), null, 'and leads nowhere');
  t.equal(page.headers.get('set-cookie'), null, 'and is no sign-in');
}

async function signedIn(): Promise<UserAgent> {
  const agent = createUserAgent();
  await signIn(agent, await agent.get(`${issuer}/sign-in`), user);
  return agent;
}

t.test('a session that cannot be saved is answered by a page (RFC 9110 §15.6)', async (t) => {
  for (const failure of FAILURES) {
    const agent = await signedIn();
    const leaving = await agent.get(`${issuer}/oauth/logout`);
    await whileNoneIsSaved(failure[0], async () => {
      isErrorPage(t, await agent.get(`${issuer}/oauth/logout?state=a`), failure);
      isErrorPage(t, await createUserAgent().get(`${issuer}/oauth/logout`), failure);
      isErrorPage(t, await agent.submit(leaving, leaving.forms[0]!), failure);
    });
    t.equal((await agent.get(`${issuer}/`)).body.includes(user.email), true, 'nothing was ended');
    const { status } = await agent.get(authorizeUrl(gatehouse, client, newPkce()));
    t.equal(status, 303, 'all is well again');
  }
});

t.test('a program gets it in JSON (RFC 6749 §5.2)', async (t) => {
  for (const [sqlState, status, error] of FAILURES) {
    await whileNoneIsSaved(sqlState, async () => {
      const headers = { accept: 'application/json' };
      const answer = await fetch(`${issuer}/oauth/logout`, { headers });
      t.equal(answer.status, status);
      t.match(await answer.json(), { error, error_description: String });
      t.match(answer.headers.get('content-security-policy'), /default-src 'none'/);
    });
  }
});

const failures = () =>
  gatehouse.logLines
    .map((line) => JSON.parse(line) as { msg: string; requestId: string })
    .filter(({ msg }) => msg === 'request failed');

t.test('the log has the cause, once', async (t) => {
  const lines = failures();
  t.ok(lines.length > 0);
  t.equal(new Set(lines.map(({ requestId }) => requestId)).size, lines.length);
  for (const line of lines) {
    t.match(line, { requestId: /^req_/, err: { message: /a secret of the database/ } });
  }
});

t.test('so is whatever else fails around the library', async (t) => {
  const { current } = gatehouse.oauth.host;
  current.use(async () => {
    throw new TypeError('a secret of the code');
  });
  const server = createServer(current.callback()).listen(0, '127.0.0.1');
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const headers = { accept: 'text/html', 'x-request-id': 'req_of_this' };
  const answer = await fetch(`http://127.0.0.1:${port}/oauth/logout`, { headers });
  t.equal(answer.status, 500);
  t.match(answer.headers.get('content-security-policy'), /default-src 'none'/);
  const body = await answer.text();
  t.match(body, '<code>server_error</code>');
  t.notMatch(body, 'a secret of the code');
  const line = failures().find(({ requestId }) => requestId === 'req_of_this');
  t.match(line, { err: { message: 'a secret of the code' } }, 'which the log has');
});
