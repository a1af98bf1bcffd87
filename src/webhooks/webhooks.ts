import type { Database } from '../database/database.ts';
import type { Notifications } from '../database/notifications.ts';
import type { OrganizationDirectory } from '../identity/organization-directory.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { MasterKey } from '../lib/master-key.ts';
import { createOutboundFetch, resolveByDns } from '../lib/outbound.ts';
import type { Platform } from '../platform/platform.ts';
import { createDeliveryWorker, RECEIVER_PATIENCE_MS } from './delivery-worker.ts';
import { giveUpExpired } from './expired-deliveries.store.ts';
import { createPublish } from './publish.ts';
import { createQuotaEvents } from './quota-events.ts';
import { createSubscriptionService } from './subscriptions.service.ts';
import type { TargetPolicy } from './target.ts';

export type Webhooks = ReturnType<typeof createWebhooks>;

/** Telling organizations what has happened. The worker is started by the process. */
export function createWebhooks(deps: {
  platform: Platform;
  database: Database;
  /** Not started yet. */
  notifications: Notifications;
  organizations: OrganizationDirectory;
  masterKey: MasterKey;
  clock: Clock;
  log: Pick<Log, 'warn'>;
  targets: TargetPolicy;
}) {
  const { platform, targets } = deps;
  const { allowPrivateTargets } = targets;
  const fetch = createOutboundFetch({
    allowPrivateTargets,
    patienceMs: RECEIVER_PATIENCE_MS,
    resolve: resolveByDns,
  });
  return {
    subscriptions: createSubscriptionService(deps),
    publish: createPublish(deps),
    noteQuotas: createQuotaEvents(deps),
    /** For the cleanup: before events that are too old go. */
    giveUpExpired,
    worker: createDeliveryWorker({ ...deps, fetch, policy: platform.webhooks }),
  };
}
