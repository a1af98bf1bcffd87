import type { Test } from 'tap';
import type { Role } from '../../src/identity/identity.ts';
import { signIn } from '../support/flows.ts';
import {
  createUser,
  startGatehouse,
  type TestGatehouse,
  type TestGatehouseOptions,
  type TestUser,
} from '../support/gatehouse.ts';
import { createUserAgent, type Form, type Page, type UserAgent } from '../support/user-agent.ts';

const SYSTEM = { actor: { kind: 'system' } } as const;

/** Somebody at the dashboard of their organization. */
export interface Developer {
  readonly user: TestUser;
  readonly agent: UserAgent;
  /** A page below their organization's, or below another's. */
  open(path: string, organizationId?: string): Promise<Page>;
  /** Posts the form of a page whose action ends so. */
  send(page: Page, action: string, changes?: Record<string, string | string[]>): Promise<Page>;
  /** A key made with the form; its id, and its string as the answer shows it. */
  make(fields?: Record<string, string | string[]>): Promise<{ id: string; secret: string }>;
}

export type KeyDesk = Awaited<ReturnType<typeof openKeyDesk>>;

/** A server of one platform, and people who work with its keys. */
export async function openKeyDesk(t: Pick<Test, 'teardown'>, options: TestGatehouseOptions = {}) {
  const gatehouse = await startGatehouse(t, { platform: 'kaie', ...options });
  let members = 0;
  return {
    gatehouse,
    owner: async () => signedIn(gatehouse, await createUser(gatehouse)),
    async colleague(of: Developer, role: Role): Promise<Developer> {
      members += 1;
      const { organizationId } = of.user;
      const email = `colleague-${members}@example.com`;
      const password = 'a fine long passphrase';
      const made = await gatehouse.identity.createUser(
        { email, password, name: `Colleague ${members}`, organizationId, role },
        SYSTEM,
      );
      if (made.outcome !== 'created') throw new Error(made.outcome);
      return signedIn(gatehouse, { id: made.user.id, email, password, organizationId });
    },
    keysOf: ({ user }: Developer) =>
      gatehouse.credentials.apiKeys.list({
        ...{ organizationId: user.organizationId, includeRevoked: true, limit: 1_000 },
      }),
    /** Whether the gate lets the key in. */
    async lets(secret: string, path = '/v1/workflows'): Promise<boolean> {
      const response = await fetch(`${gatehouse.issuer}/gate/decision`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${gatehouse.adminKey}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          ...{ method: 'GET', path, address: '192.0.2.1' },
          headers: { authorization: `Bearer ${secret}` },
        }),
      });
      return ((await response.json()) as { allowed: boolean }).allowed;
    },
  };
}

async function signedIn(gatehouse: TestGatehouse, user: TestUser): Promise<Developer> {
  const agent = createUserAgent();
  const urlOf = (path: string, organizationId = user.organizationId) =>
    `${gatehouse.issuer}/dashboard/organizations/${organizationId}${path}`;
  await signIn(agent, await agent.get(`${gatehouse.issuer}/sign-in`), user);
  const developer: Developer = {
    ...{ user, agent },
    open: (path, organizationId) => agent.get(urlOf(path, organizationId)),
    send: (page, action, changes) => agent.submit(page, formOf(page, action), changes),
    async make(fields = {}) {
      const page = await developer.open('/keys/new');
      const answer = await developer.send(page, '/keys', { ...KEY, ...fields });
      const secret = secretIn(answer);
      const id = /\/keys\/([\w-]{36})"/.exec(answer.body)?.[1];
      if (!secret || !id) throw new Error(`${answer.status}: ${answer.body.slice(0, 2_000)}`);
      return { id, secret };
    },
  };
  return developer;
}

/** What a good form says beside what it begins with: the tests' agent reads no lists of options. */
export const KEY = { name: 'Nightly export', expiry: 'never' };

export function formOf(page: Page, action: string): Form {
  const form = page.forms.find((each) => each.action.endsWith(action));
  if (!form) throw new Error(`no form to ${action} at ${page.url} (${page.status})`);
  return form;
}

/** The key that a page shows. */
export const secretIn = ({ body }: Page): string | undefined =>
  /<code id="secret">([^<]+)</.exec(body)?.[1];
