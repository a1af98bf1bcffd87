import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { migrate } from '../../src/database/migrate.ts';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { obtainTokens, refresh, userinfo } from '../support/flows.ts';
import { type Furnished, furnish } from '../support/furnished.ts';
import type { TestGatehouse } from '../support/gatehouse.ts';
import { expectInstalledPostgres, startInstalledPostgres } from '../support/installed-postgres.ts';
import { begin, expectLife, expectUnavailable, questions } from '../support/outage.ts';
import { type GatehouseProcess, spawnGatehouse } from '../support/process.ts';

/** By then the listener's loss has been noticed (0.9 seconds), and what was cached is not believed. */
const NOTICED_MS = 1000;
const RECOVERY_MS = 4000;

async function waitUntilReady({ issuer }: { issuer: string }): Promise<number> {
  const start = performance.now();
  while (performance.now() - start < RECOVERY_MS) {
    const answer = await fetch(`${issuer}/readyz`);
    const { checks } = (await answer.json()) as { checks: Record<string, boolean> };
    if (answer.status === 200 && checks.notifications) break;
    await sleep(50);
  }
  return performance.now() - start;
}

interface Outage {
  goAway: () => unknown;
  comeBack: () => Promise<unknown>;
  /** Requests that were answered with 503 may still be carried out. */
  mayCatchUp?: boolean;
}

/** Takes the database away under a running process and gives it back. */
async function survive(
  t: Test,
  gatehouse: GatehouseProcess,
  furnished: Furnished,
  { goAway, comeBack, mayCatchUp = false }: Outage,
): Promise<void> {
  const begun = await begin(gatehouse, furnished);
  const asked = questions(gatehouse, furnished, begun);
  await goAway();
  await t.test('at once', (t) => expectUnavailable(t, asked, { noticed: false }));
  await expectLife(t, gatehouse);
  await sleep(NOTICED_MS);
  await t.test('and later', (t) => expectUnavailable(t, asked, { noticed: true }));

  await comeBack();
  t.ok((await waitUntilReady(gatehouse)) < RECOVERY_MS, 'ready again within seconds');
  const info = await userinfo(gatehouse, begun.accessToken);
  t.equal(info.status, 200, 'the access token is as good as before');
  const refreshed = await refresh(gatehouse, furnished.app, begun.refreshToken);
  t.equal(refreshed.status, 200, 'so is the refresh token', { body: refreshed.body });
  const code = await asked['a code']!();
  // A server that only hung reads on where it was, and does what nobody waits for any more.
  const { error } = code.body as { error?: string };
  t.ok(code.status === 200 || (mayCatchUp && error === 'invalid_grant'), 'and so is the code');
  const { app, user } = furnished;
  await obtainTokens(gatehouse as unknown as TestGatehouse, app, user);
}

t.test('a database that goes away is a pause, not an end', async (t) => {
  const furnished = await furnish(t);
  const proxy = await createFlakyProxy(t, furnished.connectionString);
  const gatehouse = await spawnGatehouse(t, {
    environment: { ...furnished.environment, DATABASE_URL: proxy.connectionString },
  });
  const comeBack = () => proxy.up();
  const ways: Record<string, () => unknown> = {
    'connections are refused': () => proxy.down(),
    'packets are swallowed': () => proxy.freeze(),
    'connections are reset': () => proxy.reset(),
  };
  for (const [way, goAway] of Object.entries(ways)) {
    await t.test(way, (t) => survive(t, gatehouse, furnished, { goAway, comeBack }));
  }

  await t.test('a crowd waits no longer than one', async (t) => {
    const begun = await begin(gatehouse, furnished);
    const asked = questions(gatehouse, furnished, begun);
    proxy.freeze();
    const crowd = Object.fromEntries(
      ['authorize', 'a refresh token', 'userinfo', 'the sign-in form'].flatMap((name) =>
        Array.from({ length: 20 }, (_, at) => [`${name} ${at}`, asked[name]!]),
      ),
    );
    await expectUnavailable(t, crowd, { noticed: true });
    await t.test('nor does a stop', async (t) => {
      const start = performance.now();
      t.equal(await gatehouse.kill(), 0, 'it was the same process all the time');
      t.ok(performance.now() - start < 10_000);
    });
    await proxy.up();
  });
});

t.test('a Postgres of the system that stops, and one that hangs', async (t) => {
  const installed = expectInstalledPostgres(t);
  // Where there is none, the proxy above has stood in for it.
  if (!installed) return;
  const postgres = await startInstalledPostgres(t, installed);
  t.comment(`Postgres ${postgres.version}`);
  await migrate({ connectionString: postgres.connectionString });
  const furnished = await furnish(t, { connectionString: postgres.connectionString });
  const gatehouse = await spawnGatehouse(t, { environment: furnished.environment });
  await t.test('stopped', (t) =>
    survive(t, gatehouse, furnished, { goAway: postgres.stop, comeBack: postgres.start }),
  );
  await t.test('hung', (t) =>
    survive(t, gatehouse, furnished, {
      goAway: postgres.pause,
      comeBack: postgres.resume,
      mayCatchUp: true,
    }),
  );
  t.equal(await gatehouse.kill(), 0);
});
