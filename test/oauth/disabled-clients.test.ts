import t from 'tap';
import { systemClock } from '../../src/lib/clock.ts';
import { createMasterKey } from '../../src/lib/master-key.ts';
import { createRefreshTokenStore } from '../../src/oauth/adapter/refresh-tokens.store.ts';
import { endGrantsOfDisabledClients } from '../../src/oauth/grants/disabled-clients.store.ts';
import { introspect, redeem, refresh, userinfo } from '../support/flows.ts';
import { createUser, registerClient, type TestClient } from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { startTwoServers, within } from '../support/two-servers.ts';

// A client is shut out by one row, however much was issued to it; what that was ends afterwards.

const SYSTEM = { actor: { kind: 'system' } } as const;
const GRANTS = 2_000;

const { first: gatehouse, servers } = await startTwoServers(t);
const { database, oauth, config } = gatehouse;
const user = await createUser(gatehouse);
const person = createSignedIn(gatehouse, user);

const setDisabled = ({ clientId }: TestClient, disabled: boolean) =>
  oauth.clientService.update(clientId, { disabled }, SYSTEM);

async function clientWithGrants(count = GRANTS): Promise<TestClient> {
  const client = await registerClient(gatehouse);
  await database.largeTransaction((tx) =>
    tx.query(
      `INSERT INTO grants (id, user_id, client_id, organization_id, details, created_at, expires_at)
       SELECT $1 || n, $2, $1, $3, '{}', now(), now() + interval '1 day'
       FROM generate_series(1, $4::int) AS n`,
      [client.clientId, user.id, user.organizationId, count],
    ),
  );
  return client;
}

async function livingOf({ clientId }: TestClient): Promise<number> {
  const { rows } = await database.pool.query(
    'SELECT count(*)::int AS living FROM grants WHERE client_id = $1 AND revoked_at IS NULL',
    [clientId],
  );
  return rows[0].living;
}

/** One batch of the cleanup. */
const endBatch = (most = 500) =>
  database.transaction((tx) => endGrantsOfDisabledClients(tx, new Date(), most));

async function endAll(): Promise<number> {
  const ended = await endBatch();
  return ended === 0 ? 0 : ended + (await endAll());
}

t.afterEach(endAll);

t.test(
  'disabling writes no grant, and every server refuses at once (RFC 9700 §4.14)',
  async (t) => {
    const client = await clientWithGrants();
    const tokens = await person.tokens(client);
    const { code, pkce } = await person.code(client);
    for (const server of servers)
      t.equal((await userinfo(server, tokens.access_token)).status, 200);

    await setDisabled(client, true);
    t.equal(await livingOf(client), GRANTS + 2, 'all of them are as they were');
    for (const server of servers) {
      const late = await refresh(server, client, tokens.refresh_token);
      t.notOk(late.body.access_token);
      t.ok([400, 401].includes(late.status), 'refused, and not for being busy');
      const redeemed = await redeem(server, client, code, pkce);
      t.notOk(redeemed.body.access_token);
      await within(1000, async () => (await userinfo(server, tokens.access_token)).status === 401);
    }
  },
);

t.test('nothing that is refreshed or redeemed meanwhile outlives it, nor comes back', async (t) => {
  const client = await clientWithGrants();
  const neighbour = await registerClient(gatehouse);
  const theirs = await person.tokens(neighbour);
  const codes = await Promise.all(Array.from({ length: 6 }, () => person.code(client)));
  const held: { access_token: string; refresh_token: string }[] = [];
  for (let i = 0; i < 6; i += 1) held.push(await person.tokens(client));
  let isOver = false;
  /** Refreshes until it is refused; whatever it got is looked at afterwards. */
  const keepOn = async (index: number) => {
    for (let turn = 0; !isOver; turn += 1) {
      const { refresh_token } = held[index]!;
      const { status, body } = await refresh(servers[turn % 2]!, client, refresh_token);
      if (status === 503) continue;
      if (status !== 200) return;
      held[index] = body as (typeof held)[number];
    }
  };
  const crowd = held.map((_, index) => keepOn(index));
  const redeemed = codes.map(async ({ code, pkce }, index) => {
    const { status, body } = await redeem(servers[index % 2]!, client, code, pkce);
    if (status === 200) held.push(body as (typeof held)[number]);
  });
  await setDisabled(client, true);
  await within(5000, async () => {
    const answer = await refresh(servers[1], client, held[0]!.refresh_token);
    return answer.status !== 503;
  });
  await Promise.all(redeemed);
  isOver = true;
  await Promise.all(crowd);

  await setDisabled(client, false);
  t.equal(await livingOf(client), 0, 'what was left has ended with its being let in');
  for (const server of servers) {
    await within(1000, async () => {
      const { status } = await introspect(server, client, held[0]!.access_token);
      return status === 200;
    });
    for (const { access_token, refresh_token } of held) {
      await within(1000, async () => (await userinfo(server, access_token)).status === 401);
      t.match(await refresh(server, client, refresh_token), {
        ...{ status: 400, body: { error: 'invalid_grant' } },
      });
    }
  }
  t.equal((await refresh(servers[1], neighbour, theirs.refresh_token)).status, 200);
});

t.test('a refresh that found its grant before has no successor afterwards', async (t) => {
  const client = await registerClient(gatehouse);
  const { refresh_token: old } = await person.tokens(client);
  const masterKey = createMasterKey(config.masterKey);
  const store = createRefreshTokenStore({ database, masterKey, clock: systemClock });
  const { payload } = (await store.find(old))!;
  await setDisabled(client, true);
  t.equal(await store.rotate(old, 'a successor', payload, 3600), false);
  t.notOk(await store.find('a successor'));
});

t.test('what disabled clients have ends in batches, and nobody else’s', async (t) => {
  const [client, other] = [await clientWithGrants(250), await clientWithGrants(30)];
  const neighbour = await clientWithGrants(40);
  for (const one of [client, other]) await setDisabled(one, true);
  t.equal(await endBatch(100), 100, 'no more than it is told to');
  t.equal((await livingOf(client)) + (await livingOf(other)), 180);
  const atOnce = await Promise.all([endBatch(100), endBatch(100), endBatch(100)]);
  t.equal(
    atOnce.reduce((sum, one) => sum + one, 0) + (await endAll()),
    180,
    'each once, by however many',
  );
  t.equal(await livingOf(neighbour), 40);
  const { rows } = await database.pool.query(
    'SELECT DISTINCT revoked_reason FROM grants WHERE client_id = ANY ($1)',
    [[client.clientId, other.clientId]],
  );
  t.same(rows, [{ revoked_reason: 'client_disabled' }]);
});

t.test('a batch waits for nobody, and takes later what was held', async (t) => {
  const client = await clientWithGrants(10);
  await setDisabled(client, true);
  await database.transaction(async (tx) => {
    await tx.query('SELECT FROM grants WHERE id = $1 FOR UPDATE', [`${client.clientId}1`]);
    t.equal(await endAll(), 9);
  });
  t.equal(await endAll(), 1);
});

t.test(
  'what a batch has in hand when the client is let in ends once, and nothing newer',
  async (t) => {
    const client = await clientWithGrants(200);
    await setDisabled(client, true);
    await Promise.all([endBatch(50), setDisabled(client, false), endBatch(50)]);
    t.equal(await livingOf(client), 0);
    // Its code can be redeemed when the margin for clocks is over: let-in-again.test.ts.
    await person.code(client);
    t.equal(await endAll(), 0);
    t.equal(await livingOf(client), 1);
  },
);
