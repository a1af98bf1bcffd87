import { recordAuditEvents } from '../../audit/audit.store.ts';
import type { AuditContext } from '../../audit/audit.ts';
import type { Executor } from '../../database/executor.ts';
import type { ConsentEnd } from '../../identity/revocation-port.ts';

/**
 * Ends consents with what they rest on, each with an event in the log of the organization it was for, which
 * its receivers hear of: in the transaction in which that ends, before any row of it goes.
 */
export async function endConsents(
  executor: Executor,
  end: ConsentEnd | { reason: 'client_deleted'; clientId: string },
  now: Date,
  audit: AuditContext,
): Promise<void> {
  const { where, values } = endedBy(end);
  await recordAuditEvents(
    executor,
    {
      sql: `UPDATE consents SET revoked_at = $1 WHERE revoked_at IS NULL AND ${where}
            RETURNING organization_id, client_id AS target_id,
              jsonb_build_object('user_id', user_id) AS details`,
      values: [now, ...values],
    },
    { ...audit, type: 'consent.revoked', targetKind: 'client', details: { reason: end.reason } },
  );
}

function endedBy(end: Parameters<typeof endConsents>[1]): { where: string; values: string[] } {
  switch (end.reason) {
    case 'user_deleted':
    case 'user_disabled':
      return { where: 'user_id = $2', values: [end.userId] };
    case 'membership_ended':
      return {
        where: 'user_id = $2 AND organization_id = $3',
        values: [end.userId, end.organizationId],
      };
    case 'client_deleted':
      return { where: 'client_id = $2', values: [end.clientId] };
    case 'organization_deleted':
      // Those for the organization itself go with it, and with whoever would hear of them.
      return {
        where: `client_id IN (SELECT client_id FROM clients WHERE organization_id = $2)
          AND organization_id IS DISTINCT FROM $2`,
        values: [end.organizationId],
      };
  }
}
