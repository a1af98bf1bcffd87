import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import type { Executor } from '../database/executor.ts';
import type { Rate } from '../platform/platform.ts';
import type { EventContent } from './events.ts';
import type { Places } from './places.ts';
import { signingSecrets } from './subscriptions.store.ts';
import type { Reception } from './webhook.ts';

// How deliveries are handed out to processes. Whoever claims one has it until its lease ends; what a
// process that died had claimed falls due again then.

/** An attempt that this process alone makes, recorded already. */
export interface Claim {
  readonly deliveryId: string;
  /** Of the attempt. */
  readonly number: number;
  readonly failures: number;
  readonly subscriptionId: string;
  readonly organizationId: string;
  readonly url: string;
  /** Whether the receiver took the last one, and soon. */
  readonly trusted: boolean;
  readonly failingSince: Date | null;
  readonly event: EventContent & { readonly id: string; readonly occurredAt: Date };
  /** What signs now, the newest first; encrypted. */
  readonly secrets: readonly Uint8Array[];
}

/** A delivery that is due, of a subscription that has not yet as many under way as it may have. */
export type Candidate = Pick<Claim, 'deliveryId' | 'subscriptionId' | 'organizationId' | 'trusted'>;

/** How many deliveries of one subscription are under way at once, in all processes together. */
export interface Concurrency {
  /** Of a receiver that takes what it is sent, soon. */
  readonly trusted: number;
  /** Of one that has not taken anything yet, or not the last one, or slowly. */
  readonly untrusted: number;
}

const MOST_SUBSCRIPTIONS = 500;

/**
 * Subscriptions with something that is due and may be sent now, in the order of their ids: a round that
 * begins after the end of the one before passes over nobody.
 *
 * @param after the last one that was looked at; empty to begin
 * @returns `end`: the last one looked at; empty when there are no more
 */
export async function findDueSubscriptions(
  executor: Executor,
  after: string,
  rate: Rate,
  now: Date,
): Promise<{ ids: string[]; end: string }> {
  const { rows } = await executor.query<{ id: string; due: boolean }>({
    name: 'find_due_webhooks',
    text: `WITH RECURSIVE waiting(id) AS (
             (SELECT subscription_id FROM webhook_deliveries
              WHERE status = 'pending' AND subscription_id > $1 ORDER BY subscription_id LIMIT 1)
             UNION ALL
             SELECT (SELECT subscription_id FROM webhook_deliveries
               WHERE status = 'pending' AND subscription_id > waiting.id
               ORDER BY subscription_id LIMIT 1)
             FROM waiting WHERE waiting.id IS NOT NULL)
           SELECT s.id, s.status = 'active'
             AND NOT (coalesce(s.window_ends_at > $2, false) AND s.window_attempts >= $3)
             AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.subscription_id = s.id
               AND d.status = 'pending' AND d.next_attempt_at <= $2) AS due
           FROM (SELECT id FROM waiting WHERE id IS NOT NULL LIMIT ${MOST_SUBSCRIPTIONS}) AS hop
           JOIN webhook_subscriptions s ON s.id = hop.id ORDER BY s.id`,
    values: [after, now, rate.limit],
  });
  return {
    ids: rows.filter(({ due }) => due).map(({ id }) => id),
    end: rows.length === MOST_SUBSCRIPTIONS ? rows.at(-1)!.id : '',
  };
}

/**
 * Claims what is due, as far as this process has places for it and within each subscription's rate. Attempts
 * are recorded with it, so that two processes never make the same one.
 */
export async function claimDeliveries(
  database: Database,
  wanted: {
    subscriptionIds: readonly string[];
    places: Pick<Places, 'isSlow' | 'next'>;
    concurrency: Concurrency;
    rate: Rate;
    leaseMs: number;
  },
  now: Date,
): Promise<Claim[]> {
  const { places, rate } = wanted;
  return database.transaction(async (tx) => {
    const ready = await holdSubscriptions(tx, wanted.subscriptionIds, now);
    const held = new Map(
      ready.map((each) => [each.id, { ...each, trusted: each.trusted && !places.isSlow(each.id) }]),
    );
    const chosen = places.next(await findCandidates(tx, held, wanted, now));
    if (chosen.length === 0) return [];
    const { rows } = await tx.query<ClaimRow>({
      name: 'claim_webhook_deliveries',
      text: CLAIM,
      values: [
        chosen.map(({ deliveryId }) => deliveryId),
        ...[now, new Date(now.getTime() + wanted.leaseMs), rate.windowSeconds],
      ],
    });
    return rows.map((row) => toClaim(row, held.get(row.subscription_id)!));
  });
}

/**
 * What of the held subscriptions may go, those that have waited longest first. Leases are counted after the
 * subscriptions are held: another process may have claimed until then.
 */
async function findCandidates(
  tx: Executor,
  held: ReadonlyMap<string, HeldSubscription>,
  { concurrency, rate }: { concurrency: Concurrency; rate: Rate },
  now: Date,
): Promise<Candidate[]> {
  if (held.size === 0) return [];
  const all = [...held.values()];
  const { rows } = await tx.query<{ id: string; subscription_id: string }>({
    name: 'find_webhook_candidates',
    text: `SELECT next.id, held.id AS subscription_id
           FROM unnest($1::text[], $2::int[], $3::int[]) AS held(id, places, room)
           CROSS JOIN LATERAL (
             SELECT d.id, d.next_attempt_at FROM webhook_deliveries d
             WHERE d.subscription_id = held.id AND d.status = 'pending' AND d.next_attempt_at <= $4
             ORDER BY d.next_attempt_at
             LIMIT greatest(0, least(held.room, held.places - (
               SELECT count(*) FROM webhook_deliveries l WHERE l.subscription_id = held.id
                 AND l.status = 'pending' AND l.leased_until > $4)))) AS next
           ORDER BY next.next_attempt_at`,
    values: [
      all.map(({ id }) => id),
      all.map(({ trusted }) => concurrency[trusted ? 'trusted' : 'untrusted']),
      all.map(({ used }) => Math.max(0, rate.limit - used)),
      now,
    ],
  });
  return rows.map(({ id, subscription_id: subscriptionId }) => {
    const { organization_id: organizationId, trusted } = held.get(subscriptionId)!;
    return { deliveryId: id, subscriptionId, organizationId, trusted };
  });
}

const CLAIM = `
  WITH claimed AS (
    UPDATE webhook_deliveries SET attempts = attempts + 1, next_attempt_at = $3, leased_until = $3
    WHERE id = ANY($1) AND status = 'pending' AND next_attempt_at <= $2
    RETURNING *),
  recorded AS (
    INSERT INTO webhook_attempts (delivery_id, number, started_at)
    SELECT id, attempts, $2 FROM claimed),
  counted AS (
    UPDATE webhook_subscriptions s SET
      window_attempts = share.attempts
        + CASE WHEN s.window_ends_at > $2 THEN s.window_attempts ELSE 0 END,
      window_ends_at = CASE WHEN s.window_ends_at > $2 THEN s.window_ends_at
        ELSE $2::timestamptz + make_interval(secs => $4::float8) END
    FROM (SELECT subscription_id, count(*)::int AS attempts FROM claimed GROUP BY 1) AS share
    WHERE s.id = share.subscription_id)
  SELECT claimed.id, claimed.subscription_id, claimed.attempts, claimed.failures,
    o.id AS event_id, o.payload, o.created_at AS occurred_at,
    ${signingSecrets({ of: 'claimed.subscription_id', at: '$2' })} AS secrets
  FROM claimed JOIN outbox o ON o.id = claimed.event_id`;

interface HeldSubscription {
  id: string;
  organization_id: string;
  url: string;
  failing_since: Date | null;
  trusted: boolean;
  /** Attempts in the window of the rate. */
  used: number;
}

/** One process at a time takes from a subscription; another goes on to the next. */
async function holdSubscriptions(
  tx: Executor,
  ids: readonly string[],
  now: Date,
): Promise<HeldSubscription[]> {
  const { rows } = await tx.query<HeldSubscription>({
    name: 'hold_webhooks',
    text: `SELECT id, organization_id, url, failing_since,
             succeeded_at IS NOT NULL AND failing_since IS NULL AS trusted,
             CASE WHEN window_ends_at > $2 THEN window_attempts ELSE 0 END AS used
           FROM webhook_subscriptions WHERE id = ANY($1) AND status = 'active'
           ORDER BY id FOR NO KEY UPDATE SKIP LOCKED`,
    values: [ids, now],
  });
  return rows;
}

interface ClaimRow {
  id: string;
  subscription_id: string;
  attempts: number;
  failures: number;
  event_id: string;
  payload: EventContent;
  occurred_at: Date;
  secrets: Buffer[];
}

const toClaim = (row: ClaimRow, subscription: HeldSubscription): Claim => ({
  deliveryId: row.id,
  number: row.attempts,
  failures: row.failures,
  subscriptionId: row.subscription_id,
  organizationId: subscription.organization_id,
  url: subscription.url,
  trusted: subscription.trusted,
  failingSince: subscription.failing_since,
  event: { ...row.payload, id: row.event_id, occurredAt: row.occurred_at },
  secrets: row.secrets,
});

/** Ends a claim whose delivery was taken, even if its lease had ended. */
export async function recordSuccess(
  executor: Executor,
  claim: Claim,
  reception: Reception,
  now: Date,
): Promise<void> {
  await executor.query({
    name: 'record_webhook_success',
    text: `WITH ${ATTEMPT},
           delivery AS (
             UPDATE webhook_deliveries
             SET status = 'delivered', finished_at = $7, leased_until = NULL
             WHERE id = $1 AND status <> 'delivered' RETURNING subscription_id)
           UPDATE webhook_subscriptions s SET succeeded_at = $7, failing_since = NULL
           FROM delivery WHERE s.id = delivery.subscription_id AND (s.failing_since IS NOT NULL
             OR s.succeeded_at IS NULL OR s.succeeded_at < $7::timestamptz - interval '1 minute')`,
    values: [...attemptValues(claim, reception), now],
  });
}

/**
 * Ends a claim whose delivery was not taken; another one of the same delivery, made after the lease of this
 * one had ended, is left alone.
 *
 * @param then when to try again; undefined: never, which is noted in the organization's log
 * @param disable whether it has failed for so long that the subscription ends with it
 */
export async function recordFailure(
  database: Database,
  claim: Claim,
  reception: Reception,
  now: Date,
  { then, disable }: { then: Date | undefined; disable: boolean },
): Promise<void> {
  const record = (executor: Executor) =>
    executor.query({
      name: 'record_webhook_failure',
      text: `WITH ${ATTEMPT},
             delivery AS (
               UPDATE webhook_deliveries SET failures = failures + 1, leased_until = NULL,
                 next_attempt_at = coalesce($8::timestamptz, next_attempt_at),
                 status = CASE WHEN $8 IS NULL THEN 'dead' ELSE 'pending' END,
                 finished_at = CASE WHEN $8 IS NULL THEN $7::timestamptz END
               WHERE id = $1 AND attempts = $2 AND status = 'pending' RETURNING subscription_id),
             failing AS (
               UPDATE webhook_subscriptions s SET failing_since = $7
               FROM delivery WHERE s.id = delivery.subscription_id AND s.failing_since IS NULL)
             SELECT FROM delivery`,
      values: [...attemptValues(claim, reception), now, then ?? null],
    });
  if (then && !disable) return void (await record(database.pool));
  await database.transaction(async (tx) => {
    const { rowCount } = await record(tx);
    if (!then && rowCount) await notice(tx, claim, 'webhook.delivery_failed');
    if (disable && (await disableSubscription(tx, claim, now))) {
      await notice(tx, claim, 'webhook.disabled');
    }
  });
}

/** Gives a claim back: this process ends before the receiver has answered. */
export async function releaseClaim(
  executor: Executor,
  claim: Claim,
  reception: Reception,
  now: Date,
): Promise<void> {
  await executor.query({
    name: 'release_webhook_claim',
    text: `WITH ${ATTEMPT}
           UPDATE webhook_deliveries SET next_attempt_at = $7, leased_until = NULL
           WHERE id = $1 AND attempts = $2 AND status = 'pending'`,
    values: [...attemptValues(claim, reception), now],
  });
}

const ATTEMPT = `attempt AS (
  UPDATE webhook_attempts SET duration_ms = $3, response_status = $4, response_body = $5, error = $6
  WHERE delivery_id = $1 AND number = $2)`;

const attemptValues = ({ deliveryId, number }: Claim, reception: Reception): unknown[] => [
  ...[deliveryId, number, Math.round(reception.durationMs), reception.status],
  ...[reception.body, reception.error],
];

async function disableSubscription(tx: Executor, claim: Claim, now: Date): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE webhook_subscriptions SET status = 'disabled', updated_at = $2
     WHERE id = $1 AND status = 'active'`,
    [claim.subscriptionId, now],
  );
  return rowCount === 1;
}

const SYSTEM: AuditContext = { actor: { kind: 'system' } };

function notice(
  tx: Executor,
  claim: Claim,
  type: 'webhook.delivery_failed' | 'webhook.disabled',
): Promise<void> {
  const { organizationId, subscriptionId, deliveryId, event, number } = claim;
  const target = { kind: 'webhook', id: subscriptionId };
  const details = { delivery_id: deliveryId, event: event.type, attempts: number };
  return recordAuditEvent(tx, { ...SYSTEM, type, organizationId, target, details });
}
