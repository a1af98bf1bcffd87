import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { obtainTokens, refresh, userinfo } from '../support/flows.ts';
import { furnish } from '../support/furnished.ts';
import type { TestGatehouse } from '../support/gatehouse.ts';
import { begin, expectLife, expectUnavailable, questions } from '../support/outage.ts';
import { spawnGatehouse } from '../support/process.ts';

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

t.test('a database that goes away is a pause, not an end', async (t) => {
  const furnished = await furnish(t);
  const proxy = await createFlakyProxy(t, furnished.connectionString);
  const gatehouse = await spawnGatehouse(t, {
    environment: { ...furnished.environment, DATABASE_URL: proxy.connectionString },
  });
  const ways: Record<string, () => unknown> = {
    'connections are refused': () => proxy.down(),
    'packets are swallowed': () => proxy.freeze(),
    'connections are reset': () => proxy.reset(),
  };
  for (const [way, goAway] of Object.entries(ways)) {
    await t.test(way, async (t) => {
      const begun = await begin(gatehouse, furnished);
      const asked = questions(gatehouse, furnished, begun);
      await goAway();
      await t.test('at once', (t) => expectUnavailable(t, asked, { noticed: false }));
      await expectLife(t, gatehouse);
      await sleep(NOTICED_MS);
      await t.test('and later', (t) => expectUnavailable(t, asked, { noticed: true }));

      await proxy.up();
      t.ok((await waitUntilReady(gatehouse)) < RECOVERY_MS, 'ready again within seconds');
      const info = await userinfo(gatehouse, begun.accessToken);
      t.equal(info.status, 200, 'the access token is as good as before');
      const refreshed = await refresh(gatehouse, furnished.app, begun.refreshToken);
      t.equal(refreshed.status, 200, 'so is the refresh token', { body: refreshed.body });
      const code = await asked['a code']!();
      t.equal(code.status, 200, 'and so is the code', { body: code.body });
      const { app, user } = furnished;
      await obtainTokens(gatehouse as unknown as TestGatehouse, app, user);
    });
  }
  t.equal(await gatehouse.kill(), 0, 'it was the same process all the time');
});
