import type { Database } from '../database/database.ts';
import type { Notifications } from '../database/notifications.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { MasterKey } from '../lib/master-key.ts';
import type { OutboundFetch } from '../lib/outbound.ts';
import { createSemaphore } from '../lib/semaphore.ts';
import type { Webhooks } from '../platform/platform.ts';
import { type Backoff, overADay } from './backoff.ts';
import {
  type Claim,
  claimDeliveries,
  findDueSubscriptions,
  recordFailure,
  recordSuccess,
  releaseClaim,
} from './claims.store.ts';
import { bodyOf } from './deliveries.store.ts';
import { fanOut, OUTBOX_CHANNEL } from './outbox.store.ts';
import { createPlaces, PLACES } from './places.ts';
import { type Answer, callReceiver } from './receiver.ts';
import { openSecret } from './secrets.ts';
import { signatureHeaders } from './signatures.ts';
import { type TargetPolicy, targetProblem } from './target.ts';
import { attemptIdOf, type Reception } from './webhook.ts';

/** How patient a worker is. */
export interface Timing {
  /** A receiver has so long for everything: milliseconds. */
  readonly timeoutMs: number;
  /** What a process that died had claimed is due again after so long; longer than any attempt. */
  readonly leaseMs: number;
  /** How often to look without being told to. */
  readonly pollMs: number;
  readonly backoff: Backoff;
}

/** What a receiver has for everything: milliseconds. */
export const RECEIVER_PATIENCE_MS = 10_000;

const TIMING: Timing = {
  ...{ timeoutMs: RECEIVER_PATIENCE_MS, leaseMs: 30_000 },
  ...{ pollMs: 1_000, backoff: overADay },
};

const CONCURRENCY = { trusted: 4, untrusted: 1 };

/** Ends written at once: the database is there for the gate, too. */
const RECORDERS = 4;

/** A subscription that has failed for so long without a success is disabled. */
const DISABLE_AFTER_MS = 5 * 86_400_000;

/** The longest wait that a receiver is granted. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;

export interface DeliveryWorker {
  start(): void;
  /** Waits for attempts under way; when `late` aborts, gives back what they were about. */
  stop(late: AbortSignal): Promise<void>;
}

interface Dependencies {
  database: Database;
  /** Not started yet. */
  notifications: Notifications;
  masterKey: MasterKey;
  clock: Clock;
  fetch: OutboundFetch;
  log: Pick<Log, 'warn'>;
  policy: Webhooks;
  targets: TargetPolicy;
  timing?: Partial<Timing>;
}

/**
 * Sends what is in the outbox: at least once, with one id for each event and another for each attempt, in
 * parallel across subscriptions. Any number of processes share the work through the database.
 *
 * @see docs/decisions/0015-webhook-deliveries.md
 */
export function createDeliveryWorker(deps: Dependencies): DeliveryWorker {
  const { database, clock, log, policy } = deps;
  const timing = { ...TIMING, ...deps.timing };
  const places = createPlaces();
  const underWay = new Set<Promise<void>>();
  const recorders = createSemaphore(RECORDERS, PLACES);
  const interruption = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  /** The last subscription looked at, and the last organization; empty to begin. */
  let position = '';
  let fannedOutTo = '';
  /** Whether there may be events that no delivery is made of yet. */
  let news = false;
  let turn: Promise<void> | undefined;
  let wanted = false;
  let stopped = true;

  function hear(): void {
    news = true;
    wake();
  }

  function wake(): void {
    wanted = true;
    if (stopped || turn) return;
    turn = work()
      .catch((error: unknown) => {
        wanted = false;
        log.warn({ err: error }, 'webhooks: will be tried again');
      })
      .finally(() => {
        turn = undefined;
        if (wanted) wake();
      });
  }

  async function work(): Promise<void> {
    while (wanted && !stopped) {
      wanted = false;
      // A batch at a time: what is due goes out while more comes in.
      if (news) await fanOutSome();
      if (await claimAround()) wanted = true;
    }
  }

  async function fanOutSome(): Promise<void> {
    news = false;
    const { more, end } = await fanOut(database.pool, fannedOutTo, clock.now());
    fannedOutTo = end;
    if (more) news = wanted = true;
  }

  /**
   * Looks at all that waits once, as long as there are places.
   *
   * @returns whether to look again: something was claimed, or the beginning was not looked at
   */
  async function claimAround(): Promise<boolean> {
    const begun = position;
    let claimed = false;
    while (places.hasFree() && !stopped) {
      if (await claimSome()) claimed = true;
      if (position === '') break;
    }
    return claimed || (begun !== '' && position === '');
  }

  /** @returns whether anything was claimed of the next who wait */
  async function claimSome(): Promise<boolean> {
    const { deliveryRate: rate } = policy;
    const { ids, end } = await findDueSubscriptions(database.pool, position, rate, clock.now());
    position = end;
    if (ids.length === 0) return false;
    const wish = { subscriptionIds: ids, places, rate, concurrency: CONCURRENCY };
    const claims = await claimDeliveries(
      database,
      { ...wish, leaseMs: timing.leaseMs },
      clock.now(),
    );
    for (const claim of claims) begin(claim);
    return claims.length > 0;
  }

  function begin(claim: Claim): void {
    places.take(claim);
    const attempt = deliver(claim)
      // The lease ends by itself.
      .catch((error: unknown) => log.warn({ err: error }, 'a webhook attempt was not recorded'))
      .finally(() => {
        underWay.delete(attempt);
        places.leave(claim);
        wake();
      });
    underWay.add(attempt);
  }

  async function deliver(claim: Claim): Promise<void> {
    const begun = clock.now();
    const answer = await send(claim, begun);
    const now = clock.now();
    const { status, body, error } = answer;
    const reception = { durationMs: now.getTime() - begun.getTime(), status, body, error };
    places.noteDuration(claim, reception.durationMs);
    await recorders.run(() => record(claim, answer, reception, now));
  }

  function record(claim: Claim, answer: Answer, reception: Reception, now: Date): Promise<void> {
    const { status, error } = reception;
    if (error === null) return recordSuccess(database.pool, claim, reception, now);
    if (error === 'interrupted') return releaseClaim(database.pool, claim, reception, now);
    const then = nextAttempt(claim, answer, now);
    const failingMs = claim.failingSince ? now.getTime() - claim.failingSince.getTime() : 0;
    const disable = status === 410 || failingMs >= DISABLE_AFTER_MS;
    return recordFailure(database, claim, reception, now, { then, disable });
  }

  async function send(claim: Claim, at: Date): Promise<Answer> {
    const { url, event, deliveryId, number, subscriptionId } = claim;
    // The operator may have become stricter since it was subscribed.
    if (targetProblem(url, deps.targets)) return FORBIDDEN;
    const secrets = claim.secrets.map((box) => openSecret(deps.masterKey, box, subscriptionId));
    const body = bodyOf(event);
    const timestamp = Math.floor(at.getTime() / 1000);
    const headers = {
      ...signatureHeaders({ id: event.id, timestamp, body }, secrets, policy),
      'webhook-attempt-id': attemptIdOf(deliveryId, number),
    };
    const signal = AbortSignal.any([AbortSignal.timeout(timing.timeoutMs), interruption.signal]);
    return callReceiver(deps.fetch, url, { headers, body }, signal);
  }

  /** Undefined: it is given up. A receiver that is gone (410) is not asked again. */
  function nextAttempt(claim: Claim, answer: Answer, now: Date): Date | undefined {
    const delayMs = timing.backoff(claim.failures + 1);
    if (delayMs === undefined || answer.status === 410) return undefined;
    const wish = Math.min(answer.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
    return new Date(now.getTime() + Math.max(delayMs, wish));
  }

  deps.notifications.on(OUTBOX_CHANNEL, hear);
  deps.notifications.onRestored(hear);
  return {
    start() {
      stopped = false;
      timer = setInterval(hear, timing.pollMs);
      timer.unref();
      hear();
    },
    async stop(late) {
      stopped = true;
      clearInterval(timer);
      const interrupt = () => interruption.abort();
      if (late.aborted) interrupt();
      late.addEventListener('abort', interrupt, { once: true });
      await turn;
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

const FORBIDDEN: Answer = {
  ...{ status: null, body: null, error: 'forbidden_target', retryAfterMs: undefined },
};
