import type { Executor } from '../database/executor.ts';
import { newIdSql } from '../database/new-id.ts';
import type { EventContent } from './events.ts';

/** Tells every process that there is something to deliver. */
export const OUTBOX_CHANNEL = 'gatehouse_outbox';

/** The parts of an event that is about to be queued, as SQL. */
interface QueuedEvent {
  readonly organizationId: string;
  /** Text. */
  readonly type: string;
  /** JSON. */
  readonly data: string;
  /** A point in time. */
  readonly at: string;
  /** Text; by default a new one. One that was queued before is not queued again. */
  readonly id?: string;
  /** An earlier part of the same WITH, for an event of each of its rows. */
  readonly from?: string;
}

/** Whether anybody has subscribed to it. */
const isHeard = (organizationId: string, type: string): string =>
  `EXISTS (SELECT FROM webhook_subscriptions
     WHERE organization_id = ${organizationId} AND status <> 'disabled'
       AND events && ARRAY['*', ${type}])`;

/**
 * Parts of a WITH that put an event into the outbox if anybody has subscribed to it, and the SELECT that
 * tells the workers: for a statement that writes what the event is about, so that both happen or neither.
 */
export const queueParts = ({
  organizationId,
  type,
  data,
  at,
  id = newIdSql(at),
  from,
}: QueuedEvent): string =>
  `queued AS (
     INSERT INTO outbox (id, topic, organization_id, payload, created_at, available_at)
     SELECT ${id}, 'webhook', ${organizationId},
       jsonb_build_object('type', ${type}, 'data', ${data}), ${at}, ${at}
     ${from ? `FROM ${from} ` : ''}WHERE ${isHeard(organizationId, type)}
     ON CONFLICT (id) DO NOTHING RETURNING id)
   SELECT pg_notify('${OUTBOX_CHANNEL}', 'webhook') FROM queued`;

/**
 * Puts an event into the outbox if anybody has subscribed to it.
 *
 * @param event.id one that was queued before is not queued again
 * @returns whether it was: false also when nobody has subscribed
 */
export async function queueEvent(
  executor: Executor,
  event: EventContent & { id: string; organizationId: string; occurredAt: Date },
): Promise<boolean> {
  const { id, organizationId, type, data, occurredAt } = event;
  const { rowCount } = await executor.query({
    name: 'queue_webhook_event',
    text: `WITH ${queueParts({ ...GIVEN, id: '$1::text' })}`,
    values: [id, organizationId, type, JSON.stringify(data), occurredAt],
  });
  return rowCount === 1;
}

/**
 * Keeps an event under its id, once, whoever else is at it. If anybody has subscribed to it, it is queued;
 * else its digest is kept, which nobody is sent, however soon they subscribe after it.
 *
 * @returns false when there is an event of that id
 */
export async function keepEvent(
  executor: Executor,
  event: EventContent & { id: string; organizationId: string; occurredAt: Date },
): Promise<boolean> {
  const { id, organizationId, type, data, occurredAt } = event;
  const { rowCount } = await executor.query({
    name: 'keep_webhook_event',
    text: `WITH kept AS (
             INSERT INTO outbox
               (id, topic, organization_id, payload, created_at, available_at, delivered_at)
             SELECT $1, 'webhook', $4, CASE WHEN heard THEN ${SAID} ELSE ${DIGEST} END, $5, $5,
               CASE WHEN NOT heard THEN $5::timestamptz END
             FROM (SELECT ${isHeard('$4', '$2::text')} AS heard) AS now
             ON CONFLICT (id) DO NOTHING RETURNING delivered_at)
           SELECT (SELECT pg_notify('${OUTBOX_CHANNEL}', 'webhook') WHERE delivered_at IS NULL)
           FROM kept`,
    values: [id, type, JSON.stringify(data), organizationId, occurredAt],
  });
  return rowCount === 1;
}

/** When the event of that id was published, and whether it said the same; undefined: there is none. */
export async function findKeptEvent(
  executor: Executor,
  id: string,
  { type, data }: EventContent,
): Promise<{ occurredAt: Date; isSame: boolean } | undefined> {
  const { rows } = await executor.query<{ occurredAt: Date; isSame: boolean }>({
    name: 'find_kept_webhook_event',
    text: `SELECT created_at AS "occurredAt", payload IN (${SAID}, ${DIGEST}) AS "isSame"
           FROM outbox WHERE id = $1`,
    values: [id, type, JSON.stringify(data)],
  });
  return rows[0];
}

const SAID = `jsonb_build_object('type', $2::text, 'data', $3::jsonb)`;

/** As much of an event as it takes to know it again, whatever the order its data came in. */
const DIGEST = `jsonb_build_object('type', $2::text,
  'digest', encode(sha256(convert_to($3::jsonb::text, 'UTF8')), 'hex'))`;

const GIVEN = {
  organizationId: '$2::text',
  type: '$3::text',
  data: '$4::jsonb',
  at: '$5::timestamptz',
};

const MOST_EVENTS = 200;

const WAITING = `delivered_at IS NULL AND topic = 'webhook'`;

/** The first organization with something waiting after that one. */
const nextAfter = (id: string): string =>
  `SELECT organization_id FROM outbox WHERE ${WAITING} AND organization_id > ${id}
   ORDER BY organization_id LIMIT 1`;

/**
 * Makes a delivery of each waiting event for each subscription to it, once, whatever the number of
 * processes. Organizations share alike: however much one has waiting, the others' events are among the next.
 *
 * @param after the last organization that was looked at; empty to begin
 * @returns `more`: whether there may be; `end`: the last one looked at, empty when there are no more of them
 */
export async function fanOut(
  executor: Executor,
  after: string,
  now: Date,
): Promise<{ more: boolean; end: string }> {
  const { rows } = await executor.query<{ full: boolean; end: string }>({
    name: 'fan_out_webhook_events',
    text: `WITH RECURSIVE waiting(id) AS (
             (${nextAfter('$2')})
             UNION ALL
             SELECT (${nextAfter('waiting.id')}) FROM waiting WHERE waiting.id IS NOT NULL),
           hop AS MATERIALIZED (
             SELECT id FROM waiting WHERE id IS NOT NULL LIMIT ${MOST_EVENTS}),
           share AS (SELECT ${MOST_EVENTS} / greatest(count(*), 1) AS events FROM hop),
           taken AS (
             SELECT next.* FROM hop CROSS JOIN LATERAL (
               SELECT id, organization_id, payload->>'type' AS type FROM outbox
               WHERE ${WAITING} AND organization_id = hop.id
               ORDER BY available_at LIMIT (SELECT events FROM share)
               FOR UPDATE SKIP LOCKED) AS next),
           made AS (
             INSERT INTO webhook_deliveries
               (id, subscription_id, event_id, created_at, next_attempt_at)
             SELECT ${newIdSql('$1::timestamptz')}, s.id, taken.id, $1, $1
             FROM taken JOIN webhook_subscriptions s ON s.organization_id = taken.organization_id
             WHERE s.status <> 'disabled' AND s.events && ARRAY['*', taken.type]
             ON CONFLICT (event_id, subscription_id) DO NOTHING),
           done AS (UPDATE outbox SET delivered_at = $1 FROM taken WHERE outbox.id = taken.id)
           SELECT
             EXISTS (SELECT FROM taken GROUP BY organization_id
               HAVING count(*) = (SELECT events FROM share)) AS full,
             CASE WHEN count(*) = ${MOST_EVENTS} THEN max(id) ELSE '' END AS end
           FROM hop`,
    values: [now, after],
  });
  const { full, end } = rows[0]!;
  return { more: full || after !== end, end };
}

/** Says that there is something to deliver, at the commit of the transaction. */
export async function wakeWorkers(executor: Executor): Promise<void> {
  await executor.query(`SELECT pg_notify('${OUTBOX_CHANNEL}', 'webhook')`);
}
