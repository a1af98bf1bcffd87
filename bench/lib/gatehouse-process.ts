import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ServerProcess, startServerProcess } from './server-process.ts';

export interface GatehouseProcess extends ServerProcess {
  readonly dataDir: string;
  /** Calls the management API. */
  manage<T>(path: string, body: object): Promise<T>;
  /** From the start of the process to the first ready answer, milliseconds; an empty data directory. */
  readonly startedInMs: number;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A whole server as a newcomer starts it: its own durable Postgres, the default log level, no demo. */
export async function startGatehouseProcess(
  environment: Record<string, string> = {},
): Promise<GatehouseProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const adminKey = randomBytes(24).toString('base64url');
  const begin = performance.now();
  const server = await startServerProcess({
    file: MAIN,
    url,
    env: {
      ...{ PORT: String(port), DATA_DIR: dataDir, ADMIN_KEY: adminKey, DEMO: '0' },
      LOG_LEVEL: 'info',
      ...environment,
    },
  });
  return {
    ...server,
    dataDir,
    startedInMs: performance.now() - begin,
    async manage(path, body) {
      const answer = await fetch(`${url}/manage/v1${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer.json() as never;
    },
    async stop() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
