import t, { type Test } from 'tap';
import {
  introspect,
  refresh,
  revoke,
  type TokenAnswer,
  token,
  userinfo,
} from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  type TestClient,
} from '../support/gatehouse.ts';
import { basic, FORM, rawRequest } from '../support/raw-request.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { startTwoServers, within } from '../support/two-servers.ts';

const { first: gatehouse, second, servers } = await startTwoServers(t);
const client = await registerClient(gatehouse);
const native = await registerClient(gatehouse, { tokenEndpointAuthMethod: 'none' });
const stranger = await registerClient(gatehouse, { name: 'A Stranger' });
const user = await createUser(gatehouse);
const person = createSignedIn(gatehouse, user);
const endpoint = `${gatehouse.issuer}/oauth/revoke`;

const ask = (as: TestClient, body: string) =>
  rawRequest(endpoint, { headers: { ...FORM, ...basic(as.clientId, as.secret) }, body });
const form = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();
const isRefused = async (server: { issuer: string }, accessToken: string) =>
  (await userinfo(server, accessToken)).status === 401;

t.test('a revoked refresh token takes its access tokens along (RFC 7009 §2.1)', async (t) => {
  for (const one of [client, native]) {
    const tokens = await person.tokens(one);
    const next = await refresh(gatehouse, one, tokens.refresh_token);
    const { status } = await revoke(gatehouse, one, next.body.refresh_token!);
    t.equal(status, 200);
    for (const value of [tokens.access_token, next.body.access_token!]) {
      t.equal((await userinfo(gatehouse, value)).status, 401, 'at once where it was revoked');
      await within(1000, () => isRefused({ issuer: second.address }, value));
    }
    for (const server of servers) {
      const answer = await refresh(server, one, next.body.refresh_token!);
      t.match(answer, { status: 400, body: { error: 'invalid_grant' } });
    }
  }
});

t.test('a revoked access token dies alone (RFC 7009 §2.1)', async (t) => {
  const tokens = await person.tokens(client);
  const next = await refresh(gatehouse, client, tokens.refresh_token);
  t.equal((await revoke(gatehouse, client, tokens.access_token)).status, 200);
  for (const server of servers) await within(1000, () => isRefused(server, tokens.access_token));
  t.equal((await userinfo(gatehouse, next.body.access_token!)).status, 200);
  t.equal((await refresh(gatehouse, client, next.body.refresh_token!)).status, 200);
});

t.test('other authorizations of the same app stay (RFC 7009 §2.1)', async (t) => {
  const [one, other] = [await person.tokens(client), await person.tokens(client)];
  await revoke(gatehouse, client, one.refresh_token);
  t.equal((await userinfo(gatehouse, other.access_token)).status, 200);
  t.equal((await refresh(gatehouse, client, other.refresh_token)).status, 200);
});

t.test("another client's token: 200, and nothing happens (RFC 7009 §2.1)", async (t) => {
  const tokens = await person.tokens(client);
  const service = await registerService(gatehouse);
  const own = await token(gatehouse, service, { grant_type: 'client_credentials' });
  for (const thief of [stranger, native]) {
    for (const value of [tokens.refresh_token, tokens.access_token, own.body.access_token!]) {
      const answer = await revoke(gatehouse, thief, value);
      t.equal(answer.status, 200);
      t.same(answer.body, {});
    }
  }
  t.equal((await userinfo(gatehouse, tokens.access_token)).status, 200);
  t.equal((await refresh(gatehouse, client, tokens.refresh_token)).status, 200);
  t.equal((await introspect(gatehouse, service, own.body.access_token!)).body.active, true);
});

t.test('what there is not is revoked already: 200 and nothing in it (RFC 7009 §2.2)', async (t) => {
  const tokens = await person.tokens(client);
  await revoke(gatehouse, client, tokens.refresh_token);
  const jwe = `${tokens.access_token}.AAAA.AAAA`;
  const known = [tokens.refresh_token, tokens.access_token, tokens.id_token!];
  for (const value of [
    ...known,
    jwe,
    'x',
    '...',
    'a\0b',
    'ключ',
    '__proto__',
    'x'.repeat(40_000),
  ]) {
    const { status, text } = await ask(client, form({ token: value }));
    t.equal(status, 200, JSON.stringify(value.slice(0, 10)));
    t.equal(text, '');
  }
});

t.test('an ID token revokes nothing (RFC 7009 §2.1)', async (t) => {
  const tokens = await person.tokens(client);
  t.equal((await revoke(gatehouse, client, tokens.id_token!)).status, 200);
  t.equal((await userinfo(gatehouse, tokens.access_token)).status, 200);
});

t.test('a hint speeds up, and never misleads (RFC 7009 §2.1)', async (t) => {
  for (const token_type_hint of ['access_token', 'refresh_token', 'unknown', '__proto__']) {
    const { refresh_token, access_token } = await person.tokens(client);
    for (const value of [access_token, refresh_token]) {
      t.equal((await ask(client, form({ token: value, token_type_hint }))).status, 200);
    }
    t.equal((await userinfo(gatehouse, access_token)).status, 401);
    t.equal((await refresh(gatehouse, client, refresh_token)).status, 400);
  }
});

t.test('refuses whoever does not authenticate, and the token lives (RFC 7009 §2.1)', async (t) => {
  const tokens = await person.tokens(client);
  const one = form({ token: tokens.refresh_token });
  const wrong: [name: string, headers: Record<string, string>, body: string, status: number][] = [
    ['nobody', FORM, one, 401],
    ['a wrong secret', { ...FORM, ...basic(client.clientId, 'wrong') }, one, 401],
    ['no secret', FORM, `${one}&client_id=${client.clientId}`, 401],
    ['no token', { ...FORM, ...basic(client.clientId, client.secret) }, '', 400],
    ['token twice', { ...FORM, ...basic(client.clientId, client.secret) }, `${one}&${one}`, 400],
    [
      'JSON',
      { 'content-type': 'application/json', ...basic(client.clientId, client.secret) },
      JSON.stringify({ token: tokens.refresh_token }),
      400,
    ],
  ];
  for (const [name, headers, body, status] of wrong) {
    const answer = await rawRequest(endpoint, { headers, body });
    t.equal(answer.status, status, name);
    t.equal(answer.json.error, status === 401 ? 'invalid_client' : 'invalid_request', name);
    t.equal(answer.headers['cache-control'], 'no-store', name);
  }
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
    t.equal((await rawRequest(endpoint, { method })).status, 405, method);
  }
  t.equal((await refresh(gatehouse, client, tokens.refresh_token)).status, 200);
});

/** A revocation is a matter of a few requests; an app that outruns it so long is not stopped. */
const MOST_REFRESHES = 100;

/** What nobody may do any more with what an ended authorization has given. */
async function areDead(t: Pick<Test, 'equal'>, all: readonly TokenAnswer['body'][]) {
  for (const { access_token, refresh_token } of all) {
    for (const server of servers) await within(1000, () => isRefused(server, access_token!));
    t.equal((await refresh(gatehouse, client, refresh_token!)).status, 400);
  }
}

t.test('parallel revocations and refreshes leave nothing alive (RFC 7009 §2.1)', async (t) => {
  const tokens = await person.tokens(client);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      index % 2
        ? revoke(servers[0], client, tokens.refresh_token)
        : refresh(servers[1], client, tokens.refresh_token),
    ),
  );
  t.ok(answers.every(({ status }, index) => status === 200 || (status === 400 && index % 2 === 0)));
  await areDead(t, [tokens, ...answers.flatMap(({ body }) => (body.access_token ? [body] : []))]);
});

t.test('an app that refreshes on and on is stopped by a revocation (RFC 7009 §2.1)', async (t) => {
  for (const revoked of ['the first', 'the newest'] as const) {
    for (const [index, server] of servers.entries()) {
      const got: TokenAnswer['body'][] = [await person.tokens(client)];
      let revocations: Promise<TokenAnswer[]> | undefined;
      let next = await refresh(server, client, got[0]!.refresh_token!);
      for (let count = 0; next.status === 200 && count < MOST_REFRESHES; count += 1) {
        got.push(next.body);
        const token = (revoked === 'the first' ? got[0] : next.body)!.refresh_token!;
        // While the next refresh is under way, at the same server or at the other.
        revocations ??= Promise.all([0, 1].map((at) => revoke(servers[at]!, client, token)));
        next = await refresh(server, client, next.body.refresh_token!);
      }
      t.match(next, { status: 400, body: { error: 'invalid_grant' } }, `${revoked}, ${index}`);
      for (const { status } of await revocations!) t.equal(status, 200);
      await areDead(t, got);
    }
  }
});

t.test('tells the audit log who did it', async (t) => {
  const tokens = await person.tokens(stranger);
  await revoke(gatehouse, stranger, tokens.refresh_token);
  const { rows } = await gatehouse.database.pool.query(
    `SELECT actor_kind, actor_id, target_kind FROM audit_events
     WHERE type = 'grant.revoked' AND actor_id = $1`,
    [stranger.clientId],
  );
  t.same(rows, [{ actor_kind: 'client', actor_id: stranger.clientId, target_kind: 'grant' }]);
});
