import type { Executor } from '../database/executor.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import { pageOf, pageSize, readCursor } from '../lib/cursor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import type { Role } from './identity.ts';

const LIST = 'members';
/** Milliseconds since the epoch, then the id. */
const POSITION = /^\d{1,13}\.[A-Za-z0-9_-]{1,64}$/;

/** A member as the others see them. */
export interface Member {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly since: Date;
}

const SELECT = `SELECT u.id AS "userId", u.name, u.email, m.role, m.created_at AS since
  FROM memberships m JOIN users u ON u.id = m.user_id`;

/**
 * The members of an organization, the oldest first.
 *
 * @throws InvalidCursorError
 */
export async function listMembers(
  executor: Executor,
  organizationId: string,
  { cursor, limit }: PageRequest,
): Promise<Page<Member>> {
  const position = readCursor(LIST, cursor, POSITION);
  if (!looksLikeId(organizationId)) return { items: [], nextCursor: null };
  const size = pageSize(limit);
  const [since, userId] = position?.split('.') ?? ['0', ''];
  const { rows } = await executor.query<Member>(
    `${SELECT} WHERE m.organization_id = $1 AND (m.created_at, m.user_id) > ($2, $3)
     ORDER BY m.created_at, m.user_id LIMIT $4`,
    [organizationId, new Date(Number(since)), userId, size + 1],
  );
  return pageOf(LIST, rows, size, (member) => `${member.since.getTime()}.${member.userId}`);
}

export async function findMember(
  executor: Executor,
  organizationId: string,
  userId: string,
): Promise<Member | undefined> {
  if (!looksLikeId(organizationId) || !looksLikeId(userId)) return undefined;
  const { rows } = await executor.query<Member>(
    `${SELECT} WHERE m.organization_id = $1 AND m.user_id = $2`,
    [organizationId, userId],
  );
  return rows[0];
}
