import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import t from 'tap';
import { createCleanup } from '../../src/database/cleanup.ts';
import type { Executor } from '../../src/database/executor.ts';
import { silentLog } from '../../src/database/log.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { listConsents, revokeConsent } from '../../src/oauth/consents/consents.store.ts';
import { createRevocations } from '../../src/oauth/revocations.store.ts';
import { signAccessToken } from '../../src/oauth/tokens/access-token-issuer.ts';
import {
  authorize,
  authorizeUrl,
  consent,
  introspect,
  newPkce,
  redeem,
  refresh,
  signIn,
  token,
  userinfo,
} from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  type TestClient,
  type TestUser,
} from '../support/gatehouse.ts';
import { createSignedIn, type SignedIn } from '../support/signed-in.ts';
import { startTwoServers, within } from '../support/two-servers.ts';
import { createUserAgent, locationOf } from '../support/user-agent.ts';

const SYSTEM = { actor: { kind: 'system' } } as const;
const { first: gatehouse, second, servers } = await startTwoServers(t);
const { identity, database } = gatehouse;
const { clientService } = gatehouse.oauth;
const revocations = createRevocations({ clock: systemClock });

interface Situation {
  user: TestUser;
  client: TestClient;
  person: SignedIn;
}

/** Each way takes away what a grant rests on. */
const ways: [name: string, end: (situation: Situation) => Promise<unknown>][] = [
  ['the user is disabled', ({ user }) => identity.users.disable(user.id, SYSTEM)],
  ['the user is deleted', ({ user }) => identity.users.remove(user.id, SYSTEM)],
  ['the membership is removed', ({ user }) => leave(user)],
  ['the organization is deleted', ({ user }) => deleteOrganization(user)],
  ['the consent is revoked', ({ user }) => revokeConsents(user)],
  ['the client is disabled', ({ client }) => update(client, { disabled: true })],
  ['the client is deleted', ({ client }) => deleteClient(client)],
];

for (const [name, end] of ways) {
  t.test(
    `${name}: refresh fails, code and access tokens are refused (RFC 9700 §4.14)`,
    async (t) => {
      const user = await createUser(gatehouse);
      const client = await registerClient(gatehouse);
      const person = createSignedIn(gatehouse, user);
      const bystander = createSignedIn(gatehouse, await createUser(gatehouse));
      const otherClient = await registerClient(gatehouse);
      const others = await bystander.tokens(otherClient);
      const tokens = await person.tokens(client);
      const { code, pkce } = await person.code(client);
      t.equal((await userinfo(gatehouse, tokens.access_token)).status, 200);

      await end({ user, client, person });

      for (const { issuer } of servers) {
        await within(
          1000,
          async () => (await userinfo({ issuer }, tokens.access_token)).status === 401,
        );
        await within(1000, async () => {
          const { status, body } = await refresh({ issuer }, client, tokens.refresh_token);
          const error = name.startsWith('the client') ? 'invalid_client' : 'invalid_grant';
          return status === (error === 'invalid_client' ? 401 : 400) && body.error === error;
        });
      }
      const late = await redeem(gatehouse, client, code, pkce);
      t.ok([400, 401].includes(late.status));
      t.notOk(late.body.access_token);

      t.equal((await userinfo(gatehouse, others.access_token)).status, 200, 'others stay');
      t.equal((await refresh(gatehouse, otherClient, others.refresh_token)).status, 200);
    },
  );
}

t.test('what ended stays ended when the user comes back', async (t) => {
  const user = await createUser(gatehouse);
  const client = await registerClient(gatehouse);
  const tokens = await createSignedIn(gatehouse, user).tokens(client);
  await identity.users.disable(user.id, SYSTEM);
  await identity.users.enable(user.id, SYSTEM);
  await within(1000, async () => (await userinfo(gatehouse, tokens.access_token)).status === 401);
  const answer = await refresh(gatehouse, client, tokens.refresh_token);
  t.match(answer, { status: 400, body: { error: 'invalid_grant' } });
});

const comebacks: [name: string, end: (situation: Situation) => Promise<unknown>][] = [
  ['was disabled and enabled', ({ user }) => disableAndEnable(user)],
  ['has another password', ({ user }) => changePassword(user)],
  ['left and joined again', ({ user }) => leaveAndJoin(user)],
  ['has another role', ({ user }) => demote(user)],
];

for (const [name, end] of comebacks) {
  t.test(
    `a user who ${name} a moment ago gets tokens that live, and the old are dead`,
    async (t) => {
      const user = await createUser(gatehouse);
      const client = await registerClient(gatehouse);
      const before = await createSignedIn(gatehouse, user).tokens(client);
      await end({ user, client, person: createSignedIn(gatehouse, user) });
      const after = await createSignedIn(gatehouse, user).tokens(client);
      for (const { issuer } of servers) {
        await within(1000, async () => {
          return (await userinfo({ issuer }, before.access_token)).status === 401;
        });
        t.equal((await userinfo({ issuer }, after.access_token)).status, 200);
      }
      t.match(await refresh(gatehouse, client, before.refresh_token), { status: 400 });
      const renewed = await refresh(gatehouse, client, after.refresh_token);
      t.equal((await userinfo(gatehouse, renewed.body.access_token!)).status, 200);
    },
  );
}

t.test(
  'a token that is written while its user loses a role is dead, whatever its time',
  async (t) => {
    // As of a process whose clock is ahead, or of a request that was under way.
    const user = await createUser(gatehouse);
    const client = await registerClient(gatehouse);
    const tokens = await createSignedIn(gatehouse, user).tokens(client);
    const { iat, ...claims } = decodeJwt(tokens.access_token) as Record<string, unknown>;
    const written = { ...claims, jti: randomUUID(), iat: Number(iat) + 30 };
    const late = await signAccessToken(written, gatehouse.oauth.signingKeys.all[0]!);
    t.equal((await userinfo(gatehouse, late)).status, 200);
    await demote(user);
    for (const { issuer } of servers) {
      await within(1000, async () => (await userinfo({ issuer }, late)).status === 401);
    }
  },
);

t.test('a token that outlives its grant still ends with its user’s others', async (t) => {
  const user = await createUser(gatehouse);
  const client = await registerClient(gatehouse);
  const { access_token } = await createSignedIn(gatehouse, user).tokens(client);
  for (const table of ['refresh_tokens', 'grants']) {
    await database.pool.query(
      `UPDATE ${table} SET expires_at = now() - interval '1 hour' WHERE user_id = $1`,
      [user.id],
    );
  }
  await database.pool.query(
    `INSERT INTO artifacts (kind, id_hash, details, expires_at)
     VALUES ('AuthorizationCode', 'long gone', '{}', now() - interval '1 hour')`,
  );
  const cleanup = createCleanup({
    ...{ database, clock: systemClock, intervalMs: 60_000, log: silentLog },
  });
  t.ok((await cleanup.runOnce()) >= 1, 'what has expired goes');
  t.equal((await userinfo(gatehouse, access_token)).status, 200, 'it has its own time');
  await changePassword(user);
  for (const { issuer } of servers) {
    await within(1000, async () => (await userinfo({ issuer }, access_token)).status === 401);
  }
});

t.test('a client that is let in again at once waits, and gets no token that is dead', async (t) => {
  const client = await registerService(gatehouse);
  await update(client, { disabled: true });
  await update(client, { disabled: false });
  const early = await token(gatehouse, client, { grant_type: 'client_credentials' });
  t.match(early, { status: 503, body: { error: 'temporarily_unavailable' } });
  t.match(early.headers.get('retry-after'), /^\d+$/);
  t.notOk(early.body.access_token);
});

t.test('what ended stays ended when the client comes back', async (t) => {
  const user = await createUser(gatehouse);
  const client = await registerClient(gatehouse);
  const tokens = await createSignedIn(gatehouse, user).tokens(client);
  await update(client, { disabled: true });
  await update(client, { disabled: false });
  await within(1000, async () => {
    const { status, body } = await introspect(
      { issuer: second.address },
      client,
      tokens.access_token,
    );
    return status === 200 && body.active === false;
  });
  const answer = await refresh(gatehouse, client, tokens.refresh_token);
  t.match(answer, { status: 400, body: { error: 'invalid_grant' } });
});

t.test('a revoked consent ends one app and leaves the others', async (t) => {
  const user = await createUser(gatehouse);
  const person = createSignedIn(gatehouse, user);
  const [one, other] = [await registerClient(gatehouse), await registerClient(gatehouse)];
  const kept = await person.tokens(other);
  const ended = await person.tokens(one);
  const consents = await listConsents(database.pool, user.id);
  const { id } = consents.find(({ clientId }) => clientId === one.clientId)!;
  const stranger = await createUser(gatehouse);
  t.equal(await revoke(id, stranger.id), false, "nobody revokes somebody else's");
  t.equal(await revoke(id, user.id), true);
  t.equal(await revoke(id, user.id), false, 'once');
  await within(1000, async () => (await userinfo(gatehouse, ended.access_token)).status === 401);
  t.equal((await userinfo(gatehouse, kept.access_token)).status, 200);
  t.equal((await refresh(gatehouse, other, kept.refresh_token)).status, 200);
});

/** What ends while an authorization request is between reading the consent and storing its grant. */
const endings: [name: string, end: (tx: Executor, person: TestUser) => Promise<unknown>][] = [
  [
    'the consent is revoked',
    (tx, { id }) => tx.query('UPDATE consents SET revoked_at = now() WHERE user_id = $1', [id]),
  ],
  [
    'the user is disabled',
    (tx, { id }) => tx.query('UPDATE users SET disabled_at = now() WHERE id = $1', [id]),
  ],
  [
    'the membership is removed',
    (tx, { id }) => tx.query('DELETE FROM memberships WHERE user_id = $1', [id]),
  ],
];

for (const [name, end] of endings) {
  t.test(`${name} at this very moment: no code, and no living grant is left`, async (t) => {
    const user = await createUser(gatehouse);
    const client = await registerClient(gatehouse);
    const agent = createUserAgent();
    const url = () => authorizeUrl(gatehouse, client, newPkce());
    await authorize(agent, url(), user);
    const grants = async () => {
      const query = 'SELECT id FROM grants WHERE user_id = $1';
      return (await database.pool.query(query, [user.id])).rows;
    };
    const before = await grants();

    // Committed only when the request waits for what it finds locked.
    const { answer } = await database.transaction(async (tx) => {
      await end(tx, user);
      const answer = agent.get(url());
      await within(700, isGrantWaiting);
      return { answer };
    });

    const back = locationOf(await answer);
    t.equal(back.origin + back.pathname, client.redirectUri);
    t.equal(back.searchParams.get('error'), 'access_denied');
    t.equal(back.searchParams.get('code'), null);
    t.same(await grants(), before, 'nothing to come back to');
  });
}

t.test('a consent revoked while it is being answered grants nothing', async (t) => {
  const user = await createUser(gatehouse);
  const client = await registerClient(gatehouse);
  const agent = createUserAgent();
  const url = authorizeUrl(gatehouse, client, newPkce());
  const page = await signIn(agent, await agent.follow(await agent.get(url)), user);
  const { answer } = await database.transaction(async (tx) => {
    await tx.query('SELECT 1 FROM clients WHERE client_id = $1 FOR NO KEY UPDATE', [
      client.clientId,
    ]);
    const answer = consent(agent, page);
    await within(700, isGrantWaiting);
    await revokeConsents(user);
    return { answer };
  });
  t.equal(locationOf(await answer).searchParams.get('error'), 'access_denied');
});

t.test('a grant is not found under a consent that is over', async (t) => {
  const user = await createUser(gatehouse);
  const client = await registerClient(gatehouse);
  const tokens = await createSignedIn(gatehouse, user).tokens(client);
  const revoked = 'UPDATE consents SET revoked_at = now() WHERE user_id = $1';
  await database.pool.query(revoked, [user.id]);
  const answer = await refresh(gatehouse, client, tokens.refresh_token);
  t.match(answer, { status: 400, body: { error: 'invalid_grant' } });
});

async function isGrantWaiting(): Promise<boolean> {
  const { rows } = await database.pool.query(
    `SELECT 1 FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INTO grants%'`,
  );
  return rows.length > 0;
}

const revoke = (id: string, userId: string) =>
  revokeConsent(database, { id, userId }, new Date(), revocations, SYSTEM);

async function revokeConsents(user: TestUser): Promise<void> {
  for (const { id } of await listConsents(database.pool, user.id)) await revoke(id, user.id);
}

/** Another owner stays behind, or the last one could not go. */
async function disableAndEnable({ id }: TestUser): Promise<void> {
  await identity.users.disable(id, SYSTEM);
  await identity.users.enable(id, SYSTEM);
}

async function changePassword(user: TestUser): Promise<void> {
  user.password = 'seven wet otters sing';
  const { password } = user;
  const { outcome } = await identity.changeUser(user.id, { password }, SYSTEM);
  if (outcome !== 'changed') throw new Error(outcome);
}

async function leaveAndJoin(user: TestUser): Promise<void> {
  await leave(user);
  const { id: userId, organizationId } = user;
  await identity.memberships.add({ userId, organizationId, role: 'member' }, SYSTEM);
}

async function demote(user: TestUser): Promise<void> {
  await addOwner(user);
  const { id: userId, organizationId } = user;
  await identity.memberships.changeRole({ userId, organizationId, role: 'member' }, SYSTEM);
}

async function addOwner({ organizationId }: TestUser): Promise<void> {
  const { id } = await createUser(gatehouse);
  await identity.memberships.add({ userId: id, organizationId, role: 'owner' }, SYSTEM);
}

async function leave(user: TestUser): Promise<void> {
  await addOwner(user);
  await identity.memberships.remove(user.id, user.organizationId, SYSTEM);
}

const deleteOrganization = (user: TestUser) =>
  identity.organizations.remove(user.organizationId, SYSTEM);

async function update({ clientId }: TestClient, changes: { disabled: boolean }): Promise<void> {
  await clientService.update(clientId, changes, SYSTEM);
}

async function deleteClient({ clientId }: TestClient): Promise<void> {
  await clientService.delete((await clientService.find(clientId))!, SYSTEM);
}
