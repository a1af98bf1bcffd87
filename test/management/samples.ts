import { generateKeyPairSync } from 'node:crypto';
import { grantConsent } from '../../src/oauth/consents/consents.store.ts';
import type { House, Operation } from './house.ts';

/** Where a sample is made. */
export interface Ground extends House {
  /** The organization its things belong to; without one, each has another, or none. */
  tenant?: string;
}

const SYSTEM = { actor: { kind: 'system' } } as const;

/** One call of an operation that succeeds. */
export interface Sample {
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
const home = async (ground: Ground) => ground.tenant ?? newOrganization(ground);
const aScope = ({ platform }: House) => platform.scopes[0]!.name;

const clientBody = ({ tenant }: Ground) => ({
  name: unique('Client'),
  ...(tenant && { organization_id: tenant }),
});
const newClient = async (ground: Ground) =>
  (await ground.post('/clients', clientBody(ground))).body.client_id as string;

const apiKeyBody = async (ground: Ground) => ({
  organization_id: await home(ground),
  name: unique('Key'),
  scopes: [aScope(ground)],
});
const newApiKey = async (ground: Ground) =>
  (await ground.post('/api-keys', await apiKeyBody(ground))).body.id as string;

const PUBLIC_KEY = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });

const serviceAccountBody = async (ground: Ground) => ({
  organization_id: await home(ground),
  name: unique('Account'),
  scopes: [aScope(ground)],
  jwks: { keys: [PUBLIC_KEY] },
});
const newServiceAccount = async (ground: Ground) =>
  (await ground.post('/service-accounts', await serviceAccountBody(ground))).body.id as string;

const webhookBody = async (ground: Ground) => ({
  organization_id: await home(ground),
  url: `https://${unique('receiver')}.example.com/hooks`,
  events: ['api_key.created'],
});
/** An organization may have a few only: one that it has will do. */
async function newWebhook(ground: Ground): Promise<string> {
  const own = ground.tenant && (await ground.get(`/webhooks?organization_id=${ground.tenant}`));
  if (own && own.body.data.length > 0) return own.body.data[0].id;
  return (await ground.post('/webhooks', await webhookBody(ground))).body.id;
}

async function newDelivery(ground: Ground) {
  const id = await newWebhook(ground);
  return { id, delivery_id: (await ground.post(`/webhooks/${id}/test`)).body.id as string };
}

async function newMembership(ground: Ground) {
  const organization_id = await home(ground);
  await newUser(ground, { organization_id, role: 'owner' });
  const user_id = await newUser(ground, { organization_id });
  return { organization_id, user_id };
}

const invitationBody = async (ground: Ground) => ({
  organization_id: await home(ground),
  email: email(),
  role: 'member',
});
const newInvitation = async (ground: Ground) =>
  (await ground.post('/invitations', await invitationBody(ground))).body.id as string;

async function newConsent(ground: Ground) {
  const [userId, clientId] = [await newUser(ground), await newClient(ground)];
  const consent = {
    id: unique('consent'),
    userId,
    clientId,
    organizationId: null,
    scopes: [],
    refused: [],
  };
  await grantConsent(ground.database, consent, new Date(), SYSTEM);
  return consent;
}

/** How each operation succeeds; what it is about is made by root beforehand. */
export const SAMPLES: Record<string, (ground: Ground) => Promise<Sample>> = {
  createOrganization: async () => ({ status: 201, body: { name: 'Acme' } }),
  listOrganizations: async () => ({ status: 200, query: 'limit=2' }),
  getOrganization: async (h) => ({ status: 200, params: { id: await home(h) } }),
  updateOrganization: async (h) => ({
    ...{ status: 200, params: { id: await home(h) }, body: { name: 'Other' } },
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
  createInvitation: async (h) => ({ status: 201, body: await invitationBody(h) }),
  listInvitations: async () => ({ status: 200, query: 'limit=2' }),
  revokeInvitation: async (h) => ({ status: 204, params: { id: await newInvitation(h) } }),
  createClient: async (h) => ({ status: 201, body: clientBody(h) }),
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
  createServiceAccount: async (h) => ({ status: 201, body: await serviceAccountBody(h) }),
  listServiceAccounts: async () => ({ status: 200, query: 'limit=2' }),
  getServiceAccount: async (h) => ({ status: 200, params: { id: await newServiceAccount(h) } }),
  updateServiceAccount: async (h) => ({
    ...{ status: 200, params: { id: await newServiceAccount(h) }, body: { name: 'Other' } },
  }),
  deleteServiceAccount: async (h) => ({ status: 204, params: { id: await newServiceAccount(h) } }),
  createWebhook: async (h) => ({ status: 201, body: await webhookBody(h) }),
  listWebhooks: async () => ({ status: 200, query: 'limit=2' }),
  getWebhook: async (h) => ({ status: 200, params: { id: await newWebhook(h) } }),
  updateWebhook: async (h) => ({
    ...{ status: 200, params: { id: await newWebhook(h) }, body: { events: ['*'] } },
  }),
  rotateWebhookSecret: async (h) => ({
    ...{ status: 200, params: { id: await newWebhook(h) }, body: { overlap_seconds: 60 } },
  }),
  pauseWebhook: async (h) => ({ status: 200, params: { id: await newWebhook(h) } }),
  resumeWebhook: async (h) => ({ status: 200, params: { id: await newWebhook(h) } }),
  deleteWebhook: async (h) => ({ status: 204, params: { id: await newWebhook(h) } }),
  testWebhook: async (h) => ({ status: 202, params: { id: await newWebhook(h) } }),
  listWebhookDeliveries: async (h) => ({
    ...{ status: 200, params: { id: (await newDelivery(h)).id }, query: 'status=pending' },
  }),
  getWebhookDelivery: async (h) => ({ status: 200, params: await newDelivery(h) }),
  redeliverWebhook: async (h) => ({ status: 202, params: await newDelivery(h) }),
  publishEvent: async (h) => ({
    status: 202,
    body: {
      organization_id: await home(h),
      type: h.platform.webhooks.events[0]!.name,
      data: { id: 'n1' },
    },
  }),
  decide: async () => ({ status: 200, body: { method: 'GET', path: '/v1/notes' } }),
  listSigningKeys: async () => ({ status: 200 }),
  rotateSigningKeys: async () => ({ status: 201, body: { force: true } }),
  listAuditEvents: async () => ({ status: 200, query: 'type=user.created' }),
  listUsage: async () => ({ status: 200, query: 'interval=day&group_by=route,outcome' }),
};

/** Below /manage/v1, with every parameter filled in. */
export function pathOf(
  { path }: Operation,
  { params = {}, query }: Omit<Sample, 'status'> = {},
): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? 'unknown');
  return filled.replace('/manage/v1', '') + (query ? `?${query}` : '');
}
