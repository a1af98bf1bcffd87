import type { Executor } from '../database/executor.ts';

/**
 * What people call those who acted and were acted upon, by id; who or what is not there any more is left
 * out, and another organization's keys and service accounts are, too.
 */
export async function findPartyNames(
  executor: Executor,
  organizationId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const { rows } = await executor.query<{ id: string; name: string }>(
    `SELECT id, name FROM users WHERE id = ANY($1)
     UNION ALL SELECT client_id, client_name FROM clients WHERE client_id = ANY($1)
     UNION ALL SELECT id, name FROM organizations WHERE id = ANY($1) AND id = $2
     UNION ALL SELECT id, name FROM api_keys WHERE id = ANY($1) AND organization_id = $2
     UNION ALL SELECT id, name FROM service_accounts WHERE id = ANY($1) AND organization_id = $2
     UNION ALL SELECT id, email FROM invitations WHERE id = ANY($1) AND organization_id = $2`,
    [ids, organizationId],
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}
