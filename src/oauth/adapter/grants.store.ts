import Provider from 'oidc-provider';
import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditEventType } from '../../audit/audit.ts';
import {
  type AdapterDependencies,
  type AdapterPayload,
  inSeconds,
  type ModelAdapter,
  toSeconds,
} from './adapter.ts';

interface Row {
  id: string;
  consent_id: string | null;
  user_id: string;
  client_id: string;
  organization_id: string | null;
  details: Record<string, unknown>;
  created_at: Date;
  expires_at: Date;
}

/**
 * Grants: one authorization each, the family of a code and its tokens. A grant is found only while
 * everything it rests on stands: not revoked, the user and the client enabled, the membership alive.
 */
export function createGrantAdapter(deps: AdapterDependencies): ModelAdapter {
  const { database, notifications, clock, revocations } = deps;
  return {
    async upsert(id, payload, expiresIn) {
      const { jti, kind, exp, iat, accountId, clientId, organizationId, consentId, ...details } =
        payload as AdapterPayload & GrantExtension;
      await database.pool.query({
        name: 'upsert_grant',
        text: `INSERT INTO grants
                 (id, consent_id, user_id, client_id, organization_id, details, created_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (id) DO UPDATE
                 SET details = EXCLUDED.details, expires_at = EXCLUDED.expires_at
                 WHERE grants.revoked_at IS NULL`,
        values: [
          id,
          consentId ?? null,
          accountId,
          clientId,
          organizationId ?? null,
          JSON.stringify(details),
          clock.now(),
          inSeconds(clock, expiresIn),
        ],
      });
    },

    async find(id) {
      const { rows } = await database.pool.query<Row>({
        name: 'find_grant',
        text: FIND,
        values: [id],
      });
      const row = rows[0];
      return row && toPayload(row);
    },

    async destroy(id) {
      const cause = causeOfEnd();
      await database.transaction(async (tx) => {
        if (!(await revocations.revokeGrant(tx, id, cause.reason))) return;
        await recordAuditEvent(tx, {
          type: cause.type,
          actor: cause.actor,
          target: { kind: 'grant', id },
        });
      });
      await notifications.caughtUp();
    },
  };
}

/** What Gatehouse adds to oidc-provider's Grant. */
export interface GrantExtension {
  organizationId?: string | undefined;
  consentId?: string | undefined;
}

const FIND = `
  SELECT g.* FROM grants g
  JOIN users u ON u.id = g.user_id AND u.disabled_at IS NULL
  JOIN clients c ON c.client_id = g.client_id AND c.disabled_at IS NULL
  WHERE g.id = $1 AND g.revoked_at IS NULL
    AND (g.organization_id IS NULL OR EXISTS (
      SELECT 1 FROM memberships m
      WHERE m.user_id = g.user_id AND m.organization_id = g.organization_id))`;

const toPayload = (row: Row): AdapterPayload =>
  ({
    ...row.details,
    jti: row.id,
    kind: 'Grant',
    accountId: row.user_id,
    clientId: row.client_id,
    organizationId: row.organization_id ?? undefined,
    consentId: row.consent_id ?? undefined,
    iat: toSeconds(row.created_at),
    exp: toSeconds(row.expires_at),
  }) as AdapterPayload;

/** Why oidc-provider ends a grant, read off the request that made it do so. */
function causeOfEnd(): {
  reason: string;
  type: AuditEventType;
  actor: { kind: 'client' | 'user' | 'system'; id?: string };
} {
  const oidc = Provider.ctx?.oidc;
  const clientId = oidc?.entities.Client?.clientId;
  const actor = clientId ? { kind: 'client' as const, id: clientId } : { kind: 'system' as const };
  if (oidc?.route === 'token') {
    return oidc.params?.grant_type === 'refresh_token'
      ? { reason: 'refresh_token_replayed', type: 'refresh_token.replayed', actor }
      : { reason: 'code_replayed', type: 'code.replayed', actor };
  }
  if (oidc?.route === 'revocation')
    return { reason: 'token_revoked', type: 'grant.revoked', actor };
  return { reason: 'signed_out', type: 'grant.revoked', actor };
}
