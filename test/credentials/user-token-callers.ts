import { randomBytes } from 'node:crypto';
import type { Role } from '../../src/identity/identity.ts';
import type { TestGatehouse, TestUser } from '../support/gatehouse.ts';
import type { Server } from '../support/two-servers.ts';

// Whoever calls KLIQ: its token endpoints as the SDK does, its API through the gate.

export const TOKEN_PATH = '/v1/auth/token';
export const REFRESH_PATH = '/v1/auth/refresh';

export const SYSTEM = { actor: { kind: 'system' } } as const;

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & {
    accessToken?: string;
    refreshToken?: string;
    scope?: string;
    organizationId?: string;
    message?: string;
  };
  text: string;
}

export interface Pair {
  accessToken: string;
  refreshToken: string;
  scope: string;
  organizationId: string;
}

/** Sends a body as it stands. */
export async function send(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', ...init });
  const text = await response.text();
  const { status, headers } = response;
  return { status, headers, text, body: text.startsWith('{') ? JSON.parse(text) : {} };
}

export const postJson = (url: string, body: unknown): Promise<Answer> =>
  send(url, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

export const exchange = (
  { issuer }: Server,
  { email, password }: Pick<TestUser, 'email' | 'password'>,
  more: object = {},
) => postJson(issuer + TOKEN_PATH, { email, password, ...more });

export const refresh = ({ issuer }: Server, refreshToken: string, more: object = {}) =>
  postJson(issuer + REFRESH_PATH, { refreshToken, ...more });

/** A pair, which must be given. */
export async function obtainPair(
  server: Server,
  user: Pick<TestUser, 'email' | 'password'>,
  more: object = {},
): Promise<Pair> {
  const answer = await exchange(server, user, more);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body as unknown as Pair;
}

/** What the gate says to a bearer token. */
export async function decide(
  { address, adminKey }: TestGatehouse,
  accessToken: string,
  path: string,
  method = 'GET',
): Promise<{ allowed: boolean; status: number; reason: string | null }> {
  const headers = { authorization: `Bearer ${accessToken}` };
  const response = await fetch(`${address}/gate/decision`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ method, path, headers, address: '192.0.2.1' }),
  });
  return (await response.json()) as Awaited<ReturnType<typeof decide>>;
}

export const observationsOf = (organizationId: string) =>
  `/v1/tenants/${organizationId}/observations`;

/** Whether the gate lets the pair's access token read what its organization has. */
export const isHonoured = async (gatehouse: TestGatehouse, pair: Pair) =>
  (await decide(gatehouse, pair.accessToken, observationsOf(pair.organizationId))).allowed;

let people = 0;

/** A user without an organization, or with a role in one. */
export async function addPerson(
  { identity }: Pick<TestGatehouse, 'identity'>,
  place?: { organizationId: string; role: Role },
): Promise<Pick<TestUser, 'id' | 'email' | 'password'>> {
  people += 1;
  const email = `caller-${process.pid}-${people}@example.com`;
  const password = `correct horse ${randomBytes(6).toString('hex')}`;
  const name = 'Grace Example';
  const outcome = await identity.createUser({ email, password, name, ...place }, SYSTEM);
  if (outcome.outcome !== 'created') throw new Error(outcome.outcome);
  return { id: outcome.user.id, email, password };
}
