import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import type { Executor } from '../database/executor.ts';
import type { Clock } from '../lib/clock.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import { pageOf, pageSize, readCursor } from '../lib/cursor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import { newId } from '../lib/ids.ts';
import type { Organization } from './identity.ts';
import type { RevocationPort } from './revocation-port.ts';

const LIST = 'organizations';

/** Tells every process whose organization changed. */
export const ORGANIZATIONS_CHANNEL = 'gatehouse_organizations';

const COLUMNS = 'id, name, plan, created_at AS "createdAt", updated_at AS "updatedAt"';

export interface NewOrganization {
  name: string;
  /** Whether the platform has such a plan is for the caller to check. */
  plan?: string | undefined;
}

/** Without a user, all organizations: for the operator's eyes only. */
export interface OrganizationFilter extends PageRequest {
  /** Only those the user belongs to. */
  userId?: string | undefined;
}

export interface OrganizationStoreOptions {
  database: Database;
  clock: Clock;
  revocations: RevocationPort;
  /** The plan of an organization for which nobody chose one. */
  defaultPlan: string;
}

export type OrganizationStore = ReturnType<typeof createOrganizationStore>;

/** Organizations in the database. Every write records its audit event in the same transaction. */
export function createOrganizationStore(options: OrganizationStoreOptions) {
  return { ...organizationReads(options), ...organizationWrites(options) };
}

function organizationReads({ database: { prisma } }: OrganizationStoreOptions) {
  return {
    async find(id: string): Promise<Organization | undefined> {
      if (!looksLikeId(id)) return undefined;
      return (await prisma.organization.findUnique({ where: { id } })) ?? undefined;
    },

    /**
     * Newest first.
     *
     * @throws InvalidCursorError
     */
    async list({ userId, cursor, limit }: OrganizationFilter): Promise<Page<Organization>> {
      const position = readCursor(LIST, cursor);
      if (userId !== undefined && !looksLikeId(userId)) return { items: [], nextCursor: null };
      const size = pageSize(limit);
      const rows = await prisma.organization.findMany({
        where: {
          ...(position === undefined ? {} : { id: { lt: position } }),
          ...(userId === undefined ? {} : { memberships: { some: { userId } } }),
        },
        orderBy: { id: 'desc' },
        take: size + 1,
      });
      return pageOf(LIST, rows, size, (organization) => organization.id);
    },
  };
}

function organizationWrites(options: OrganizationStoreOptions) {
  const { database, clock, revocations, defaultPlan: plan } = options;
  return {
    /** Adds an organization within the caller's transaction. */
    insert(executor: Executor, organization: NewOrganization, context: AuditContext) {
      return insertOrganization(
        executor,
        { ...organization, plan: organization.plan ?? plan },
        clock.now(),
        context,
      );
    },

    create(organization: NewOrganization, context: AuditContext): Promise<Organization> {
      return database.transaction((tx) =>
        insertOrganization(
          tx,
          { ...organization, plan: organization.plan ?? plan },
          clock.now(),
          context,
        ),
      );
    },

    /** @returns undefined when there is no such organization */
    async update(
      id: string,
      changes: Partial<NewOrganization>,
      context: AuditContext,
    ): Promise<Organization | undefined> {
      if (!looksLikeId(id)) return undefined;
      return database.transaction(async (tx) => {
        const now = clock.now();
        const { rows } = await tx.query<Organization>(
          `UPDATE organizations SET name = coalesce($2, name), plan = coalesce($3, plan),
             updated_at = $4 WHERE id = $1 RETURNING ${COLUMNS}`,
          [id, changes.name?.trim() ?? null, changes.plan ?? null, now],
        );
        if (rows[0] === undefined) return undefined;
        const details: Record<string, string> =
          changes.plan === undefined ? {} : { plan: changes.plan };
        await record(tx, 'organization.updated', id, now, { ...context, details });
        return rows[0];
      });
    },

    /**
     * Deletes an organization with all that belongs to it and all that was issued for it. Its users stay,
     * and so does its audit log.
     *
     * @returns false when there is no such organization
     */
    async remove(id: string, context: AuditContext): Promise<boolean> {
      if (!looksLikeId(id)) return false;
      return database.largeTransaction(async (tx) => {
        const held = await tx.query('SELECT FROM organizations WHERE id = $1 FOR UPDATE', [id]);
        if (held.rowCount === 0) return false;
        // As an authorization locks them: the organization, the client, the consent, what is issued under it.
        await tx.query(
          'SELECT FROM clients WHERE organization_id = $1 ORDER BY client_id FOR UPDATE',
          [id],
        );
        const end = { reason: 'organization_deleted', organizationId: id } as const;
        await revocations.endConsents(tx, end, context);
        await revocations.denyOrganization(tx, id);
        await tx.query('DELETE FROM organizations WHERE id = $1', [id]);
        await record(tx, 'organization.deleted', id, clock.now(), context);
        return true;
      });
    },
  };
}

/** The hot read behind the organization directory. */
export async function findOrganization(
  executor: Executor,
  id: string,
): Promise<Organization | undefined> {
  const { rows } = await executor.query<Organization>({
    name: 'find_organization',
    text: `SELECT ${COLUMNS} FROM organizations WHERE id = $1`,
    values: [id],
  });
  return rows[0];
}

async function insertOrganization(
  executor: Executor,
  { name, plan }: NewOrganization & { plan: string },
  now: Date,
  context: AuditContext,
): Promise<Organization> {
  const id = newId(now);
  const { rows } = await executor.query<Organization>(
    `INSERT INTO organizations (id, name, plan, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $4) RETURNING ${COLUMNS}`,
    [id, name.trim(), plan, now],
  );
  await record(executor, 'organization.created', id, now, { ...context, details: { plan } });
  return rows[0]!;
}

async function record(
  executor: Executor,
  type: `organization.${'created' | 'updated' | 'deleted'}`,
  id: string,
  occurredAt: Date,
  context: AuditContext & { details?: Record<string, string> },
): Promise<void> {
  const target = { kind: 'organization', id };
  await executor.query('SELECT pg_notify($1, $2)', [ORGANIZATIONS_CHANNEL, id]);
  return recordAuditEvent(executor, { ...context, type, organizationId: id, target, occurredAt });
}
