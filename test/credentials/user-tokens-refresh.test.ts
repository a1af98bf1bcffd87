import { decodeJwt } from 'jose';
import t, { type Test } from 'tap';
import { loadPlatform } from '../../src/platform/load.ts';
import { createTestClock } from '../support/clock.ts';
import { refresh as refreshAtOAuth, revoke, token } from '../support/flows.ts';
import { createUser, registerClient, startGatehouse, type TestUser } from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { fiftyAtOnce, startTwoServers, within } from '../support/two-servers.ts';
import {
  type Answer,
  addPerson,
  decide,
  exchange,
  isHonoured,
  observationsOf,
  obtainPair,
  type Pair,
  refresh,
  SYSTEM,
} from './user-token-callers.ts';

const clock = createTestClock();
const platform = await loadPlatform('kliq');
const { first, second, servers } = await startTwoServers(t, { clock, platform });
const user = await createUser(first);
const { organizationId } = user;

const REFUSED = { status: 401, body: { statusCode: 401, error: 'Unauthorized' } };
const AS_PLATFORM = { clientId: 'platform', secret: '' };

const pairOf = ({ status, body, text }: Answer): Pair => {
  if (status !== 200) throw new Error(text);
  return body as unknown as Pair;
};

/** Dead at once where it was ended, and in the other process within a second. */
async function expectDead(t: Test, pair: Pair): Promise<void> {
  for (const server of servers) t.match(await refresh(server, pair.refreshToken), REFUSED);
  t.equal(await isHonoured(first, pair), false);
  await t.resolves(within(1000, async () => !(await isHonoured(second, pair))));
}

t.test('rotates at every use, in the shape of the first pair (RFC 9700 §4.14.2)', async (t) => {
  const exchanged = await exchange(first, user, { scope: 'observations:read cv:read' });
  const pair = pairOf(exchanged);
  const answer = await refresh(servers[1], pair.refreshToken);
  t.equal(answer.status, 200);
  t.equal(answer.headers.get('cache-control'), 'no-store');
  t.equal(answer.headers.get('set-cookie'), null);
  t.strictSame(Object.keys(answer.body), Object.keys(exchanged.body));
  const next = pairOf(answer);
  t.not(next.refreshToken, pair.refreshToken);
  t.match(next, { organizationId, scope: 'observations:read cv:read' });
  const [before, after] = [decodeJwt(pair.accessToken), decodeJwt(next.accessToken)];
  t.match(after, { sub: user.id, grant_id: before.grant_id, org_id: organizationId });
  t.not(after.jti, before.jti);
  t.ok(await isHonoured(first, next));
  t.equal((await refresh(first, next.refreshToken)).status, 200);
});

t.test('fifty parallel refreshes: one success, and its child works', async (t) => {
  const pair = await obtainPair(first, user);
  const answers = await fiftyAtOnce(servers, (server) => refresh(server, pair.refreshToken));
  const winners = answers.filter(({ status }) => status === 200);
  t.equal(winners.length, 1);
  const refused = answers.filter(({ status }) => status === 401).length;
  const busy = answers.filter(({ status }) => status === 503).length;
  t.equal(refused + busy, 49);
  t.ok(busy <= 5, 'not more than on a busy machine');
  const winner = pairOf(winners[0]!);
  t.ok(await isHonoured(second, winner));
  t.equal((await refresh(servers[1], winner.refreshToken)).status, 200);
});

t.test('a token replayed within ten seconds is refused, and the family lives', async (t) => {
  const pair = await obtainPair(first, user);
  const next = pairOf(await refresh(first, pair.refreshToken));
  clock.advance(9);
  for (const server of servers) t.match(await refresh(server, pair.refreshToken), REFUSED);
  t.ok(await isHonoured(first, next));
  t.equal((await refresh(first, next.refreshToken)).status, 200);
});

t.test('a token replayed later ends its family and its tokens (RFC 9700 §4.14.2)', async (t) => {
  const bystander = await obtainPair(first, user);
  const pair = await obtainPair(first, user);
  const child = pairOf(await refresh(first, pair.refreshToken));
  const grandchild = pairOf(await refresh(first, child.refreshToken));
  t.ok(await isHonoured(second, grandchild));
  clock.advance(11);
  t.match(await refresh(first, pair.refreshToken), REFUSED);
  for (const one of [pair, child, grandchild]) await expectDead(t, one);
  t.equal((await refresh(first, bystander.refreshToken)).status, 200);
  const { rows } = await first.database.pool.query(
    `SELECT actor_id, organization_id, target_id FROM audit_events
     WHERE type = 'refresh_token.replayed'`,
  );
  const { grant_id } = decodeJwt(pair.accessToken);
  t.same(rows, [{ actor_id: 'platform', organization_id: organizationId, target_id: grant_id }]);
});

t.test("an app's refresh token is refused here, and one of here at /oauth/token", async (t) => {
  const client = await registerClient(first);
  const native = await registerClient(first, { tokenEndpointAuthMethod: 'none' });
  const person = createSignedIn(first, user);
  for (const app of [client, native]) {
    const tokens = await person.tokens(app, { scope: 'observations:read' });
    t.match(await refresh(first, tokens.refresh_token), REFUSED);
    const own = await refreshAtOAuth(first, app, tokens.refresh_token);
    t.equal(own.status, 200, 'it stays good');
    clock.advance(11);
    t.match(await refresh(first, tokens.refresh_token), REFUSED);
    const again = await refreshAtOAuth(first, app, own.body.refresh_token!);
    t.equal(again.status, 200, 'nor is a used one of an app a replay here');
  }
  const pair = await obtainPair(first, user);
  const asRefresh = { grant_type: 'refresh_token', refresh_token: pair.refreshToken };
  for (const thief of [client, native, AS_PLATFORM]) {
    const answer = await token(first, thief, asRefresh);
    t.equal(answer.status, 400);
    t.notOk(answer.body.access_token);
  }
  t.equal((await refresh(first, pair.refreshToken)).status, 200);
});

t.test('refuses what is no refresh token', async (t) => {
  const { refreshToken, accessToken } = await obtainPair(first, user);
  const wrong = ['x', 'x'.repeat(12_000), '\0', '__proto__', ' ', accessToken];
  for (const one of [...wrong, refreshToken.slice(1), `${refreshToken}=`, ` ${refreshToken}`]) {
    const answer = await refresh(first, one);
    t.match(answer, REFUSED, JSON.stringify(one.slice(0, 20)));
    t.match(answer.headers.get('www-authenticate'), /^Bearer error="invalid_token"/);
    t.notOk(answer.text.includes(refreshToken));
  }
  t.equal((await refresh(first, refreshToken)).status, 200);
});

t.test('narrows the scope, but never widens it (RFC 6749 §6)', async (t) => {
  const scope = 'observations:read observations:write';
  const pair = await obtainPair(first, user, { scope });
  const narrow = pairOf(await refresh(first, pair.refreshToken, { scope: 'observations:read' }));
  t.equal(narrow.scope, 'observations:read');
  t.match(await decide(first, narrow.accessToken, observationsOf(organizationId), 'POST'), {
    reason: 'insufficient_scope',
  });
  for (const wide of ['observations:read cv:read', 'admin', 'unknown', 'openid']) {
    const answer = await refresh(first, narrow.refreshToken, { scope: wide });
    t.match(answer, { status: 400, body: { error: 'Bad Request' } }, wide);
  }
  const full = pairOf(await refresh(first, narrow.refreshToken));
  t.equal(full.scope, scope, 'without one: what was granted, and nothing has used it up');
});

/** Every way in which an app's tokens end, too. */
const ENDS: Record<string, (person: Pick<TestUser, 'id'>, pair: Pair) => Promise<unknown>> = {
  'a user who is disabled': ({ id }) => first.identity.users.disable(id, SYSTEM),
  'a membership that ends': ({ id }) =>
    first.identity.memberships.remove(id, organizationId, SYSTEM),
  'a role that shrinks': ({ id }) =>
    first.identity.memberships.changeRole({ userId: id, organizationId, role: 'member' }, SYSTEM),
  'a password that changes': ({ id }) =>
    first.identity.changeUser(id, { password: 'seven wet otters sing' }, SYSTEM),
  'a user who is deleted': ({ id }) => first.identity.users.remove(id, SYSTEM),
  'a refresh token that its holder revokes (RFC 7009 §2.1)': (_person, { refreshToken }) =>
    revoke(first, AS_PLATFORM, refreshToken),
  'the platform disconnected among the connected apps': async ({ id }) => {
    const [app] = await first.oauth.connectedApps.of(id);
    return first.oauth.connectedApps.disconnect(id, app!.consentId, {
      actor: { kind: 'user', id },
    });
  },
};

for (const [guarantee, end] of Object.entries(ENDS)) {
  t.test(`${guarantee}: refresh and access tokens die with it`, async (t) => {
    const person = await addPerson(first, { organizationId, role: 'admin' });
    const other = await obtainPair(first, user);
    const pair = await obtainPair(first, person);
    const next = pairOf(await refresh(servers[1], pair.refreshToken));
    t.ok(await isHonoured(first, next));
    t.ok(await isHonoured(second, next));
    await end(person, next);
    await t.resolves(within(1000, async () => !(await isHonoured(first, next))));
    await expectDead(t, next);
    t.ok(await isHonoured(first, other), "nobody else's");
    t.equal((await refresh(first, other.refreshToken)).status, 200);
  });
}

t.test('what its holder revokes, nobody else can (RFC 7009 §2.1)', async (t) => {
  const pair = await obtainPair(first, user);
  const stranger = await registerClient(first);
  t.equal((await revoke(first, stranger, pair.refreshToken)).status, 200);
  t.ok(await isHonoured(first, pair));
  await revoke(first, AS_PLATFORM, pair.accessToken);
  await t.resolves(within(1000, async () => !(await isHonoured(first, pair))));
  t.equal((await refresh(first, pair.refreshToken)).status, 200, 'one access token alone');
});

t.test('is among the connected apps by the name of the platform, once', async (t) => {
  const person = await addPerson(first, { organizationId, role: 'member' });
  await obtainPair(first, person, { scope: 'cv:read' });
  const wide = await obtainPair(first, person);
  await obtainPair(first, person, { scope: 'cv:read' });
  const apps = await first.oauth.connectedApps.of(person.id);
  t.match(apps, [{ name: 'KLIQ', permissions: wide.scope.split(' ').map((scope) => ({ scope })) }]);
  t.equal(apps.length, 1);
});

t.test('a password that changes while it is used leaves nothing behind', async (t) => {
  for (let round = 0; round < 4; round += 1) {
    const person = await addPerson(first, { organizationId, role: 'admin' });
    const change = { password: `seven wet otters sing ${round}` };
    const [answers] = await Promise.all([
      Promise.all(Array.from({ length: 8 }, (_, index) => exchange(servers[index % 2]!, person))),
      first.identity.changeUser(person.id, change, SYSTEM),
    ]);
    for (const answer of answers.filter(({ status }) => status === 200)) {
      t.match(await refresh(first, pairOf(answer).refreshToken), REFUSED);
    }
    t.ok(answers.every(({ status }) => [200, 401, 503].includes(status)));
  }
});

t.test('an operator who disables the client switches it off, and on again', async (t) => {
  const other = await startGatehouse(t, { platform });
  const someone = await createUser(other);
  const pair = await obtainPair(other, someone);
  const { clientService, clients } = other.oauth;
  const toldOf = (disabled: boolean) =>
    within(1000, async () => (await clients.find('platform'))?.disabled === disabled);
  await clientService.update('platform', { disabled: true }, SYSTEM);
  await toldOf(true);
  t.match(await exchange(other, someone), { status: 404, body: { message: /switched off/ } });
  t.match(await refresh(other, pair.refreshToken), REFUSED);
  t.equal(await isHonoured(other, pair), false);
  await clientService.update('platform', { disabled: false }, SYSTEM);
  await toldOf(false);
  t.equal((await exchange(other, someone)).status, 200);
  t.match(await refresh(other, pair.refreshToken), REFUSED, 'what was over stays over');
});

t.test('of many first callers at once, all get a pair', async (t) => {
  const { first: one, servers: both } = await startTwoServers(t, { platform });
  const callers = await Promise.all(Array.from({ length: 6 }, () => createUser(one)));
  const answers = await Promise.all(
    callers.map((caller, index) => exchange(both[index % 2]!, caller)),
  );
  t.same(
    answers.map(({ status }) => status),
    Array(6).fill(200),
  );
});

t.test(
  'an access token lasts its hour; a refresh token, and no rotation outlives the grant',
  async (t) => {
    const hour = 3600;
    const tokens = {
      ...platform.tokens,
      refreshTokenTtlSeconds: 20 * hour,
      grantTtlSeconds: 24 * hour,
    };
    const ahead = createTestClock();
    const other = await startGatehouse(t, { clock: ahead, platform: { ...platform, tokens } });
    const someone = await createUser(other);
    const idle = await obtainPair(other, someone);
    const path = observationsOf(someone.organizationId);
    ahead.advance(hour - 60);
    t.ok(await isHonoured(other, idle));
    ahead.advance(61);
    t.match(await decide(other, idle.accessToken, path), { reason: 'expired_token' });
    const used = pairOf(await refresh(other, (await obtainPair(other, someone)).refreshToken));
    ahead.advance(13 * hour);
    const later = pairOf(await refresh(other, used.refreshToken));
    t.ok(await isHonoured(other, later));
    ahead.advance(7 * hour);
    t.match(await refresh(other, idle.refreshToken), REFUSED, 'not used for too long');
    ahead.advance(5 * hour);
    t.match(await refresh(other, later.refreshToken), REFUSED, 'the grant has had its day');
  },
);
