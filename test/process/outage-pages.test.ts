import t, { type Test } from 'tap';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { signIn } from '../support/flows.ts';
import {
  createUser,
  startGatehouse,
  type TestGatehouse,
  type TestUser,
} from '../support/gatehouse.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { createUserAgent, type Form, type Page, type UserAgent } from '../support/user-agent.ts';

// A database that is away, as people at the pages and an SDK meet it; the protocol is in outage.test.ts.

/** How long anybody may be kept waiting by it: milliseconds. */
const PATIENCE_MS = 2000;
const ISSUER = 'https://auth.example.test';

interface Answer {
  status: number;
  headers: Headers;
  body: string;
}

type Questions = Record<string, () => Promise<Answer>>;

const form = ({ forms }: Page, end: string): Form =>
  forms.find(({ action }) => new URL(action).pathname.endsWith(end))!;

/** What was begun while all was well. */
async function begin(gatehouse: TestGatehouse) {
  const agent = () => createUserAgent({ origin: ISSUER, address: gatehouse.address });
  const user = await createUser(gatehouse);
  const signedIn = agent();
  await signIn(signedIn, await signedIn.get(`${ISSUER}/sign-in`), user);
  const cautious = await createUser(gatehouse);
  const { pool } = gatehouse.database;
  await pool.query('UPDATE users SET second_factor = true WHERE id = $1', [cautious.id]);
  const halfway = agent();
  const secondStep = await signIn(halfway, await halfway.get(`${ISSUER}/sign-in`), cautious);
  const stranger = agent();
  return {
    ...{ user, agent, signedIn, halfway, secondStep, stranger },
    signInPage: await stranger.get(`${ISSUER}/sign-in`),
    signUpPage: await stranger.get(`${ISSUER}/sign-up`),
    security: await signedIn.get(`${ISSUER}/dashboard/security`),
    refreshToken: await tokensOf(gatehouse, user),
  };
}

type Begun = Awaited<ReturnType<typeof begin>>;

const post =
  ({ address }: TestGatehouse, path: string, body: object) =>
  async () => {
    const answer = await fetch(address + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  };

async function tokensOf(gatehouse: TestGatehouse, { email, password }: TestUser) {
  const { body } = await post(gatehouse, '/v1/auth/token', { email, password })();
  const { refreshToken } = JSON.parse(body) as { refreshToken?: string };
  if (!refreshToken) throw new Error(body);
  return refreshToken;
}

const PASSKEY = JSON.stringify({ id: 'AAAA', rawId: 'AAAA', type: 'public-key', response: {} });

function pageQuestions({ user, signedIn }: Begun): Questions {
  const organization = `/dashboard/organizations/${user.organizationId}`;
  const paths = [
    ...['/dashboard', organization, '/dashboard/security', '/dashboard/connected-apps'],
    ...['/keys', '/keys/new', '/apps', '/usage', '/members', '/plan', '/audit'].map(
      (path) => organization + path,
    ),
    '/playground?client_id=anything',
  ];
  return Object.fromEntries(paths.map((path) => [path, () => signedIn.get(ISSUER + path)]));
}

function questions(gatehouse: TestGatehouse, begun: Begun): Questions {
  const { user, signedIn, stranger, signInPage, signUpPage, security, halfway, secondStep } = begun;
  const { email, password } = user;
  const submit = (agent: UserAgent, page: Page, end: string, fields: Record<string, string>) =>
    agent.submit(page, form(page, end), fields);
  const asNew = { name: 'Eve', email: 'eve@example.com', password: 'a long one that is new 7' };
  return {
    ...pageQuestions(begun),
    'signing up': () => submit(stranger, signUpPage, '/sign-up', asNew),
    'signing in': () => submit(stranger, signInPage, '/sign-in', { email, password }),
    'signing in with a passkey': () =>
      submit(stranger, signInPage, '/passkey', { credential: PASSKEY }),
    'the second step': () => halfway.get(secondStep.url),
    'a passkey at the second step': () =>
      submit(halfway, secondStep, '/second-step', { credential: PASSKEY }),
    'a code at the second step': () =>
      submit(halfway, secondStep, '/second-step', { code: 'aaaa-bbbb-cccc-dddd' }),
    'adding a passkey': () =>
      submit(signedIn, security, '/passkeys', { name: 'Phone', credential: PASSKEY }),
    'changing the password': () =>
      submit(signedIn, security, '/password', {
        ...{ currentPassword: password, newPassword: asNew.password },
      }),
    'the platform’s tokens': post(gatehouse, '/v1/auth/token', { email, password }),
    'the platform’s refresh': post(gatehouse, '/v1/auth/refresh', {
      refreshToken: begun.refreshToken,
    }),
  };
}

/** What is answered from memory: whoever looks up what to do is not left alone. */
const FROM_MEMORY = [
  ...['/docs/authentication', '/docs/authentication.md', '/llms.txt', '/reference'],
  ...['/openapi.json', '/sign-in', '/sign-up', '/', '/playground', '/playground/callback'],
];

/** Asks everything at once. */
async function expectUnavailable(t: Test, asked: Questions): Promise<void> {
  const checks = Object.entries(asked).map(async ([name, ask]) => {
    const start = performance.now();
    const { status, headers, body } = await ask();
    const took = performance.now() - start;
    t.ok(took < PATIENCE_MS, `${name}: answers in time`, { took });
    t.equal(status, 503, `${name}: 503`, { body });
    t.ok(Number(headers.get('retry-after')) > 0, `${name}: Retry-After`);
    t.match(headers.get('cache-control'), 'no-store', `${name}: not to be stored`);
    const isPage = headers.get('content-type')?.startsWith('text/html');
    t.match(body, isPage ? /<html[\s\S]*temporarily_unavailable/ : /^\{/, `${name}: says so`);
    t.notMatch(body, /ECONN|5432|postgres|prisma/i, `${name}: and nothing of how`);
  });
  await Promise.all(checks);
}

async function expectMemory(t: Test, { address }: TestGatehouse): Promise<void> {
  for (const path of FROM_MEMORY) {
    const start = performance.now();
    const { status } = await fetch(address + path, { redirect: 'manual' });
    t.equal(status, 200, path);
    t.ok(performance.now() - start < PATIENCE_MS, `${path}: in time`);
  }
}

t.test(
  'pages, sign-up, passkeys and the platform’s tokens say 503 within two seconds',
  async (t) => {
    const { connectionString } = await createTestDatabase(t);
    const proxy = await createFlakyProxy(t, connectionString);
    const gatehouse = await startGatehouse(t, {
      ...{ platform: 'kliq', issuer: ISSUER, connectionString: proxy.connectionString },
      environment: { TRUST_PROXY: '127.0.0.1' },
    });
    const begun = await begin(gatehouse);
    await begun.agent().get(`${ISSUER}/playground`);
    const ways: Record<string, () => unknown> = {
      'connections are refused': () => proxy.down(),
      'packets are swallowed': () => proxy.freeze(),
      'connections are reset': () => proxy.reset(),
    };
    for (const [way, goAway] of Object.entries(ways)) {
      await t.test(way, async (t) => {
        await goAway();
        await expectUnavailable(t, questions(gatehouse, begun));
        await expectMemory(t, gatehouse);
        await proxy.up();
      });
    }
    await t.test('and go on when it is back', async (t) => {
      const back = await begun.signedIn.get(`${ISSUER}/dashboard/security`);
      t.equal(back.status, 200);
      const { status } = await questions(gatehouse, begun)['the platform’s refresh']!();
      t.equal(status, 200, 'the refresh token is as good as before');
    });
  },
);
