import { containing } from '../../database/containing.ts';
import type { Executor } from '../../database/executor.ts';
import type { Page, PageRequest } from '../../lib/cursor.ts';
import { pageOf, pageSize, readCursor } from '../../lib/cursor.ts';

/** A client as a list has it. */
export interface FoundClient {
  id: string;
  name: string;
  /** Null: the operator's own client, bound to no tenant. */
  organizationId: string | null;
  organizationName: string | null;
  disabled: boolean;
  createdAt: Date;
}

const LIST = 'client-search';
/** Milliseconds since the epoch, then the id. */
const POSITION = /^\d{1,13}\.[A-Za-z0-9_-]{1,64}$/;

/**
 * Clients by a part of their name or of their organization's, or by the whole id of either, the newest
 * first: for the operator's eyes only.
 *
 * @param text empty finds all
 * @throws InvalidCursorError
 */
export async function searchClients(
  executor: Executor,
  text: string,
  { cursor, limit }: PageRequest,
): Promise<Page<FoundClient>> {
  const [time, id] = readCursor(LIST, cursor, POSITION)?.split('.') ?? [];
  const size = pageSize(limit);
  const wanted = text.replaceAll('\0', '').trim();
  const { rows } = await executor.query<FoundClient>(
    `SELECT client_id AS id, client_name AS name, organization_id AS "organizationId",
       organizations.name AS "organizationName", disabled_at IS NOT NULL AS disabled,
       clients.created_at AS "createdAt"
     FROM clients LEFT JOIN organizations ON organizations.id = organization_id
     WHERE ($1 = '' OR client_id = $1 OR organization_id = $1 OR client_name ILIKE $2
         OR organizations.name ILIKE $2)
       AND ($3::timestamptz IS NULL OR (clients.created_at, client_id) < ($3, $4))
     ORDER BY clients.created_at DESC, client_id DESC LIMIT $5`,
    [wanted, containing(wanted), time ? new Date(Number(time)) : null, id ?? '', size + 1],
  );
  const positionOf = ({ createdAt, id }: FoundClient) => `${createdAt.getTime()}.${id}`;
  return pageOf(LIST, rows, size, positionOf);
}
