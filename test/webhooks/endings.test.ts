import t from 'tap';
import { revokeLeakedKey } from '../../src/leaks/leaked-keys.store.ts';
import {
  createMember,
  createUser,
  registerClient,
  startGatehouse,
  type TestUser,
} from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { SYSTEM } from './house.ts';

// Whatever ends a consent or a key tells those who were told of its beginning.

const gatehouse = await startGatehouse(t, { platform: 'kaie' });
const { issuer, adminKey, database } = gatehouse;

async function manage(method: string, path: string, body?: object, bearer = adminKey) {
  const response = await fetch(`${issuer}/manage/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

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
