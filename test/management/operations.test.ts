import t from 'tap';
import { grantConsent } from '../../src/oauth/consents/consents.store.ts';
import { type House, type Operation, openHouse } from './house.ts';

// Walks every operation of the OpenAPI document: one that is added has to say here how it succeeds, and is
// held to everything else as it is. That answers are as documented is checked by the house at every call.

const house = await openHouse(t);
const SYSTEM = { actor: { kind: 'system' } } as const;

interface Sample {
  status: number;
  params?: Record<string, string>;
  query?: string;
  body?: unknown;
}

let made = 0;
const unique = (word: string) => `${word}-${++made}`;
const email = () => `${unique('person')}@example.com`;

const newOrganization = async ({ post }: House) =>
  (await post('/organizations', { name: unique('Org') })).body.id as string;
const newUser = async ({ post }: House, more: object = {}) =>
  (await post('/users', { email: email(), ...more })).body.id as string;
const newClient = async ({ post }: House) =>
  (await post('/clients', { name: unique('Client') })).body.client_id as string;

const apiKeyBody = async (house: House) => ({
  organization_id: await newOrganization(house),
  name: unique('Key'),
  scopes: ['notes:read'],
});
const newApiKey = async (house: House) =>
  (await house.post('/api-keys', await apiKeyBody(house))).body.id as string;

async function newMembership(house: House) {
  const organization_id = await newOrganization(house);
  await newUser(house, { organization_id, role: 'owner' });
  const user_id = await newUser(house, { organization_id });
  return { organization_id, user_id };
}

async function newConsent(house: House) {
  const [userId, clientId] = [await newUser(house), await newClient(house)];
  const consent = {
    id: unique('consent'),
    userId,
    clientId,
    organizationId: null,
    scopes: [],
    refused: [],
  };
  await grantConsent(house.database, consent, new Date(), SYSTEM);
  return consent;
}

/** How each operation succeeds. */
const SAMPLES: Record<string, (house: House) => Promise<Sample>> = {
  createOrganization: async () => ({ status: 201, body: { name: 'Acme' } }),
  listOrganizations: async () => ({ status: 200, query: 'limit=2' }),
  getOrganization: async (h) => ({ status: 200, params: { id: await newOrganization(h) } }),
  updateOrganization: async (h) => ({
    ...{ status: 200, params: { id: await newOrganization(h) }, body: { name: 'Other' } },
  }),
  deleteOrganization: async (h) => ({ status: 204, params: { id: await newOrganization(h) } }),
  createUser: async () => ({ status: 201, body: { email: email() } }),
  listUsers: async () => ({ status: 200, query: 'limit=2' }),
  getUser: async (h) => ({ status: 200, params: { id: await newUser(h) } }),
  updateUser: async (h) => ({
    ...{ status: 200, params: { id: await newUser(h) }, body: { name: 'Other' } },
  }),
  deleteUser: async (h) => ({ status: 204, params: { id: await newUser(h) } }),
  createMembership: async (h) => ({
    status: 201,
    body: {
      user_id: await newUser(h),
      organization_id: await newOrganization(h),
      role: 'member',
    },
  }),
  listMemberships: async (h) => ({
    ...{ status: 200, query: `organization_id=${(await newMembership(h)).organization_id}` },
  }),
  getMembership: async (h) => ({ status: 200, params: await newMembership(h) }),
  updateMembership: async (h) => ({
    ...{ status: 200, params: await newMembership(h), body: { role: 'admin' } },
  }),
  deleteMembership: async (h) => ({ status: 204, params: await newMembership(h) }),
  createClient: async () => ({ status: 201, body: { name: 'Service' } }),
  listClients: async () => ({ status: 200, query: 'limit=2' }),
  getClient: async (h) => ({ status: 200, params: { client_id: await newClient(h) } }),
  updateClient: async (h) => ({
    ...{ status: 200, params: { client_id: await newClient(h) }, body: { disabled: true } },
  }),
  rotateClientSecret: async (h) => ({
    ...{ status: 200, params: { client_id: await newClient(h) }, body: { overlap_seconds: 60 } },
  }),
  deleteClient: async (h) => ({ status: 204, params: { client_id: await newClient(h) } }),
  listConsents: async (h) => ({
    ...{ status: 200, query: `user_id=${(await newConsent(h)).userId}` },
  }),
  revokeConsent: async (h) => {
    const { id, userId } = await newConsent(h);
    return { status: 204, params: { id }, query: `user_id=${userId}` };
  },
  listScopes: async () => ({ status: 200 }),
  listPermissionSets: async () => ({ status: 200 }),
  listPlans: async () => ({ status: 200 }),
  createApiKey: async (h) => ({ status: 201, body: await apiKeyBody(h) }),
  listApiKeys: async () => ({ status: 200, query: 'limit=2' }),
  getApiKey: async (h) => ({ status: 200, params: { id: await newApiKey(h) } }),
  updateApiKey: async (h) => ({
    ...{ status: 200, params: { id: await newApiKey(h) }, body: { name: 'Other' } },
  }),
  disableApiKey: async (h) => ({ status: 200, params: { id: await newApiKey(h) } }),
  rotateApiKey: async (h) => ({
    ...{ status: 200, params: { id: await newApiKey(h) }, body: { overlap_seconds: 60 } },
  }),
  revokeApiKey: async (h) => ({ status: 204, params: { id: await newApiKey(h) } }),
  decide: async () => ({ status: 200, body: { method: 'GET', path: '/v1/notes' } }),
  listSigningKeys: async () => ({ status: 200 }),
  rotateSigningKeys: async () => ({ status: 201, body: { force: true } }),
  listAuditEvents: async () => ({ status: 200, query: 'type=user.created' }),
};

/** Below /manage/v1, with every parameter filled in. */
function pathOf({ path }: Operation, { params = {}, query }: Omit<Sample, 'status'> = {}): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? 'unknown');
  return filled.replace('/manage/v1', '') + (query ? `?${query}` : '');
}

t.test('the document describes every operation, once and whole', async (t) => {
  const { document, operations } = house;
  t.equal(document.openapi, '3.1.0');
  t.strictSame(document.servers, [{ url: house.issuer }]);
  t.strictSame(document.security, [{ adminKey: [] }]);
  t.match(document.components.securitySchemes, { adminKey: { type: 'http', scheme: 'bearer' } });
  t.strictSame(operations.map((one) => one.operationId).sort(), Object.keys(SAMPLES).sort());
  for (const operation of operations) {
    t.match(operation.path, /^\/(manage\/v1|gate)\//);
    t.ok(operation.summary, operation.operationId);
    t.equal(operation.security, undefined, 'no operation goes without a credential');
    t.match(operation.responses, { 401: {}, 500: {}, 503: {} });
    const inPath = operation.path.match(/\{\w+\}/g)?.length ?? 0;
    t.equal(operation.parameters.filter((each) => each.in === 'path').length, inPath);
    for (const [status, response] of Object.entries(operation.responses)) {
      t.ok(response.description !== 'Default Response', `${operation.operationId} ${status}`);
      const types = Object.keys(response.content ?? {});
      const expected = Number(status) >= 400 ? ['application/problem+json'] : ['application/json'];
      t.strictSame(types, status === '204' ? [] : expected);
    }
  }
  const optional = operations.filter((one) => one.requestBody && !one.requestBody.required);
  t.same(
    optional.map((one) => one.operationId),
    ['rotateClientSecret', 'rotateSigningKeys'],
  );
  const text = JSON.stringify(document);
  for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
    t.ok(document.components.schemas[name!], `${name} is there to refer to`);
  }
  t.notMatch(text, /"\$ref":"(?!#\/components\/schemas\/)/, 'nothing outside is referred to');
});

for (const operation of house.operations) {
  const { operationId, method } = operation;

  t.test(`${operationId} succeeds as documented`, async (t) => {
    const sample = await SAMPLES[operationId]!(house);
    const answer = await house.call(method, pathOf(operation, sample), sample.body);
    t.equal(answer.status, sample.status, answer.text);
    t.ok(operation.responses[sample.status], 'the status is in the document');
  });

  t.test(`${operationId} without a credential, or with a wrong one, is 401`, async (t) => {
    const { params, query, body } = await SAMPLES[operationId]!(house);
    const path = pathOf(operation, { params, query });
    const credentials = [null, 'Bearer', 'Bearer wrong', `Bearer ${house.adminKey}x`];
    for (const authorization of [...credentials, `Basic ${house.adminKey}`, house.adminKey]) {
      const answer = await house.call(method, path, body, { authorization });
      t.match(answer, { status: 401, body: { code: 'unauthenticated' } });
      const challenge = String(answer.headers['www-authenticate']);
      t.match(challenge, /^Bearer realm="management"/);
      t.equal(challenge.includes('error="invalid_token"'), authorization !== null);
    }
  });

  if (operation.path.includes('{')) {
    t.test(`${operationId} of what isn't there is 404`, async (t) => {
      const { query, body } = await SAMPLES[operationId]!(house);
      const sql = encodeURIComponent("' OR true --");
      for (const id of ['unknown', '%00', sql, '..%2F..', 'x'.repeat(90), '%F0%9F%98%80']) {
        const params = Object.fromEntries(operation.parameters.map((each) => [each.name, id]));
        const answer = await house.call(method, pathOf(operation, { params, query }), body);
        t.match(answer, { status: 404, body: { code: 'not_found' } });
      }
    });
  }

  if (operation.requestBody) {
    t.test(`${operationId} refuses wrong bodies`, async (t) => {
      const sample = await SAMPLES[operationId]!(house);
      const path = pathOf(operation, sample);
      const stranger = { ...(sample.body as object), is_admin: true };
      const unknown = await house.call(method, path, stranger);
      t.match(unknown, { status: 400, body: { code: 'validation_failed' } });
      t.match(unknown.body.errors, [{ in: 'body', path: 'is_admin', found: /unknown member/ }]);
      for (const body of [[], 'text', 7, true]) {
        const answer = await house.call(method, path, body);
        t.match(answer, { status: 400, body: { errors: [{ in: 'body', path: '' }] } });
      }
      const malformed = await house.call(method, path, undefined, { raw: '{"name":' });
      t.match(malformed, { status: 400, body: { code: 'malformed_request' } });
    });
  }

  if (method === 'GET') {
    t.test(`${operationId} refuses unknown query parameters, if it has any`, async (t) => {
      if (!operation.parameters.some((each) => each.in === 'query')) return;
      const answer = await house.get(pathOf(operation, { query: 'nonsense=1' }));
      t.equal(answer.status, 400);
      t.match(answer.body.errors.at(-1), { in: 'query', path: 'nonsense' });
    });
  }
}
