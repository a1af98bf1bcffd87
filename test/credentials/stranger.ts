import { randomUUID } from 'node:crypto';
import { loadPlatform } from '../../src/platform/load.ts';
import type { Platform, PlaygroundKeys } from '../../src/platform/platform.ts';
import type { TestGatehouse } from '../support/gatehouse.ts';

export const KEYS_PATH = '/api/v1/playground/keys';
export const DISCOVERIES = '/api/v1/playground/discoveries';

/** Lets a request name the address it comes from, in X-Forwarded-For. */
export const BEHIND_PROXY = { environment: { TRUST_PROXY: 'loopback' } };

export const newFingerprint = () => `browser-${randomUUID()}`;

export interface IssueAnswer {
  status: number;
  headers: Headers;
  text: string;
  body: {
    key: string;
    hint: string;
    expires_at: string;
    organization_id: string;
    limits: {
      name: string;
      title: string;
      limit: number;
      used: number;
      remaining: number;
      window_seconds: number | null;
    }[];
    error?: string;
    message?: string;
    retry_after?: number;
  };
}

/** Asks for a key as a browser at that address would. */
export async function askForKey(
  { address: server }: Pick<TestGatehouse, 'address'>,
  body: unknown = { fingerprint: newFingerprint() },
  { from = '192.0.2.1', headers = {} }: { from?: string; headers?: Record<string, string> } = {},
): Promise<IssueAnswer> {
  const response = await fetch(server + KEYS_PATH, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': from, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}

/** KLOAKD, with another policy in part. */
export async function kloakdWith(
  policy: Partial<Extract<PlaygroundKeys, { enabled: true }>>,
): Promise<Platform> {
  const platform = await loadPlatform('kloakd');
  return {
    ...platform,
    playgroundKeys: { ...platform.playgroundKeys, ...policy } as PlaygroundKeys,
  };
}

/** KLOAKD with rates so high that tests of something else do not meet them. */
export async function unhurriedKloakd(): Promise<Platform> {
  const platform = await kloakdWith({ issueRate: { limit: 1_000, windowSeconds: 3_600 } });
  const namedLimits = platform.namedLimits.map((limit) =>
    limit.kind === 'rate' ? { ...limit, limit: 1_000 } : limit,
  );
  return { ...platform, namedLimits };
}

/** Where it stands with one limit. */
export const limitOf = (answer: IssueAnswer, name = 'playground_discoveries') =>
  answer.body.limits.find((limit) => limit.name === name);
