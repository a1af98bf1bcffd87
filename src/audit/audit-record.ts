import type { AuditActor, RecordedAuditEvent } from './audit.ts';

/** An event in the words of the wire: of the management API, and of what is taken away from the dashboard. */
export interface AuditRecord {
  id: string;
  /** RFC 3339. */
  occurred_at: string;
  type: RecordedAuditEvent['type'];
  actor: { kind: AuditActor['kind']; id: string | null };
  organization_id: string | null;
  target: { kind: string; id: string } | null;
  address: string | null;
  request_id: string | null;
  details: RecordedAuditEvent['details'];
}

export const auditRecordOf = (event: RecordedAuditEvent): AuditRecord => ({
  id: event.id,
  occurred_at: event.occurredAt.toISOString(),
  type: event.type,
  actor: { kind: event.actor.kind, id: event.actor.id ?? null },
  organization_id: event.organizationId ?? null,
  target: event.target ?? null,
  address: event.address ?? null,
  request_id: event.requestId ?? null,
  details: event.details,
});
