import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import {
  authorize,
  authorizeUrl,
  introspect,
  newPkce,
  type Pkce,
  redeem,
  refresh,
  revoke,
} from './flows.ts';
import type { Furnished } from './furnished.ts';
import type { TestClient, TestGatehouse } from './gatehouse.ts';
import { createUserAgent, type UserAgent } from './user-agent.ts';

type Target = Pick<TestGatehouse, 'issuer'>;

/**
 * What one authorization led to, as far as the server has answered. While a request is under way nobody
 * knows on which side of it the server died: then the token concerned is undefined.
 */
export interface Connection {
  app: TestClient;
  agent: UserAgent;
  code: string;
  pkce: Pkce;
  codeIsUsed: boolean;
  refreshToken: string | undefined;
  /** Rotated away, or revoked, and answered so. */
  deadRefreshTokens: string[];
  accessTokens: Map<string, 'active' | 'denied'>;
  /** The grant as a whole was revoked. */
  isOver: boolean;
}

/** Makes connections, one after the other, until the server is gone. */
export async function makeConnections(
  target: Target,
  { user, apps }: Furnished,
  promised: Connection[],
): Promise<void> {
  const agent = createUserAgent();
  try {
    for (let round = 0; ; round += 1) {
      const app = apps[Math.floor(Math.random() * apps.length)]!;
      const pkce = newPkce();
      const back = await authorize(agent, authorizeUrl(target, app, pkce), user);
      const connection: Connection = {
        ...{ app, agent, pkce, code: back.searchParams.get('code')!, codeIsUsed: false },
        ...{ refreshToken: undefined, deadRefreshTokens: [], accessTokens: new Map() },
        isOver: false,
      };
      promised.push(connection);
      await useConnection(target, connection, round % 3).catch((error: unknown) => {
        if (!(error instanceof UnansweredError)) throw error;
      });
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** The server was killed while this was under way. */
function isGone(error: unknown): boolean {
  return error instanceof TypeError && /fetch failed|terminated/.test(error.message);
}

/** A 503: the disk is too slow just now, and the server promises nothing. */
class UnansweredError extends Error {}

/** @throws UnansweredError */
function expectOk(answer: { status: number; body?: unknown }): void {
  if (answer.status === 503) throw new UnansweredError();
  if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
}

/** Asks again for ten seconds where the answer is a 503: what was promised holds once it can be asked about. */
async function patiently<Answer extends { status: number }>(
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const deadline = performance.now() + 10_000;
  let answer = await ask();
  while (answer.status === 503 && performance.now() < deadline) {
    await sleep(200);
    answer = await ask();
  }
  return answer;
}

async function useConnection(target: Target, it: Connection, ending: number): Promise<void> {
  const first = await redeem(target, it.app, it.code, it.pkce);
  expectOk(first);
  it.codeIsUsed = true;
  it.accessTokens.set(first.body.access_token!, 'active');
  it.refreshToken = first.body.refresh_token!;
  for (let turn = 0; turn < 2; turn += 1) {
    const old = it.refreshToken;
    it.refreshToken = undefined;
    const next = await refresh(target, it.app, old);
    expectOk(next);
    it.refreshToken = next.body.refresh_token!;
    it.accessTokens.set(next.body.access_token!, 'active');
    it.deadRefreshTokens.push(old);
  }
  if (ending === 1) {
    const [accessToken = ''] = it.accessTokens.keys();
    it.accessTokens.delete(accessToken);
    expectOk(await revoke(target, it.app, accessToken));
    it.accessTokens.set(accessToken, 'denied');
  }
  if (ending === 2) {
    const [old, accessTokens] = [it.refreshToken, [...it.accessTokens.keys()]];
    it.refreshToken = undefined;
    it.accessTokens.clear();
    expectOk(await revoke(target, it.app, old));
    it.isOver = true;
    it.deadRefreshTokens = [old];
    for (const accessToken of accessTokens) it.accessTokens.set(accessToken, 'denied');
  }
}

/** Holds the server to what it has answered. */
export async function expectKept(t: Test, target: Target, it: Connection): Promise<void> {
  const again = await patiently(async () =>
    it.agent.follow(await it.agent.get(authorizeUrl(target, it.app, newPkce()))),
  );
  const location = again.headers.get('location') ?? '';
  t.match(location, /[?&]code=/, 'the browser is signed in, and its consent is remembered', {
    status: again.status,
    url: again.url,
  });
  for (const [accessToken, state] of it.accessTokens) {
    const { body } = await patiently(() => introspect(target, it.app, accessToken));
    t.equal(body.active, state === 'active', `an access token is ${state}`);
  }
  if (it.refreshToken) {
    const { refreshToken } = it;
    const next = await patiently(() => refresh(target, it.app, refreshToken));
    t.equal(next.status, 200, 'the refresh token that was answered works', { body: next.body });
  } else if (it.codeIsUsed === false) {
    const answer = await patiently(() => redeem(target, it.app, it.code, it.pkce));
    // Its redemption may have been under way.
    t.ok(
      answer.status === 200 || answer.body.error === 'invalid_grant',
      'a code works, or is used',
    );
  }
  for (const dead of it.deadRefreshTokens) {
    const { body } = await patiently(() => refresh(target, it.app, dead));
    t.equal(body.error, 'invalid_grant', 'a refresh token that was used or revoked is refused');
  }
  if (it.codeIsUsed) {
    const { body } = await patiently(() => redeem(target, it.app, it.code, it.pkce));
    t.equal(body.error, 'invalid_grant', 'a used code stays used');
  }
}
