import { createHash, randomBytes } from 'node:crypto';
import type { TestClient, TestGatehouse, TestUser } from './gatehouse.ts';
import { createUserAgent, locationOf, type Page, type UserAgent } from './user-agent.ts';

export interface Pkce {
  verifier: string;
  challenge: string;
}

export function newPkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export type Parameters = Record<string, string | undefined>;

/** An authorization request; a parameter set to undefined is left out. */
export function authorizeUrl(
  { issuer }: Pick<TestGatehouse, 'issuer'>,
  client: Pick<TestClient, 'clientId' | 'redirectUri'>,
  pkce: Pkce,
  more: Parameters = {},
): string {
  const parameters: Parameters = {
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    response_type: 'code',
    scope: 'openid notes:read',
    state: 'a state',
    code_challenge: pkce.challenge,
    code_challenge_method: 'S256',
    ...more,
  };
  const url = new URL('/oauth/authorize', issuer);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}

/** Signs in on the page at hand and follows on. */
export async function signIn(agent: UserAgent, page: Page, user: TestUser): Promise<Page> {
  const form = page.forms.find(({ action }) => action.endsWith('/sign-in'));
  if (!form)
    throw new Error(`no sign-in form at ${page.url} (${page.status}): ${page.body.slice(0, 300)}`);
  const answer = await agent.submit(page, form, { email: user.email, password: user.password });
  return agent.follow(answer);
}

/** Answers the consent page at hand and follows on. */
export async function consent(
  agent: UserAgent,
  page: Page,
  changes: Record<string, string | string[]> = {},
): Promise<Page> {
  const form = page.forms.find(({ action }) => action.endsWith('/consent'));
  if (!form) throw new Error(`no consent form at ${page.url} (${page.status})`);
  return agent.follow(await agent.submit(page, form, { decision: 'allow', ...changes }));
}

/** The whole browser road, up to the redirect to the app. */
export async function authorize(
  agent: UserAgent,
  url: string,
  user: TestUser,
  answer: Record<string, string | string[]> = {},
): Promise<URL> {
  let page = await agent.follow(await agent.get(url));
  if (page.forms.some(({ action }) => action.endsWith('/sign-in')))
    page = await signIn(agent, page, user);
  if (page.forms.some(({ action }) => action.endsWith('/consent')))
    page = await consent(agent, page, answer);
  if (!page.headers.get('location')) {
    throw new Error(`no redirect at ${page.url} (${page.status}): ${page.body.slice(0, 500)}`);
  }
  return locationOf(page);
}

export interface TokenAnswer {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & {
    access_token?: string;
    refresh_token?: string;
    id_token?: string;
    error?: string;
    error_description?: string;
    scope?: string;
    expires_in?: number;
  };
}

/** Posts a form with HTTP Basic when the client has a secret, else with its client_id. */
export async function post(
  url: string,
  parameters: Parameters,
  client?: Pick<TestClient, 'clientId' | 'secret'>,
): Promise<TokenAnswer> {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) body.set(name, value);
  }
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
  if (client?.secret) {
    headers.authorization = `Basic ${Buffer.from(`${client.clientId}:${client.secret}`).toString('base64')}`;
  } else if (client) {
    body.set('client_id', client.clientId);
  }
  const response = await fetch(url, { method: 'POST', headers, body: body.toString() });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') ? JSON.parse(text) : {},
  };
}

export const token = (
  { issuer }: Pick<TestGatehouse, 'issuer'>,
  client: Pick<TestClient, 'clientId' | 'secret'>,
  parameters: Parameters,
) => post(`${issuer}/oauth/token`, parameters, client);

/** Trades a code in. */
export const redeem = (
  gatehouse: Pick<TestGatehouse, 'issuer'>,
  client: TestClient,
  code: string,
  pkce: Pkce,
  more: Parameters = {},
) =>
  token(gatehouse, client, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirectUri,
    code_verifier: pkce.verifier,
    ...more,
  });

export const refresh = (
  gatehouse: Pick<TestGatehouse, 'issuer'>,
  client: TestClient,
  refreshToken: string,
  more: Parameters = {},
) =>
  token(gatehouse, client, {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    ...more,
  });

export const introspect = (
  { issuer }: Pick<TestGatehouse, 'issuer'>,
  client: Pick<TestClient, 'clientId' | 'secret'>,
  value: string,
) => post(`${issuer}/oauth/introspect`, { token: value }, client);

export const revoke = (
  { issuer }: Pick<TestGatehouse, 'issuer'>,
  client: Pick<TestClient, 'clientId' | 'secret'>,
  value: string,
) => post(`${issuer}/oauth/revoke`, { token: value }, client);

export const userinfo = ({ issuer }: Pick<TestGatehouse, 'issuer'>, accessToken: string) =>
  fetch(`${issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${accessToken}` } });

/** A code, fresh from the browser road. */
export async function obtainCode(
  gatehouse: TestGatehouse,
  client: TestClient,
  user: TestUser,
  more: Parameters = {},
): Promise<{ code: string; pkce: Pkce; agent: UserAgent }> {
  const pkce = newPkce();
  const agent = createUserAgent();
  const back = await authorize(agent, authorizeUrl(gatehouse, client, pkce, more), user);
  const code = back.searchParams.get('code');
  if (!code) throw new Error(`no code in ${back.href}`);
  return { code, pkce, agent };
}

/** Tokens, fresh from the whole code flow. */
export async function obtainTokens(
  gatehouse: TestGatehouse,
  client: TestClient,
  user: TestUser,
  more: Parameters = {},
): Promise<TokenAnswer['body'] & { access_token: string; refresh_token: string }> {
  const { code, pkce } = await obtainCode(gatehouse, client, user, more);
  const answer = await redeem(gatehouse, client, code, pkce);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body as never;
}
