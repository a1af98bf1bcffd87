import { recordAuditEvent } from '../audit/audit.store.ts';
import type { Executor } from '../database/executor.ts';

/**
 * Gives up what still waits of events that are 30 days old and about to be removed (a webhook was paused or
 * disabled for so long, or more came than its rate lets go), and notes each in its organization's log. What
 * is under way this moment is left for later. For a transaction.
 *
 * @param most deliveries at the most
 * @returns how many
 */
export async function giveUpExpired(tx: Executor, now: Date, most: number): Promise<number> {
  const { rows } = await tx.query<Row>(
    `WITH expired AS (
       SELECT d.id, o.organization_id, o.payload->>'type' AS type
       FROM outbox o JOIN webhook_deliveries d ON d.event_id = o.id
       WHERE o.delivered_at IS NOT NULL AND o.created_at <= $1::timestamptz - interval '30 days'
         AND d.status = 'pending' AND (d.leased_until IS NULL OR d.leased_until <= $1)
       LIMIT $2 FOR UPDATE OF d SKIP LOCKED)
     UPDATE webhook_deliveries d SET status = 'dead', finished_at = $1, leased_until = NULL
     FROM expired WHERE d.id = expired.id
     RETURNING d.id, d.subscription_id, d.attempts, expired.organization_id, expired.type`,
    [now, most],
  );
  for (const row of rows) {
    await recordAuditEvent(tx, {
      ...{ type: 'webhook.delivery_failed', actor: { kind: 'system' }, occurredAt: now },
      organizationId: row.organization_id,
      target: { kind: 'webhook', id: row.subscription_id },
      details: {
        ...{ delivery_id: row.id, event: row.type, attempts: row.attempts },
        reason: 'event_expired',
      },
    });
  }
  return rows.length;
}

interface Row {
  id: string;
  subscription_id: string;
  attempts: number;
  organization_id: string;
  type: string;
}
