import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface ServerProcessOptions {
  /** A program for Node. */
  file: string;
  args?: string[];
  env?: Record<string, string>;
  /** Where it listens. */
  url: string;
  /** Ready when this path answers 2xx; default: /readyz */
  readyPath?: string;
}

const START_PATIENCE_MS = 30_000;

/**
 * Starts a server in a process of its own and waits until it answers.
 *
 * @throws Error with the end of its output when it ends or stays silent for 30 seconds
 */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  // To a file, as a service manager would have it: read from a pipe here, it would cost the load's core.
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-bench-log-'));
  const logFile = join(directory, 'log');
  const log = openSync(logFile, 'w');
  const child = spawn(process.execPath, [options.file, ...(options.args ?? [])], {
    env: { ...process.env, LOG_LEVEL: 'warn', ...options.env },
    stdio: ['ignore', log, log],
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exited;
    closeSync(log);
    rmSync(directory, { recursive: true });
  };
  const deadline = performance.now() + START_PATIENCE_MS;
  const ready = new URL(options.readyPath ?? '/readyz', options.url);
  while (!(await answers(ready))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      const output = readFileSync(logFile, 'utf8').slice(-4_000);
      await stop();
      throw new Error(`${options.file} does not answer at ${ready}:\n${output}`);
    }
    await sleep(50);
  }
  return { url: options.url, pid: child.pid!, stop };
}

async function answers(url: URL): Promise<boolean> {
  return fetch(url).then(
    (answer) => answer.ok,
    () => false,
  );
}
