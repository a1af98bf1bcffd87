import { recordAuditEvents } from '../../audit/audit.store.ts';
import type { AuditContext } from '../../audit/audit.ts';
import type { Executor } from '../../database/executor.ts';
import type { ConsentEnd } from '../../identity/revocation-port.ts';

type End = ConsentEnd | { reason: 'client_deleted'; clientId: string };

/** Consents of one statement: so many end well within the time that it has. */
const BATCH_CONSENTS = 5_000;

/**
 * Ends consents with what they rest on, each with an event in the log of the organization it was for, which
 * its receivers hear of: in the transaction in which that ends, before any row of it goes. However many they
 * are, no statement concerns more than a batch of them.
 *
 * Whoever calls it holds what they rest on, so that no other begins meanwhile; and ends what was issued under
 * them afterwards, since a user who disconnects an app locks the consent first, too.
 *
 * @param executor of a transaction
 */
export async function endConsents(
  executor: Executor,
  end: End,
  now: Date,
  audit: AuditContext,
  batchConsents = BATCH_CONSENTS,
): Promise<void> {
  const { where, values } = concernedBy(end);
  // A cursor, for a query of its own for each batch would pass over those before it every time. By id, as
  // everywhere: two who end the same consents never hold one that the other waits for.
  await executor.query(
    `DECLARE ending_consents CURSOR FOR SELECT id, organization_id FROM consents
     WHERE revoked_at IS NULL AND ${where} ORDER BY id FOR UPDATE`,
    values,
  );
  let isMore = true;
  while (isMore) {
    const { rows } = await executor.query<{ id: string; organization_id: string | null }>(
      `FETCH ${batchConsents} FROM ending_consents`,
    );
    const ids = rows.filter((row) => isTold(end, row.organization_id)).map(({ id }) => id);
    if (ids.length > 0) await endBatch(executor, ids, end, now, audit);
    isMore = rows.length === batchConsents;
  }
  await executor.query('CLOSE ending_consents');
}

async function endBatch(
  executor: Executor,
  ids: readonly string[],
  { reason }: End,
  now: Date,
  audit: AuditContext,
): Promise<void> {
  await recordAuditEvents(
    executor,
    {
      sql: `UPDATE consents SET revoked_at = $1 WHERE id = ANY ($2::text[])
            RETURNING organization_id, client_id AS target_id,
              jsonb_build_object('user_id', user_id) AS details`,
      values: [now, ids],
    },
    { ...audit, type: 'consent.revoked', targetKind: 'client', details: { reason } },
  );
}

/** Those for an organization that is deleted go with it, and with whoever would hear of them. */
const isTold = (end: End, organizationId: string | null): boolean =>
  end.reason !== 'organization_deleted' || organizationId !== end.organizationId;

function concernedBy(end: End): { where: string; values: string[] } {
  switch (end.reason) {
    case 'user_deleted':
    case 'user_disabled':
      return { where: 'user_id = $1', values: [end.userId] };
    case 'membership_ended':
      return {
        where: 'user_id = $1 AND organization_id = $2',
        values: [end.userId, end.organizationId],
      };
    case 'client_deleted':
      return { where: 'client_id = $1', values: [end.clientId] };
    case 'organization_deleted':
      return { where: OF_ORGANIZATION, values: [end.organizationId] };
  }
}

/** What anybody allowed its apps, and what its members allowed any app: these are only locked. */
const OF_ORGANIZATION = `id IN (
  SELECT id FROM consents WHERE organization_id = $1
  UNION
  SELECT co.id FROM clients c JOIN consents co ON co.client_id = c.client_id
  WHERE c.organization_id = $1)`;
