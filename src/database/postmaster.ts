import { execFileSync } from 'node:child_process';
import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A running server, as its own postmaster.pid tells. */
export interface Postmaster {
  pid: number;
  /** 0 until the server has chosen to listen */
  port: number;
}

/**
 * The live server on a data directory, or null. A postmaster.pid that a machine crash, an unreaped
 * process or a reused process id left behind is removed, because Postgres itself would take the
 * stranger who now bears the id for a server and refuse to start.
 *
 * @param directory absolute path of the data directory
 */
export async function findPostmaster(directory: string): Promise<Postmaster | null> {
  const file = join(directory, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!(pid > 0)) return null;
  if (await isPostmaster(pid, directory)) return { pid, port: Number(lines[3] ?? 0) || 0 };
  // Another starter may have replaced the file meanwhile. Should one still slip through here, Postgres'
  // shared-memory interlock keeps a second server off the same directory.
  if ((await readFile(file, 'utf8').catch(() => null)) === text) await rm(file, { force: true });
  return null;
}

/** Whether the process lives (a zombie doesn't) and was started on this data directory. */
async function isPostmaster(pid: number, directory: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    if (/\) [ZX]/.test(status)) return false;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const words = command.split('\0');
    return leadsTo(directory, words[words.indexOf('-D') + 1]);
  }
  try {
    const line = execFileSync('ps', ['-ww', '-p', String(pid), '-o', 'command='], {
      encoding: 'utf8',
    });
    return leadsTo(directory, / -D (.+?) -p \d/.exec(line)?.[1]);
  } catch {
    return false;
  }
}

/** Whoever started it may have come by a link: the same directory under another name. */
async function leadsTo(directory: string, path: string | undefined): Promise<boolean> {
  if (!path) return false;
  const [one, other] = await Promise.all(
    [path, directory].map((each) => realpath(each).catch(() => each)),
  );
  return one === other;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Stops the server on a data directory and waits until it is gone. First a fast shutdown (sessions are
 * ended, a checkpoint is written), after 15 seconds an immediate one, which costs a recovery at the next
 * start but no committed data.
 *
 * @throws Error when it is still there 10 seconds after that
 */
export async function stopPostmaster(directory: string): Promise<void> {
  const postmaster = await findPostmaster(directory);
  if (!postmaster) return;
  for (const [signal, patienceMs] of [
    ['SIGINT', 15_000],
    ['SIGQUIT', 10_000],
  ] as const) {
    try {
      process.kill(postmaster.pid, signal);
    } catch {
      return;
    }
    if (await isGone(postmaster.pid, directory, patienceMs)) return;
  }
  throw new Error(`Postgres (process ${postmaster.pid}) on ${directory} does not stop`);
}

async function isGone(pid: number, directory: string, patienceMs: number): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    if (!(await isPostmaster(pid, directory))) return true;
    await sleep(20);
  }
  return false;
}
