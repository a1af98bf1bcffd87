import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditActor, AuditContext } from '../audit/audit.ts';
import { MAKERS_OF_KEY } from '../credentials/api-keys/lineage.store.ts';
import type { Executor } from '../database/executor.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import { pageOf, pageSize, readCursor } from '../lib/cursor.ts';
import type { Role } from './identity.ts';
import type { Invitation, OpenInvitation, PresentedInvitation } from './invitation.ts';
import type { Sender } from './invitation-sender.ts';

const LIST = 'invitations';

type SentInvitation = Omit<OpenInvitation, 'status'> & { readonly sender: Sender | undefined };

const COLUMNS = `i.id, i.organization_id AS "organizationId", i.email, i.role,
  i.invited_by_kind AS "invitedByKind", i.invited_by_id AS "invitedById",
  i.created_at AS "createdAt", i.expires_at AS "expiresAt"`;

const IS_OPEN = 'i.accepted_at IS NULL AND i.revoked_at IS NULL';

/**
 * Who sent it, as invitation-sender.ts has them; null: a user who has left or is disabled, a credential that
 * no longer works. A token that a service account was given for its JWT names the account as its client.
 */
const SENDER = `CASE
  WHEN i.invited_by_kind = 'user' THEN (
    SELECT jsonb_build_object('kind', 'user', 'role', m.role)
    FROM memberships m JOIN users u ON u.id = m.user_id
    WHERE m.user_id = i.invited_by_id AND m.organization_id = i.organization_id
      AND u.disabled_at IS NULL)
  WHEN i.invited_by_kind = 'api_key' THEN (
    SELECT jsonb_build_object('kind', 'api_key', 'scopes', k.scopes, 'environment', k.environment,
      'expiresAt', k.expires_at, 'allowedAddresses', k.allowed_addresses, 'limits', k.limits,
      'makers', ${MAKERS_OF_KEY})
    FROM api_keys k
    WHERE k.id = i.invited_by_id AND k.organization_id = i.organization_id
      AND k.disabled_at IS NULL AND k.revoked_at IS NULL)
  WHEN i.invited_by_kind IN ('service_account', 'client') THEN (
    SELECT jsonb_build_object('kind', 'service', 'scopes', s.scopes)
    FROM (SELECT id, organization_id, disabled_at, scopes FROM service_accounts
      UNION ALL SELECT client_id, organization_id, disabled_at, scopes FROM clients) AS s
    WHERE s.id = i.invited_by_id AND s.organization_id = i.organization_id
      AND s.disabled_at IS NULL LIMIT 1)
  ELSE '{"kind": "operator"}' END AS sender`;

const INVITER_NAME = `(SELECT name FROM users
  WHERE i.invited_by_kind = 'user' AND users.id = i.invited_by_id) AS "inviterName"`;

/**
 * Holds an organization until the transaction ends, as changes of memberships do: who is invited, and who
 * may invite, changes one after the other.
 *
 * @returns false when there is no such organization
 */
export async function holdOrganization(executor: Executor, id: string): Promise<boolean> {
  const { rowCount } = await executor.query(
    'SELECT FROM organizations WHERE id = $1 FOR NO KEY UPDATE',
    [id],
  );
  return rowCount === 1;
}

/** The role that a user has at this moment. */
export async function roleOf(
  executor: Executor,
  userId: string,
  organizationId: string,
): Promise<Role | undefined> {
  const { rows } = await executor.query<{ role: Role }>(
    `SELECT role FROM memberships m JOIN users u ON u.id = m.user_id
     WHERE user_id = $1 AND organization_id = $2 AND u.disabled_at IS NULL`,
    [userId, organizationId],
  );
  return rows[0]?.role;
}

/** What an address and an organization are to each other, and how many are invited already. */
export async function standingOf(
  executor: Executor,
  { organizationId, email, now }: { organizationId: string; email: string; now: Date },
): Promise<{ isMember: boolean; isInvited: boolean; openInvitations: number }> {
  const { rows } = await executor.query<{ member: boolean; invited: boolean; open: number }>(
    `SELECT EXISTS (SELECT FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.organization_id = $1 AND u.email = $2) AS member,
       coalesce(bool_or(i.email = $2), false) AS invited, count(*)::int AS open
     FROM invitations i WHERE i.organization_id = $1 AND ${IS_OPEN} AND i.expires_at > $3`,
    [organizationId, email, now],
  );
  const { member, invited, open } = rows[0]!;
  return { isMember: member, isInvited: invited, openInvitations: open };
}

/** Adds an invitation, in the place of an expired one of the same address. */
export async function insertInvitation(
  executor: Executor,
  invitation: Invitation,
  hash: Buffer,
  context: AuditContext,
): Promise<void> {
  const { id, organizationId, email, role, invitedBy, createdAt, expiresAt } = invitation;
  await executor.query(
    `DELETE FROM invitations i
     WHERE i.organization_id = $1 AND i.email = $2 AND ${IS_OPEN} AND i.expires_at <= $3`,
    [organizationId, email, createdAt],
  );
  await executor.query(
    `INSERT INTO invitations (id, organization_id, email, role, hash, invited_by_kind, invited_by_id,
       created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...[id, organizationId, email, role, hash],
      ...[invitedBy.kind, invitedBy.id ?? null, createdAt, expiresAt],
    ],
  );
  await record(executor, 'invitation.created', invitation, createdAt, context);
}

/**
 * One that is neither accepted nor revoked, expired ones included.
 *
 * @param organizationId null only for the operator: whosever it is
 */
export async function findOpenInvitation(
  executor: Executor,
  organizationId: string | null,
  id: string,
): Promise<Invitation | undefined> {
  const { rows } = await executor.query<InvitationRow>(
    `SELECT ${COLUMNS} FROM invitations i
     WHERE ($1::text IS NULL OR i.organization_id = $1) AND i.id = $2 AND ${IS_OPEN}`,
    [organizationId, id],
  );
  return rows[0] && toInvitation(rows[0]);
}

/** Gives an invitation another token, from when the one before is nothing. */
export async function renewInvitation(
  executor: Executor,
  invitation: Invitation,
  hash: Buffer,
  at: Date,
  context: AuditContext,
): Promise<void> {
  const { id, invitedBy, expiresAt } = invitation;
  await executor.query(
    `UPDATE invitations SET hash = $2, invited_by_kind = $3, invited_by_id = $4, expires_at = $5
     WHERE id = $1`,
    [id, hash, invitedBy.kind, invitedBy.id ?? null, expiresAt],
  );
  await record(executor, 'invitation.renewed', invitation, at, context);
}

export async function revokeInvitation(
  executor: Executor,
  invitation: Invitation,
  at: Date,
  context: AuditContext,
): Promise<void> {
  await executor.query('UPDATE invitations SET revoked_at = $2 WHERE id = $1', [invitation.id, at]);
  await record(executor, 'invitation.revoked', invitation, at, context);
}

/** The invitation behind a token that is open at this moment, with who sent it. */
export async function findPresentedInvitation(
  executor: Executor,
  hash: Buffer,
  now: Date,
): Promise<{ invitation: PresentedInvitation; sender: Sender | undefined } | undefined> {
  const { rows } = await executor.query<PresentedRow>(
    `SELECT ${COLUMNS}, o.name AS "organizationName", ${INVITER_NAME}, ${SENDER}
     FROM invitations i JOIN organizations o ON o.id = i.organization_id
     WHERE i.hash = $1 AND ${IS_OPEN} AND i.expires_at > $2`,
    [hash, now],
  );
  const [row] = rows;
  if (!row) return undefined;
  const { organizationName, inviterName } = row;
  const about = { organizationName, ...(inviterName && { inviterName }) };
  return { invitation: { ...toInvitation(row), ...about }, sender: toSender(row) };
}

/** Who sent an invitation, as they are at this moment; undefined: they no longer work, or have left. */
export async function findSender(executor: Executor, id: string): Promise<Sender | undefined> {
  const { rows } = await executor.query<SenderRow>(
    `SELECT ${SENDER} FROM invitations i WHERE i.id = $1`,
    [id],
  );
  return rows[0] && toSender(rows[0]);
}

/** Whose acceptance used the token up; undefined: nobody's. */
export async function findAcceptance(
  executor: Executor,
  hash: Buffer,
): Promise<{ userId: string; organizationId: string } | undefined> {
  const { rows } = await executor.query<{ userId: string; organizationId: string }>(
    `SELECT accepted_by_id AS "userId", organization_id AS "organizationId"
     FROM invitations WHERE hash = $1 AND accepted_at IS NOT NULL`,
    [hash],
  );
  return rows[0];
}

/**
 * Takes an invitation for the first and only time: one conditional update decides, whoever else is at it.
 *
 * @returns false when it was taken, revoked, renewed or has expired in between
 */
export async function consumeInvitation(
  executor: Executor,
  {
    invitation,
    hash,
    userId,
    at,
  }: { invitation: Invitation; hash: Buffer; userId: string; at: Date },
  context: AuditContext,
): Promise<boolean> {
  const { rowCount } = await executor.query(
    `UPDATE invitations i SET accepted_at = $3, accepted_by_id = $4
     WHERE i.id = $1 AND i.hash = $2 AND ${IS_OPEN} AND i.expires_at > $3`,
    [invitation.id, hash, at, userId],
  );
  if (rowCount === 0) return false;
  await record(executor, 'invitation.accepted', invitation, at, context);
  return true;
}

/** The address of somebody who may sign in; the row stays as it is until the transaction ends. */
export async function heldEmailOf(executor: Executor, userId: string): Promise<string | undefined> {
  const { rows } = await executor.query<{ email: string }>(
    'SELECT email FROM users WHERE id = $1 AND disabled_at IS NULL FOR SHARE',
    [userId],
  );
  return rows[0]?.email;
}

/**
 * Newest first: what was neither accepted nor revoked, with who sent it.
 *
 * @param organizationId null only for the operator: everybody's
 * @throws InvalidCursorError
 */
export async function listOpenInvitations(
  executor: Executor,
  organizationId: string | null,
  { cursor, limit }: PageRequest,
): Promise<Page<SentInvitation>> {
  const position = readCursor(LIST, cursor) ?? null;
  const size = pageSize(limit);
  const { rows } = await executor.query<SentRow>(
    `SELECT ${COLUMNS}, ${INVITER_NAME}, ${SENDER}
     FROM invitations i
     WHERE ($1::text IS NULL OR i.organization_id = $1) AND ${IS_OPEN} AND ($2::text IS NULL OR i.id < $2)
     ORDER BY i.id DESC LIMIT $3`,
    [organizationId, position, size + 1],
  );
  return pageOf(LIST, rows.map(toSent), size, ({ id }) => id);
}

function record(
  executor: Executor,
  type: `invitation.${'created' | 'renewed' | 'revoked' | 'accepted'}`,
  { id, organizationId, email, role }: Invitation,
  occurredAt: Date,
  context: AuditContext,
): Promise<void> {
  const target = { kind: 'invitation', id };
  const details = { email, role };
  return recordAuditEvent(executor, {
    ...context,
    ...{ type, organizationId, target, details, occurredAt },
  });
}

interface InvitationRow {
  id: string;
  organizationId: string;
  email: string;
  role: Role;
  invitedByKind: AuditActor['kind'];
  invitedById: string | null;
  createdAt: Date;
  expiresAt: Date;
}

interface SenderRow {
  sender: Sender | null;
}

interface SentRow extends InvitationRow, SenderRow {
  inviterName: string | null;
}

interface PresentedRow extends SentRow {
  organizationName: string;
}

function toInvitation(row: InvitationRow): Invitation {
  const { id, organizationId, email, role, createdAt, expiresAt } = row;
  const invitedBy = { kind: row.invitedByKind, ...(row.invitedById && { id: row.invitedById }) };
  return { id, organizationId, email, role, invitedBy, createdAt, expiresAt };
}

function toSent(row: SentRow): SentInvitation {
  const { inviterName } = row;
  const invitation = { ...toInvitation(row), ...(inviterName && { inviterName }) };
  return { ...invitation, sender: toSender(row) };
}

/** JSON has no points in time. */
function toSender({ sender }: SenderRow): Sender | undefined {
  if (sender?.kind !== 'api_key') return sender ?? undefined;
  return { ...sender, expiresAt: sender.expiresAt && new Date(sender.expiresAt) };
}
