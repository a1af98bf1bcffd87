import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../src/database/postmaster.ts';
import { testServerDirectory } from './postgres-server.ts';

// tap runs this after the test files: tells the run's keeper to leave and waits until it has.

const pidFile = join(testServerDirectory, `keeper-${process.ppid}.pid`);
const keeper = Number(await readFile(pidFile, 'utf8').catch(() => 0));
if (keeper > 0 && isAlive(keeper)) {
  process.kill(keeper, 'SIGTERM');
  for (let tries = 0; tries < 200 && isAlive(keeper); tries += 1) await sleep(50);
}
