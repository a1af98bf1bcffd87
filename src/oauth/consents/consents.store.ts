import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditEvent } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Executor } from '../../database/executor.ts';
import type { RoleName } from '../../platform/platform.ts';
import type { Revocations } from '../revocations.store.ts';

/** What a user has allowed a client for one organization, until it is revoked. */
export interface Consent {
  readonly id: string;
  readonly userId: string;
  readonly clientId: string;
  readonly organizationId: string | null;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
}

/** With the user's role where it is for; absent where it is for none. */
export type StandingConsent = Consent & { readonly role?: RoleName };

type AuditContext = Pick<AuditEvent, 'actor' | 'address' | 'requestId'>;

interface Row {
  id: string;
  user_id: string;
  client_id: string;
  organization_id: string | null;
  scopes: string[];
  created_at: Date;
  last_used_at: Date;
}

const toConsent = (row: Row): Consent => ({
  id: row.id,
  userId: row.user_id,
  clientId: row.client_id,
  organizationId: row.organization_id,
  scopes: row.scopes,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
});

/**
 * The consent to go on with: for the organization named, else the one used last; only while the user
 * is a member.
 */
export async function findConsent(
  executor: Executor,
  wanted: { userId: string; clientId: string; organizationId?: string },
): Promise<StandingConsent | undefined> {
  const { rows } = await executor.query<Row & { role: RoleName | null }>({
    name: 'find_consent',
    text: `SELECT c.*, m.role FROM consents c LEFT JOIN memberships m
             ON m.user_id = c.user_id AND m.organization_id = c.organization_id
           WHERE c.user_id = $1 AND c.client_id = $2 AND c.revoked_at IS NULL
             AND ($3::text IS NULL OR c.organization_id = $3)
             AND (c.organization_id IS NULL OR m.role IS NOT NULL)
           ORDER BY c.last_used_at DESC LIMIT 1`,
    values: [wanted.userId, wanted.clientId, wanted.organizationId ?? null],
  });
  const row = rows[0];
  return row && { ...toConsent(row), ...(row.role ? { role: row.role } : {}) };
}

export async function touchConsent(executor: Executor, id: string, now: Date): Promise<void> {
  await executor.query({
    name: 'touch_consent',
    text: 'UPDATE consents SET last_used_at = $2 WHERE id = $1',
    values: [id, now],
  });
}

/** An answer: what was allowed, and what was asked for and left unticked. */
type ConsentGiven = Pick<Consent, 'id' | 'userId' | 'clientId' | 'organizationId' | 'scopes'> & {
  readonly refused: readonly string[];
};

/**
 * Adds scopes to the consent of (user, client, organization), making it when there is none, and takes
 * out what is refused now. Safe when two tabs agree at once: the second adds to the first's.
 *
 * @returns undefined: the user is disabled, no member of the organization or gone, or the client is gone
 */
export async function grantConsent(
  database: Database,
  consent: ConsentGiven,
  now: Date,
  audit: AuditContext,
): Promise<Consent | undefined> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.query<Row>(GRANT, [
      ...[consent.id, consent.userId, consent.clientId, consent.organizationId],
      ...[consent.scopes, now, consent.refused],
    ]);
    if (!rows[0]) return undefined;
    await recordAuditEvent(tx, {
      ...audit,
      type: 'consent.granted',
      ...(consent.organizationId ? { organizationId: consent.organizationId } : {}),
      target: { kind: 'client', id: consent.clientId },
      details: { scopes: [...consent.scopes], organization_id: consent.organizationId },
    });
    return toConsent(rows[0]);
  });
}

/**
 * Under the locks that ending any of what it rests on wants too, in the order in which a grant takes them:
 * either the end comes first, and nothing is stored, or whoever ends it sees the consent and ends it.
 */
const GRANT = `
  WITH person AS MATERIALIZED (
    SELECT id FROM users WHERE id = $2 AND disabled_at IS NULL FOR SHARE),
  app AS MATERIALIZED (
    SELECT p.id AS user_id, c.client_id FROM person p, clients c
    WHERE c.client_id = $3
      AND ($4::text IS NULL OR EXISTS (
        SELECT 1 FROM organizations o JOIN memberships m ON m.organization_id = o.id
        WHERE o.id = $4 AND m.user_id = p.id FOR KEY SHARE OF o, m))
    FOR KEY SHARE OF c)
  INSERT INTO consents
    (id, user_id, client_id, organization_id, scopes, claims, created_at, updated_at, last_used_at)
  SELECT $1, user_id, client_id, $4, $5::text[], '{}', $6, $6, $6 FROM app
  ON CONFLICT (user_id, client_id, COALESCE(organization_id, '')) WHERE revoked_at IS NULL
  DO UPDATE SET
    scopes = ARRAY(
      SELECT DISTINCT scope FROM unnest(consents.scopes || EXCLUDED.scopes) AS scope
      WHERE scope <> ALL ($7::text[]) ORDER BY scope),
    updated_at = EXCLUDED.updated_at, last_used_at = EXCLUDED.last_used_at
  RETURNING *`;

/** Ends a consent with everything issued under it. False: not this user's, or ended already. */
export async function revokeConsent(
  database: Database,
  wanted: { id: string; userId: string },
  now: Date,
  revocations: Revocations,
  audit: AuditContext,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.query<Row>(
      `UPDATE consents SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL
       RETURNING *`,
      [wanted.id, wanted.userId, now],
    );
    const consent = rows[0] && toConsent(rows[0]);
    if (!consent) return false;
    await revocations.revokeGrantsOfConsent(tx, consent.id);
    await recordAuditEvent(tx, {
      ...audit,
      type: 'consent.revoked',
      ...(consent.organizationId ? { organizationId: consent.organizationId } : {}),
      target: { kind: 'client', id: consent.clientId },
      details: { user_id: consent.userId },
    });
    return true;
  });
}

/** A user's living consents, the one used last first. */
export async function listConsents(executor: Executor, userId: string): Promise<Consent[]> {
  const { rows } = await executor.query<Row>(
    'SELECT * FROM consents WHERE user_id = $1 AND revoked_at IS NULL ORDER BY last_used_at DESC',
    [userId],
  );
  return rows.map(toConsent);
}
