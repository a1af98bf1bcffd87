import t from 'tap';
import { registerClient, type TestUser } from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { type Operation, openHouse } from './house.ts';
import { type Ground, pathOf, SAMPLES, type Sample } from './samples.ts';

// Every operation of the OpenAPI document × ten identities. An operation that is added has to say here
// whose it is: one that doesn't fails.

const house = await openHouse(t, { platform: 'kaie' });
const { gatehouse, platform, call, get, post } = house;

/** Whose an operation is, and so what each identity hears. */
type Whose =
  /** The operator's alone. */
  | 'operator'
  /** The gate's askers'. */
  | 'asker'
  /** Of whoever manages anything: it is about no tenant. */
  | 'anyManager'
  /** A thing of the tenant, named in the path. */
  | 'thing'
  /** The tenant's things, narrowed to those of whoever asks. */
  | 'list'
  /** Makes something for the organization that the body names. */
  | 'creation';

const TABLE: Readonly<Record<string, Whose>> = {
  createOrganization: 'operator',
  listOrganizations: 'list',
  getOrganization: 'thing',
  updateOrganization: 'thing',
  deleteOrganization: 'operator',
  createUser: 'operator',
  listUsers: 'operator',
  getUser: 'operator',
  updateUser: 'operator',
  deleteUser: 'operator',
  createMembership: 'operator',
  listMemberships: 'list',
  getMembership: 'thing',
  updateMembership: 'thing',
  deleteMembership: 'thing',
  createInvitation: 'creation',
  listInvitations: 'list',
  revokeInvitation: 'thing',
  createClient: 'creation',
  listClients: 'list',
  getClient: 'thing',
  updateClient: 'thing',
  rotateClientSecret: 'thing',
  deleteClient: 'thing',
  listConsents: 'operator',
  revokeConsent: 'operator',
  listScopes: 'anyManager',
  listPermissionSets: 'anyManager',
  listPlans: 'anyManager',
  createApiKey: 'creation',
  listApiKeys: 'list',
  getApiKey: 'thing',
  updateApiKey: 'thing',
  disableApiKey: 'thing',
  rotateApiKey: 'thing',
  revokeApiKey: 'thing',
  createServiceAccount: 'creation',
  listServiceAccounts: 'list',
  getServiceAccount: 'thing',
  updateServiceAccount: 'thing',
  deleteServiceAccount: 'thing',
  createWebhook: 'creation',
  listWebhooks: 'list',
  getWebhook: 'thing',
  updateWebhook: 'thing',
  rotateWebhookSecret: 'thing',
  pauseWebhook: 'thing',
  resumeWebhook: 'thing',
  deleteWebhook: 'thing',
  testWebhook: 'thing',
  listWebhookDeliveries: 'thing',
  getWebhookDelivery: 'thing',
  redeliverWebhook: 'thing',
  publishEvent: 'creation',
  decide: 'asker',
  listSigningKeys: 'operator',
  rotateSigningKeys: 'operator',
  listAuditEvents: 'list',
  listUsage: 'list',
};

const organization = async (name: string) => (await post('/organizations', { name })).body.id;
const [tenant, neighbour] = [await organization('Tenant'), await organization('Neighbour')];
const ground: Ground = { ...house, tenant };

const key = async (
  organization_id: string,
  power: { permission_set: string } | { scopes: string[] },
) =>
  (await post('/api-keys', { organization_id, name: 'A key', ...power })).body as {
    id: string;
    key: string;
  };
const level = (permission_set: string) => ({ permission_set });

const app = await registerClient(gatehouse);
const everything = ['openid', ...platform.scopes.map(({ name }) => name)].join(' ');

/** The access token of a user with this role, who was asked for everything and agreed to it. */
async function userToken(role: string): Promise<{ token: string; scope: string }> {
  const [email, password] = [`${role}@example.com`, 'correct horse battery'];
  const body = { email, password, organization_id: tenant, role };
  const { id } = (await post('/users', body)).body;
  const user: TestUser = { id, email, password, organizationId: tenant };
  const answer = await createSignedIn(gatehouse, user).tokens(app, { scope: everything });
  return { token: answer.access_token, scope: answer.scope ?? '' };
}

const [member, admin] = [await userToken('member'), await userToken('admin')];
const readOnly = await key(tenant, level('read_only'));
const [full, revoked] = [
  await key(tenant, level('full_access')),
  await key(tenant, level('full_access')),
];
const other = await key(neighbour, level('full_access'));
// Scopes of Gatehouse's own, beside the platform's: no role has them, and no permission set.
const [asker, publisher] = [
  await key(tenant, { scopes: ['gate:decide'] }),
  await key(tenant, { scopes: ['events:publish'] }),
];
await house.delete(`/api-keys/${revoked.id}`);

const IDENTITIES = {
  none: null,
  'other organization': other.key,
  member: member.token,
  admin: admin.token,
  'key read-only': readOnly.key,
  'key full': full.key,
  'key gate:decide': asker.key,
  'key events:publish': publisher.key,
  revoked: revoked.key,
  root: house.adminKey,
} as const;

type Identity = keyof typeof IDENTITIES;

const as = (identity: Identity) => {
  const credential = IDENTITIES[identity];
  return { authorization: credential === null ? null : `Bearer ${credential}` };
};

/** The one operation that a key is for that an operator gives to a program of their own. */
const SOLE_OPERATION: Partial<Record<Identity, string>> = {
  'key gate:decide': 'decide',
  'key events:publish': 'publishEvent',
};

/** @param success the status of the sample */
function expected(identity: Identity, operationId: string, whose: Whose, success: number): number {
  if (identity === 'none' || identity === 'revoked') return 401;
  if (identity === 'root') return success;
  const sole = SOLE_OPERATION[identity];
  if (sole !== undefined) return sole === operationId ? success : 403;
  if (whose === 'operator' || whose === 'asker') return 403;
  if (identity === 'member' || identity === 'key read-only') return 403;
  if (identity !== 'other organization') return success;
  const foreign = { thing: 404, creation: 400, list: 200, anyManager: 200 };
  return foreign[whose];
}

/** The newest entry of the tenant's log: every change of anything writes one. */
const newestEvent = async () =>
  (await get(`/audit?organization_id=${tenant}&limit=1`)).body.data[0].id;

/** What root reads of the thing that an operation is about; nothing where it can't be read by itself. */
async function stateOf(operation: Operation, sample: Sample): Promise<unknown> {
  const path = operation.path.replace(/\}\/[a-z-]+$/, '}');
  const read = house.operations.find((one) => one.method === 'GET' && one.path === path);
  return read?.path.includes('{')
    ? (await get(pathOf(read, { params: sample.params ?? {} }))).body
    : undefined;
}

t.test('the identities are what their names say', async (t) => {
  t.notMatch(member.scope, /admin|manage|delete/, 'a role is a ceiling');
  t.match(admin.scope, /api-keys:manage.*settings:manage.*admin$/);
});

t.test('the table has every operation of the document, and no other', async (t) => {
  t.strictSame(Object.keys(TABLE).sort(), house.operations.map((one) => one.operationId).sort());
});

for (const operation of house.operations) {
  const { operationId, method } = operation;
  const whose = TABLE[operationId];
  if (whose === undefined) continue;

  t.test(`${operationId} answers each identity as it may hear`, async (t) => {
    for (const identity of Object.keys(IDENTITIES) as Identity[]) {
      const sample = await SAMPLES[operationId]!(ground);
      const path = pathOf(operation, sample);
      const before = [await newestEvent(), await stateOf(operation, sample)];
      const answer = await call(method, path, sample.body, as(identity));
      const status = expected(identity, operationId, whose, sample.status);
      t.equal(answer.status, status, `${identity}: ${answer.text}`);
      if (status !== sample.status) {
        const after = [await newestEvent(), await stateOf(operation, sample)];
        t.strictSame(after, before, `${identity} changed nothing`);
      }
    }
  });

  if (whose === 'thing') {
    t.test(`${operationId} of a neighbour answers as if it weren't there`, async (t) => {
      const sample = await SAMPLES[operationId]!(ground);
      const params = Object.fromEntries(operation.parameters.map((each) => [each.name, 'unknown']));
      const theirs = await call(
        method,
        pathOf(operation, sample),
        sample.body,
        as('other organization'),
      );
      const nowhere = await call(
        method,
        pathOf(operation, { params }),
        sample.body,
        as('other organization'),
      );
      const ids = { request_id: '' };
      t.strictSame({ ...theirs.body, ...ids }, { ...nowhere.body, ...ids });
    });
  }

  if (whose === 'creation') {
    t.test(`${operationId} for a neighbour answers as for no organization`, async (t) => {
      const { body } = await SAMPLES[operationId]!(ground);
      const path = pathOf(operation);
      const theirs = await call(method, path, body, as('other organization'));
      const nowhere = { ...(body as object), organization_id: 'unknown' };
      const unknown = await call(method, path, nowhere, as('other organization'));
      t.match(theirs.body.errors, [{ path: 'organization_id' }]);
      const ids = { request_id: '' };
      t.strictSame({ ...theirs.body, ...ids }, { ...unknown.body, ...ids });
    });

    t.test(`${operationId} is for the caller's own organization by default`, async (t) => {
      const { body, status } = await SAMPLES[operationId]!(ground);
      const { organization_id: _, ...rest } = body as { organization_id: string };
      const answer = await call(method, pathOf(operation), rest, as('other organization'));
      t.match(answer, { status, body: { organization_id: neighbour } });
    });
  }

  if (whose === 'list') {
    t.test(`${operationId} shows a caller what is theirs`, async (t) => {
      const list = (query: string, identity: Identity) =>
        call(method, pathOf(operation, { query }), undefined, as(identity));
      const theirs = await list('', 'other organization');
      t.equal(theirs.status, 200);
      t.notMatch(theirs.text, tenant);
      if (!operation.parameters.some((each) => each.name === 'organization_id')) return;
      const named = await list(`organization_id=${tenant}`, 'other organization');
      t.match(named, { status: 200, body: { data: [], next_cursor: null } });
      t.equal(named.body.data.length, 0);
      const own = await list(`organization_id=${tenant}`, 'key full');
      t.strictSame(own.body.data, (await list('', 'key full')).body.data);
    });
  }
}
