import { decodeJwt } from 'jose';
import t from 'tap';
import { createCleanup } from '../../src/database/cleanup.ts';
import { silentLog } from '../../src/database/log.ts';
import type { Notifications } from '../../src/database/notifications.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createDenylist } from '../../src/oauth/denylist/denylist.ts';
import { createRevocations } from '../../src/oauth/revocations.store.ts';
import { loadPlatform } from '../../src/platform/load.ts';
import { createTestClock } from '../support/clock.ts';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { introspect, revoke, token, userinfo } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  startGatehouse,
  type TestGatehouse,
} from '../support/gatehouse.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { withClient } from '../support/postgres-server.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { within } from '../support/two-servers.ts';

const { connectionString, adminConnectionString, name } = await createTestDatabase(t);
const listener = await createFlakyProxy(t, connectionString);
const first = await startGatehouse(t, { connectionString });
const second = await startGatehouse(t, {
  connectionString,
  issuer: first.issuer,
  listenerConnectionString: listener.connectionString,
});
const client = await registerClient(first);
const user = await createUser(first);
const person = createSignedIn(first, user);
const revocations = createRevocations({ clock: systemClock });

const isRefused = async ({ address }: TestGatehouse, accessToken: string) =>
  (await userinfo({ issuer: address }, accessToken)).status === 401;

/** Ends the connections that change notifications come on, as a failover does. */
const terminateListeners = () =>
  withClient(adminConnectionString, async (admin) => {
    const { rowCount } = await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = $1 AND application_name = 'gatehouse-listener'`,
      [name],
    );
    return rowCount;
  });

t.test('a second process hears of a revocation within a second (RFC 7009 §2.1)', async (t) => {
  for (const which of ['access_token', 'refresh_token'] as const) {
    const tokens = await person.tokens(client);
    t.equal(await isRefused(second, tokens.access_token), false);
    await revoke(first, client, tokens[which]);
    await within(1000, () => isRefused(second, tokens.access_token));
  }
});

t.test('hears of it when it was revoked there, too (RFC 7009 §2.1)', async (t) => {
  const tokens = await person.tokens(client);
  await revoke({ issuer: second.address }, client, tokens.refresh_token);
  await t.resolves(within(1000, () => isRefused(first, tokens.access_token)));
});

t.test('reads through while its listener is cut, and goes on when it is back', async (t) => {
  const [one, other, third] = [
    await person.tokens(client),
    await person.tokens(client),
    await person.tokens(client),
  ];
  await listener.down();
  t.ok((await terminateListeners())! >= 1);
  await revoke(first, client, one.refresh_token);
  t.equal(await isRefused(second, one.access_token), true, 'at once: the database is asked');
  t.equal(await isRefused(second, other.access_token), false, 'and says who is not denied');
  await revoke(first, client, other.access_token);
  t.equal(await isRefused(second, other.access_token), true);

  await listener.up();
  await within(3000, async () => second.oauth.denylist.isDenied(tokenOf(third)) === false);
  t.equal(await isRefused(second, one.access_token), true, 'what it missed, it has read');
  t.equal(await isRefused(second, other.access_token), true);
  await revoke(first, client, third.refresh_token);
  await within(1000, () => isRefused(second, third.access_token));
});

t.test('a client that is let in again is known while the listener is cut', async (t) => {
  const [back, other] = [await registerService(first), await registerService(first)];
  await listener.down();
  await terminateListeners();
  for (const disabled of [true, false]) {
    const { clientService } = first.oauth;
    await clientService.update(back.clientId, { disabled }, { actor: { kind: 'system' } });
  }
  const there = { issuer: second.address };
  const grant = { grant_type: 'client_credentials' };
  t.match(await token(there, back, grant), { status: 503 }, 'its token would be dead');
  t.match(await token(there, other, grant), { status: 200 });
  await listener.up();
  await within(3000, () => second.oauth.denylist.isClientDenied(other.clientId) === false);
});

t.test('a cut that nobody notices on the wire is noticed within a second', async (t) => {
  const tokens = await person.tokens(client);
  listener.freeze();
  await revoke(first, client, tokens.refresh_token);
  await t.resolves(within(1500, () => isRefused(second, tokens.access_token)));
  await listener.up();
});

t.test('revoked tokens stay dead after a restart, in every way they can end', async (t) => {
  const service = await registerService(first);
  const grant = { grant_type: 'client_credentials' };
  const own = (await token(first, service, grant)).body.access_token!;
  const byJti = await person.tokens(client);
  const byGrant = await person.tokens(client);
  const alive = await person.tokens(client);
  await revoke(first, service, own);
  await revoke(first, client, byJti.access_token);
  await revoke(first, client, byGrant.refresh_token);
  const restarted = await startGatehouse(t, { connectionString, issuer: first.issuer });
  t.equal(await isRefused(restarted, byJti.access_token), true);
  t.equal(await isRefused(restarted, byGrant.access_token), true);
  const asked = await introspect({ issuer: restarted.address }, service, own);
  t.same(asked.body, { active: false });
  t.equal(await isRefused(restarted, alive.access_token), false);
});

t.test('what a transaction takes back is not denied', async (t) => {
  const tokens = await person.tokens(client);
  const { jti } = decodeJwt(tokens.access_token);
  const undone = first.database.transaction(async (tx) => {
    await revocations.denyToken(tx, jti!);
    throw new Error('undone');
  });
  await t.rejects(undone, { message: 'undone' });
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const server of [first, second]) {
    t.equal(await isRefused(server, tokens.access_token), false);
  }
});

t.test(
  'a token of yesterday, when they lived longer, stays dead when it is revoked today',
  async (t) => {
    const clock = createTestClock();
    const own = await createTestDatabase(t);
    const platform = await loadPlatform('example');
    const living = (accessTokenTtlSeconds: number) => ({
      ...platform,
      tokens: { ...platform.tokens, accessTokenTtlSeconds },
    });
    const options = { clock, connectionString: own.connectionString };
    const before = await startGatehouse(t, { ...options, platform: living(86_400) });
    const service = await registerService(before);
    const grant = { grant_type: 'client_credentials' };
    const old = (await token(before, service, grant)).body.access_token!;
    await before.stop();

    const { issuer } = before;
    const after = await startGatehouse(t, { ...options, issuer, platform: living(3600) });
    const server = { issuer: after.address };
    t.equal((await introspect(server, service, old)).body.active, true);
    await revoke(server, service, old);
    clock.advance(23 * 3600);
    const cleanup = createCleanup({
      ...{ database: after.database, clock, log: silentLog, intervalMs: 60_000 },
    });
    await cleanup.runOnce();
    await after.oauth.signingKeys.rotateIfDue();
    t.equal((await introspect(server, service, old)).body.active, false);
    const restarted = await startGatehouse(t, { ...options, issuer, platform: living(3600) });
    t.equal(await restarted.oauth.verifier.verify(old), undefined);
  },
);

t.test('a list that is too long for the mirror is asked for in the database', async (t) => {
  const { database } = await startGatehouse(t);
  const handlers: ((payload: string) => void)[] = [];
  const notifications = {
    healthy: true,
    on: (_channel: string, handler: (payload: string) => void) => void handlers.push(handler),
    onLost: () => {},
    onRestored: () => {},
  } as unknown as Notifications;
  const clock = createTestClock();
  const denylist = createDenylist({ database, notifications, clock, mirrorLimit: 20 });
  const about = (jti: string) => ({ jti, clientId: 'c', issuedAt: 0 });
  const insert = (from: number, to: number, seconds: number) =>
    database.pool.query(
      `INSERT INTO revoked_tokens (kind, value, revoked_at, expires_at)
       SELECT 'jti', 'token-' || n, now(), now() + $3 * interval '1 second'
       FROM generate_series($1::int, $2::int) AS n`,
      [from, to, seconds],
    );
  const hear = (jti: string, seconds: number) => {
    const at = clock.now();
    const until = new Date(at.getTime() + seconds * 1000);
    const row = { kind: 'jti', value: jti, revoked_at: at, expires_at: until };
    handlers[0]!(JSON.stringify(row));
  };
  const isMirrored = () => typeof denylist.isDenied(about('nobody')) === 'boolean';

  await insert(1, 10, 60);
  await denylist.start();
  t.equal(denylist.isDenied(about('token-7')), true);
  t.equal(denylist.isDenied(about('token-11')), false);
  for (let n = 1; n <= 10; n += 1) hear(`short-${n}`, 60);
  t.ok(isMirrored(), 'full');
  clock.advance(61);
  hear('one more', 60);
  t.ok(isMirrored(), 'what has expired makes room');

  for (let n = 1; n <= 20; n += 1) hear(`long-${n}`, 60);
  t.notOk(isMirrored(), 'too many');
  hear('yet another', 60);
  t.notOk(isMirrored());
  await insert(12, 12, 600);
  t.equal(await denylist.isDenied(about('token-12')), true, 'the database knows');
  t.equal(await denylist.isDenied(about('token-13')), false);
  await denylist.start();
  t.ok(isMirrored(), 'the next reload finds it short');
  await insert(100, 130, 600);
  await denylist.start();
  t.notOk(isMirrored(), 'or not');
  t.equal(await denylist.isDenied(about('token-130')), true);
});

t.test(
  'a list of many pages is read whole, in a time that does not grow with its square',
  async (t) => {
    const { database } = await startGatehouse(t);
    const notifications = {
      ...{ healthy: true, on: () => {}, onLost: () => {}, onRestored: () => {} },
    } as unknown as Notifications;
    const insert = `INSERT INTO revoked_tokens (kind, value, revoked_at, expires_at)
    SELECT 'jti', 'token-' || n, now(), now() + interval '1 hour'
    FROM generate_series(1, 60000) AS n`;
    await database.largeTransaction((tx) => tx.query(insert));
    const denylist = createDenylist({ database, notifications, clock: systemClock });
    await denylist.start();
    for (const n of [1, 9_999, 10_000, 10_001, 60_000]) {
      const about = { jti: `token-${n}`, clientId: 'c', issuedAt: 0 };
      t.equal(denylist.isDenied(about), true, String(n));
    }
  },
);

t.test('while neither mirror nor database can tell, a token is not honoured', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await createFlakyProxy(t, database.connectionString);
  const alone = await startGatehouse(t, { connectionString: proxy.connectionString });
  const service = await registerService(alone);
  const { body } = await token(alone, service, { grant_type: 'client_credentials' });
  await proxy.down();
  await within(2000, async () => (await userinfo(alone, body.access_token!)).status === 503);
  const answer = await userinfo(alone, body.access_token!);
  t.equal(answer.status, 503);
  t.match(await answer.json(), { error: 'temporarily_unavailable' });
  await proxy.up();
  await within(5000, async () => (await userinfo(alone, body.access_token!)).status === 403);
});

function tokenOf({ access_token }: { access_token: string }) {
  const claims = decodeJwt<{ client_id: string; grant_id: string }>(access_token);
  const { jti = '', iat = 0, client_id, grant_id } = claims;
  return { jti, clientId: client_id, grantId: grant_id, issuedAt: iat };
}
