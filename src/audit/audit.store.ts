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
  const text = (value: string | undefined) => (value === undefined ? null : auditText(value));
  await executor.query({
    name: 'record_audit_event',
    text: `INSERT INTO audit_events (occurred_at, type, actor_kind, actor_id, organization_id, target_kind,
       target_id, address, request_id, details)
     VALUES (coalesce($1, now()), $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    values: [
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
    ],
  });
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
