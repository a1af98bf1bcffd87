import { decodeJwt } from 'jose';
import t from 'tap';
import { loadPlatform } from '../../src/platform/load.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { createTestClock } from '../support/clock.ts';
import { introspect, refresh, revoke, userinfo } from '../support/flows.ts';
import { createUser, registerClient } from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { fiftyAtOnce, soleSuccess, startTwoServers, within } from '../support/two-servers.ts';

const ARCHIVE = 'https://archive.notes.example';
const SYSTEM = { actor: { kind: 'system' } } as const;
const REFUSED = { status: 400, body: { error: 'invalid_grant' } };

/** The example platform with a second API beside its first. */
async function platformWithArchive(): Promise<Platform> {
  const platform = await loadPlatform('example');
  const archive = { identifier: ARCHIVE, name: 'The Archive', scopes: ['notes:read'] };
  return { ...platform, api: { ...platform.api, additionalResources: [archive] } };
}

const clock = createTestClock();
const platform = await platformWithArchive();
const { first: gatehouse, servers } = await startTwoServers(t, { clock, platform });
const client = await registerClient(gatehouse);
const native = await registerClient(gatehouse, {
  name: 'Example Phone App',
  tokenEndpointAuthMethod: 'none',
});
const user = await createUser(gatehouse);
const person = createSignedIn(gatehouse, user);

t.test('rotates at every use, for both kinds of clients (RFC 9700 §4.14.2)', async (t) => {
  for (const one of [client, native]) {
    const tokens = await person.tokens(one);
    const next = await refresh(servers[1], one, tokens.refresh_token);
    t.equal(next.status, 200);
    t.equal(next.headers.get('cache-control'), 'no-store');
    t.match(next.body.refresh_token, /^[\w-]{32,}$/);
    t.not(next.body.refresh_token, tokens.refresh_token);
    t.equal((await userinfo(gatehouse, next.body.access_token!)).status, 200);
    t.equal((await refresh(gatehouse, one, next.body.refresh_token!)).status, 200);
  }
});

t.test('a token replayed within ten seconds is refused, and the family lives', async (t) => {
  const tokens = await person.tokens(client);
  const next = await refresh(gatehouse, client, tokens.refresh_token);
  clock.advance(9);
  t.match(await refresh(gatehouse, client, tokens.refresh_token), REFUSED);
  t.match(await refresh(servers[1], client, tokens.refresh_token), REFUSED);
  t.equal((await userinfo(gatehouse, next.body.access_token!)).status, 200);
  t.equal((await refresh(gatehouse, client, next.body.refresh_token!)).status, 200);
});

t.test('a token replayed later ends its family and its tokens (RFC 9700 §4.14.2)', async (t) => {
  const bystander = await person.tokens(client);
  const tokens = await person.tokens(client);
  const child = await refresh(gatehouse, client, tokens.refresh_token);
  const grandchild = await refresh(gatehouse, client, child.body.refresh_token!);
  clock.advance(11);
  t.match(await refresh(servers[1], client, tokens.refresh_token), REFUSED);
  t.match(await refresh(gatehouse, client, grandchild.body.refresh_token!), REFUSED);
  for (const { access_token } of [tokens, child.body, grandchild.body]) {
    await within(1000, async () => (await userinfo(gatehouse, access_token!)).status === 401);
  }
  t.equal((await refresh(gatehouse, client, bystander.refresh_token)).status, 200);
  const { rows } = await gatehouse.database.pool.query(
    `SELECT actor_id FROM audit_events WHERE type = 'refresh_token.replayed'`,
  );
  t.same(rows, [{ actor_id: client.clientId }]);
});

t.test(
  'fifty parallel refreshes: one success, and its child works (RFC 9700 §4.14.2)',
  async (t) => {
    for (const one of [client, native]) {
      const tokens = await person.tokens(one);
      const answers = await fiftyAtOnce(servers, (server) =>
        refresh(server, one, tokens.refresh_token),
      );
      const { body } = soleSuccess(t, answers, 'invalid_grant');
      t.equal((await userinfo(gatehouse, body.access_token!)).status, 200);
      const child = await refresh(gatehouse, one, body.refresh_token!);
      t.equal(child.status, 200);
      t.match(await refresh(gatehouse, one, tokens.refresh_token), REFUSED);
      clock.advance(11);
      t.match(await refresh(gatehouse, one, tokens.refresh_token), REFUSED);
      t.match(await refresh(gatehouse, one, child.body.refresh_token!), REFUSED);
    }
  },
);

t.test("refuses another client's token, which stays good (RFC 6749 §6)", async (t) => {
  const stranger = await registerClient(gatehouse, { name: 'A Stranger' });
  const tokens = await person.tokens(client);
  for (const thief of [stranger, native]) {
    t.match(await refresh(gatehouse, thief, tokens.refresh_token), REFUSED);
  }
  t.equal((await refresh(gatehouse, client, tokens.refresh_token)).status, 200);
});

t.test('a client proves itself at every refresh (RFC 6749 §6)', async (t) => {
  const tokens = await person.tokens(client);
  for (const secret of ['', 'wrong']) {
    const answer = await refresh(gatehouse, { ...client, secret }, tokens.refresh_token);
    t.match(answer, { status: 401, body: { error: 'invalid_client' } });
  }
  t.equal((await refresh(gatehouse, client, tokens.refresh_token)).status, 200);
});

t.test('narrows the scope, but never widens it (RFC 6749 §6)', async (t) => {
  const tokens = await person.tokens(client, { scope: 'openid notes:read notes:write' });
  const narrow = await refresh(gatehouse, client, tokens.refresh_token, { scope: 'notes:read' });
  t.equal(narrow.status, 200);
  t.equal(narrow.body.scope, 'notes:read');
  t.equal(decodeJwt(narrow.body.access_token!).scope, 'notes:read');
  let current = narrow.body.refresh_token!;
  for (const scope of ['notes:read notes:delete', 'notes:delete', 'unknown', 'offline_access']) {
    const wide = await refresh(gatehouse, client, current, { scope });
    t.match(wide, { status: 400, body: { error: 'invalid_scope' } }, scope);
  }
  const full = await refresh(gatehouse, client, current);
  t.equal(full.status, 200);
  t.equal(full.body.scope, 'openid notes:read notes:write');
  current = full.body.refresh_token!;
  t.equal((await refresh(gatehouse, client, current, { scope: '' })).status, 200);
});

t.test('refuses another resource, and the token stays good (RFC 8707 §2.2)', async (t) => {
  const tokens = await person.tokens(client);
  const { identifier } = platform.api;
  for (const resource of [ARCHIVE, 'https://unknown.example', `${identifier}/`, 'not a URI']) {
    const wide = await refresh(gatehouse, client, tokens.refresh_token, { resource });
    t.match(wide, { status: 400, body: { error: 'invalid_target' } }, resource);
  }
  const same = await refresh(gatehouse, client, tokens.refresh_token, { resource: identifier });
  t.equal(same.status, 200);
  t.equal(decodeJwt(same.body.access_token!).aud, identifier);
});

t.test('keeps to the resource that was granted (RFC 8707 §2.2)', async (t) => {
  const tokens = await person.tokens(client, { resource: ARCHIVE, scope: 'notes:read' });
  t.equal(decodeJwt(tokens.access_token).aud, ARCHIVE);
  const next = await refresh(gatehouse, client, tokens.refresh_token);
  t.equal(next.status, 200);
  t.equal(decodeJwt(next.body.access_token!).aud, ARCHIVE);
  const { identifier } = platform.api;
  const wide = await refresh(gatehouse, client, next.body.refresh_token!, { resource: identifier });
  t.match(wide, { status: 400, body: { error: 'invalid_target' } });
});

t.test('a scope taken from the client is gone at the next refresh', async (t) => {
  const scopes = ['notes:read', 'notes:write'];
  const shrinking = await registerClient(gatehouse, { name: 'Shrinking', scopes });
  const tokens = await person.tokens(shrinking, { scope: 'openid notes:read notes:write' });
  const { clientService } = gatehouse.oauth;
  await clientService.update(shrinking.clientId, { scopes: ['notes:read'] }, SYSTEM);
  await within(1000, async () => {
    const known = await gatehouse.oauth.clients.find(shrinking.clientId);
    return known?.scopes.length === 1;
  });
  const next = await refresh(gatehouse, shrinking, tokens.refresh_token);
  t.equal(next.status, 200);
  t.equal(next.body.scope, 'openid notes:read');
});

t.test('refuses what is no refresh token (RFC 6749 §5.2)', async (t) => {
  const tokens = await person.tokens(client);
  const wrong = [tokens.access_token, tokens.id_token!, 'x', 'x'.repeat(20_000), '\0', '__proto__'];
  for (const one of [...wrong, tokens.refresh_token.slice(1), `${tokens.refresh_token}=`]) {
    t.match(await refresh(gatehouse, client, one), REFUSED, JSON.stringify(one.slice(0, 20)));
  }
  const none = await refresh(gatehouse, client, '');
  t.match(none, { status: 400, body: { error: 'invalid_request' } });
  t.equal((await refresh(gatehouse, client, tokens.refresh_token)).status, 200);
});

t.test('a revoked refresh token takes its access tokens along (RFC 7009 §2.1)', async (t) => {
  const tokens = await person.tokens(client);
  t.equal((await revoke(gatehouse, client, tokens.refresh_token)).status, 200);
  t.match(await refresh(gatehouse, client, tokens.refresh_token), REFUSED);
  for (const server of servers) {
    await within(1000, async () => {
      const { body } = await introspect(server, client, tokens.access_token);
      return body.active === false;
    });
  }
});

t.test('revoking the token before the last ends the family at once (RFC 7009 §2.1)', async (t) => {
  const tokens = await person.tokens(client);
  const next = await refresh(gatehouse, client, tokens.refresh_token);
  t.same((await introspect(gatehouse, client, tokens.refresh_token)).body, { active: false });
  t.equal((await revoke(gatehouse, client, tokens.refresh_token)).status, 200);
  t.match(await refresh(gatehouse, client, next.body.refresh_token!), REFUSED);
});

t.test('tokens are not in the log, nor readable in the database', async (t) => {
  const tokens = await person.tokens(client);
  await refresh(gatehouse, client, tokens.refresh_token);
  const { rows } = await gatehouse.database.pool.query('SELECT * FROM refresh_tokens');
  const written = gatehouse.logLines.join('\n') + JSON.stringify(rows);
  t.ok(rows.length > 0);
  t.notOk(written.includes(tokens.refresh_token));
  t.notOk(written.includes(tokens.access_token));
});
