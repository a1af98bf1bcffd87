import { csvLine } from '../lib/csv.ts';
import type { RecordedAuditEvent } from './audit.ts';
import { auditRecordOf } from './audit-record.ts';

export type AuditExportFormat = 'csv' | 'jsonl';

/** Media types: RFC 4180 §3, and what JSON Lines has for want of a registered one. */
export const AUDIT_EXPORT_TYPES: Readonly<Record<AuditExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/jsonl; charset=utf-8',
};

const COLUMNS = [
  ...['id', 'occurred_at', 'type', 'actor_kind', 'actor_id', 'target_kind', 'target_id'],
  ...['address', 'request_id', 'details'],
];

/** Events as the text of a file, a batch at a time, so that a log of any length takes little memory. */
export async function* auditExport(
  batches: AsyncIterable<readonly RecordedAuditEvent[]>,
  format: AuditExportFormat,
): AsyncGenerator<string, void> {
  if (format === 'csv') yield csvLine(COLUMNS);
  for await (const batch of batches) yield batch.map(WRITTEN[format]).join('');
}

const WRITTEN: Record<AuditExportFormat, (event: RecordedAuditEvent) => string> = {
  jsonl: (event) => `${JSON.stringify(auditRecordOf(event))}\n`,
  csv(event) {
    const { id, occurred_at, type, actor, target, address, request_id, details } =
      auditRecordOf(event);
    return csvLine([
      ...[id, occurred_at, type, actor.kind, actor.id, target?.kind, target?.id],
      ...[address, request_id, JSON.stringify(details)],
    ]);
  },
};
