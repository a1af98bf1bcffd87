import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { findPostmaster } from '../../src/database/postmaster.ts';
import { type Furnished, furnish } from '../support/furnished.ts';
import { freePort } from '../support/gatehouse.ts';
import {
  embeddedConnectionString,
  type GatehouseProcess,
  newDataDir,
  spawnGatehouse,
} from '../support/process.ts';
import { type Connection, expectKept, makeConnections } from '../support/promises.ts';

// Whatever was answered was in force before it was answered: kill -9 takes nothing of it back.

/** Each for a user of its own: what one disconnects, no other uses. */
const WORKERS = 3;

/** Kills the process at a random moment of its work, and starts it again: this many times. */
async function killAndAsk(
  t: Test,
  furnished: Furnished,
  options: {
    rounds: number;
    start: () => Promise<GatehouseProcess>;
    kill: (gatehouse: GatehouseProcess, round: number) => Promise<unknown>;
  },
): Promise<void> {
  let gatehouse = await options.start();
  for (let round = 1; round <= options.rounds; round += 1) {
    const promised: Connection[] = [];
    const work = furnished.users.map((user, worker) =>
      makeConnections(gatehouse, { user, apps: furnished.apps, firstEnding: worker + 1 }, promised),
    );
    const enough = 3 + Math.floor(Math.random() * 8);
    const deadline = performance.now() + 30_000;
    const isEnough = () =>
      promised.length >= enough && promised.some(({ consent }) => consent === 'ended');
    while (!isEnough() && performance.now() < deadline) await sleep(5);
    await sleep(Math.random() * 60);
    await options.kill(gatehouse, round);
    await Promise.all(work);
    gatehouse = await options.start();
    await t.test(`round ${round}: ${promised.length} connections`, async (t) => {
      t.ok(promised.length > 0);
      t.ok(
        promised.some(({ consent }) => consent === 'ended'),
        'an app was disconnected',
      );
      for (const connection of promised) await expectKept(t, gatehouse, connection);
    });
  }
  t.equal(await gatehouse.kill(), 0);
}

t.test('kill -9, with a database elsewhere', async (t) => {
  const furnished = await furnish(t, { apps: 12, users: WORKERS });
  const port = String(await freePort());
  await killAndAsk(t, furnished, {
    rounds: 3,
    start: () => spawnGatehouse(t, { environment: { ...furnished.environment, PORT: port } }),
    kill: (gatehouse) => gatehouse.kill('SIGKILL'),
  });
});

t.test('kill -9, with the embedded database, and of both at once', async (t) => {
  const dataDir = await newDataDir(t);
  const masterKey = randomBytes(32).toString('base64');
  const port = String(await freePort());
  const environment = { DATA_DIR: dataDir, MASTER_KEY: masterKey, PORT: port };
  const first = await spawnGatehouse(t, { environment });
  const connectionString = await embeddedConnectionString(dataDir);
  const furnished = await furnish(t, { connectionString, masterKey, apps: 12, users: WORKERS });
  t.equal(await first.kill(), 0);

  await killAndAsk(t, furnished, {
    rounds: 3,
    start: () => spawnGatehouse(t, { environment }),
    async kill(gatehouse, round) {
      if (round > 1) {
        const postmaster = await findPostmaster(join(dataDir, 'postgres'));
        process.kill(postmaster!.pid, 'SIGKILL');
      }
      await gatehouse.kill('SIGKILL');
    },
  });
  t.equal(await findPostmaster(join(dataDir, 'postgres')), null, 'and a clean end stays clean');
});
