import type { Executor } from '../database/executor.ts';
import { newIdSql } from '../database/new-id.ts';
import type { EventContent } from './events.ts';
import { OUTBOX_CHANNEL } from './outbox.store.ts';
import type { Attempt, AttemptError, Delivery, DeliveryRecord, DeliveryStatus } from './webhook.ts';

/** Newest first. */
export async function listDeliveries(
  executor: Executor,
  filter: {
    subscriptionId: string;
    status?: DeliveryStatus | undefined;
    beforeId?: string | undefined;
    limit: number;
  },
): Promise<Delivery[]> {
  const { rows } = await executor.query<Row>(
    `SELECT ${COLUMNS} WHERE d.subscription_id = $1 AND ($2::text IS NULL OR d.status = $2)
       AND ($3::text IS NULL OR d.id < $3)
     ORDER BY d.id DESC LIMIT $4`,
    [filter.subscriptionId, filter.status ?? null, filter.beforeId ?? null, filter.limit],
  );
  return rows.map(toDelivery);
}

/** With every attempt, the first one first. */
export async function findDelivery(
  executor: Executor,
  id: string,
  subscriptionId: string,
): Promise<DeliveryRecord | undefined> {
  const { rows } = await executor.query<Row>(
    `SELECT ${COLUMNS} WHERE d.id = $1 AND d.subscription_id = $2`,
    [id, subscriptionId],
  );
  const row = rows[0];
  if (!row) return undefined;
  const made = await executor.query<AttemptRow>(
    `SELECT * FROM webhook_attempts WHERE delivery_id = $1 ORDER BY number`,
    [id],
  );
  const body = bodyOf({ ...row.payload, occurredAt: row.occurred_at });
  return { ...toDelivery(row), body, made: made.rows.map(toAttempt) };
}

/** The bytes that are sent, the same at every attempt. */
export const bodyOf = ({ type, data, occurredAt }: EventContent & { occurredAt: Date }): string =>
  JSON.stringify({ type, timestamp: occurredAt.toISOString(), data });

/**
 * Has a delivery made again from now on, unless an attempt is under way this moment.
 *
 * @returns false when it isn't there, or its subscription is not active
 */
export async function redeliver(
  executor: Executor,
  id: string,
  subscriptionId: string,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await executor.query(
    `WITH found AS (
       SELECT d.id FROM webhook_deliveries d JOIN webhook_subscriptions s ON s.id = d.subscription_id
       WHERE d.id = $1 AND s.id = $2 AND s.status = 'active'),
     again AS (
       UPDATE webhook_deliveries d SET status = 'pending', failures = 0, next_attempt_at = $3,
         leased_until = NULL, finished_at = NULL
       FROM found WHERE d.id = found.id AND (d.leased_until IS NULL OR d.leased_until <= $3))
     SELECT pg_notify('${OUTBOX_CHANNEL}', 'webhook') FROM found`,
    [id, subscriptionId, now],
  );
  return rowCount === 1;
}

/**
 * An event for one subscription alone, whatever it is for.
 *
 * @returns the id of the delivery; undefined: the subscription is not active
 */
export async function deliverTo(
  executor: Executor,
  subscription: { id: string; organizationId: string },
  event: EventContent,
  now: Date,
): Promise<string | undefined> {
  const { rows } = await executor.query<{ id: string }>(
    `WITH event AS (
       INSERT INTO outbox
         (id, topic, organization_id, payload, created_at, available_at, delivered_at)
       SELECT ${newIdSql('$4::timestamptz')}, 'webhook', $2, $3::jsonb, $4, $4, $4
       FROM webhook_subscriptions WHERE id = $1 AND status = 'active'
       RETURNING id),
     delivery AS (
       INSERT INTO webhook_deliveries
         (id, subscription_id, event_id, created_at, next_attempt_at)
       SELECT ${newIdSql('$4::timestamptz')}, $1, event.id, $4, $4 FROM event RETURNING id)
     SELECT id, pg_notify('${OUTBOX_CHANNEL}', 'webhook') FROM delivery`,
    [subscription.id, subscription.organizationId, JSON.stringify(event), now],
  );
  return rows[0]?.id;
}

const COLUMNS = `d.*, o.payload, o.created_at AS occurred_at
  FROM webhook_deliveries d JOIN outbox o ON o.id = d.event_id`;

interface Row {
  id: string;
  subscription_id: string;
  event_id: string;
  status: DeliveryStatus;
  attempts: number;
  created_at: Date;
  next_attempt_at: Date;
  finished_at: Date | null;
  payload: EventContent;
  occurred_at: Date;
}

const toDelivery = (row: Row): Delivery => ({
  id: row.id,
  subscriptionId: row.subscription_id,
  eventId: row.event_id,
  type: row.payload.type,
  status: row.status,
  attempts: row.attempts,
  createdAt: row.created_at,
  nextAttemptAt: row.status === 'pending' ? row.next_attempt_at : null,
  finishedAt: row.finished_at,
});

interface AttemptRow {
  number: number;
  started_at: Date;
  duration_ms: number | null;
  response_status: number | null;
  response_body: string | null;
  error: AttemptError | null;
}

const toAttempt = (row: AttemptRow): Attempt => ({
  number: row.number,
  startedAt: row.started_at,
  ...(row.duration_ms === null
    ? {}
    : {
        durationMs: row.duration_ms,
        status: row.response_status,
        body: row.response_body,
        error: row.error,
      }),
});
