import { LRUCache } from 'lru-cache';
import type { Database } from '../database/database.ts';
import type { MeteredCount } from '../gate/context.ts';
import type { DecisionRecorder } from '../gate/gate.ts';
import type { Principal } from '../gate/principal.ts';
import type { Clock } from '../lib/clock.ts';
import { idOfText } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import type { Platform } from '../platform/platform.ts';
import type { OwnEventName } from './events.ts';
import { queueEvent } from './outbox.store.ts';

const LEVELS: readonly { name: OwnEventName; share: number }[] = [
  { name: 'quota.warning', share: 0.8 },
  { name: 'quota.exhausted', share: 1 },
];

/** Levels remembered at the most. */
const REMEMBERED = 20_000;

/**
 * Tells of quotas that are used up, or nearly: once in a window, whatever the number of processes and of
 * requests beyond. The id of the event is made of what it says, so that every process comes to the same; one
 * whose process dies before it is written is written by whoever counts next.
 */
export function createQuotaEvents(deps: {
  platform: Platform;
  database: Database;
  clock: Clock;
  log: Pick<Log, 'warn'>;
}): DecisionRecorder {
  const { platform, database, clock, log } = deps;
  const quotas = new Map(
    platform.namedLimits
      .filter(({ kind, per }) => kind === 'quota' && per !== 'identity')
      .map(({ name, per }) => [name, per]),
  );
  const told = new LRUCache<string, true>({ max: REMEMBERED });

  function tell(type: OwnEventName, count: MeteredCount, mark: string, whose: Whose): void {
    const { name, limit, used, resetsAt } = count;
    const { organizationId, principal } = whose;
    const data = {
      organization_id: organizationId,
      quota: { name, limit, used, resets_at: resetsAt?.toISOString() ?? null },
      ...(quotas.get(name) === 'credential' && principal
        ? { credential: { kind: principal.kind, id: principal.id } }
        : {}),
    };
    const event = { id: idOfText(mark), organizationId, occurredAt: clock.now(), type, data };
    queueEvent(database.pool, event).catch((error: unknown) => {
      told.delete(mark);
      log.warn({ err: error }, 'a quota event was not written; the next request tries again');
    });
  }

  return (_request, decision) => {
    if (!platform.webhooks.enabled || quotas.size === 0) return;
    const { organizationId, principal, counts: charged } = decision.context;
    const counts = decision.allowed ? charged : decision.denial.counts;
    if (!organizationId) return;
    for (const count of counts ?? []) {
      if (!quotas.has(count.name) || count.limit === 0) continue;
      for (const { name, share } of LEVELS) {
        if (count.used < Math.ceil(count.limit * share)) break;
        const mark = JSON.stringify([name, count.key, count.limit, count.resetsAt?.getTime()]);
        if (told.has(mark)) continue;
        told.set(mark, true);
        tell(name, count, mark, { organizationId, principal });
      }
    }
  };
}

interface Whose {
  readonly organizationId: string;
  readonly principal: Principal | undefined;
}
