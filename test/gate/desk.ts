import type { Test } from 'tap';
import type { Platform } from '../../src/platform/platform.ts';
import {
  startGatehouse,
  type TestGatehouse,
  type TestGatehouseOptions,
} from '../support/gatehouse.ts';

export interface Decided {
  allowed: boolean;
  status: number;
  reason: string | null;
  principal: {
    kind: string;
    id: string;
    organization_id: string | null;
    environment: string | null;
    scopes: string[];
    plan: string | null;
  } | null;
  headers: Record<string, string>;
  body: never;
}

export interface MadeKey {
  id: string;
  key: string;
  organization_id: string;
}

export type Desk = Awaited<ReturnType<typeof openDesk>>;

/** A server of one platform, asked over HTTP as an operator and an upstream API would. */
export async function openDesk(
  t: Pick<Test, 'teardown'>,
  platform: string | Platform,
  options: TestGatehouseOptions = {},
) {
  const gatehouse = await startGatehouse(t, { ...options, platform });

  const decide = async (
    method: string,
    path: string,
    headers: Record<string, string | string[]> = {},
    address = '192.0.2.1',
  ): Promise<Decided> =>
    (await call(gatehouse, 'POST', '/gate/decision', { method, path, headers, address })).body;

  return {
    gatehouse,
    decide,
    bearer: (method: string, path: string, credential: string, more: Record<string, string> = {}) =>
      decide(method, path, { authorization: `Bearer ${credential}`, ...more }),
    call: (method: string, path: string, body?: object, authorization?: string) =>
      call(gatehouse, method, path, body, authorization),
    async organization(plan?: string): Promise<string> {
      const made = await call(gatehouse, 'POST', '/manage/v1/organizations', {
        name: 'Acme',
        ...(plan ? { plan } : {}),
      });
      return made.body.id;
    },
    async key(organizationId: string, more: object = {}): Promise<MadeKey> {
      const made = await call(gatehouse, 'POST', '/manage/v1/api-keys', {
        organization_id: organizationId,
        name: 'Test key',
        ...more,
      });
      if (made.status !== 201) throw new Error(JSON.stringify(made.body));
      return made.body;
    },
  };
}

async function call(
  { issuer, adminKey }: TestGatehouse,
  method: string,
  path: string,
  body?: object,
  authorization = `Bearer ${adminKey}`,
) {
  const response = await fetch(issuer + path, {
    method,
    headers: { authorization, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text), text };
}
