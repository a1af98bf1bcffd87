import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, openDatabase } from '../../src/database/database.ts';
import { silentLog } from '../../src/database/log.ts';
import { createNotifications } from '../../src/database/notifications.ts';
import { createOrganizationDirectory } from '../../src/identity/organization-directory.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { newId } from '../../src/lib/ids.ts';
import { createMasterKey } from '../../src/lib/master-key.ts';
import { createOutboundFetch, type OutboundFetch } from '../../src/lib/outbound.ts';
import { loadPlatform } from '../../src/platform/load.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { createDeliveryWorker, type Timing } from '../../src/webhooks/delivery-worker.ts';
import { queueEvent } from '../../src/webhooks/outbox.store.ts';
import { createSubscriptionService } from '../../src/webhooks/subscriptions.service.ts';
import { createTestClock, type TestClock } from '../support/clock.ts';
import { createTestDatabase } from '../support/postgres.ts';

type Test = { teardown(work: () => unknown): unknown };

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver on this machine, that keeps what it is sent. */
export async function startReceiver(
  t: Test,
  answer: (request: Received, response: ServerResponse) => void = (_request, response) =>
    void response.end('thanks'),
) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const entry = { path: request.url!, headers: request.headers, body: await textOf(request) };
    received.push(entry);
    answer(entry, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { received, url: `http://127.0.0.1:${port}/hooks` };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Waits until something is so; fails after a while. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  patienceMs = 15_000,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await sleep(10);
  }
}

export const SYSTEM = { actor: { kind: 'system' } } as const;
const EVERYBODY = { organizationId: null } as const;

/** Short waits, so that a day passes in a moment. */
const TIMING: Timing = {
  timeoutMs: 2_000,
  leaseMs: 5_000,
  pollMs: 30,
  backoff: (failures) => (failures > 3 ? undefined : 20),
};

export type House = Awaited<ReturnType<typeof openHouse>>;

/** A database with an organization, and workers on it. Receivers may be on this machine. */
export async function openHouse(
  t: Test,
  options: { webhooks?: Partial<Platform['webhooks']>; clock?: TestClock } = {},
) {
  const { connectionString } = await createTestDatabase(t);
  const clock = options.clock ?? createTestClock();
  const masterKeyBytes = randomBytes(32);
  const masterKey = createMasterKey(masterKeyBytes);
  const kaie = await loadPlatform('kaie');
  const rate = { deliveryRate: { limit: 100_000, windowSeconds: 60 } };
  const platform: Platform = {
    ...kaie,
    webhooks: { ...kaie.webhooks, ...rate, ...options.webhooks },
  };
  const database = openDatabase({ connectionString, log: silentLog });
  t.teardown(() => database.close());
  const notifications = createNotifications({ connectionString, log: silentLog });
  const organizations = createOrganizationDirectory({ database, notifications });
  const targets = { allowPrivateTargets: true, allowHttp: true };
  const subscriptions = createSubscriptionService({
    ...{ platform, database, organizations, masterKey, clock, targets },
  });

  async function organization(): Promise<string> {
    const id = newId(clock.now());
    await database.pool.query('INSERT INTO organizations (id, name) VALUES ($1, $1)', [id]);
    return id;
  }
  const home = await organization();

  async function subscribe(url: string, events: string[] = ['*'], organizationId = home) {
    const outcome = await subscriptions.create({ organizationId, url, events }, EVERYBODY, SYSTEM);
    if (outcome.outcome !== 'done') throw new Error(JSON.stringify(outcome));
    return { ...outcome.subscription, secret: outcome.secret };
  }

  const publish = async (type = 'workflow.created', data: object = {}, organizationId = home) => {
    const id = newId(clock.now());
    const event = { type, data: { ...data } };
    await queueEvent(database.pool, { ...event, id, organizationId, occurredAt: clock.now() });
    return id;
  };

  /** Another process's worker, as far as the database can tell. */
  async function startWorker(
    more: { timing?: Partial<Timing>; fetch?: OutboundFetch; strict?: boolean } = {},
  ) {
    const own = more.strict ? { allowPrivateTargets: false, allowHttp: true } : targets;
    const worker = await openWorker(t, {
      ...{ connectionString, clock, masterKey, platform, targets: own },
      timing: { ...TIMING, ...more.timing },
      ...(more.fetch ? { fetch: more.fetch } : {}),
    });
    worker.start();
    return worker;
  }

  const deliveriesOf = (subscriptionId: string) =>
    subscriptions.deliveries({ subscriptionId, limit: 1_000 });

  /** Waits until nothing of a subscription is pending, and gives what became of it. */
  async function settled(subscriptionId: string, count = 1) {
    await until(async () => {
      const deliveries = await deliveriesOf(subscriptionId);
      return deliveries.length >= count && deliveries.every(({ status }) => status !== 'pending');
    }, `the deliveries of ${subscriptionId} to end`);
    return deliveriesOf(subscriptionId);
  }

  return {
    masterKeyText: masterKeyBytes.toString('base64'),
    ...{ connectionString, clock, masterKey, platform, database, subscriptions, home },
    ...{ organization, subscribe, publish, startWorker, deliveriesOf, settled },
    async record(subscriptionId: string) {
      const [delivery] = await deliveriesOf(subscriptionId);
      const subscription = await subscriptions.find(subscriptionId, EVERYBODY);
      return (await subscriptions.delivery(delivery!.id, subscription!))!;
    },
    async find(id: string) {
      return (await subscriptions.find(id, EVERYBODY))!;
    },
    async audited(type: string) {
      const { rows } = await database.pool.query(
        'SELECT * FROM audit_events WHERE type = $1 ORDER BY id',
        [type],
      );
      return rows;
    },
  };
}

/** A worker with connections of its own. */
export async function openWorker(
  t: Test,
  deps: {
    connectionString: string;
    clock: Clock;
    masterKey: ReturnType<typeof createMasterKey>;
    platform: Platform;
    targets: { allowPrivateTargets: boolean; allowHttp: boolean };
    timing: Partial<Timing>;
    fetch?: OutboundFetch;
  },
) {
  const { connectionString, clock, masterKey, platform, targets, timing } = deps;
  const database: Database = openDatabase({ connectionString, log: silentLog });
  const notifications = createNotifications({ connectionString, log: silentLog });
  const patience = { patienceMs: timing.timeoutMs ?? 10_000 };
  const fetch = deps.fetch ?? createOutboundFetch({ ...targets, ...patience });
  const warnings: string[] = [];
  const worker = createDeliveryWorker({
    ...{ database, notifications, masterKey, clock, fetch, targets, timing },
    log: { warn: (...words: unknown[]) => void warnings.push(String(words.at(-1))) },
    policy: platform.webhooks,
  });
  await notifications.start();
  let stopped = false;
  const stop = async (late = AbortSignal.timeout(5_000)) => {
    if (stopped) return;
    stopped = true;
    await worker.stop(late);
    await notifications.close();
    await database.close();
  };
  t.teardown(() => stop());
  return { start: worker.start, stop, warnings };
}
