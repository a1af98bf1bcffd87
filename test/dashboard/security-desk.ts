import type { Test } from 'tap';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { createAuthenticator } from '../support/authenticator.ts';
import { createUser, startGatehouse, type TestUser } from '../support/gatehouse.ts';
import { createUserAgent, type Form, type Page, type UserAgent } from '../support/user-agent.ts';

/** A name, as passkeys need one; TLS ends before the server. */
export const ISSUER = 'https://auth.example.test';
export const SECURITY = `${ISSUER}/dashboard/security`;

export interface Person extends TestUser {
  agent: UserAgent;
}

/** A server with people who are signed in, and the ways they go. */
export async function openDesk(
  t: Pick<Test, 'teardown'>,
  connectionString?: string,
  clock: Clock = systemClock,
) {
  const gatehouse = await startGatehouse(t, {
    ...{ issuer: ISSUER, clock },
    environment: { TRUST_PROXY: '127.0.0.1' },
    ...(connectionString ? { connectionString } : {}),
  });
  const proxy = { origin: ISSUER, address: gatehouse.address };

  const newAgent = () => createUserAgent(proxy);

  async function enter(agent: UserAgent, user: TestUser): Promise<Page> {
    const page = await agent.get(`${ISSUER}/sign-in?return_to=/dashboard/security`);
    const { email, password } = user;
    return agent.follow(await agent.submit(page, formOf(page, '/sign-in'), { email, password }));
  }

  return {
    ...{ gatehouse, newAgent, enter },
    /** Somebody new, signed in. */
    async person(): Promise<Person> {
      const user = await createUser(gatehouse);
      const agent = newAgent();
      await enter(agent, user);
      return { ...user, agent };
    },
    /** A passkey of theirs. */
    async addPasskey({ agent }: Person, name = 'Phone') {
      const authenticator = createAuthenticator({ origin: ISSUER });
      const page = await agent.get(SECURITY);
      const answer = authenticator.create(optionsOf(page, 'create'));
      const done = await agent.submit(page, formOf(page, '/passkeys'), {
        name,
        credential: answer,
      });
      return { authenticator, page, answer, done };
    },
    /** Turns the second step on; the codes. */
    async askForPasskey({ agent }: Person): Promise<string[]> {
      const page = await agent.get(SECURITY);
      return codesIn(await agent.submit(page, formOf(page, '/second-step/on')));
    },
    /** A browser in which the password was given, at the second step. */
    async atSecondStep(user: TestUser): Promise<{ agent: UserAgent; page: Page }> {
      const agent = newAgent();
      const page = await enter(agent, user);
      if (!page.url.includes('/second-step')) throw new Error(`no second step at ${page.url}`);
      return { agent, page };
    },
    isSignedIn: async (agent: UserAgent) => (await agent.get(SECURITY)).status === 200,
    audited: async (user: TestUser) => {
      const { rows } = await gatehouse.database.pool.query<{ type: string }>(
        `SELECT type FROM audit_events WHERE target_id = $1 ORDER BY id`,
        [user.id],
      );
      return rows.map(({ type }) => type);
    },
  };
}

/** The form that goes there; `end` is how its address ends, without its query. */
export function formOf(page: Page, end: string): Form {
  const form = page.forms.find(({ action }) => new URL(action).pathname.endsWith(end));
  if (!form) throw new Error(`no form to ${end} at ${page.url} (${page.status})`);
  return form;
}

/** What a page asks the browser for. */
export function optionsOf(page: Page, kind: 'get' | 'create') {
  const found = new RegExp(`data-passkey="${kind}" data-options="([^"]*)"`).exec(page.body)?.[1];
  if (!found) throw new Error(`no passkey is asked for at ${page.url} (${page.status})`);
  return JSON.parse(found.replaceAll('&quot;', '"').replaceAll('&amp;', '&')) as {
    challenge: string;
    rpId?: string;
    rp?: { id: string };
    allowCredentials?: { id: string }[];
  };
}

export const codesIn = ({ body }: Page): string[] =>
  Array.from(body.matchAll(/<code>([0-9A-Z]{5}(?:-[0-9A-Z]{5}){3})<\/code>/g), ([, code]) => code!);
