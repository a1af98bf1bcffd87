import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
  const child = spawn(process.execPath, [options.file, ...(options.args ?? [])], {
    env: { ...process.env, LOG_LEVEL: 'warn', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = `${output}${text}`.slice(-4000);
    });
  }
  const exited = once(child, 'exit');
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exited;
  };
  const deadline = performance.now() + START_PATIENCE_MS;
  const ready = new URL(options.readyPath ?? '/readyz', options.url);
  while (!(await answers(ready))) {
    if (child.exitCode !== null || performance.now() > deadline) {
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
