import { connect } from 'node:net';
import argon2 from 'argon2';
import { authorizeUrl, consent, newPkce, redeem, refresh, signIn } from '../test/support/flows.ts';
import type { TestClient, TestUser } from '../test/support/gatehouse.ts';
import { createUserAgent, locationOf, type UserAgent } from '../test/support/user-agent.ts';
import { startGatehouseProcess } from './lib/gatehouse-process.ts';
import type { Harness } from './lib/harness.ts';

// What has a user in it: refreshing, the whole code flow, signing in.

export const name = 'people';

const CHAINS = 16;
const ARGON2 = 'argon2id verify alone';

export async function run(harness: Harness): Promise<void> {
  const gatehouse = await startGatehouseProcess();
  const at = { issuer: gatehouse.url };
  try {
    const { client, user } = await prepare(gatehouse);
    const agents: { agent: UserAgent; refreshToken: string }[] = [];
    // One after the other: so many sign-ins of one account at once would be throttled.
    while (agents.length < CHAINS) {
      const agent = createUserAgent();
      const { refresh_token: refreshToken } = await codeFlow(at, agent, client, user);
      agents.push({ agent, refreshToken });
    }
    await harness.compare({
      title: 'With a user (durable Postgres; the load shares the two cores)',
      subjects: [
        {
          name: 'refresh with rotation',
          connections: CHAINS,
          pid: gatehouse.pid,
          call: async () => {
            const chain = agents.pop()!;
            const answer = await refresh(at, client, chain.refreshToken);
            if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
            agents.push({ ...chain, refreshToken: answer.body.refresh_token! });
          },
        },
        {
          name: 'whole code flow, signed in, consent standing',
          connections: 8,
          pid: gatehouse.pid,
          call: async () => {
            const chain = agents.pop()!;
            await codeFlow(at, chain.agent, client, user);
            agents.push(chain);
          },
        },
      ],
    });
  } finally {
    await gatehouse.stop();
  }
  await compareSignIn(harness);
}

/**
 * A sign-in is one argon2id verification with something around it: in a process of its own, which has nothing left
 * over from other loads to collect.
 */
async function compareSignIn(harness: Harness): Promise<void> {
  const gatehouse = await startGatehouseProcess();
  try {
    const { user } = await prepare(gatehouse);
    await compareWithArgon2(harness, gatehouse, user);
  } finally {
    await gatehouse.stop();
  }
}

async function compareWithArgon2(
  harness: Harness,
  { url, pid }: Gatehouse,
  user: TestUser,
): Promise<void> {
  const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
  const hash = await argon2.hash(user.password, cost);
  const signInOnce = await prepareSignIn(url, user);
  await harness.compare({
    title: 'Sign-in against argon2’s own limit',
    baseline: ARGON2,
    targets: [{ subject: 'sign-in', atLeast: 0.9 }],
    rounds: 15,
    subjects: [
      {
        name: ARGON2,
        connections: 4,
        call: () => argon2.verify(hash, user.password),
      },
      {
        name: 'sign-in',
        connections: 4,
        // Some three thousand of them, as many as it takes until what surrounds a hash is compiled.
        warmUpSeconds: 45,
        pid,
        call: signInOnce,
      },
    ],
  });
}

/** The form filled in once and sent again and again, by a client that costs next to nothing. */
async function prepareSignIn(url: string, user: TestUser): Promise<() => Promise<void>> {
  const agent = createUserAgent();
  const page = await agent.get(`${url}/sign-in`);
  const form = page.forms[0]!;
  const fields = new URLSearchParams(form.fields);
  fields.set('email', user.email);
  fields.set('password', user.password);
  const body = fields.toString();
  const { host, port, pathname } = new URL(form.action);
  const lines = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${host}`,
    `cookie: ${agent.cookiesFor(form.action)}`,
    `origin: ${url}`,
    'content-type: application/x-www-form-urlencoded',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ];
  const request = Buffer.from(lines.join('\r\n'));
  const idle: Connection[] = [];
  return async () => {
    const connection = idle.pop() ?? openConnection(Number(port));
    const answer = await connection.ask(request);
    // The answer to a form that was taken has no body, and comes in one piece.
    if (
      !answer.subarray(0, TAKEN.length).equals(TAKEN) ||
      !answer.subarray(-END.length).equals(END)
    ) {
      throw new Error(`sign-in answered ${String(answer).split('\r\n', 1)[0]}`);
    }
    idle.push(connection);
  };
}

const TAKEN = Buffer.from('HTTP/1.1 303');
const END = Buffer.from('\r\n\r\n');

interface Connection {
  /** One at a time. */
  ask(request: Buffer): Promise<Buffer>;
}

function openConnection(port: number): Connection {
  const socket = connect({ host: '127.0.0.1', port }).unref();
  let hear: (answer: Buffer) => void;
  let fail: (error: Error) => void;
  socket.on('data', (answer) => hear(answer));
  socket.on('error', (error) => fail(error));
  socket.on('close', () => fail(new Error('the server closed the connection')));
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        hear = resolve;
        fail = reject;
        if (socket.destroyed) reject(new Error('the server closed the connection'));
        else socket.write(request);
      }),
  };
}

type Gatehouse = Awaited<ReturnType<typeof startGatehouseProcess>>;

async function prepare(gatehouse: Gatehouse): Promise<{ client: TestClient; user: TestUser }> {
  const organization = await gatehouse.manage<{ id: string }>('/organizations', { name: 'Bench' });
  const made = await gatehouse.manage<{ client_id: string; client_secret: string }>('/clients', {
    name: 'Bench App',
    redirect_uris: ['https://app.example.com/callback'],
    scope: 'notes:read',
  });
  const email = 'bench@example.com';
  const password = 'correct horse battery staple';
  const user = await gatehouse.manage<{ id: string }>('/users', {
    ...{ email, password, name: 'Bench', organization_id: organization.id, role: 'owner' },
  });
  return {
    client: {
      clientId: made.client_id,
      secret: made.client_secret,
      redirectUri: 'https://app.example.com/callback',
    },
    user: { id: user.id, email, password, organizationId: organization.id },
  };
}

async function codeFlow(
  at: { issuer: string },
  agent: UserAgent,
  client: TestClient,
  user: TestUser,
): Promise<{ refresh_token: string }> {
  const pkce = newPkce();
  let page = await agent.follow(await agent.get(authorizeUrl(at, client, pkce)));
  if (page.forms.some(({ action }) => action.endsWith('/sign-in'))) {
    page = await signIn(agent, page, user);
  }
  if (page.forms.some(({ action }) => action.endsWith('/consent')))
    page = await consent(agent, page);
  const code = locationOf(page).searchParams.get('code');
  if (!code) throw new Error(`no code at ${page.url} (${page.status})`);
  const answer = await redeem(at, client, code, pkce);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body as never;
}
