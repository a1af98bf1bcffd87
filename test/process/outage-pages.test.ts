import t, { type Test } from 'tap';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { authorize, authorizeUrl, newPkce, signIn } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  startGatehouse,
  type TestGatehouse,
  type TestUser,
} from '../support/gatehouse.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { createUserAgent, type Form, type Page, type UserAgent } from '../support/user-agent.ts';

// A database that is away, as people at the pages, operators, an SDK and an API behind the gate meet it; the
// protocol is in outage.test.ts.

/** How long anybody may be kept waiting by it: milliseconds. */
const PATIENCE_MS = 2000;
const ISSUER = 'https://auth.example.test';
const SYSTEM = { actor: { kind: 'system' } } as const;

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
  const app = await registerClient(gatehouse);
  const wanted = authorizeUrl(gatehouse, app, newPkce(), { scope: 'openid observations:read' });
  await authorize(signedIn, wanted, user);
  const invitationUrl = await invite(gatehouse, user.email);
  return {
    ...{ user, agent, signedIn, halfway, secondStep, stranger },
    home: await signedIn.get(`${ISSUER}/`),
    connectedApps: await signedIn.get(`${ISSUER}/dashboard/connected-apps`),
    inviting: await signedIn.get(
      `${ISSUER}/dashboard/organizations/${user.organizationId}/members/invite`,
    ),
    invitation: await signedIn.get(invitationUrl),
    wrongInvitation: await signedIn.get(await invite(gatehouse, 'grace@navy.example')),
    key: await keyOf(gatehouse, user),
    signInPage: await stranger.get(`${ISSUER}/sign-in`),
    signUpPage: await stranger.get(`${ISSUER}/sign-up`),
    security: await signedIn.get(`${ISSUER}/dashboard/security`),
    refreshToken: await tokensOf(gatehouse, user),
  };
}

type Begun = Awaited<ReturnType<typeof begin>>;

const request =
  ({ address }: TestGatehouse, path: string, init: RequestInit = {}) =>
  async () => {
    const answer = await fetch(address + path, init);
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  };

const post = (
  gatehouse: TestGatehouse,
  path: string,
  body: object,
  headers: Record<string, string> = {},
) =>
  request(gatehouse, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

const asOperator = ({ adminKey }: TestGatehouse) => ({ authorization: `Bearer ${adminKey}` });

/** The link of an invitation into somebody else's organization. */
async function invite(gatehouse: TestGatehouse, email: string): Promise<string> {
  const { organizationId } = await createUser(gatehouse);
  const wanted = { organizationId, email, role: 'member' } as const;
  const invited = await gatehouse.invitations.invite(wanted, SYSTEM);
  if (invited.outcome !== 'invited') throw new Error(invited.outcome);
  return `${ISSUER}/invitations/${invited.token}`;
}

/** Never presented, so in no cache. */
async function keyOf(gatehouse: TestGatehouse, { organizationId }: TestUser): Promise<string> {
  const wanted = { organization_id: organizationId, name: 'New', scopes: ['observations:read'] };
  const made = post(gatehouse, '/manage/v1/api-keys', wanted, asOperator(gatehouse));
  const { body } = await made();
  const { key } = JSON.parse(body) as { key?: string };
  if (!key) throw new Error(body);
  return key;
}

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

/** At the forms of somebody who is signed in, and in the middle of nothing. */
function formQuestions(begun: Begun): Questions {
  const { signedIn, home, connectedApps, inviting, invitation, wrongInvitation } = begun;
  const submit =
    (page: Page, end: string, fields: Record<string, string> = {}) =>
    () =>
      signedIn.submit(page, form(page, end), fields);
  const { pathname } = new URL(invitation.url);
  return {
    'signing out': submit(home, '/sign-out'),
    'disconnecting an app': submit(home, '/disconnect'),
    'disconnecting an app in the dashboard': submit(connectedApps, '/disconnect'),
    'an invitation': () => signedIn.get(invitation.url),
    'accepting an invitation': submit(invitation, pathname),
    'another account for an invitation': submit(wrongInvitation, '/switch-account'),
    'inviting somebody': submit(inviting, '/members/invite', {
      ...{ email: 'eve@example.com', role: 'member' },
    }),
  };
}

function machineQuestions(gatehouse: TestGatehouse, { user, key }: Begun): Questions {
  const path = `/v1/tenants/${user.organizationId}/observations`;
  const headers = { 'x-api-key': key };
  const operator = asOperator(gatehouse);
  const decision = post(gatehouse, '/gate/decision', { method: 'GET', path, headers }, operator);
  return {
    'a key that no cache knows': request(gatehouse, '/gate/check', {
      headers: { ...headers, 'x-original-method': 'GET', 'x-original-uri': path },
    }),
    /** Itself always a 200: what counts is what the API behind is to answer. */
    'a decision about that key': async () => {
      const decided = JSON.parse((await decision()).body);
      const { status, body } = decided as { status: number; body: object };
      return { status, headers: new Headers(decided.headers), body: JSON.stringify(body) };
    },
    'a read of the management API': request(gatehouse, '/manage/v1/organizations', {
      headers: operator,
    }),
    'a write of the management API': post(
      ...([gatehouse, '/manage/v1/organizations', { name: 'Later' }, operator] as const),
    ),
    'rotating the signing keys': post(
      ...([gatehouse, '/manage/v1/signing-keys/rotate', { force: true }, operator] as const),
    ),
  };
}

function questions(gatehouse: TestGatehouse, begun: Begun): Questions {
  const { user, signedIn, stranger, signInPage, signUpPage, security, halfway, secondStep } = begun;
  const { email, password } = user;
  const submit = (agent: UserAgent, page: Page, end: string, fields: Record<string, string>) =>
    agent.submit(page, form(page, end), fields);
  const asNew = { name: 'Eve', email: 'eve@example.com', password: 'a long one that is new 7' };
  return {
    ...pageQuestions(begun),
    ...formQuestions(begun),
    ...machineQuestions(gatehouse, begun),
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
  'pages, the platform’s tokens, the gate and the management API say 503 within two seconds',
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
      t.equal(back.status, 200, 'the session is as good as before');
      const asked = questions(gatehouse, begun);
      t.equal((await asked['the platform’s refresh']!()).status, 200, 'so is the refresh token');
      t.equal((await asked['a key that no cache knows']!()).status, 200, 'and the key');
      t.equal((await asked['accepting an invitation']!()).status, 303, 'and the invitation');
    });
  },
);
