import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import type { Executor } from '../database/executor.ts';
import type { Clock } from '../lib/clock.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import { pageOf, pageSize, readCursor } from '../lib/cursor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import { obeyingConstraints } from './constraints.store.ts';
import type { Membership, NamedMembership, Role } from './identity.ts';
import { IdentityError, isDemotion } from './identity.ts';
import type { RevocationPort } from './revocation-port.ts';

const LIST_OF_USER = 'memberships-of-user';
const LIST_OF_ORGANIZATION = 'memberships-of-organization';

const COLUMNS =
  'user_id AS "userId", organization_id AS "organizationId", role, created_at AS "createdAt"';

export interface MembershipStoreOptions {
  database: Database;
  clock: Clock;
  revocations: RevocationPort;
}

export type MembershipStore = ReturnType<typeof createMembershipStore>;

/** Memberships in the database. Every write records its audit event in the same transaction. */
export function createMembershipStore(options: MembershipStoreOptions) {
  return {
    ...membershipReads(options),
    ...membershipAdditions(options),
    ...membershipChanges(options),
  };
}

function membershipReads({ database: { prisma } }: MembershipStoreOptions) {
  return {
    async find(userId: string, organizationId: string): Promise<Membership | undefined> {
      if (!looksLikeId(userId) || !looksLikeId(organizationId)) return undefined;
      const where = { userId_organizationId: { userId, organizationId } };
      const row = await prisma.membership.findUnique({ where });
      return row === null ? undefined : toMembership(row);
    },

    /** Every membership of a user, the oldest first: what they choose an organization from. */
    async namedOf(userId: string): Promise<NamedMembership[]> {
      if (!looksLikeId(userId)) return [];
      const rows = await prisma.membership.findMany({
        where: { userId },
        include: { organization: { select: { name: true } } },
        orderBy: [{ createdAt: 'asc' }, { organizationId: 'asc' }],
      });
      return rows.map(({ organizationId, organization, role }) => ({
        organizationId,
        organizationName: organization.name,
        role: role as Role,
      }));
    },

    /**
     * Newest organization first.
     *
     * @throws InvalidCursorError
     */
    async listOfUser(userId: string, { cursor, limit }: PageRequest): Promise<Page<Membership>> {
      const position = readCursor(LIST_OF_USER, cursor);
      if (!looksLikeId(userId)) return { items: [], nextCursor: null };
      const size = pageSize(limit);
      const rows = await prisma.membership.findMany({
        where: { userId, ...(position === undefined ? {} : { organizationId: { lt: position } }) },
        orderBy: { organizationId: 'desc' },
        take: size + 1,
      });
      return pageOf(LIST_OF_USER, rows.map(toMembership), size, (each) => each.organizationId);
    },

    /**
     * Newest user first.
     *
     * @throws InvalidCursorError
     */
    async listOfOrganization(
      organizationId: string,
      { cursor, limit }: PageRequest,
    ): Promise<Page<Membership>> {
      const position = readCursor(LIST_OF_ORGANIZATION, cursor);
      if (!looksLikeId(organizationId)) return { items: [], nextCursor: null };
      const size = pageSize(limit);
      const rows = await prisma.membership.findMany({
        where: { organizationId, ...(position === undefined ? {} : { userId: { lt: position } }) },
        orderBy: { userId: 'desc' },
        take: size + 1,
      });
      return pageOf(LIST_OF_ORGANIZATION, rows.map(toMembership), size, (each) => each.userId);
    },
  };
}

function membershipAdditions({ database, clock }: MembershipStoreOptions) {
  return {
    /**
     * Adds a membership within the caller's transaction.
     *
     * @throws IdentityError already_member, user_not_found or organization_not_found
     */
    insert(executor: Executor, membership: NewMembership, context: AuditContext) {
      return insertMembership(executor, membership, clock.now(), context);
    },

    /** @throws IdentityError already_member, user_not_found or organization_not_found */
    async add(membership: NewMembership, context: AuditContext): Promise<Membership> {
      return database.transaction((tx) => insertMembership(tx, membership, clock.now(), context));
    },
  };
}

function membershipChanges({ database, clock, revocations }: MembershipStoreOptions) {
  return {
    /**
     * Gives a member another role. One with less power loses what was issued under the former.
     *
     * @param permits whether whoever asks may do this to a member of that role; by default they may
     * @returns undefined when there is no such membership
     * @throws IdentityError last_owner or role_out_of_reach
     */
    async changeRole(
      { userId, organizationId, role }: NewMembership,
      context: AuditContext,
      permits: (current: Role) => boolean = () => true,
    ): Promise<Membership | undefined> {
      if (!looksLikeId(userId) || !looksLikeId(organizationId)) return undefined;
      return database.transaction(async (tx) => {
        const current = await hold(tx, userId, organizationId);
        if (current === undefined) return undefined;
        if (!permits(current.role)) throw new IdentityError('role_out_of_reach');
        if (current.role === role) return current;
        if (current.role === 'owner') await refuseWithoutOwner(tx, current);
        if (isDemotion(current.role, role)) {
          await revocations.denyMembership(tx, userId, organizationId);
        }
        await tx.query(
          'UPDATE memberships SET role = $3 WHERE user_id = $1 AND organization_id = $2',
          [userId, organizationId, role],
        );
        const details = { from: current.role, to: role };
        await record(tx, 'membership.updated', current, clock.now(), { ...context, details });
        return { ...current, role };
      });
    },

    /**
     * Ends a membership and revokes what was issued to the user for the organization.
     *
     * @param permits whether whoever asks may do this to a member of that role; by default they may
     * @returns false when there is no such membership
     * @throws IdentityError last_owner or role_out_of_reach
     */
    async remove(
      userId: string,
      organizationId: string,
      context: AuditContext,
      permits: (current: Role) => boolean = () => true,
    ): Promise<boolean> {
      if (!looksLikeId(userId) || !looksLikeId(organizationId)) return false;
      return database.transaction(async (tx) => {
        const current = await hold(tx, userId, organizationId);
        if (current === undefined) return false;
        if (!permits(current.role)) throw new IdentityError('role_out_of_reach');
        if (current.role === 'owner') await refuseWithoutOwner(tx, current);
        const end = { reason: 'membership_ended', userId, organizationId } as const;
        await revocations.endConsents(tx, end, context);
        await revocations.denyMembership(tx, userId, organizationId);
        await tx.query('DELETE FROM memberships WHERE user_id = $1 AND organization_id = $2', [
          userId,
          organizationId,
        ]);
        await record(tx, 'membership.deleted', current, clock.now(), context);
        return true;
      });
    },
  };
}

export interface NewMembership {
  userId: string;
  organizationId: string;
  role: Role;
}

async function insertMembership(
  executor: Executor,
  { userId, organizationId, role }: NewMembership,
  now: Date,
  context: AuditContext,
): Promise<Membership> {
  if (!looksLikeId(userId)) throw new IdentityError('user_not_found');
  if (!looksLikeId(organizationId)) throw new IdentityError('organization_not_found');
  await obeyingConstraints(() =>
    executor.query(
      `INSERT INTO memberships (user_id, organization_id, role, created_at)
       VALUES ($1, $2, $3, $4)`,
      [userId, organizationId, role, now],
    ),
  );
  const membership = { userId, organizationId, role, createdAt: now };
  await record(executor, 'membership.created', membership, now, { ...context, details: { role } });
  return membership;
}

/**
 * Reads a membership while holding its organization, so that changes of owners happen one after another:
 * two owners who leave at the same moment would each see the other stay.
 */
async function hold(
  executor: Executor,
  userId: string,
  organizationId: string,
): Promise<Membership | undefined> {
  await executor.query('SELECT FROM organizations WHERE id = $1 FOR NO KEY UPDATE', [
    organizationId,
  ]);
  const { rows } = await executor.query<MembershipRow>(
    `SELECT ${COLUMNS} FROM memberships WHERE user_id = $1 AND organization_id = $2 FOR UPDATE`,
    [userId, organizationId],
  );
  return rows[0] && toMembership(rows[0]);
}

async function refuseWithoutOwner(
  executor: Executor,
  { userId, organizationId }: Membership,
): Promise<void> {
  const { rowCount } = await executor.query(
    `SELECT FROM memberships
     WHERE organization_id = $1 AND user_id <> $2 AND role = 'owner' LIMIT 1`,
    [organizationId, userId],
  );
  if (rowCount === 0) throw new IdentityError('last_owner');
}

/** How many organizations a user owns. */
export async function countOwned(executor: Executor, userId: string): Promise<number> {
  const { rows } = await executor.query<{ owned: number }>(
    `SELECT count(*)::int AS owned FROM memberships WHERE user_id = $1 AND role = 'owner'`,
    [userId],
  );
  return rows[0]!.owned;
}

/**
 * Refuses to let a user go who is the only owner among several members; an organization that nobody else
 * belongs to has nobody to leave behind. Holds every organization of the user until the transaction ends.
 *
 * @returns the organizations of the user
 * @throws IdentityError last_owner
 */
export async function refuseOrphaning(executor: Executor, userId: string): Promise<string[]> {
  const held = await executor.query<{ id: string }>(
    `SELECT id FROM organizations
     WHERE id IN (SELECT organization_id FROM memberships WHERE user_id = $1)
     ORDER BY id FOR NO KEY UPDATE`,
    [userId],
  );
  const organizationIds = held.rows.map(({ id }) => id);
  const orphaned = await executor.query(
    `SELECT FROM memberships WHERE organization_id = ANY($2) GROUP BY organization_id
     HAVING count(*) > 1 AND NOT bool_or(role = 'owner' AND user_id <> $1)
       AND bool_or(role = 'owner' AND user_id = $1) LIMIT 1`,
    [userId, organizationIds],
  );
  if ((orphaned.rowCount ?? 0) > 0) throw new IdentityError('last_owner');
  return organizationIds;
}

function record(
  executor: Executor,
  type: `membership.${'created' | 'updated' | 'deleted'}`,
  { userId, organizationId }: Membership,
  occurredAt: Date,
  context: AuditContext & { details?: Record<string, string> },
): Promise<void> {
  const target = { kind: 'user', id: userId };
  return recordAuditEvent(executor, { ...context, type, organizationId, target, occurredAt });
}

interface MembershipRow {
  userId: string;
  organizationId: string;
  role: string;
  createdAt: Date;
}

function toMembership({ userId, organizationId, role, createdAt }: MembershipRow): Membership {
  return { userId, organizationId, role: role as Role, createdAt };
}
