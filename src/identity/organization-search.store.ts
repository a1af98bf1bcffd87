import { containing } from '../database/containing.ts';
import type { Executor } from '../database/executor.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import { pageOf, pageSize, readCursor } from '../lib/cursor.ts';
import type { Organization } from './identity.ts';

const LIST = 'organization-search';

/**
 * Organizations by a part of their name, or by their whole id, the newest first: for the operator's eyes
 * only.
 *
 * @param text empty finds all
 * @param plan only those that are on it, whether there is such a plan or not
 * @throws InvalidCursorError
 */
export async function searchOrganizations(
  executor: Executor,
  text: string,
  { cursor, limit, plan }: PageRequest & { plan?: string | undefined },
): Promise<Page<Organization>> {
  const position = readCursor(LIST, cursor);
  const size = pageSize(limit);
  const wanted = text.replaceAll('\0', '').trim();
  const { rows } = await executor.query<Organization>(
    `SELECT id, name, plan, created_at AS "createdAt", updated_at AS "updatedAt" FROM organizations
     WHERE ($1 = '' OR id = $1 OR name ILIKE $2) AND ($3::text IS NULL OR id < $3)
       AND ($5::text IS NULL OR plan = $5)
     ORDER BY id DESC LIMIT $4`,
    [wanted, containing(wanted), position ?? null, size + 1, plan?.replaceAll('\0', '') ?? null],
  );
  return pageOf(LIST, rows, size, ({ id }) => id);
}
