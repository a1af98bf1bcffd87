import type { Database } from '../database/database.ts';
import type { Executor } from '../database/executor.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import { pageOf, pageSize, readCursor } from '../lib/cursor.ts';
import { looksLikeId } from '../lib/identifier.ts';

import type { AuditActor, AuditEvent, AuditEventType, RecordedAuditEvent } from './audit.ts';
import { auditDetails, auditText } from './audit.ts';

const LIST = 'audit';
/** Eighteen digits always fit a bigint. */
const EVENT_ID = /^[1-9][0-9]{0,17}$/;

/**
 * Writes an event where its cause is written: given the client of a transaction, both happen or neither.
 *
 * @throws TypeError when the details promise a secret
 */
export async function recordAuditEvent(executor: Executor, event: AuditEvent): Promise<void> {
  await executor.query({
    name: 'record_audit_event',
    text: `${INSERT} VALUES (${VALUES})`,
    values: valuesOf(event),
  });
}

/** Adds an event if a condition holds, in one statement with it. */
export async function recordAuditEventIf(
  executor: Executor,
  event: AuditEvent,
  condition: {
    /** Of the prepared statement. */
    name: string;
    /** A query that gives one row if it holds; its parameters begin at $11. */
    query: string;
    values: readonly unknown[];
    /** More parts of the WITH, which happen with the event. */
    parts?: string;
  },
): Promise<boolean> {
  const parts = condition.parts === undefined ? '' : `, ${condition.parts}`;
  const { rowCount } = await executor.query({
    name: condition.name,
    text: `WITH condition AS (${condition.query})${parts} ${INSERT}
      SELECT ${VALUES} FROM condition`,
    values: [...valuesOf(event), ...condition.values],
  });
  return rowCount === 1;
}

const INSERT = `INSERT INTO audit_events (occurred_at, type, actor_kind, actor_id, organization_id,
  target_kind, target_id, address, request_id, details)`;

const VALUES = `coalesce($1::timestamptz, now()), $2::text, $3::text, $4::text, $5::text, $6::text,
  $7::text, $8::text, $9::text, $10::jsonb`;

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
  { organizationId, type, before, limit }: AuditFilter,
): Promise<Page<RecordedAuditEvent>> {
  const position = readCursor(LIST, before, EVENT_ID);
  if (organizationId !== undefined && !looksLikeId(organizationId)) {
    return { items: [], nextCursor: null };
  }
  const size = pageSize(limit);
  const rows = await database.prisma.auditEvent.findMany({
    where: {
      ...(organizationId === undefined ? {} : { organizationId }),
      ...(type === undefined ? {} : { type }),
      ...(position === undefined ? {} : { id: { lt: BigInt(position) } }),
    },
    orderBy: { id: 'desc' },
    take: size + 1,
  });
  return pageOf(LIST, rows.map(toEvent), size, (event) => event.id);
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
