import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import type { Test } from 'tap';
import { freePort } from './gatehouse.ts';

const PATIENCE_MS = 20_000;

/** A Redis of the test's own, to be stopped and frozen at will. */
export interface RedisServer {
  readonly url: string;
  /** Empty, at the same address as before. */
  start(): Promise<void>;
  /** SIGKILL: connections break, new ones are refused, and what was counted is lost. */
  stop(): Promise<void>;
  /** SIGSTOP: connections stay, new ones are taken, and nobody answers. */
  pause(): void;
  resume(): void;
  /** Runs a command as an operator would. */
  command(...words: string[]): Promise<unknown>;
}

/** Debian's server; undefined where there is none. */
export function findRedis(): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return directories.map((directory) => join(directory, 'redis-server')).find(isProgram);
}

/**
 * As {@link findRedis}; with CI set it must be there, because .ci/run installs it. Where there is none and
 * nobody promised one, it says so on standard error.
 */
export function expectRedis(t: Pick<Test, 'ok'>): string | undefined {
  const program = findRedis();
  t.ok(program ?? !process.env.CI, 'redis-server is installed, or nobody promised it (CI)');
  if (!program) process.stderr.write(NOTICE);
  return program;
}

const NOTICE = `
  ****************************************************************************
  A test with a real Redis DID NOT RUN: there is no redis-server in the PATH.
  To run it, install Debian's package:  apt-get install redis-server
  ****************************************************************************
`;

/**
 * On a free port of this machine; stopped when the test ends.
 *
 * @param options.password wanted of every client, and part of the URL
 * @param options.configuration more lines of redis.conf
 */
export async function startRedis(
  t: { teardown(work: () => Promise<void>): unknown },
  program: string,
  options: { password?: string; configuration?: string[] } = {},
): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-redis-'));
  const port = await freePort();
  const login = options.password === undefined ? '' : `default:${options.password}@`;
  const url = `redis://${login}127.0.0.1:${port}`;
  const configuration = [
    ...[`port ${port}`, 'bind 127.0.0.1', `dir ${directory}`, 'save ""', 'appendonly no'],
    ...(options.password === undefined ? [] : [`requirepass ${options.password}`]),
    ...(options.configuration ?? []),
  ].join('\n');
  let child: ChildProcess | undefined;

  const command = async (...words: string[]): Promise<unknown> => {
    const client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false } });
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.sendCommand(words);
    } finally {
      client.destroy();
    }
  };
  const stop = async () => {
    if (!child) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    child = undefined;
  };
  const start = async () => {
    child = spawn(program, ['-'], { stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin!.end(configuration);
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const answer = await command('PING').catch(() => undefined);
      if (answer === 'PONG') return;
      await sleep(20);
    }
    throw new Error('redis-server does not start');
  };
  t.teardown(async () => {
    await stop();
    await rm(directory, { recursive: true, force: true });
  });
  await start();
  return {
    ...{ url, start, stop, command },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
