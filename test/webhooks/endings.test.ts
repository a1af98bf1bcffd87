import t from 'tap';
import { recordAuditEvents } from '../../src/audit/audit.store.ts';
import type { Executor } from '../../src/database/executor.ts';
import { revokeLeakedKey } from '../../src/leaks/leaked-keys.store.ts';
import { grantConsent } from '../../src/oauth/consents/consents.store.ts';
import { endConsents } from '../../src/oauth/consents/ended-consents.store.ts';
import {
  createMember,
  createUser,
  registerClient,
  startGatehouse,
  type TestUser,
} from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { within } from '../support/two-servers.ts';
import { SYSTEM } from './house.ts';
import { managing } from './manage.ts';

// Whatever ends a consent or a key tells those who were told of its beginning.

const gatehouse = await startGatehouse(t, { platform: 'kaie' });
const { database } = gatehouse;

const manage = managing(gatehouse);

const listen = async (organization_id: string) => {
  const url = 'https://receiver.example.com/hooks';
  const made = await manage('POST', '/webhooks', { organization_id, url, events: ['*'] });
  t.equal(made.status, 201);
};

interface Told {
  type: string;
  data: Record<string, unknown>;
}

async function toldOf(organizationId: string, type: string): Promise<Told[]> {
  const { rows } = await database.pool.query<{ payload: Told }>(
    `SELECT payload FROM outbox WHERE organization_id = $1 AND payload->>'type' = $2
     ORDER BY created_at, id`,
    [organizationId, type],
  );
  return rows.map(({ payload }) => payload);
}

/** Somebody in an organization that listens, as its neighbour does, who allowed an app there. */
async function newConsent(appOf?: string) {
  const owner = await createUser(gatehouse);
  const neighbour = await createUser(gatehouse);
  const member = await createMember(gatehouse, owner.organizationId);
  const app = await registerClient(gatehouse, appOf ? { organizationId: appOf } : {});
  await listen(owner.organizationId);
  await listen(neighbour.organizationId);
  const allow = (user: TestUser) =>
    createSignedIn(gatehouse, user).tokens(app, { scope: 'workflows:read' });
  await allow(member);
  await allow(neighbour);
  return { owner, neighbour, member, app, organizationId: owner.organizationId };
}

type Consented = Awaited<ReturnType<typeof newConsent>>;

const ROADS: readonly {
  readonly reason: string;
  readonly end: (consented: Consented) => Promise<{ status: number }>;
}[] = [
  { reason: 'user_deleted', end: ({ member }) => manage('DELETE', `/users/${member.id}`) },
  {
    reason: 'user_disabled',
    end: ({ member }) => manage('PATCH', `/users/${member.id}`, { disabled: true }),
  },
  {
    reason: 'membership_ended',
    end: ({ member, organizationId }) =>
      manage('DELETE', `/memberships/${organizationId}/${member.id}`),
  },
];

for (const { reason, end } of ROADS) {
  t.test(`a consent that ends is told of once: ${reason}`, async (t) => {
    const consented = await newConsent();
    const { organizationId, neighbour, member, app } = consented;
    const answers = await Promise.all([end(consented), end(consented), end(consented)]);
    t.ok(answers.some(({ status }) => status < 300));
    t.strictSame(await toldOf(organizationId, 'consent.revoked'), [
      {
        type: 'consent.revoked',
        data: {
          ...{ organization_id: organizationId, client_id: app.clientId, user_id: member.id },
          ...{ reason, actor: { kind: 'admin', id: null } },
        },
      },
    ]);
    t.same(await toldOf(neighbour.organizationId, 'consent.revoked'), [], 'the neighbour’s stands');
    const { rows } = await database.pool.query(
      `SELECT target_kind, target_id, details FROM audit_events
       WHERE organization_id = $1 AND type = 'consent.revoked'`,
      [organizationId],
    );
    t.strictSame(rows, [
      { target_kind: 'client', target_id: app.clientId, details: { reason, user_id: member.id } },
    ]);
  });
}

t.test('what ended with a membership is asked for anew when it begins again', async (t) => {
  const { organizationId, member, app } = await newConsent();
  await manage('DELETE', `/memberships/${organizationId}/${member.id}`);
  const again = { organization_id: organizationId, user_id: member.id, role: 'member' };
  t.equal((await manage('POST', '/memberships', again)).status, 201);
  const { body } = await manage('GET', `/consents?user_id=${member.id}`);
  t.same(body.data, []);
  await createSignedIn(gatehouse, member).tokens(app, { scope: 'workflows:read' });
  t.equal((await toldOf(organizationId, 'consent.granted')).length, 2);
});

t.test('a client that is deleted ends the consents of every organization', async (t) => {
  const { organizationId, neighbour, member, app } = await newConsent();
  t.equal((await manage('DELETE', `/clients/${app.clientId}`)).status, 204);
  for (const [id, user] of [
    [organizationId, member],
    [neighbour.organizationId, neighbour],
  ] as const) {
    const data = { client_id: app.clientId, user_id: user.id, reason: 'client_deleted' };
    t.match(await toldOf(id, 'consent.revoked'), [{ data }], id);
  }
});

t.test('an organization that is deleted ends what others allowed its apps', async (t) => {
  const publisher = await createUser(gatehouse);
  const { organizationId, neighbour, member, app } = await newConsent(publisher.organizationId);
  await listen(publisher.organizationId);
  t.equal((await manage('DELETE', `/organizations/${publisher.organizationId}`)).status, 204);
  for (const [id, user] of [
    [organizationId, member],
    [neighbour.organizationId, neighbour],
  ] as const) {
    const data = { client_id: app.clientId, user_id: user.id, reason: 'organization_deleted' };
    t.match(await toldOf(id, 'consent.revoked'), [{ data }], id);
  }
  t.equal((await manage('DELETE', `/organizations/${organizationId}`)).status, 204);
  t.equal((await toldOf(organizationId, 'consent.revoked')).length, 1, 'nobody is left to hear');
});

t.test('an ending that does not happen is not told of', async (t) => {
  const { organizationId, owner, app } = await newConsent();
  await createSignedIn(gatehouse, owner).tokens(app, { scope: 'workflows:read' });
  const refused = await manage('DELETE', `/memberships/${organizationId}/${owner.id}`);
  t.equal(refused.status, 409, 'the last owner');
  t.same(await toldOf(organizationId, 'consent.revoked'), []);
  const role = { role: 'admin' };
  t.equal((await manage('PATCH', `/memberships/${organizationId}/${owner.id}`, role)).status, 409);
  t.same(await toldOf(organizationId, 'consent.revoked'), []);
});

/** How many requests of such a statement wait for a lock. */
async function waitingFor(part: string): Promise<number> {
  const { rows } = await database.pool.query(
    `SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`,
    [`%${part}%`],
  );
  return rows.length;
}

/** How an authorization fails that is not refused. */
const BROKEN = /\(5\d\d\)|server_error|temporarily_unavailable/;

/** Holds rows until `meanwhile` has happened. */
const holding = <Result>(rows: string, id: string, meanwhile: () => Promise<Result>) =>
  database.largeTransaction(async (tx) => {
    await tx.query(rows, [id]);
    return { answers: await meanwhile() };
  });

const livingOf = async (clientId: string) =>
  (
    await database.pool.query(
      'SELECT user_id FROM consents WHERE client_id = $1 AND revoked_at IS NULL',
      [clientId],
    )
  ).rows;

const DELETIONS: readonly {
  readonly of: string;
  readonly end: (clientId: string, publisherId: string) => Promise<{ status: number }>;
}[] = [
  { of: 'a client', end: (clientId) => manage('DELETE', `/clients/${clientId}`) },
  {
    of: 'an organization with its apps',
    end: (_clientId, publisherId) => manage('DELETE', `/organizations/${publisherId}`),
  },
];

for (const { of, end } of DELETIONS) {
  t.test(`the deletion of ${of} waits for no authorization that waits for it`, async (t) => {
    const publisher = await createUser(gatehouse);
    const app = await registerClient(gatehouse, { organizationId: publisher.organizationId });
    const { clientId } = app;
    const user = await createUser(gatehouse);
    await listen(user.organizationId);
    const person = createSignedIn(gatehouse, user);
    const insider = createSignedIn(gatehouse, publisher);
    await person.tokens(app, { scope: 'workflows:read' });
    await insider.tokens(app, { scope: 'workflows:read' });
    const held = 'SELECT FROM clients WHERE client_id = $1 FOR KEY SHARE';
    const { answers } = await holding(held, clientId, async () => {
      const deletion = end(clientId, publisher.organizationId);
      await within(5000, async () => (await waitingFor('FROM clients')) === 1);
      t.ok((await person.code(app, { scope: 'workflows:read' })).code, 'while it waits');
      const inside = insider.code(app, { scope: 'workflows:read' }).catch(String);
      return [deletion, inside] as const;
    });
    t.equal((await answers[0]).status, 204);
    const inside = await answers[1];
    if (typeof inside === 'string') t.notMatch(inside, BROKEN, 'refused, if not in time');
    t.same(await livingOf(clientId), []);
    t.equal((await toldOf(user.organizationId, 'consent.revoked')).length, 1);
  });

  t.test(
    `authorizations and the deletion of ${of} at once: nothing breaks or is left`,
    async (t) => {
      const users = await Promise.all(Array.from({ length: 4 }, () => createUser(gatehouse)));
      const publisher = await createUser(gatehouse);
      const { organizationId } = publisher;
      const app = await registerClient(gatehouse, { organizationId });
      const { clientId } = app;
      const people = [...users, publisher].map((user) => createSignedIn(gatehouse, user));
      for (const { organizationId } of users) await listen(organizationId);
      const scope = 'workflows:read';
      for (const person of people) await person.code(app, { scope });
      const authorize = () => people.map((person) => person.code(app, { scope }).catch(String));
      const early = authorize();
      const deletion = end(clientId, organizationId);
      const answers = await Promise.all([...early, ...authorize()]);
      t.equal((await deletion).status, 204);
      const broken = answers.filter((one) => typeof one === 'string' && BROKEN.test(one));
      t.same(broken, []);
      t.same(await livingOf(clientId), []);
      for (const user of users) {
        const granted = await toldOf(user.organizationId, 'consent.granted');
        t.equal(granted.length, 1);
        t.equal((await toldOf(user.organizationId, 'consent.revoked')).length, 1);
      }
    },
  );
}

for (const { reason, end } of ROADS) {
  t.test(`somebody disconnects an app at that moment: it ends once, ${reason}`, async (t) => {
    const consented = await newConsent();
    const { organizationId, neighbour, member, app } = consented;
    const { body } = await manage('GET', `/consents?user_id=${member.id}`);
    const disconnect = () => manage('DELETE', `/consents/${body.data[0].id}?user_id=${member.id}`);
    const held = 'SELECT FROM grants WHERE user_id = $1 FOR UPDATE';
    const { answers } = await holding(held, member.id, async () => {
      const ending = end(consented);
      await within(700, async () => (await waitingFor('UPDATE grants')) === 1);
      const disconnection = disconnect();
      await within(700, async () => (await waitingFor('UPDATE consents')) === 1);
      return [ending, disconnection] as const;
    });
    t.ok((await answers[0]).status < 300);
    t.equal((await answers[1]).status, 404, 'too late');
    t.match(await toldOf(organizationId, 'consent.revoked'), [{ data: { reason } }]);
    t.same(await livingOf(app.clientId), [{ user_id: neighbour.id }]);
  });
}

t.test('consents of any number end in batches, each told of once', async (t) => {
  const { organizationId, neighbour, app } = await newConsent();
  const members = Array.from({ length: 5 }, () => createMember(gatehouse, organizationId));
  for (const member of await Promise.all(members)) {
    const about = { userId: member.id, clientId: app.clientId, organizationId };
    const consent = { id: `consent-of-${member.id}`, ...about, scopes: [], refused: [] };
    await grantConsent(database, consent, new Date(), SYSTEM);
  }
  const end = { reason: 'client_deleted', clientId: app.clientId } as const;
  const ended: number[] = [];
  await database.transaction(async (tx) => {
    const counting = (text: string, values?: unknown[]) => {
      if (text.includes('UPDATE consents')) ended.push((values![1] as string[]).length);
      return tx.query(text, values);
    };
    await endConsents({ query: counting } as Executor, end, new Date(), SYSTEM, 3);
    await endConsents(tx, end, new Date(), SYSTEM);
  });
  t.same(ended, [3, 3, 1]);
  t.same(await livingOf(app.clientId), []);
  t.equal((await toldOf(organizationId, 'consent.revoked')).length, 6);
  t.equal((await toldOf(neighbour.organizationId, 'consent.revoked')).length, 1);
});

t.test('events of a kind that receivers do not hear of are recorded only', async (t) => {
  const { organizationId } = await createUser(gatehouse);
  await listen(organizationId);
  const sql = `SELECT $1 AS organization_id, target_id, '{"reason": "age"}'::jsonb AS details
               FROM unnest(ARRAY['one', 'two']) AS target_id`;
  const event = { ...SYSTEM, type: 'client.deleted', targetKind: 'client' } as const;
  await recordAuditEvents(database.pool, { sql, values: [organizationId] }, event);
  const recorded = await database.pool.query(
    `SELECT target_id, details FROM audit_events
     WHERE organization_id = $1 AND type = 'client.deleted' ORDER BY id`,
    [organizationId],
  );
  const details = { reason: 'age' };
  t.same(recorded.rows, [
    { target_id: 'one', details },
    { target_id: 'two', details },
  ]);
  const queued = `SELECT payload FROM outbox WHERE organization_id = $1`;
  t.same((await database.pool.query(queued, [organizationId])).rows, []);
});

/** A key, one that it made, and one that this one made. */
async function newLine() {
  const { organizationId: organization_id } = await createUser(gatehouse);
  const neighbour = await createUser(gatehouse);
  await listen(organization_id);
  await listen(neighbour.organizationId);
  const scopes = ['api-keys:manage', 'workflows:read'];
  const make = async (bearer?: string) => {
    const body = { organization_id, name: 'A key', scopes };
    const made = await manage('POST', '/api-keys', body, bearer);
    return made.body as { id: string; key: string };
  };
  const first = await make();
  const second = await make(first.key);
  const third = await make(second.key);
  return { organization_id, neighbour, line: [first, second, third] as const };
}

t.test('each key that ends with the key that made it is told of', async (t) => {
  const { organization_id, neighbour, line } = await newLine();
  const [first, second, third] = line;
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => manage('DELETE', `/api-keys/${first.id}`)),
  );
  t.ok(answers.some(({ status }) => status === 204));
  const told = await toldOf(organization_id, 'api_key.revoked');
  const byId = new Map(told.map(({ data }) => [data.api_key_id, data]));
  t.equal(told.length, 3);
  t.notHas(byId.get(first.id), { descends_from: first.id });
  for (const { id } of [second, third]) t.match(byId.get(id), { descends_from: first.id });
  t.same(await toldOf(neighbour.organizationId, 'api_key.revoked'), []);
});

t.test(
  'a key that leaked is told of as leaked and as revoked, and so is what it made',
  async (t) => {
    const { organization_id, line } = await newLine();
    const [first, second, third] = line;
    const { rows } = await database.pool.query<{ hash: Buffer }>(
      'SELECT hash FROM api_key_secrets WHERE api_key_id = $1',
      [first.id],
    );
    const details = { found_at: 'https://example.com/shop' };
    const report = () => revokeLeakedKey(database, rows[0]!.hash, new Date(), details, SYSTEM);
    await Promise.all([report(), report(), report()]);
    t.match(await toldOf(organization_id, 'api_key.leaked'), [{ data: { api_key_id: first.id } }]);
    const revoked = await toldOf(organization_id, 'api_key.revoked');
    t.same(
      revoked.map(({ data }) => data.api_key_id).sort(),
      [first.id, second.id, third.id].sort(),
    );
  },
);
