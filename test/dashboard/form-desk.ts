import { createSignInThrottle } from '../../src/identity/sign-in-throttle.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createMasterKey } from '../../src/lib/master-key.ts';
import { newSigner } from '../credentials/signer.ts';
import { createAuthenticator } from '../support/authenticator.ts';
import { authorize, authorizeUrl, newPkce, signIn } from '../support/flows.ts';
import {
  createMember,
  createUser,
  registerClient,
  startGatehouse,
  type TestGatehouse,
  type TestUser,
} from '../support/gatehouse.ts';
import { createUserAgent, fetchThrough, type UserAgent } from '../support/user-agent.ts';
import { formOf, ISSUER, optionsOf, SECURITY } from './security-desk.ts';

const SYSTEM = { actor: { kind: 'system' } } as const;
const EVERY_TENANT = { organizationId: null };

export type FormDesk = Awaited<ReturnType<typeof openFormDesk>>;

interface Place {
  readonly gatehouse: TestGatehouse;
  readonly user: TestUser;
  /** A new browser in which they are signed in. */
  enter(): Promise<UserAgent>;
}

/** A server, and somebody who may send each of its forms: the owner of an organization, and the operator. */
export async function openFormDesk(t: { teardown(work: () => Promise<void>): unknown }) {
  const gatehouse = await startGatehouse(t, {
    ...{ platform: 'kaie', issuer: ISSUER },
    environment: { TRUST_PROXY: '127.0.0.1' },
  });
  const proxy = { origin: ISSUER, address: gatehouse.address };
  const user = await createUser(gatehouse);
  await gatehouse.identity.changeUser(user.id, { platformRole: 'operator' }, SYSTEM);

  async function enter(): Promise<UserAgent> {
    const agent = createUserAgent(proxy);
    await signIn(agent, await agent.get(`${ISSUER}/sign-in`), user);
    return agent;
  }

  return {
    ...{ gatehouse, user, enter },
    /** Sends a form as it says, with the cookies of that browser. */
    post: (agent: UserAgent, path: string, { headers, ...init }: RequestInit = {}) =>
      fetchThrough(proxy)(`${ISSUER}${path}`, {
        ...{ method: 'POST', redirect: 'manual', ...init },
        headers: { cookie: agent.cookiesFor(`${ISSUER}${path}`), ...headers },
      }),
    isSignedIn: async (agent: UserAgent) => (await agent.get(SECURITY)).status === 200,
    /** The token of their forms. */
    async tokenOf(agent: UserAgent): Promise<string> {
      const { fields } = formOf(await agent.get(SECURITY), '/password');
      return fields.find(([name]) => name === '_csrf')![1];
    },
    /** What is in the database: of each table a sum over its rows. */
    async contents(): Promise<Record<string, string | null>> {
      const { pool } = gatehouse.database;
      const { rows: tables } = await pool.query<{ name: string }>(
        `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
      );
      const sums = tables.map(
        ({ name }) =>
          `SELECT '${name}' AS name, md5(string_agg(r::text, ',' ORDER BY r::text)) AS sum FROM "${name}" r`,
      );
      const { rows } = await pool.query<{ name: string; sum: string | null }>(
        sums.join(' UNION ALL '),
      );
      return Object.fromEntries(rows.map(({ name, sum }) => [name, sum]));
    },
    things: thingsOf({ gatehouse, user, enter }),
  };
}

/** For each parameter of a path, something new that it may name. Those before it in the path are known. */
type Things = Record<
  string,
  (url: string, agent: UserAgent, named: Record<string, string>) => Promise<string> | string
>;

function thingsOf(place: Place): Things {
  return { ...organizationThings(place), ...personThings(place), ...operatorThings(place) };
}

function organizationThings({ gatehouse, user }: Place): Things {
  const { credentials, webhooks, invitations } = gatehouse;
  const { organizationId } = user;
  const { scopes } = gatehouse.platform;
  const names = scopes.map(({ name }) => name);
  const maker = { ...EVERY_TENANT, scopes: 'all' } as const;
  return {
    organization: () => organizationId,
    client: async () => (await registerClient(gatehouse, { organizationId })).clientId,
    key: async () => {
      const input = { organizationId, name: 'Nightly export', scopes: names };
      const made = await credentials.apiKeys.create(input, maker, SYSTEM);
      return made.outcome === 'done' ? made.key.id : '';
    },
    account: async () => {
      const keys = [{ ...(await newSigner()).publicJwk }];
      const input = { organizationId, name: 'Nightly job', scopes: names, keys };
      const made = await credentials.serviceAccounts.create(input, maker, SYSTEM);
      return made.outcome === 'done' ? made.account.id : '';
    },
    webhook: async () => {
      const input = { organizationId, url: 'https://hooks.example.com/in', events: ['*'] };
      const made = await webhooks.subscriptions.create(input, EVERY_TENANT, SYSTEM);
      return made.outcome === 'done' ? made.subscription.id : '';
    },
    delivery: async (_url, _agent, { webhook = '' }) => {
      const subscription = await webhooks.subscriptions.find(webhook, EVERY_TENANT);
      const made = await webhooks.subscriptions.test(subscription!);
      return made.outcome === 'done' ? made.delivery.id : '';
    },
    user: async () => (await createMember(gatehouse, organizationId)).id,
    invitation: async () => {
      const email = `${crypto.randomUUID()}@example.com`;
      const made = await invitations.invite({ organizationId, email, role: 'member' }, SYSTEM);
      return made.outcome === 'invited' ? made.invitation.id : '';
    },
  };
}

function personThings({ gatehouse, user, enter }: Place): Things {
  const scope = `openid ${gatehouse.platform.scopes[0]!.name}`;
  const authorizeAt = async (more: Record<string, string>) =>
    authorizeUrl(gatehouse, await registerClient(gatehouse), newPkce(), { scope, ...more });
  return {
    token: async () => {
      const { organizationId } = await createUser(gatehouse);
      const { email } = user;
      const made = await gatehouse.invitations.invite(
        { organizationId, email, role: 'member' },
        SYSTEM,
      );
      return made.outcome === 'invited' ? made.token : '';
    },
    id: async (_url, agent) => {
      await authorize(agent, await authorizeAt({}), user);
      const apps = await agent.get(`${ISSUER}/dashboard/connected-apps`);
      return segmentIn(formOf(apps, '/disconnect').action, -2);
    },
    session: async (_url, agent) => {
      await enter();
      return segmentIn(formOf(await agent.get(SECURITY), '/end').action, -2);
    },
    passkey: async (_url, agent) => {
      const page = await agent.get(SECURITY);
      const credential = createAuthenticator({ origin: ISSUER }).create(optionsOf(page, 'create'));
      await agent.submit(page, formOf(page, '/passkeys'), { name: 'Phone', credential });
      const { body } = await agent.get(SECURITY);
      return /\/security\/passkeys\/([\w-]{36})"/.exec(body)?.[1] ?? '';
    },
    /** An authorization request under way: at its consent, or at its sign-in. */
    uid: async (url, agent) => {
      const isConsent = /(consent|switch-account)$/.test(url);
      const start = await agent.get(await authorizeAt(isConsent ? {} : { prompt: 'login' }));
      const page = await agent.follow(start);
      const form = formOf(page, isConsent ? '/consent' : '/sign-in');
      return segmentIn(form.action, -2);
    },
  };
}

function operatorThings({ gatehouse }: Place): Things {
  const { database, config } = gatehouse;
  const { hashSecret } = createMasterKey(config.masterKey);
  const throttle = createSignInThrottle({
    ...{ executor: database.pool, clock: systemClock, hashSecret },
  });
  return {
    throttle: async (_url, agent) => {
      const account = `${crypto.randomUUID()}@example.com`;
      for (let index = 0; index < 12; index += 1) {
        await throttle.reserve({ account, address: '198.51.100.23' });
      }
      const { body } = await agent.get(`${ISSUER}/dashboard/operator/throttles`);
      return /\/operator\/throttles\/([\w-]{36})"/.exec(body)?.[1] ?? '';
    },
  };
}

const segmentIn = (url: string, at: number): string =>
  new URL(url).pathname.split('/').at(at) ?? '';
