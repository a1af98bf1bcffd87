import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { type ExactRequest, exactRequest } from '../support/exact-request.ts';
import { freePort } from '../support/gatehouse.ts';
import type { RawAnswer } from '../support/raw-request.ts';

/** What the API behind the gate was asked. */
export interface Arrived {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  bytes: number;
  digest: string;
}

export interface Api {
  port: number;
  arrived: Arrived[];
  /** When the first part of the next body is here. */
  beginning(): Promise<unknown>;
  close(): Promise<void>;
}

/** An API that tells what it was asked, answers with the status in ?answer=, and echoes after an upgrade. */
export async function startApi(t: Test): Promise<Api> {
  const arrived: Arrived[] = [];
  const parts = new EventEmitter();
  const server = createServer(async (incoming, answer) => {
    const { method = '', url = '', headers } = incoming;
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of incoming) {
      parts.emit('part');
      bytes += chunk.length;
      hash.update(chunk);
    }
    arrived.push({ method, url, headers, bytes, digest: hash.digest('hex') });
    answerAsAsked(url, answer);
  });
  server.on('upgrade', (incoming, socket) => {
    const { method = '', url = '', headers } = incoming;
    arrived.push({ method, url, headers, bytes: 0, digest: '' });
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n');
    socket.write(`upgrade: ${headers.upgrade}\r\n\r\n`);
    socket.pipe(socket).on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  t.teardown(close);
  return { port, arrived, close, beginning: () => once(parts, 'part') };
}

function answerAsAsked(url: string, answer: ServerResponse): void {
  answer.statusCode = Number(/[?&]answer=(\d+)/.exec(url)?.[1] ?? 200);
  answer.setHeader('content-type', 'text/plain');
  answer.setHeader('x-ratelimit-limit', 'the API’s own'.length);
  answer.end('from the API');
}

/** Debian keeps nginx where only root's PATH leads. */
export function findProgram(name: string): string | undefined {
  const path = [process.env.PATH, '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'].join(
    delimiter,
  );
  const found = spawnSync('sh', ['-c', `command -v ${name}`], {
    env: { PATH: path },
    encoding: 'utf8',
  });
  return found.stdout.trim() || undefined;
}

export const readDeployed = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url)), 'utf8');

/** What stands in a shipped configuration, and what a test puts in its place: each is there. */
export function adapt(text: string, places: Record<string, string>): string {
  let adapted = text;
  for (const [place, own] of Object.entries(places)) {
    if (!adapted.includes(place)) throw new Error(`the configuration has no ${place} to adapt`);
    adapted = adapted.replaceAll(place, own);
  }
  return adapted;
}

/** A proxy in front of the API, and of nothing else. */
export interface GatedApi {
  port: number;
  api: Api;
  send(asked: ExactRequest): Promise<RawAnswer>;
  /** Everything the proxy logged. */
  logs(): string;
}

export interface ProxyProgram {
  program: string;
  /** The shipped file, adapted to this machine. */
  configuration(places: {
    directory: string;
    port: number;
    gatehousePort: number;
    apiPort: number;
  }): string;
  arguments(file: string, directory: string): string[];
  /** To find a mistake in the configuration, with what the program says about it. */
  check(file: string, directory: string): string[];
}

export async function startGatedApi(
  t: Test,
  proxy: ProxyProgram,
  gatehousePort: number,
): Promise<GatedApi> {
  const api = await startApi(t);
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-gate-'));
  // Root's workers run as another user.
  await chmod(directory, 0o777);
  const port = await freePort();
  const file = join(directory, 'configuration');
  const places = { directory, port, gatehousePort, apiPort: api.port };
  await writeFile(file, proxy.configuration(places));
  // A file, and no pipe: nginx opens /dev/stdout by name.
  const log = join(directory, 'log');
  const output = openSync(log, 'a');
  const options = {
    stdio: ['ignore', output, output] as ['ignore', number, number],
    env: { ...process.env, HOME: directory },
  };
  const check = spawnSync(proxy.program, proxy.check(file, directory), options);
  if (check.status !== 0) throw new Error(`the configuration is not good: ${read(log)}`);
  const running = spawn(proxy.program, proxy.arguments(file, directory), options);
  t.teardown(async () => {
    if (running.exitCode === null) {
      const exited = once(running, 'exit');
      running.kill('SIGTERM');
      await exited;
    }
    closeSync(output);
    await rm(directory, { recursive: true, force: true });
  });
  for (let tries = 0; tries < 400 && !(await listens(port)); tries += 1) await sleep(25);
  return { port, api, send: (asked) => exactRequest(port, asked), logs: () => read(log) };
}

const read = (file: string) => readFileSync(file, 'utf8');

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const probe = connect({ port, host: '127.0.0.1' })
      .on('connect', () => resolve(true))
      .on('error', () => resolve(false))
      .on('connect', () => probe.destroy());
  });
