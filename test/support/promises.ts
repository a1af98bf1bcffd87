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
import type { TestClient, TestGatehouse, TestUser } from './gatehouse.ts';
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
  /** Outlives its tokens; undefined while its end is under way. */
  consent: 'given' | 'ended' | undefined;
}

/** What becomes of connections, in turn. */
const ENDINGS = ['goes on', 'access token revoked', 'grant revoked', 'disconnected'] as const;

type Ending = (typeof ENDINGS)[number];

export interface Work {
  /** Nobody else's: ending a consent ends whatever the user allowed the app. */
  user: TestUser;
  /** Each is connected once, for the same reason. */
  apps: readonly TestClient[];
  /** Where among the endings it begins. */
  firstEnding: number;
}

/** Makes connections, one after the other, until the server is gone. */
export async function makeConnections(
  target: Target,
  { user, apps, firstEnding }: Work,
  promised: Connection[],
): Promise<void> {
  const agent = createUserAgent();
  try {
    for (const [round, app] of apps.entries()) {
      const pkce = newPkce();
      const back = await authorize(agent, authorizeUrl(target, app, pkce), user);
      const connection: Connection = {
        ...{ app, agent, pkce, code: back.searchParams.get('code')!, codeIsUsed: false },
        ...{ refreshToken: undefined, deadRefreshTokens: [], accessTokens: new Map() },
        consent: 'given',
      };
      promised.push(connection);
      await useConnection(target, connection, ENDINGS[(firstEnding + round) % ENDINGS.length]!);
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** The server was killed while this was under way. */
function isGone(error: unknown): boolean {
  return error instanceof TypeError && /fetch failed|terminated/.test(error.message);
}

/** A revocation counts as promised once it was answered (RFC 7009 §2.2). */
async function expectRevoked(target: Target, app: TestClient, token: string): Promise<void> {
  const { status, body } = await revoke(target, app, token);
  if (status !== 200) throw new Error(`revocation: ${status} ${JSON.stringify(body)}`);
}

/** Takes the consent back on the user's page, which lists the app that was used last first. */
async function disconnect({ issuer }: Target, { agent }: Connection): Promise<void> {
  const page = await agent.get(`${issuer}/dashboard/connected-apps`);
  const form = page.forms.find(({ action }) => action.endsWith('/disconnect'));
  const answer = form && (await agent.submit(page, form));
  const location = answer?.headers.get('location');
  if (!location?.endsWith('?done=app_disconnected')) {
    throw new Error(`disconnecting: ${page.status}, ${answer?.status} ${location}`);
  }
}

async function useConnection(target: Target, it: Connection, ending: Ending): Promise<void> {
  const first = await redeem(target, it.app, it.code, it.pkce);
  if (first.status !== 200) throw new Error(JSON.stringify(first.body));
  it.codeIsUsed = true;
  it.accessTokens.set(first.body.access_token!, 'active');
  it.refreshToken = first.body.refresh_token!;
  for (let turn = 0; turn < 2; turn += 1) {
    const old = it.refreshToken;
    it.refreshToken = undefined;
    const next = await refresh(target, it.app, old);
    if (next.status !== 200) throw new Error(JSON.stringify(next.body));
    it.refreshToken = next.body.refresh_token!;
    it.accessTokens.set(next.body.access_token!, 'active');
    it.deadRefreshTokens.push(old);
  }
  if (ending === 'access token revoked') {
    const [accessToken = ''] = it.accessTokens.keys();
    it.accessTokens.delete(accessToken);
    await expectRevoked(target, it.app, accessToken);
    it.accessTokens.set(accessToken, 'denied');
  }
  if (ending === 'grant revoked' || ending === 'disconnected') {
    const [old, accessTokens] = [it.refreshToken, [...it.accessTokens.keys()]];
    it.refreshToken = undefined;
    it.accessTokens.clear();
    if (ending === 'disconnected') {
      it.consent = undefined;
      await disconnect(target, it);
      it.consent = 'ended';
    } else {
      await expectRevoked(target, it.app, old);
    }
    it.deadRefreshTokens = [old];
    for (const accessToken of accessTokens) it.accessTokens.set(accessToken, 'denied');
  }
}

/** Holds the server to what it has answered. */
export async function expectKept(t: Test, target: Target, it: Connection): Promise<void> {
  const again = await it.agent.follow(await it.agent.get(authorizeUrl(target, it.app, newPkce())));
  const seen = { status: again.status, url: again.url };
  const isAsked = again.forms.some(({ action }) => action.endsWith('/consent'));
  if (it.consent === 'ended') {
    t.ok(isAsked, 'the browser is signed in, and asked again for the consent that ended', seen);
  } else if (it.consent === 'given' || !isAsked) {
    const location = again.headers.get('location') ?? '';
    t.match(location, /[?&]code=/, 'the browser is signed in, and its consent is remembered', seen);
  }
  for (const [accessToken, state] of it.accessTokens) {
    const { body } = await introspect(target, it.app, accessToken);
    t.equal(body.active, state === 'active', `an access token is ${state}`);
  }
  if (it.refreshToken) {
    const next = await refresh(target, it.app, it.refreshToken);
    t.equal(next.status, 200, 'the refresh token that was answered works', { body: next.body });
  } else if (it.codeIsUsed === false) {
    const answer = await redeem(target, it.app, it.code, it.pkce);
    // Its redemption may have been under way.
    t.ok(
      answer.status === 200 || answer.body.error === 'invalid_grant',
      'a code works, or is used',
    );
  }
  for (const dead of it.deadRefreshTokens) {
    const { body } = await refresh(target, it.app, dead);
    t.equal(body.error, 'invalid_grant', 'a refresh token that was used or revoked is refused');
  }
  if (it.codeIsUsed) {
    const { body } = await redeem(target, it.app, it.code, it.pkce);
    t.equal(body.error, 'invalid_grant', 'a used code stays used');
  }
}
