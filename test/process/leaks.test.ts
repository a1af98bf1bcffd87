import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { authorizeUrl, introspect, newPkce, token } from '../support/flows.ts';
import { registerClient, registerService, startGatehouse } from '../support/gatehouse.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { createUserAgent } from '../support/user-agent.ts';

const ROUNDS = 20;
/** By then everything that is made once has been made. */
const WARM = 5;
const PARTS = ['app', 'database', 'provider'] as const;
type Parts = Record<(typeof PARTS)[number], WeakRef<object>>;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function count(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Timers and sockets that end by themselves get a moment for it. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collectGarbage();
  }
}

t.test(`an app that is started, used and stopped ${ROUNDS} times leaves nothing`, async (t) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on('warning', onWarning);
  t.teardown(async () => void process.off('warning', onWarning));
  const { connectionString } = await createTestDatabase(t);
  const first = await startGatehouse(t, { connectionString });
  const app = await registerClient(first);
  const service = await registerService(first);
  await first.stop();

  const resources: Record<string, number>[] = [];
  const parts: Parts[] = [];
  // Each start adds a step to the test's own end, so a few handlers of tap's are not counted.
  const steps: (() => Promise<void>)[] = [];
  const own = { teardown: (work: () => Promise<void>) => steps.push(work) };
  for (let round = 0; round < ROUNDS; round += 1) {
    const gatehouse = await startGatehouse(own, { connectionString });
    const { body } = await token(gatehouse, service, { grant_type: 'client_credentials' });
    await introspect(gatehouse, service, body.access_token!);
    await createUserAgent().get(authorizeUrl(gatehouse, app, newPkce()));
    await gatehouse.stop();
    parts.push({
      app: new WeakRef(gatehouse.app),
      database: new WeakRef(gatehouse.database),
      provider: new WeakRef(gatehouse.oauth.host.current),
    });
    steps.length = 0;
    await settle();
    resources.push(count());
  }
  t.same(resources.at(-1), resources[WARM], 'no timer, socket or other handle stays');
  // The last one may still be on somebody's stack.
  const alive = (name: keyof Parts) => parts.filter((one) => one[name].deref()).length;
  for (const name of PARTS) t.ok(alive(name) <= 1, `no ${name} is kept alive`, { of: alive(name) });
  const leaks = warnings.filter(({ name }) => name === 'MaxListenersExceededWarning');
  t.same(leaks, [], 'no emitter collects listeners');
});
