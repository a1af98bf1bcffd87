import type { Test } from 'tap';
import { parsePlatform } from '../../src/platform/load.ts';
import { type Answer, openHouse } from './house.ts';

// A platform in which keys have everything that one can have more of than another.
const PLATFORM = `
id: acme
name: Acme
api: { identifier: https://api.acme.example }
presentations:
  - { in: bearer }
  - { in: header, name: X-API-Key, credentials: [api_key] }
key_environments:
  live: { prefix: acme_live_ }
  test: { prefix: acme_test_ }
  viewer: { prefix: acme_view_, max_access: read }
scopes:
  notes:read: { title: Read, description: Read notes., access: read }
  notes:write: { title: Write, description: Write notes., access: write, implies: ['notes:read'] }
  notes:delete: { title: Delete, description: Delete notes., access: admin }
  keys: { title: Keys, description: Manage keys., access: write, manages: [api-keys] }
  hooks: { title: Hooks, description: Manage webhooks., access: read, manages: [webhooks] }
  people: { title: People, description: Manage members., access: admin, manages: [memberships] }
  apps: { title: Apps, description: Manage apps., access: admin, manages: [clients] }
  all: { title: All, description: Everything., access: admin, implies: '*', manages: '*' }
limits:
  calls: { title: Calls, limit: 100, window: 1m, settable_per_key: true }
  mails: { title: Mails, limit: 50, window: 1d, settable_per_key: true }
plans:
  free: { title: Free }
  pro: { title: Pro, limits: { calls: 1000 } }
service_jwts: { max_lifetime: 1h }
routes:
  - { methods: [GET], path: /notes, scope: 'notes:read' }
`;

export interface Key {
  id: string;
  key: string;
  organization_id: string;
}

export type Tenancy = Awaited<ReturnType<typeof openTenancy>>;

/** The management API of that platform, used by tenants. */
export async function openTenancy(t: Pick<Test, 'teardown'>) {
  const house = await openHouse(t, { platform: parsePlatform(PLATFORM, 'acme.yaml') });
  const { call, post } = house;
  const made = async <T>(answer: Answer) => {
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.body as T;
  };
  const organization = async (plan = 'free'): Promise<string> =>
    (await made<{ id: string }>(await post('/organizations', { name: 'Acme', plan }))).id;
  const tenant = await organization();

  return {
    ...house,
    tenant,
    organization,
    /** Made by root; by default for the one tenant, with everything. */
    key: async (more: object = {}): Promise<Key> =>
      made(
        await post('/api-keys', {
          ...{ organization_id: tenant, name: 'A key', scopes: ['all'], ...more },
        }),
      ),
    member: async (role: string): Promise<string> => {
      const email = `${role}-${Math.random()}@example.com`;
      const body = { email, organization_id: tenant, role };
      return (await made<{ id: string }>(await post('/users', body))).id;
    },
    /** A call with a credential as bearer. */
    as: (credential: string, method: string, path: string, body?: unknown): Promise<Answer> =>
      call(method, path, body, { authorization: `Bearer ${credential}` }),
    /** What the gate says of a key. */
    use: async (key: string, address = '127.0.0.1') => {
      const headers = { authorization: `Bearer ${key}` };
      return (await post('/gate/decision', { method: 'GET', path: '/notes', headers, address }))
        .body;
    },
  };
}
