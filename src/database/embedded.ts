import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  mkdir,
  mkdtemp,
  open,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { canHoldSocket, overSocket } from './local-socket.ts';
import { type Log, reasonOf, silentLog } from './log.ts';
import {
  chooseIdentity,
  EmbeddedPostgresError,
  findBinaries,
  giveTo,
  type PostgresBinaries,
  type ServerIdentity,
  serverEnvironment,
} from './postgres-binaries.ts';
import { findPostmaster, stopPostmaster } from './postmaster.ts';

// A real Postgres for whoever has none yet. Its data lies in one directory, and any number of Gatehouse
// processes of one machine may share it:
//
// - Who comes first makes the cluster beside its place and renames it there; a rename has one winner.
// - Who finds no server starts one, as a session of its own, so that Ctrl-C and even kill -9 of Gatehouse
//   leave it running; who finds one (of a sibling, or orphaned) uses it.
// - Everyone holds a *lease*: a connection with a shared advisory lock. Who stops lets its lease go and
//   asks for the lock alone: granted, it was the last one and stops the server. A killed process loses its
//   lease with its connection, so no record of owners can be wrong.

const USER = 'gatehouse';
const DATABASE = 'gatehouse';
const LEASE_LOCK = 7_011_983;
const START_PATIENCE_MS = 60_000;
const LAUNCH_ATTEMPTS = 8;
const LOG_SIZE_LIMIT = 5 * 1024 * 1024;

export interface EmbeddedPostgresOptions {
  /** Made if absent. One machine (and one container) at a time may use it. */
  dataDir: string;
  log?: Log;
  /** False only for tests: a crash of the machine may then lose everything. */
  durable?: boolean;
  maxConnections?: number;
}

export interface EmbeddedPostgres {
  /** Of the application's database; holds until `stop()`, even if the server has to be started again. */
  connectionString: string;
  /** Whether this start made the cluster: it is empty. */
  created: boolean;
  /**
   * The same by a Unix socket, whose round trips cost a third less; by TCP where there is none, as on a path
   * too long for one.
   */
  localConnectionString: string;
  /** Lets the server go, and stops it unless another process uses it. May be called twice. */
  stop(): Promise<void>;
}

interface Cluster {
  directory: string;
  logFile: string;
  password: string;
  binaries: PostgresBinaries;
  identity: ServerIdentity;
  settings: string[];
  log: Log;
}

interface Lease {
  port: number;
  connection: pg.Client;
}

/**
 * Starts, or joins, the Postgres server whose data is in `<dataDir>/postgres`.
 *
 * It listens on 127.0.0.1 only, at a free port, and asks for a random password kept beside the data with
 * mode 0600. A commit that was answered survives kill -9 of everything.
 *
 * @throws EmbeddedPostgresError when there are no binaries for the platform, when root has no way to run a server, or
 *   when the server does not come up; the last lines of its own log are part of the message
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const { cluster, created } = await openCluster(options);
  const keeper = await keepLease(cluster);
  const url = (database: string) => connectionString(cluster.password, keeper.port, database);
  try {
    await ensureDatabase(url('postgres'));
  } catch (error) {
    await keeper.stop();
    throw error;
  }
  const overTcp = url(DATABASE);
  const localConnectionString = await overSocket(overTcp, cluster.directory, keeper.port);
  return { connectionString: overTcp, localConnectionString, created, stop: keeper.stop };
}

function connectionString(password: string, port: number, database: string): string {
  return `postgresql://${USER}:${password}@127.0.0.1:${port}/${database}`;
}

// --- The cluster ---------------------------------------------------------------------------------------

async function openCluster(
  options: EmbeddedPostgresOptions,
): Promise<{ cluster: Cluster; created: boolean }> {
  await mkdir(resolve(options.dataDir), { recursive: true, mode: 0o700 });
  // By one name, whatever link leads there: a server that is not recognised would be taken for dead.
  const dataDir = await realpath(options.dataDir);
  const directory = join(dataDir, 'postgres');
  const binaries = await findBinaries();
  const identity = await chooseIdentity(binaries, dataDir);
  const durable = options.durable ?? true;
  const created = !(await exists(join(directory, 'PG_VERSION')));
  const won = created && (await createCluster(dataDir, directory, binaries, identity, durable));
  const password = (await readFile(join(directory, 'gatehouse.password'), 'utf8')).trim();
  const cluster: Cluster = {
    directory,
    logFile: join(dataDir, 'postgres.log'),
    password,
    binaries,
    identity,
    settings: serverSettings(directory, durable, options.maxConnections ?? 100),
    log: options.log ?? silentLog,
  };
  return { cluster, created: won };
}

/**
 * Makes a cluster in a directory of its own and moves it into place, whole and with its password.
 *
 * @returns false when another process was faster; then theirs is the cluster
 */
async function createCluster(
  dataDir: string,
  directory: string,
  binaries: PostgresBinaries,
  identity: ServerIdentity,
  durable: boolean,
): Promise<boolean> {
  const workshop = await mkdtemp(join(dataDir, 'postgres.new-'));
  try {
    const passwordFile = join(workshop, 'password');
    const data = join(workshop, 'data');
    await writeFile(passwordFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
    await giveTo(identity, workshop);
    const { file, args, account } = identity.command(binaries.initdb, [
      ...['--pgdata', data, '--username', USER, '--pwfile', passwordFile, '--auth=scram-sha-256'],
      ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ...(durable ? [] : ['--no-sync']),
    ]);
    const result = spawnSync(file, args, {
      ...{ ...account, cwd: workshop, env: serverEnvironment(), encoding: 'utf8' },
    });
    if (result.status !== 0) {
      const output = result.stderr || reasonOf(result.error);
      throw new EmbeddedPostgresError(
        `Postgres could not create its data in ${dataDir}: ${output.trim()}`,
      );
    }
    await rename(passwordFile, join(data, 'gatehouse.password'));
    return await moveInto(data, directory);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

/** A directory replaces an empty one only, so of several movers one succeeds. */
async function moveInto(source: string, target: string): Promise<boolean> {
  try {
    await rename(source, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
  const parent = await open(dirname(target));
  await parent.sync().finally(() => parent.close());
  return true;
}

/** Few processes and little memory: a laptop runs this beside everything else. */
function serverSettings(directory: string, durable: boolean, maxConnections: number): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: canHoldSocket(directory) ? directory : '',
    unix_socket_permissions: '0700',
    max_connections: maxConnections,
    shared_buffers: '64MB',
    max_wal_size: '256MB',
    wal_level: 'minimal',
    max_wal_senders: 0,
    io_method: 'sync',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'warning',
    fsync: durable ? 'on' : 'off',
    synchronous_commit: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } catch (error) {
    // 42P04 and 23505: another process made it in between.
    if (!['42P04', '23505'].includes((error as pg.DatabaseError).code ?? '')) throw error;
  } finally {
    await client.end();
  }
}

// --- The lease -----------------------------------------------------------------------------------------

/**
 * Holds a lease until stopped. When it is lost because the server died (killed for want of memory, say),
 * the server is started again at the same port, so that open pools recover by themselves.
 */
async function keepLease(cluster: Cluster): Promise<{ port: number; stop(): Promise<void> }> {
  let lease = await takeLease(cluster, null);
  const { port } = lease;
  let stopping: Promise<void> | null = null;
  let renewal: Promise<void> = Promise.resolve();
  const watch = (): void => {
    lease.connection.once('end', () => {
      if (!stopping) renewal = renew();
    });
  };
  const renew = async (): Promise<void> => {
    cluster.log.warn('the embedded Postgres went away; starting it again');
    while (!stopping) {
      try {
        lease = await takeLease(cluster, port);
        watch();
        return;
      } catch (error) {
        cluster.log.error({ err: error }, 'the embedded Postgres does not start');
        await sleep(1000);
      }
    }
  };
  const stop = async (): Promise<void> => {
    await renewal;
    await releaseLease(cluster, lease);
  };
  watch();
  return { port, stop: () => (stopping ??= stop()) };
}

async function takeLease(cluster: Cluster, wantedPort: number | null): Promise<Lease> {
  const deadline = performance.now() + START_PATIENCE_MS;
  let reason = 'no answer';
  for (let launches = 0; performance.now() < deadline; await sleep(25)) {
    const postmaster = await findPostmaster(cluster.directory);
    if (!postmaster) {
      if (launches++ === LAUNCH_ATTEMPTS) break;
      // After a crash of the server its other processes need a moment to notice and let go.
      if (launches > 1) await sleep(250);
      reason = await launch(cluster, wantedPort ?? (await freePort()));
    } else if (postmaster.port > 0) {
      const lease = await tryLease(cluster, postmaster.port);
      if (typeof lease !== 'string') return lease;
      reason = lease;
    }
  }
  throw new EmbeddedPostgresError(
    `The embedded Postgres in ${cluster.directory} does not come up: ${reason}`,
  );
}

/** @returns why not yet, when the server is still starting, or stopping */
async function tryLease(cluster: Cluster, port: number): Promise<Lease | string> {
  const connection = new pg.Client({
    connectionString: connectionString(cluster.password, port, 'postgres'),
    application_name: 'gatehouse-lease',
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  });
  connection.on('error', () => {});
  try {
    await connection.connect();
    const { rows } = await connection.query<{ granted: boolean; directory: string }>(
      `SELECT pg_try_advisory_lock_shared($1) AS granted, current_setting('data_directory') AS directory`,
      [LEASE_LOCK],
    );
    const [row] = rows;
    if (!row || (await realpath(row.directory)) !== cluster.directory) {
      throw new Error('another server is at its port');
    }
    if (row.granted) return { port, connection };
    await connection.end();
    return 'another process is stopping it';
  } catch (error) {
    await connection.end().catch(() => {});
    if ((error as pg.DatabaseError).code === '28P01') {
      const file = join(cluster.directory, 'gatehouse.password');
      throw new EmbeddedPostgresError(`The running Postgres refuses the password in ${file}`, {
        cause: error,
      });
    }
    return reasonOf(error);
  }
}

/** Whoever may lock alone was the last one. The lock is held until the server is down. */
async function releaseLease(cluster: Cluster, { connection }: Lease): Promise<void> {
  let last = true;
  try {
    const { rows } = await connection.query<{ last: boolean }>(
      'SELECT pg_advisory_unlock_shared($1), pg_try_advisory_lock($1) AS last',
      [LEASE_LOCK],
    );
    last = rows[0]?.last ?? true;
  } catch {
    // No connection: the server is down already, or hangs and cannot serve others either.
  }
  if (last) await stopPostmaster(cluster.directory);
  await connection.end().catch(() => {});
}

// --- The server process --------------------------------------------------------------------------------

/**
 * Starts the server and waits until it has written its postmaster.pid.
 *
 * @returns what the server said if it ended at once: another one was faster, or the port was taken
 */
async function launch(cluster: Cluster, port: number): Promise<string> {
  const { identity, binaries, directory } = cluster;
  await giveTo(identity, directory);
  await chmod(directory, 0o700);
  const { file, args, account } = identity.command(binaries.postgres, [
    ...['-D', directory, '-p', String(port)],
    ...cluster.settings,
  ]);
  const output = await open(cluster.logFile, 'a', 0o600);
  try {
    if ((await output.stat()).size > LOG_SIZE_LIMIT) await output.truncate();
    const start = (await output.stat()).size;
    const server = spawn(file, args, {
      ...{ ...account, cwd: directory, env: serverEnvironment(), detached: true },
      stdio: ['ignore', output.fd, output.fd],
    });
    let ended = false;
    server.once('exit', () => (ended = true)).once('error', () => (ended = true));
    server.unref();
    while (!ended && !(await findPostmaster(directory))?.port) await sleep(10);
    if (!ended) cluster.log.info({ directory, port }, 'embedded Postgres started');
    return ended ? await readFrom(cluster.logFile, start) : 'it is starting';
  } finally {
    await output.close();
  }
}

async function readFrom(file: string, position: number): Promise<string> {
  const text = await readFile(file);
  return text.subarray(position).toString('utf8').trim().split('\n').slice(-5).join('\n');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
