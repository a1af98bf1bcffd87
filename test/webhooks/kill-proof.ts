import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type House, openHouse, startReceiver, until } from './house.ts';

// The same for the test and for the proof in full (prove.ts): receivers of which three in ten fail, two workers
// in processes of their own, and kill -9 for one of them, twice.

type Test = { teardown(work: () => unknown): unknown };

/** How far deliveries have come when a worker is killed, as a share of the events. */
const KILLS = [0.2, 0.5];

const WORKER = fileURLToPath(new URL('worker-process.ts', import.meta.url));

export interface KillProof {
  readonly published: number;
  /** Events that no receiver heard of. */
  readonly lost: readonly string[];
  /** As the receivers counted them. */
  readonly attempts: number;
  /** Attempts whose id an earlier one had. */
  readonly duplicates: number;
  readonly kills: number;
  /** Attempts that were begun and have no end. */
  readonly died: number;
  /** From the first event published to the last one delivered. */
  readonly durationMs: number;
}

/**
 * Publishes events, as many for each receiver, and waits until all are delivered.
 *
 * @param scale.receivers each with an organization of its own; tens of them
 */
export async function proveDelivery(
  t: Test,
  { events, receivers }: { events: number; receivers: number },
): Promise<KillProof> {
  const house = await openHouse(t);
  const receiver = await startFailingReceiver(t, receivers);
  const organizations: string[] = [];
  for (let i = 0; i < receivers; i += 1) {
    const organization = await house.organization();
    await house.subscribe(`${receiver.url}/${i}`, ['*'], organization);
    organizations.push(organization);
  }
  const workers = [await startWorkerProcess(t, house), await startWorkerProcess(t, house)];

  const begun = performance.now();
  const publishing = publishAll(house, events, organizations);
  for (const share of KILLS) {
    await until(() => receiver.received.length > events * share, 'deliveries', events * 50);
    const victim = workers.shift()!;
    victim.kill('SIGKILL');
    await once(victim, 'exit');
    workers.push(await startWorkerProcess(t, house));
  }
  const sent = await publishing;
  await until(async () => (await left(house)) === 0, 'everything to be delivered', events * 100);
  const durationMs = performance.now() - begun;

  const attempts = receiver.received.map(({ headers }) => headers['webhook-attempt-id']);
  const heard = new Set(receiver.received.map(({ headers }) => headers['webhook-id']));
  return {
    ...{ published: sent.length, lost: sent.filter((id) => !heard.has(id)) },
    ...{ attempts: attempts.length, duplicates: attempts.length - new Set(attempts).size },
    ...{ kills: KILLS.length, died: await countDied(house), durationMs },
  };
}

/** Three in ten of its paths fail twice before they take anything: with an error, or by saying nothing. */
function startFailingReceiver(t: Test, receivers: number) {
  let answered = 0;
  return startReceiver(t, ({ path, headers }, response) => {
    answered += 1;
    const number = Number(String(headers['webhook-attempt-id']).split('.').at(-1));
    const isFailing = Number(path.split('/').at(-1)) < receivers * 0.3;
    if (isFailing && number === 1 && answered % 25 === 0) return;
    response.statusCode = isFailing && number <= 2 ? 500 : 200;
    setTimeout(() => response.end(), 5);
  });
}

async function startWorkerProcess(t: Test, house: House): Promise<ChildProcess> {
  const child = spawn(process.execPath, [WORKER], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const { connectionString, platform, masterKeyText: masterKey } = house;
  child.stdin.end(JSON.stringify({ connectionString, platform, masterKey }));
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  if (child.exitCode !== null) throw new Error('a worker did not start');
  return child;
}

async function publishAll(house: House, events: number, organizations: readonly string[]) {
  const sent: string[] = [];
  for (let i = 0; i < events; i += 20) {
    const ids = Array.from({ length: Math.min(20, events - i) }, (_, k) =>
      house.publish('workflow.created', { i }, organizations[(i + k) % organizations.length]),
    );
    sent.push(...(await Promise.all(ids)));
  }
  return sent;
}

/** Events and deliveries that wait. */
async function left({ database }: House): Promise<number> {
  const { rows } = await database.pool.query<{ left: number }>(
    `SELECT (SELECT count(*) FROM outbox WHERE delivered_at IS NULL)::int
      + (SELECT count(*) FROM webhook_deliveries WHERE status <> 'delivered')::int AS left`,
  );
  return rows[0]!.left;
}

async function countDied({ database }: House): Promise<number> {
  const { rows } = await database.pool.query<{ died: number }>(
    'SELECT count(*)::int AS died FROM webhook_attempts WHERE duration_ms IS NULL',
  );
  return rows[0]!.died;
}
