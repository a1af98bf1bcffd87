import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Server as NetServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadPlatform } from '../../src/platform/load.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { parseRoutePath } from '../../src/platform/routes.ts';
import {
  startGatehouse,
  type TestGatehouse,
  type TestGatehouseOptions,
} from '../support/gatehouse.ts';

type Test = { teardown(work: () => Promise<void>): unknown };

export interface Front {
  gatehouse: TestGatehouse;
  /** Where callers call. */
  address: string;
  port: number;
  key: string;
  organizationId: string;
  /** Of a caller who is let through. */
  bearer: { authorization: string };
  /** What was logged about requests that went upstream. */
  proxied(): Record<string, unknown>[];
}

/**
 * Klen, with an upstream behind it and figures that no test reaches. Below /v1 lies what its document
 * names; beside that everything is open to any key, under every method, Gatehouse's own paths included.
 */
export async function startFront(
  t: Test,
  upstream: RequestListener | Server | NetServer | string,
  options: TestGatehouseOptions & { timeoutSeconds?: number } = {},
): Promise<Front> {
  const url = typeof upstream === 'string' ? upstream : await listen(t, upstream);
  const platform = await wideOpen(options.timeoutSeconds ?? 30);
  const gatehouse = await startGatehouse(t, {
    ...{ platform, ...options },
    environment: { UPSTREAM: url, ...options.environment },
  });
  const organization = await manage(gatehouse, '/manage/v1/organizations', { name: 'Acme' });
  const { key = '' } = await manage(gatehouse, '/manage/v1/api-keys', {
    ...{ organization_id: organization.id, name: 'Test key', scopes: ['can_read_calls'] },
  });
  return {
    ...{ gatehouse, key, address: gatehouse.address, organizationId: organization.id! },
    port: Number(new URL(gatehouse.address).port),
    bearer: { authorization: `Bearer ${key}` },
    proxied: () =>
      gatehouse.logLines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'proxied'),
  };
}

async function wideOpen(timeoutSeconds: number): Promise<Platform> {
  const klen = await loadPlatform('klen');
  const open = {
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const,
    ...{ path: '/*', segments: parseRoutePath('/*') },
    ...{ meters: ['requests_per_minute_limit'], playground: false },
  };
  return {
    ...klen,
    routes: [...klen.routes, open],
    namedLimits: klen.namedLimits.map((limit) => ({ ...limit, limit: 1_000_000 })),
    upstream: { timeoutSeconds },
  };
}

async function listen(t: Test, upstream: RequestListener | Server | NetServer): Promise<string> {
  const server = typeof upstream === 'function' ? createServer(upstream) : upstream;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function manage(
  { issuer, adminKey }: TestGatehouse,
  path: string,
  body: object,
): Promise<Record<string, string>> {
  const response = await fetch(issuer + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (response.status !== 201) throw new Error(text);
  return JSON.parse(text);
}

/** A connection that is written to byte by byte. */
export async function dial(t: Test, port: number, allowHalfOpen = false) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen });
  t.teardown(async () => void socket.destroy());
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const ended = Promise.race([closed, once(socket, 'end').catch(() => {})]);
  await once(socket, 'connect');
  return {
    ...{ socket, closed, ended, read: () => text },
    send: (...lines: string[]) => socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
    /** Waits for what is to come. */
    until: (pattern: RegExp) =>
      eventually(() => pattern.exec(text)?.[0], `${pattern} in ${JSON.stringify(text)}`),
  };
}

/** Waits for a condition; fails when it does not come true. */
export async function eventually<T>(
  condition: () => T | undefined | false,
  what: string,
): Promise<T> {
  for (let turn = 0; turn < 1_000; turn += 1) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    await sleep(10);
  }
  throw new Error(`did not come true within ten seconds: ${what}`);
}
