import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { startEmbeddedPostgres } from '../../src/database/embedded.ts';
import {
  chooseIdentity,
  findBinaries,
  serverEnvironment,
} from '../../src/database/postgres-binaries.ts';
import { findPostmaster, isAlive, stopPostmaster } from '../../src/database/postmaster.ts';
import { freePort } from '../support/gatehouse.ts';
import { withClient } from '../support/postgres-server.ts';

/** mkdtemp makes it mode 0700: as root, no other user can enter. */
async function privateDirectory(t: Test): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'gatehouse-embedded-'));
  const dataDir = join(root, 'data');
  t.teardown(async () => {
    await stopPostmaster(join(dataDir, 'postgres'));
    await rm(root, { recursive: true, force: true });
  });
  return dataDir;
}

/** A process with a server, in a process group of its own, after its row was committed. */
async function startOwner(dataDir: string): Promise<{ owner: ChildProcess; url: string }> {
  const program = fileURLToPath(new URL('embedded-owner.ts', import.meta.url));
  const owner = spawn(process.execPath, [program, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const [line] = await once(owner.stdout!, 'data');
  return { owner, url: String(line).trim() };
}

async function killGroup(owner: ChildProcess): Promise<void> {
  process.kill(-owner.pid!, 'SIGKILL');
  await once(owner, 'exit');
}

async function program(dataDir: string) {
  const binaries = await findBinaries();
  return { binaries, identity: await chooseIdentity(binaries, dataDir) };
}

const ask = (url: string) =>
  withClient(url, async (client) => (await client.query('SELECT 1 AS one')).rows[0].one);

const keptValue = (url: string) =>
  withClient(url, async (client) => (await client.query('SELECT value FROM kept')).rows[0].value);

t.test(
  'a killed owner leaves a server that the next start adopts, and stops in the end',
  async (t) => {
    const dataDir = await privateDirectory(t);
    const directory = join(dataDir, 'postgres');
    const { owner, url } = await startOwner(dataDir);
    t.equal((await stat(dataDir)).mode & 0o777, 0o700);
    t.equal((await stat(directory)).mode & 0o777, 0o700);
    t.equal((await stat(join(directory, 'gatehouse.password'))).mode & 0o777, 0o600);

    await killGroup(owner);
    const orphan = await findPostmaster(directory);
    t.ok(orphan, 'the server is outside of the killed process group, as with Ctrl-C');
    const server = await startEmbeddedPostgres({ dataDir });
    t.equal(server.connectionString, url, 'it is the same server');
    t.notOk(server.created);
    t.equal(await keptValue(server.connectionString), 42);
    await server.stop();
    t.equal(await findPostmaster(directory), null, 'a clean stop leaves no server');
    await t.rejects(keptValue(url), { code: 'ECONNREFUSED' });
  },
);

t.test('what was committed survives kill -9 of Gatehouse and Postgres at once', async (t) => {
  const dataDir = await privateDirectory(t);
  const directory = join(dataDir, 'postgres');
  const { owner } = await startOwner(dataDir);
  const postmaster = await findPostmaster(directory);
  await killGroup(owner);
  process.kill(postmaster!.pid, 'SIGKILL');
  await sleep(200);
  // As after a reboot: the id in postmaster.pid is now a stranger's.
  const left = await readFile(join(directory, 'postmaster.pid'), 'utf8');
  await writeFile(join(directory, 'postmaster.pid'), left.replace(/^\d+/, String(process.pid)));
  const server = await startEmbeddedPostgres({ dataDir });
  t.equal(await keptValue(server.connectionString), 42);
  await server.stop();
});

t.test('processes that start at once share one server; the last to leave stops it', async (t) => {
  const dataDir = await privateDirectory(t);
  const servers = await Promise.all([1, 2, 3].map(() => startEmbeddedPostgres({ dataDir })));
  t.equal(new Set(servers.map(({ connectionString }) => connectionString)).size, 1);
  t.equal(servers.filter(({ created }) => created).length, 1);
  const postmaster = await findPostmaster(join(dataDir, 'postgres'));
  const [first, ...others] = servers;
  await first!.stop();
  t.ok(isAlive(postmaster!.pid));
  await Promise.all(others.map((server) => server.stop()));
  t.equal(await findPostmaster(join(dataDir, 'postgres')), null);
});

t.test('who comes by a link finds the server that runs, and so does who comes after', async (t) => {
  const dataDir = await privateDirectory(t);
  const link = `${await privateDirectory(t)}-link`;
  await symlink(dataDir, link);
  t.teardown(() => rm(link));
  const server = await startEmbeddedPostgres({ dataDir });
  const byLink = await startEmbeddedPostgres({ dataDir: link });
  t.equal(byLink.connectionString, server.connectionString);
  const found = await findPostmaster(join(link, 'postgres'));
  t.same(found, await findPostmaster(join(dataDir, 'postgres')));
  await server.stop();
  t.ok(isAlive(found!.pid), 'the other still has it');
  await byLink.stop();
  t.equal(await findPostmaster(join(dataDir, 'postgres')), null);
});

t.test('a server that was started by a link is not taken for dead', async (t) => {
  const dataDir = await privateDirectory(t);
  const directory = join(dataDir, 'postgres');
  const server = await startEmbeddedPostgres({ dataDir });
  await server.stop();
  // As started by whoever came by the link, and has its spelling in its command.
  const link = `${dataDir}-link`;
  await symlink(directory, link);
  const { binaries, identity } = await program(dataDir);
  const { file, args, account } = identity.command(binaries.postgres, [
    ...['-D', link, '-p', String(await freePort())],
    ...['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=`],
  ]);
  spawn(file, args, { ...account, cwd: link, env: serverEnvironment(), stdio: 'ignore' });
  while (!(await findPostmaster(link))?.port) await sleep(10);
  const later = await startEmbeddedPostgres({ dataDir });
  t.equal(await ask(later.connectionString), 1);
  t.ok(await findPostmaster(directory));
  await later.stop();
  t.equal(await findPostmaster(directory), null);
});

t.test('a server that is killed comes back at the same address', async (t) => {
  const dataDir = await privateDirectory(t);
  const server = await startEmbeddedPostgres({ dataDir });
  const postmaster = await findPostmaster(join(dataDir, 'postgres'));
  process.kill(postmaster!.pid, 'SIGKILL');
  let answer: unknown;
  for (let tries = 0; tries < 100 && answer !== 1; tries += 1) {
    await sleep(50);
    answer = await withClient(server.connectionString, async (client) => {
      return (await client.query('SELECT 1 AS one')).rows[0].one;
    }).catch(() => null);
  }
  t.equal(answer, 1);
  await server.stop();
  t.equal(await findPostmaster(join(dataDir, 'postgres')), null);
});

t.test(
  'a Unix socket is the short way in, and a path too long for one is no trouble',
  async (t) => {
    const short = await privateDirectory(t);
    const server = await startEmbeddedPostgres({ dataDir: short });
    const socket = new URL(server.localConnectionString).searchParams.get('host');
    t.equal(socket, join(short, 'postgres'));
    const address = async (url: string) =>
      withClient(url, async (client) => (await client.query('SELECT inet_server_addr()')).rows[0]);
    t.same(await address(server.localConnectionString), { inet_server_addr: null });
    t.same(await address(server.connectionString), { inet_server_addr: '127.0.0.1' });
    const [entry] = (await readdir(join(short, 'postgres'))).filter((name) =>
      name.startsWith('.s.'),
    );
    t.equal((await stat(join(short, 'postgres', entry!))).mode & 0o077, 0, 'for the owner alone');
    await server.stop();

    const long = join(await privateDirectory(t), 'x'.repeat(100));
    const other = await startEmbeddedPostgres({ dataDir: long });
    t.equal(other.localConnectionString, other.connectionString);
    await other.stop();
  },
);
