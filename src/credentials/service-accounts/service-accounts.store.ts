import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditActor, AuditContext } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Executor } from '../../database/executor.ts';
import { notify } from '../../database/notifications.ts';
import { looksLikeId } from '../../lib/identifier.ts';
import type { Revocations } from '../../oauth/revocations.store.ts';
import type { PublicKey, ServiceAccount } from './service-account.ts';

/** Tells every process which account (id) is another one now, or gone. */
export const SERVICE_ACCOUNTS_CHANNEL = 'gatehouse_service_accounts';

export type NewServiceAccount = Pick<
  ServiceAccount,
  'id' | 'organizationId' | 'name' | 'scopes' | 'keys'
>;

export type ServiceAccountChanges = Partial<Pick<ServiceAccount, 'name' | 'scopes' | 'keys'>> & {
  disabled?: boolean;
};

/** Undefined: nothing, after all. */
type Wanted = ServiceAccountChanges | undefined;

type Tenant = { readonly organizationId: string | null };

/** The hot read, disabled ones included. */
export async function findServiceAccount(
  executor: Executor,
  id: string,
): Promise<ServiceAccount | undefined> {
  const { rows } = await executor.query<Row>({
    name: 'find_service_account',
    text: 'SELECT * FROM service_accounts WHERE id = $1',
    values: [id],
  });
  return rows[0] && toServiceAccount(rows[0]);
}

/** @param tenant whose accounts there are to be found; null only for the operator */
export async function findServiceAccountOf(
  executor: Executor,
  id: string,
  tenant: Tenant,
): Promise<ServiceAccount | undefined> {
  const { rows } = await executor.query<Row>(
    `SELECT * FROM service_accounts
     WHERE id = $1 AND ($2::text IS NULL OR organization_id = $2)`,
    [id, tenant.organizationId],
  );
  return rows[0] && toServiceAccount(rows[0]);
}

/** Newest first, keyset pages. @param filter.organizationId null only for the operator */
export async function listServiceAccounts(
  executor: Executor,
  filter: {
    organizationId: string | null;
    /** Whoever made them: a user, a key, a client, a service account. */
    createdBy?: string | undefined;
    /** The last id seen. Ids are ordered by time (UUID version 7). */
    beforeId?: string | undefined;
    limit: number;
  },
): Promise<ServiceAccount[]> {
  const { organizationId, createdBy } = filter;
  if (organizationId !== null && !looksLikeId(organizationId)) return [];
  if (createdBy !== undefined && !looksLikeId(createdBy)) return [];
  const { rows } = await executor.query<Row>(
    `SELECT * FROM service_accounts
     WHERE ($1::text IS NULL OR organization_id = $1) AND ($2::text IS NULL OR id < $2)
       AND ($4::text IS NULL OR created_by_id = $4)
     ORDER BY id DESC LIMIT $3`,
    [organizationId, filter.beforeId ?? null, filter.limit, createdBy ?? null],
  );
  return rows.map(toServiceAccount);
}

export async function insertServiceAccount(
  database: Database,
  account: NewServiceAccount,
  now: Date,
  audit: AuditContext,
): Promise<ServiceAccount> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.query<Row>(
      `INSERT INTO service_accounts (id, organization_id, name, scopes, jwks, created_by_kind,
         created_by_id, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING *`,
      [
        ...[account.id, account.organizationId, account.name, account.scopes],
        ...[toJwks(account.keys, now), audit.actor.kind, audit.actor.id ?? null, now],
      ],
    );
    await record(tx, 'service_account.created', account, audit);
    return toServiceAccount(rows[0]!);
  });
}

/**
 * Changes an account as `plan` says, which sees it as it is and nobody else can change meanwhile. What
 * was issued to it ends with its being disabled, and with a scope that it loses.
 *
 * @param plan undefined: leave it as it is
 * @returns the account as it is now; undefined when it isn't there
 */
export async function changeServiceAccount(
  database: Database,
  id: string,
  tenant: Tenant,
  plan: (current: ServiceAccount) => Wanted | Promise<Wanted>,
  deps: { now: Date; revocations: Revocations; audit: AuditContext },
): Promise<ServiceAccount | undefined> {
  return database.transaction(async (tx) => {
    const held = await tx.query<Row>(
      `SELECT * FROM service_accounts
       WHERE id = $1 AND ($2::text IS NULL OR organization_id = $2) FOR UPDATE`,
      [id, tenant.organizationId],
    );
    const current = held.rows[0] && toServiceAccount(held.rows[0]);
    const changes = current && (await plan(current));
    if (!current || !changes) return current;
    const { disabled } = changes;
    const { rows } = await tx.query<Row>(
      `UPDATE service_accounts SET
         name = COALESCE($2, name), scopes = COALESCE($3, scopes), jwks = COALESCE($4, jwks),
         disabled_at = CASE WHEN $5::boolean IS NULL THEN disabled_at
                            WHEN $5 THEN COALESCE(disabled_at, $6) END,
         updated_at = $6
       WHERE id = $1 RETURNING *`,
      [
        ...[id, changes.name ?? null, changes.scopes ?? null],
        ...[changes.keys ? toJwks(changes.keys, deps.now, current) : null, disabled ?? null],
        deps.now,
      ],
    );
    const account = toServiceAccount(rows[0]!);
    const losesScope = current.scopes.some((scope) => !account.scopes.includes(scope));
    const isShutOut = account.disabledAt && !current.disabledAt;
    if (isShutOut || losesScope) await deps.revocations.denyClient(tx, id);
    await notify(tx, SERVICE_ACCOUNTS_CHANNEL, id);
    const type = disabled ? 'service_account.disabled' : 'service_account.updated';
    await record(tx, type, account, deps.audit);
    return account;
  });
}

/** Ends an account for good, and what was issued to it. False: it wasn't there. */
export async function deleteServiceAccount(
  database: Database,
  id: string,
  tenant: Tenant,
  deps: { revocations: Revocations; audit: AuditContext },
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.query<Row>(
      `DELETE FROM service_accounts
       WHERE id = $1 AND ($2::text IS NULL OR organization_id = $2) RETURNING *`,
      [id, tenant.organizationId],
    );
    if (!rows[0]) return false;
    await deps.revocations.denyClient(tx, id);
    await notify(tx, SERVICE_ACCOUNTS_CHANNEL, id);
    await record(tx, 'service_account.deleted', toServiceAccount(rows[0]), deps.audit);
    return true;
  });
}

function record(
  tx: Executor,
  type: `service_account.${'created' | 'updated' | 'disabled' | 'deleted'}`,
  account: NewServiceAccount,
  audit: AuditContext,
): Promise<void> {
  return recordAuditEvent(tx, {
    ...audit,
    type,
    organizationId: account.organizationId,
    target: { kind: 'service_account', id: account.id },
    details: { scopes: [...account.scopes], kids: account.keys.map((key) => key.kid) },
  });
}

interface Row {
  id: string;
  organization_id: string;
  name: string;
  scopes: string[];
  jwks: { keys: PublicKey[]; added_at?: Record<string, string> };
  created_by_kind: AuditActor['kind'];
  created_by_id: string | null;
  created_at: Date;
  updated_at: Date;
  disabled_at: Date | null;
  last_used_at: Date | null;
}

/** @param before the account as it was: a key that stays was put in when it was */
function toJwks(keys: readonly PublicKey[], now: Date, before?: ServiceAccount): string {
  const addedAt = keys.map(({ kid }) => [kid, before?.keysAddedAt.get(kid) ?? now] as const);
  return JSON.stringify({ keys, added_at: Object.fromEntries(addedAt) });
}

const toServiceAccount = (row: Row): ServiceAccount => ({
  id: row.id,
  organizationId: row.organization_id,
  name: row.name,
  scopes: row.scopes,
  keys: row.jwks.keys,
  keysAddedAt: new Map(
    row.jwks.keys.map(({ kid }) => {
      const at = row.jwks.added_at ?? {};
      return [kid, Object.hasOwn(at, kid) ? new Date(at[kid]!) : row.created_at];
    }),
  ),
  createdBy: { kind: row.created_by_kind, id: row.created_by_id },
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  disabledAt: row.disabled_at,
  lastUsedAt: row.last_used_at,
});
