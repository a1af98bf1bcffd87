import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findPostmaster, stopPostmaster } from '../../src/database/postmaster.ts';
import { freePort } from './gatehouse.ts';

// Gatehouse as operators run it: in a process of its own, told by its environment only.

const CLONE = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(CLONE, 'src/main.ts');
/**
 * tap puts itself into every node that a test starts, with a thread of its own and a report to be written at
 * the end: on a busy disk a stop took seconds by it that takes 20 ms.
 */
const WITHOUT_TAP = ['-u', 'NODE_OPTIONS'];
/** It warns of what it finds in the settings of whoever runs the tests. */
const BY_NPM = ['npm', 'start', '--loglevel=error'];
/** Eight at once, on two busy processors. */
const READY_PATIENCE_MS = 120_000;

type Test = { teardown(work: () => Promise<void>): unknown };

export interface SpawnOptions {
  /** On top of a fresh DATA_DIR, a free PORT and DEMO=0; undefined takes one of these away. */
  environment?: Record<string, string | undefined>;
  cwd?: string;
  /** By `npm start`, as the README says; default `node src/main.ts`, which a container runs. */
  byNpm?: boolean;
}

export interface GatehouseProcess {
  readonly pid: number;
  readonly port: number;
  readonly issuer: string;
  readonly dataDir: string;
  /** What it has written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /**
   * The exit code, or null after a signal; settles when the process is gone, with all that could still write
   * to its output, and the output read.
   */
  readonly exited: Promise<number | null>;
  readonly isRunning: boolean;
  /** Sends the signal and waits for the end. Default SIGTERM. */
  kill(signal?: NodeJS.Signals): Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
  /** Whoever reads its standard output goes away. */
  closeOutput(): void;
  /** Waits until it answers that it is ready; fails with its output when it ends before. */
  ready(): Promise<void>;
}

/** A directory for DATA_DIR, mode 0700; whatever Postgres runs in it is stopped when the test ends. */
export async function newDataDir(t: Test): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'gatehouse-process-'));
  const dataDir = join(root, 'data');
  t.teardown(async () => {
    await stopPostmaster(join(dataDir, 'postgres'));
    await rm(root, { recursive: true, force: true });
  });
  return dataDir;
}

/** Starts a process and doesn't wait; it is killed when the test ends. */
export async function launchGatehouse(
  t: Test,
  options: SpawnOptions = {},
): Promise<GatehouseProcess> {
  const { environment = {}, cwd = CLONE, byNpm = false } = options;
  const dataDir = environment.DATA_DIR ?? (await newDataDir(t));
  const port = Number(environment.PORT ?? (await freePort()));
  const child = spawn('env', [...WITHOUT_TAP, ...(byNpm ? BY_NPM : [process.execPath, MAIN])], {
    cwd,
    env: {
      ...{ PATH: process.env.PATH, HOME: process.env.HOME, DEMO: '0' },
      // It reads the same files as the tests do.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE && resolve(process.env.NODE_COMPILE_CACHE),
      ...{ DATA_DIR: dataDir, PORT: String(port), ...environment },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: byNpm,
  });
  const gatehouse = observe(child, { port, dataDir });
  t.teardown(async () => {
    if (!gatehouse.isRunning) return;
    // npm cannot hand this signal on; all that it started is in a group with it.
    if (byNpm) process.kill(-gatehouse.pid, 'SIGKILL');
    await gatehouse.kill('SIGKILL');
  });
  return gatehouse;
}

/** Starts a process and waits until it is ready. */
export async function spawnGatehouse(
  t: Test,
  options: SpawnOptions = {},
): Promise<GatehouseProcess> {
  const gatehouse = await launchGatehouse(t, options);
  await gatehouse.ready();
  return gatehouse;
}

/** For a start that is to fail: runs until the end. */
export async function runGatehouse(
  t: Test,
  options: SpawnOptions = {},
): Promise<{ code: number | null; stdout: string; stderr: string; tookMs: number }> {
  const start = performance.now();
  const gatehouse = await launchGatehouse(t, options);
  const code = await gatehouse.exited;
  const { stdout, stderr } = gatehouse;
  return { code, stdout, stderr, tookMs: performance.now() - start };
}

function observe(
  child: ChildProcess,
  { port, dataDir }: { port: number; dataDir: string },
): GatehouseProcess {
  const written = { stdout: '', stderr: '' };
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (written.stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (written.stderr += text));
  let isRunning = true;
  const exited = once(child, 'close').then(([code]) => {
    isRunning = false;
    return code as number | null;
  });
  const issuer = `http://127.0.0.1:${port}`;

  async function ready(): Promise<void> {
    const deadline = performance.now() + READY_PATIENCE_MS;
    while (isRunning && performance.now() < deadline) {
      const answer = await fetch(`${issuer}/readyz`).catch(() => undefined);
      await answer?.arrayBuffer();
      if (answer?.status === 200) return;
      await sleep(30);
    }
    throw new Error(
      `Gatehouse is ${isRunning ? 'not ready' : 'gone'}.\n${written.stdout}\n${written.stderr}`,
    );
  }

  return {
    ...{ pid: child.pid!, port, issuer, dataDir, exited, ready },
    get stdout() {
      return written.stdout;
    },
    get stderr() {
      return written.stderr;
    },
    get isRunning() {
      return isRunning;
    },
    signal: (signal) => void child.kill(signal),
    closeOutput: () => void child.stdout!.destroy(),
    async kill(signal = 'SIGTERM') {
      child.kill(signal);
      return exited;
    },
  };
}

/** How to reach the embedded Postgres of a data directory, as a second program on the machine would. */
export async function embeddedConnectionString(dataDir: string): Promise<string> {
  const directory = join(dataDir, 'postgres');
  const postmaster = await findPostmaster(directory);
  const password = (await readFile(join(directory, 'gatehouse.password'), 'utf8')).trim();
  return `postgresql://gatehouse:${password}@127.0.0.1:${postmaster?.port}/gatehouse`;
}
