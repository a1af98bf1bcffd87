import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { chooseIdentity, giveTo, serverEnvironment } from '../../src/database/postgres-binaries.ts';
import { findPostmaster, stopPostmaster } from '../../src/database/postmaster.ts';
import { freePort } from './gatehouse.ts';
import { databaseUrl, withClient } from './postgres-server.ts';

const HOME = '/usr/lib/postgresql';

/** A Postgres of the operating system's, with a cluster of its own, to be stopped and frozen at will. */
export interface InstalledPostgres {
  version: string;
  /** Of an empty database. */
  connectionString: string;
  start(): Promise<void>;
  /** As an administrator does: sessions are ended, new ones refused. */
  stop(): Promise<void>;
  /** SIGSTOP of every process: connections stay, and nobody answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** SIGKILL of every process. */
  crash(): Promise<void>;
}

/** Where Debian puts its newest server; undefined where there is none. */
export function findInstalledPostgres(): string | undefined {
  if (!existsSync(HOME)) return undefined;
  const versions = readdirSync(HOME).filter((name) => existsSync(join(HOME, name, 'bin/postgres')));
  return versions.sort((a, b) => Number(b) - Number(a))[0];
}

/**
 * As {@link findInstalledPostgres}; with CI set it must be there, because .ci/run installs it. Where there
 * is none and nobody promised one, it says so on standard error.
 */
export function expectInstalledPostgres(t: Pick<Test, 'ok'>): string | undefined {
  const version = findInstalledPostgres();
  t.ok(version ?? !process.env.CI, `a server is in ${HOME}, or nobody promised it (CI)`);
  if (!version) process.stderr.write(NOTICE);
  return version;
}

const NOTICE = `
  ****************************************************************************
  A test with a Postgres of the system DID NOT RUN: there is none in ${HOME}.
  To run it, install Debian's package:  apt-get install postgresql
  ****************************************************************************
`;

export async function startInstalledPostgres(
  t: { teardown(work: () => Promise<void>): unknown },
  version: string,
): Promise<InstalledPostgres> {
  const bin = join(HOME, version, 'bin');
  const binaries = { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb') };
  const root = await mkdtemp(join(tmpdir(), 'gatehouse-installed-'));
  const directory = join(root, 'data');
  const identity = await chooseIdentity(binaries, root);
  await giveTo(identity, root);
  const made = identity.command(binaries.initdb, [
    ...['--pgdata', directory, '--username=gatehouse', '--auth=trust', '--no-sync'],
    ...['--encoding=UTF8', '--locale=C'],
  ]);
  const environment = { cwd: root, env: serverEnvironment() };
  const result = spawnSync(made.file, made.args, {
    ...{ ...made.account, ...environment, encoding: 'utf8' },
  });
  if (result.status !== 0) throw new Error(result.stderr);

  const port = await freePort();
  const admin = `postgresql://gatehouse@127.0.0.1:${port}/postgres`;
  const server = identity.command(binaries.postgres, [
    ...['-D', directory, '-p', String(port), '-c', 'listen_addresses=127.0.0.1'],
    ...['-c', 'unix_socket_directories=', '-c', 'fsync=off'],
  ]);
  const pids = async (): Promise<number[]> => {
    const postmaster = await findPostmaster(directory);
    return postmaster ? [postmaster.pid, ...childrenOf(postmaster.pid)] : [];
  };
  const signalAll = async (signal: NodeJS.Signals) => {
    for (const pid of await pids()) process.kill(pid, signal);
  };
  const start = async () => {
    spawn(server.file, server.args, {
      ...{ ...server.account, ...environment, stdio: 'ignore', detached: true },
    }).unref();
    for (let tries = 0; tries < 200; tries += 1) {
      const answer = await withClient(admin, (client) => client.query('SELECT 1')).catch(() => 0);
      if (answer !== 0) return;
      await sleep(50);
    }
    throw new Error('the installed Postgres does not start');
  };
  t.teardown(async () => {
    await signalAll('SIGCONT');
    await stopPostmaster(directory);
    await rm(root, { recursive: true, force: true });
  });
  await start();
  await withClient(admin, (client) => client.query('CREATE DATABASE gatehouse'));
  return {
    version,
    connectionString: databaseUrl(admin, 'gatehouse'),
    start,
    stop: () => stopPostmaster(directory),
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    crash: () => signalAll('SIGKILL'),
  };
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false;
      }
    });
}
