import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../src/database/postmaster.ts';
import {
  dropLeftovers,
  ensureTemplate,
  joinTestServer,
  testServerDirectory,
} from './postgres-server.ts';

// Keeps the shared test server for one run of tap, whose process id is the argument: a process of its own,
// because tap's before script ends before the tests begin. It leaves when told to (postgres-after.ts) and
// also when the run was killed.

const runner = Number(process.argv[2]);
const pidFile = join(testServerDirectory, `keeper-${runner}.pid`);

let told = false;
process.once('SIGTERM', () => {
  told = true;
});
process.on('SIGINT', () => {});

async function keep(): Promise<void> {
  await mkdir(testServerDirectory, { recursive: true, mode: 0o700 });
  const server = await joinTestServer();
  try {
    await writeFile(pidFile, String(process.pid));
    await dropLeftovers(server.connectionString);
    await ensureTemplate(server.connectionString);
    process.send?.('ready');
    while (!told && isAlive(runner)) await sleep(100);
  } finally {
    await server.stop();
    await rm(pidFile, { force: true });
  }
}

// Nobody reads this process's output: what went wrong goes to postgres-before.ts.
await keep().catch((error: Error) => process.send?.(error.stack ?? error.message));
if (process.connected) process.disconnect();
