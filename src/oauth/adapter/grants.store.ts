import Provider, { errors } from 'oidc-provider';
import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditEventType } from '../../audit/audit.ts';
import { splitScope } from '../scopes.ts';
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
  /** What the consent holds by now; null for a grant without one. */
  consented: string[] | null;
}

/**
 * Grants: one authorization each, the family of a code and its tokens. A grant is stored, and found, only
 * while everything it rests on stands: not revoked, the user and the client enabled, the consent and the
 * membership alive. What the user has taken out of the consent since is taken out of the grant.
 */
export function createGrantAdapter(deps: AdapterDependencies): ModelAdapter {
  const { database, notifications, clock, revocations } = deps;
  return {
    async upsert(id, payload, expiresIn) {
      const { jti, kind, exp, iat, accountId, clientId, organizationId, consentId, ...details } =
        payload as AdapterPayload & GrantExtension;
      const { rowCount } = await database.pool.query({
        name: 'insert_grant',
        text: INSERT,
        values: [
          id,
          consentId ?? null,
          accountId,
          clientId,
          organizationId ?? null,
          JSON.stringify(details),
          clock.now(),
          inSeconds(clock, expiresIn),
          Provider.ctx?.oidc?.session?.uid ?? null,
        ],
      });
      if (rowCount === 0) throw new errors.AccessDenied('what the user had allowed is over');
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

/**
 * Under the locks that ending any of them wants too: either the end comes first, and nothing is stored, or
 * whoever ends it sees the grant and ends it with the others. As everywhere, the user is locked first, then
 * the organization, the membership, the client and the consent. $9 is the browser's session: a password that was changed has ended it, and leaves the user enabled.
 */
const INSERT = `
  WITH person AS MATERIALIZED (
    SELECT id FROM users WHERE id = $3 AND disabled_at IS NULL FOR SHARE)
  INSERT INTO grants
    (id, consent_id, user_id, client_id, organization_id, details, created_at, expires_at)
  SELECT $1, co.id, p.id, c.client_id, $5, $6, $7, $8
  FROM person p, clients c, consents co
  WHERE c.client_id = $4 AND c.disabled_at IS NULL
    AND co.id = $2 AND co.user_id = p.id AND co.revoked_at IS NULL
    AND ($5::text IS NULL OR EXISTS (
      SELECT 1 FROM organizations o JOIN memberships m ON m.organization_id = o.id
      WHERE o.id = $5 AND m.user_id = p.id FOR KEY SHARE OF o, m))
    AND ($9::text IS NULL OR EXISTS (
      SELECT 1 FROM sessions s WHERE s.user_id = p.id AND s.uid = $9 FOR KEY SHARE))
  FOR SHARE OF c, co`;

const FIND = `
  SELECT g.*, co.scopes AS consented FROM grants g
  JOIN users u ON u.id = g.user_id AND u.disabled_at IS NULL
  JOIN clients c ON c.client_id = g.client_id AND c.disabled_at IS NULL
  LEFT JOIN consents co ON co.id = g.consent_id
  WHERE g.id = $1 AND g.revoked_at IS NULL
    AND (g.consent_id IS NULL OR co.revoked_at IS NULL)
    AND (g.organization_id IS NULL OR EXISTS (
      SELECT 1 FROM memberships m
      WHERE m.user_id = g.user_id AND m.organization_id = g.organization_id))`;

/** What oidc-provider's Grant keeps of scopes: OpenID's, and each resource's. */
interface GrantedScopes {
  openid?: { scope?: string };
  resources?: Record<string, string>;
}

/** Undefined: nothing is left of it. */
function toPayload(row: Row): AdapterPayload | undefined {
  const granted = cutTo(row.details as GrantedScopes, row.consented);
  if (!granted) return undefined;
  return {
    ...row.details,
    ...granted,
    jti: row.id,
    kind: 'Grant',
    accountId: row.user_id,
    clientId: row.client_id,
    organizationId: row.organization_id ?? undefined,
    consentId: row.consent_id ?? undefined,
    iat: toSeconds(row.created_at),
    exp: toSeconds(row.expires_at),
  } as AdapterPayload;
}

function cutTo(
  { openid, resources }: GrantedScopes,
  consented: string[] | null,
): GrantedScopes | undefined {
  if (!consented) return {};
  const cut = (scope = '') =>
    splitScope(scope)
      .filter((one) => consented.includes(one))
      .join(' ');
  const scope = cut(openid?.scope);
  const ofResources = Object.entries(resources ?? {}).map(([id, one]) => [id, cut(one)] as const);
  const isEmpty = scope === '' && ofResources.every(([, one]) => one === '');
  return isEmpty
    ? undefined
    : { openid: { ...openid, scope }, resources: Object.fromEntries(ofResources) };
}

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
