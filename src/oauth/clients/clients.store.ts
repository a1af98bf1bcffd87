import type { JSONWebKeySet } from 'jose';
import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditActor, AuditContext } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Executor } from '../../database/executor.ts';
import { endConsents } from '../consents/ended-consents.store.ts';
import type { Revocations } from '../revocations.store.ts';
import type {
  ClientAuthMethod,
  ClientSecret,
  GrantType,
  NewClient,
  OAuthClient,
} from './client.ts';

export const CLIENTS_CHANNEL = 'gatehouse_clients';

/** The hot read behind the client cache: one statement, secrets included. */
export async function findClient(executor: Executor, id: string): Promise<OAuthClient | undefined> {
  const { rows } = await executor.query<Row>({
    name: 'find_client',
    text: `${SELECT} WHERE c.client_id = $1`,
    values: [id],
  });
  return rows[0] && toClient(rows[0]);
}

/** Clients of one organization (or, with undefined, of all), newest first; keyset pages. */
export async function listClients(
  executor: Executor,
  filter: {
    organizationId?: string | undefined;
    /** Whoever made them: a user, a key, a client, a service account. */
    createdBy?: string | undefined;
    before?: { createdAt: Date; id: string } | undefined;
    limit: number;
  },
): Promise<OAuthClient[]> {
  const { rows } = await executor.query<Row>(
    `${SELECT}
     WHERE ($1::text IS NULL OR c.organization_id = $1)
       AND ($5::text IS NULL OR (c.created_by = $5 AND c.created_by_kind IS NOT NULL))
       AND ($2::timestamptz IS NULL OR (c.created_at, c.client_id) < ($2, $3))
     ORDER BY c.created_at DESC, c.client_id DESC LIMIT $4`,
    [
      filter.organizationId ?? null,
      filter.before?.createdAt ?? null,
      filter.before?.id ?? '',
      filter.limit,
      filter.createdBy ?? null,
    ],
  );
  return rows.map(toClient);
}

export async function insertClient(
  database: Database,
  client: NewClient,
  secret: ClientSecret | undefined,
  now: Date,
  audit: AuditContext,
): Promise<void> {
  await database.transaction(async (tx) => {
    const values = columnsOf(client);
    const names = Object.keys(values);
    await tx.query(
      `INSERT INTO clients (client_id, ${names.join(', ')}, created_by_kind, created_by, created_at,
         updated_at)
       VALUES ($1, ${names.map((_, i) => `$${i + 2}`).join(', ')},
               $${names.length + 2}, $${names.length + 3}, $${names.length + 4}, $${names.length + 4})`,
      [client.id, ...Object.values(values), audit.actor.kind, audit.actor.id ?? null, now],
    );
    if (secret) await insertSecret(tx, client.id, secret, now);
    await recordChange(tx, client, 'client.created', audit);
  });
}

/**
 * Replaces the metadata, provided that nobody changed the client since it was read; a client that is
 * disabled loses its tokens too, and gets none of them back when it is let in again.
 *
 * @param readAt the updatedAt that was read
 * @returns false when it was changed or deleted meanwhile: read again, merge again
 */
export async function updateClient(
  database: Database,
  client: NewClient & { disabled: boolean },
  readAt: Date,
  now: Date,
  revocations: Revocations,
  audit: AuditContext,
): Promise<boolean> {
  return database.largeTransaction(async (tx) => {
    const values = columnsOf(client);
    const names = Object.keys(values);
    const { rows } = await tx.query<{ was_disabled: boolean }>(
      `UPDATE clients SET ${names.map((name, i) => `${name} = $${i + 2}`).join(', ')},
         disabled_at = CASE WHEN $${names.length + 2} THEN COALESCE(clients.disabled_at, $${names.length + 3}) END,
         updated_at = GREATEST($${names.length + 3}, old.updated_at + interval '1 ms')
       FROM (SELECT client_id, disabled_at, updated_at FROM clients
             WHERE client_id = $1 FOR UPDATE) AS old
       WHERE clients.client_id = old.client_id AND old.updated_at = $${names.length + 4}
       RETURNING old.disabled_at IS NOT NULL AS was_disabled`,
      [client.id, ...Object.values(values), client.disabled, now, readAt],
    );
    if (!rows[0]) return false;
    const { was_disabled } = rows[0];
    if (client.disabled && !was_disabled) await revocations.denyClient(tx, client.id);
    if (!client.disabled && was_disabled) await revocations.endGrantsOfClient(tx, client.id);
    await recordChange(tx, client, 'client.updated', audit);
    return true;
  });
}

/**
 * Deletes the client with its secrets, consents and grants; its tokens die at once. Held from the start:
 * an authorization locks the client before the consent, too, and no consent begins while they end.
 *
 * @returns false when there is no such client
 */
export async function deleteClient(
  database: Database,
  client: Pick<OAuthClient, 'id' | 'organizationId'>,
  now: Date,
  revocations: Revocations,
  audit: AuditContext,
): Promise<boolean> {
  return database.largeTransaction(async (tx) => {
    const held = await tx.query('SELECT FROM clients WHERE client_id = $1 FOR UPDATE', [client.id]);
    if (held.rowCount === 0) return false;
    await endConsents(tx, { reason: 'client_deleted', clientId: client.id }, now, audit);
    await revocations.denyClient(tx, client.id);
    await tx.query('DELETE FROM clients WHERE client_id = $1', [client.id]);
    await tx.query('DELETE FROM artifacts WHERE client_id = $1', [client.id]);
    await recordChange(tx, client, 'client.deleted', audit);
    return true;
  });
}

/** A new secret; the old ones stop at `oldExpireAt`, so that both work while callers change over. */
export async function rotateClientSecret(
  database: Database,
  client: Pick<OAuthClient, 'id' | 'organizationId'>,
  secret: ClientSecret,
  oldExpireAt: Date,
  now: Date,
  audit: AuditContext,
): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query(
      `UPDATE client_secrets SET expires_at = LEAST(COALESCE(expires_at, $2), $2) WHERE client_id = $1`,
      [client.id, oldExpireAt],
    );
    await tx.query('DELETE FROM client_secrets WHERE client_id = $1 AND expires_at <= $2', [
      client.id,
      now,
    ]);
    await insertSecret(tx, client.id, secret, now);
    await recordChange(tx, client, 'client.secret_rotated', audit);
  });
}

async function insertSecret(tx: Executor, clientId: string, secret: ClientSecret, now: Date) {
  await tx.query(
    `INSERT INTO client_secrets (id, client_id, hash, hint, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [secret.id, clientId, secret.hash, secret.hint, now, secret.expiresAt],
  );
}

async function recordChange(
  tx: Executor,
  client: Pick<OAuthClient, 'id' | 'organizationId'>,
  type: 'client.created' | 'client.updated' | 'client.deleted' | 'client.secret_rotated',
  audit: AuditContext,
): Promise<void> {
  await tx.query('SELECT pg_notify($1, $2)', [CLIENTS_CHANNEL, client.id]);
  await recordAuditEvent(tx, {
    ...audit,
    type,
    ...(client.organizationId ? { organizationId: client.organizationId } : {}),
    target: { kind: 'client', id: client.id },
  });
}

/** Column → value, in one fixed order. */
function columnsOf(client: NewClient): Record<string, unknown> {
  return {
    organization_id: client.organizationId,
    client_name: client.name,
    application_type: client.applicationType,
    redirect_uris: client.redirectUris,
    post_logout_redirect_uris: client.postLogoutRedirectUris,
    grant_types: client.grantTypes,
    response_types: client.responseTypes,
    scopes: client.scopes,
    token_endpoint_auth_method: client.tokenEndpointAuthMethod,
    token_endpoint_auth_signing_alg: client.tokenEndpointAuthAlg,
    jwks: client.jwks && JSON.stringify(client.jwks),
    jwks_uri: client.jwksUri,
    client_uri: client.clientUri,
    logo_uri: client.logoUri,
    policy_uri: client.policyUri,
    tos_uri: client.tosUri,
    contacts: client.contacts,
    require_pkce: client.requirePkce,
    require_pushed_authorization_requests: client.requirePushedRequests,
    introspection_audiences: client.introspectionAudiences,
  };
}

const SELECT = `
  SELECT c.*, o.name AS organization_name,
    (SELECT COALESCE(json_agg(json_build_object('id', s.id, 'hash', encode(s.hash, 'hex'),
       'hint', s.hint, 'expiresAt', s.expires_at) ORDER BY s.created_at), '[]')
     FROM client_secrets s WHERE s.client_id = c.client_id) AS secrets
  FROM clients c LEFT JOIN organizations o ON o.id = c.organization_id`;

interface Row {
  client_id: string;
  organization_id: string | null;
  organization_name: string | null;
  client_name: string;
  application_type: 'web' | 'native';
  redirect_uris: string[];
  post_logout_redirect_uris: string[];
  grant_types: GrantType[];
  response_types: string[];
  scopes: string[];
  token_endpoint_auth_method: ClientAuthMethod;
  token_endpoint_auth_signing_alg: string | null;
  jwks: JSONWebKeySet | null;
  jwks_uri: string | null;
  client_uri: string | null;
  logo_uri: string | null;
  policy_uri: string | null;
  tos_uri: string | null;
  contacts: string[];
  require_pkce: boolean;
  require_pushed_authorization_requests: boolean;
  introspection_audiences: string[];
  disabled_at: Date | null;
  created_by_kind: AuditActor['kind'] | null;
  created_by: string | null;
  created_at: Date;
  updated_at: Date;
  secrets: { id: string; hash: string; hint: string; expiresAt: string | null }[];
}

function toClient(row: Row): OAuthClient {
  return {
    id: row.client_id,
    organizationId: row.organization_id,
    organizationName: row.organization_name,
    name: row.client_name,
    applicationType: row.application_type,
    redirectUris: row.redirect_uris,
    postLogoutRedirectUris: row.post_logout_redirect_uris,
    grantTypes: row.grant_types,
    responseTypes: row.response_types,
    scopes: row.scopes,
    tokenEndpointAuthMethod: row.token_endpoint_auth_method,
    tokenEndpointAuthAlg: row.token_endpoint_auth_signing_alg,
    jwks: row.jwks,
    jwksUri: row.jwks_uri,
    clientUri: row.client_uri,
    logoUri: row.logo_uri,
    policyUri: row.policy_uri,
    tosUri: row.tos_uri,
    contacts: row.contacts,
    requirePkce: row.require_pkce,
    requirePushedRequests: row.require_pushed_authorization_requests,
    introspectionAudiences: row.introspection_audiences,
    disabled: row.disabled_at !== null,
    // A process of before the kind was kept writes none, and then the id is no maker to the lists either.
    createdBy: row.created_by_kind && { kind: row.created_by_kind, id: row.created_by },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    secrets: row.secrets.map((secret) => ({
      id: secret.id,
      hash: Buffer.from(secret.hash, 'hex'),
      hint: secret.hint,
      expiresAt: secret.expiresAt ? new Date(secret.expiresAt) : null,
    })),
  };
}
