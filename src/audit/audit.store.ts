import type { Database } from '../database/database.ts';
import type { Executor } from '../database/executor.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import { pageOf, pageSize, readCursor } from '../lib/cursor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import { webhookEventOf } from '../webhooks/events.ts';
import { queueParts } from '../webhooks/outbox.store.ts';

import type { AuditActor, AuditEvent, AuditEventType, RecordedAuditEvent } from './audit.ts';
import { auditDetails, auditText } from './audit.ts';

const LIST = 'audit';
/** Eighteen digits always fit a bigint. */
const EVENT_ID = /^[1-9][0-9]{0,17}$/;
const BATCH_EVENTS = 500;

/**
 * Writes an event where its cause is written: given the client of a transaction, both happen or neither.
 *
 * @throws TypeError when the details promise a secret
 */
export async function recordAuditEvent(executor: Executor, event: AuditEvent): Promise<void> {
  const webhookEvent = webhookEventOf(event);
  if (webhookEvent) return recordAndQueue(executor, event, webhookEvent);
  await executor.query({
    name: 'record_audit_event',
    text: `${INSERT} VALUES (${VALUES})`,
    values: valuesOf(event),
  });
}

/** In one statement, so that it is one even without a transaction. */
async function recordAndQueue(
  executor: Executor,
  event: AuditEvent,
  { type, data }: NonNullable<ReturnType<typeof webhookEventOf>>,
): Promise<void> {
  const parts = queueParts({
    ...{ organizationId: '$5::text', type: '$11::text', data: '$12::jsonb' },
    at: 'coalesce($1::timestamptz, now())',
  });
  await executor.query({
    name: 'record_audit_event_and_queue',
    text: `WITH recorded AS (${INSERT} VALUES (${VALUES})), ${parts}`,
    values: [...valuesOf(event), type, JSON.stringify(auditDetails(data))],
  });
}

/**
 * Writes an event of one kind for each row of what causes them in one statement with it, and queues those
 * that receivers hear of.
 *
 * @param cause what gives `organization_id`, `target_id` and `details` (jsonb) of each, with its parameters
 */
export async function recordAuditEvents(
  executor: Executor,
  cause: { sql: string; values: readonly unknown[] },
  { targetKind, ...event }: Omit<AuditEvent, 'organizationId' | 'target'> & { targetKind: string },
): Promise<void> {
  const from = cause.values.length + 1;
  const at = `coalesce($${from}::timestamptz, now())`;
  const [type, actorKind, actorId, kind, address, requestId] = Array.from(
    { length: 6 },
    (_, index) => `$${from + 1 + index}::text`,
  );
  // The organization of each is put in where it is queued.
  const heard = webhookEventOf({ ...event, organizationId: '' });
  const parts =
    heard &&
    queueParts({
      ...{ organizationId: 'cause.organization_id', type: `$${from + 8}::text`, at, from: 'cause' },
      data: `$${from + 9}::jsonb || cause.details || jsonb_build_object(
        'organization_id', cause.organization_id, ${kind} || '_id', cause.target_id)`,
    });
  const text = (value: string | undefined) => (value === undefined ? null : auditText(value));
  await executor.query(
    `WITH cause AS (${cause.sql}),
     recorded AS (
       ${INSERT} SELECT ${at}, ${type}, ${actorKind}, ${actorId}, cause.organization_id,
         ${kind}, cause.target_id, ${address}, ${requestId}, $${from + 7}::jsonb || cause.details
       FROM cause)
     ${parts ? `, ${parts}` : 'SELECT'}`,
    [
      ...cause.values,
      ...[event.occurredAt ?? null, event.type, event.actor.kind, text(event.actor.id), targetKind],
      ...[text(event.address), text(event.requestId)],
      JSON.stringify(auditDetails(event.details ?? {})),
      ...(heard ? [heard.type, JSON.stringify(auditDetails(heard.data))] : []),
    ],
  );
}

/**
 * Adds events if `condition` has a row, which is an earlier part of the same WITH: a part itself.
 *
 * @param from number of the first parameter; an event has ten
 */
export function recordingIf(
  condition: string,
  events: readonly AuditEvent[],
  from: number,
): { parts: string; values: unknown[] } {
  const rows = events.map(
    (_, index) => `SELECT ${valuesFrom(from + 10 * index)} FROM ${condition}`,
  );
  return {
    parts: `recorded AS (${INSERT} ${rows.join(' UNION ALL ')})`,
    values: events.flatMap(valuesOf),
  };
}

const INSERT = `INSERT INTO audit_events (occurred_at, type, actor_kind, actor_id, organization_id,
  target_kind, target_id, address, request_id, details)`;

const TEXTS = Array.from({ length: 8 }, (_, index) => index + 1);

/** Of an event, in the order of its columns: ten parameters from `$from`. */
const valuesFrom = (from: number): string => {
  const texts = TEXTS.map((offset) => `$${from + offset}::text`);
  return `coalesce($${from}::timestamptz, now()), ${texts}, $${from + 9}::jsonb`;
};

const VALUES = valuesFrom(1);

function valuesOf(event: AuditEvent): unknown[] {
  const text = (value: string | undefined) => (value === undefined ? null : auditText(value));
  return [
    event.occurredAt ?? null,
    event.type,
    event.actor.kind,
    text(event.actor.id),
    text(event.organizationId),
    text(event.target?.kind),
    text(event.target?.id),
    text(event.address),
    text(event.requestId),
    JSON.stringify(auditDetails(event.details ?? {})),
  ];
}

/** Which events to list. Without an organization, all of them: for the operator's eyes only. */
export interface AuditFilter extends Omit<PageRequest, 'cursor'> {
  organizationId?: string | undefined;
  type?: AuditEventType | undefined;
  actor?: AuditActor | undefined;
  /** Inclusive. */
  from?: Date | undefined;
  /** Exclusive. */
  until?: Date | undefined;
  /** `nextCursor` of the page before. */
  before?: string | undefined;
}

/**
 * One page of events, newest first.
 *
 * @throws InvalidCursorError
 */
export async function listAuditEvents(
  database: Pick<Database, 'prisma'>,
  { before, limit, ...filter }: AuditFilter,
): Promise<Page<RecordedAuditEvent>> {
  const position = readCursor(LIST, before, EVENT_ID);
  const size = pageSize(limit);
  const events = await readEvents(database, filter, position, size + 1);
  return pageOf(LIST, events, size, (event) => event.id);
}

/**
 * All events, newest first, in batches; no query takes long, however many there are.
 *
 * @param most events at the most
 */
export async function* allAuditEvents(
  database: Pick<Database, 'prisma'>,
  filter: Omit<AuditFilter, 'before' | 'limit'>,
  most: number,
): AsyncGenerator<RecordedAuditEvent[], void> {
  let position: string | undefined;
  for (let left = most; left > 0; left -= BATCH_EVENTS) {
    const batch = await readEvents(database, filter, position, Math.min(left, BATCH_EVENTS));
    if (batch.length > 0) yield batch;
    if (batch.length < BATCH_EVENTS) return;
    position = batch.at(-1)!.id;
  }
}

/** @param position below which events are wanted */
async function readEvents(
  database: Pick<Database, 'prisma'>,
  { organizationId, type, actor, from, until }: Omit<AuditFilter, 'before' | 'limit'>,
  position: string | undefined,
  take: number,
): Promise<RecordedAuditEvent[]> {
  if (organizationId !== undefined && !looksLikeId(organizationId)) return [];
  const rows = await database.prisma.auditEvent.findMany({
    where: {
      ...(organizationId === undefined ? {} : { organizationId }),
      ...(type === undefined ? {} : { type }),
      ...(actor === undefined ? {} : { actorKind: actor.kind, actorId: actor.id ?? null }),
      ...(from || until
        ? { occurredAt: { ...(from && { gte: from }), ...(until && { lt: until }) } }
        : {}),
      ...(position === undefined ? {} : { id: { lt: BigInt(position) } }),
    },
    orderBy: { id: 'desc' },
    take,
  });
  return rows.map(toEvent);
}

interface AuditRow {
  id: bigint;
  occurredAt: Date;
  type: string;
  actorKind: string;
  actorId: string | null;
  organizationId: string | null;
  targetKind: string | null;
  targetId: string | null;
  address: string | null;
  requestId: string | null;
  details: unknown;
}

function toEvent(row: AuditRow): RecordedAuditEvent {
  const hasTarget = row.targetKind !== null && row.targetId !== null;
  return {
    id: row.id.toString(),
    occurredAt: row.occurredAt,
    type: row.type as AuditEventType,
    actor: { kind: row.actorKind as AuditActor['kind'], id: row.actorId ?? undefined },
    organizationId: row.organizationId ?? undefined,
    target: hasTarget ? { kind: row.targetKind!, id: row.targetId! } : undefined,
    address: row.address ?? undefined,
    requestId: row.requestId ?? undefined,
    details: row.details as RecordedAuditEvent['details'],
  };
}
