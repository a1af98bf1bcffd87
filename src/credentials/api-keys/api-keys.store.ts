import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditActor, AuditContext } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Executor } from '../../database/executor.ts';
import { looksLikeId } from '../../lib/identifier.ts';
import type { ApiKey, ApiKeyInLine } from './api-key.ts';
import {
  ABOVE,
  type AboveColumn,
  API_KEYS_CHANNEL,
  announceLineage,
  endLineage,
  holdMakers,
  MAKERS,
  type MakersColumn,
  toAbove,
  toMakers,
} from './lineage.store.ts';
import type { KeyStanding } from './lineage.ts';

export interface NewSecret {
  readonly id: string;
  readonly hash: Uint8Array;
  readonly hint: string;
}

export type NewApiKey = Pick<
  ApiKey,
  | 'id'
  | 'organizationId'
  | 'name'
  | 'environment'
  | 'permissionSet'
  | 'scopes'
  | 'limits'
  | 'allowedAddresses'
  | 'expiresAt'
>;

export type ApiKeyChanges = Partial<
  Pick<ApiKey, 'name' | 'permissionSet' | 'scopes' | 'limits' | 'allowedAddresses' | 'expiresAt'>
> & { disabled?: boolean };

/** What the gate needs of the key behind a presented secret, in one read. */
export interface PresentedKey {
  readonly key: ApiKey;
  /** The keys it descends from, nearest first. */
  readonly makers: readonly KeyStanding[];
  /** Of the secret presented, not of the key. */
  readonly secretExpiresAt: Date | null;
}

/** The hot read: the key behind a secret and whatever bounds it, revoked and disabled ones included. */
export async function findBySecret(
  executor: Executor,
  hash: Uint8Array,
): Promise<PresentedKey | undefined> {
  const { rows } = await executor.query<
    Row & { secret_expires_at: Date | null; makers: MakersColumn }
  >({
    name: 'find_api_key_by_secret',
    text: `SELECT k.*, presented.expires_at AS secret_expires_at, ${SECRETS}, ${MAKERS}
           FROM api_key_secrets presented JOIN api_keys k ON k.id = presented.api_key_id
           WHERE presented.hash = $1`,
    values: [hash],
  });
  const row = rows[0];
  return (
    row && {
      key: toApiKey(row),
      makers: toMakers(row.makers),
      secretExpiresAt: row.secret_expires_at,
    }
  );
}

/** @param scope the tenant; null only for the operator */
export async function findApiKey(
  executor: Executor,
  id: string,
  scope: { organizationId: string | null },
): Promise<ApiKeyInLine | undefined> {
  const { rows } = await executor.query<RowInLine>(
    `SELECT k.*, ${SECRETS}, ${ABOVE} FROM api_keys k
     WHERE k.id = $1 AND ($2::text IS NULL OR k.organization_id = $2)`,
    [id, scope.organizationId],
  );
  return rows[0] && toApiKeyInLine(rows[0]);
}

/** Newest first, keyset pages. @param filter.organizationId null only for the operator */
export async function listApiKeys(
  executor: Executor,
  filter: {
    organizationId: string | null;
    includeRevoked: boolean;
    /** Whoever made them: a user, a key, a client, a service account. */
    createdBy?: string | undefined;
    /** The last id seen. Ids are ordered by time (UUID version 7). */
    beforeId?: string | undefined;
    limit: number;
  },
): Promise<ApiKeyInLine[]> {
  const { organizationId, createdBy } = filter;
  if (organizationId !== null && !looksLikeId(organizationId)) return [];
  if (createdBy !== undefined && !looksLikeId(createdBy)) return [];
  const { rows } = await executor.query<RowInLine>(
    `SELECT k.*, ${SECRETS}, ${ABOVE} FROM (
       SELECT * FROM api_keys
       WHERE ($1::text IS NULL OR organization_id = $1) AND ($2 OR revoked_at IS NULL)
         AND ($3::text IS NULL OR id < $3) AND ($5::text IS NULL OR created_by_id = $5)
       ORDER BY id DESC LIMIT $4) k
     ORDER BY k.id DESC`,
    [
      ...[organizationId, filter.includeRevoked, filter.beforeId ?? null, filter.limit],
      createdBy ?? null,
    ],
  );
  return rows.map(toApiKeyInLine);
}

/** @returns why a key may not make it after all; nothing is stored then */
export async function insertApiKey(
  database: Database,
  key: NewApiKey,
  secret: NewSecret,
  now: Date,
  audit: AuditContext,
): Promise<'done' | 'revoked' | 'last_generation'> {
  const { actor } = audit;
  return database.transaction(async (tx) => {
    const makers = actor.kind === 'api_key' && actor.id ? await holdMakers(tx, actor.id) : 'held';
    if (makers !== 'held') return makers;
    await tx.query(
      `INSERT INTO api_keys (id, organization_id, name, environment, permission_set, scopes, limits,
         allowed_addresses, created_by_kind, created_by_id, created_at, updated_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)`,
      [
        ...[key.id, key.organizationId, key.name, key.environment, key.permissionSet, key.scopes],
        ...[JSON.stringify(key.limits), key.allowedAddresses, actor.kind],
        ...[actor.id ?? null, now, key.expiresAt],
      ],
    );
    await insertSecret(tx, key.id, secret, now);
    await record(tx, 'api_key.created', key, audit, {
      environment: key.environment,
      scopes: [...key.scopes],
    });
    return 'done';
  });
}

/** @returns the key as it is now; undefined when it isn't there, or was revoked */
export async function updateApiKey(
  database: Database,
  id: string,
  scope: { organizationId: string | null },
  changes: ApiKeyChanges,
  now: Date,
  audit: AuditContext,
): Promise<ApiKeyInLine | undefined> {
  return database.transaction(async (tx) => {
    const { disabled } = changes;
    const { rows } = await tx.query<RowInLine>(
      `UPDATE api_keys k SET
         name = COALESCE($3, name),
         permission_set = CASE WHEN $4 THEN $5 ELSE permission_set END,
         scopes = COALESCE($6, scopes), limits = COALESCE($7, limits),
         allowed_addresses = COALESCE($8, allowed_addresses),
         expires_at = CASE WHEN $9 THEN $10::timestamptz ELSE expires_at END,
         disabled_at = CASE WHEN $11::boolean IS NULL THEN disabled_at
                            WHEN $11 THEN COALESCE(disabled_at, $12) END,
         updated_at = $12
       WHERE id = $1 AND ($2::text IS NULL OR organization_id = $2) AND revoked_at IS NULL
       RETURNING k.*, ${SECRETS}, ${ABOVE}`,
      [
        ...[id, scope.organizationId, changes.name ?? null],
        ...['permissionSet' in changes, changes.permissionSet ?? null, changes.scopes ?? null],
        ...[changes.limits ? JSON.stringify(changes.limits) : null],
        ...[changes.allowedAddresses ?? null],
        ...['expiresAt' in changes, changes.expiresAt ?? null, disabled ?? null, now],
      ],
    );
    const key = rows[0] && toApiKeyInLine(rows[0]);
    if (!key) return undefined;
    await announceLineage(tx, id);
    await record(tx, disabled ? 'api_key.disabled' : 'api_key.updated', key, audit);
    return key;
  });
}

/** Ends a key for good, and all that descends from it. False: it wasn't there, or was revoked before. */
export async function revokeApiKey(
  database: Database,
  id: string,
  scope: { organizationId: string | null },
  now: Date,
  audit: AuditContext,
): Promise<boolean> {
  // However many keys a thief has made with it.
  return database.largeTransaction(async (tx) => {
    const { rows } = await tx.query<{ organization_id: string }>(
      `UPDATE api_keys SET revoked_at = $3, updated_at = $3
       WHERE id = $1 AND ($2::text IS NULL OR organization_id = $2) AND revoked_at IS NULL
       RETURNING organization_id`,
      [id, scope.organizationId, now],
    );
    const row = rows[0];
    if (!row) return false;
    await endLineage(tx, { id, organizationId: row.organization_id }, now, audit);
    return true;
  });
}

/** Strings that a key once had are kept so many; any older one stops at once. */
const MOST_OLD_SECRETS = 10;

/** A second secret for the key; those it had stop at `oldExpireAt`. */
export async function rotateApiKey(
  database: Database,
  key: Pick<ApiKey, 'id' | 'organizationId'>,
  secret: NewSecret,
  oldExpireAt: Date,
  now: Date,
  audit: AuditContext,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const held = await tx.query(
      'SELECT FROM api_keys WHERE id = $1 AND revoked_at IS NULL FOR UPDATE',
      [key.id],
    );
    if (held.rowCount === 0) return false;
    await tx.query(
      `UPDATE api_key_secrets SET expires_at = LEAST(COALESCE(expires_at, $2), $2)
       WHERE api_key_id = $1`,
      [key.id, oldExpireAt],
    );
    await announce(tx, key.id);
    await tx.query(
      `DELETE FROM api_key_secrets WHERE api_key_id = $1 AND id NOT IN (
         SELECT id FROM api_key_secrets WHERE api_key_id = $1
         ORDER BY expires_at DESC, created_at DESC LIMIT $2)`,
      [key.id, MOST_OLD_SECRETS],
    );
    await insertSecret(tx, key.id, secret, now);
    await record(tx, 'api_key.rotated', key, audit, { old_expire_at: oldExpireAt.toISOString() });
    return true;
  });
}

/** The cache knows keys by their secrets. */
async function announce(tx: Executor, keyId: string): Promise<void> {
  await tx.query(
    `SELECT pg_notify('${API_KEYS_CHANNEL}', encode(hash, 'hex'))
     FROM api_key_secrets WHERE api_key_id = $1`,
    [keyId],
  );
}

async function insertSecret(tx: Executor, keyId: string, secret: NewSecret, now: Date) {
  await tx.query(
    `INSERT INTO api_key_secrets (id, api_key_id, hash, hint, created_at) VALUES ($1, $2, $3, $4, $5)`,
    [secret.id, keyId, secret.hash, secret.hint, now],
  );
}

function record(
  tx: Executor,
  type: `api_key.${'created' | 'updated' | 'rotated' | 'disabled'}`,
  key: Pick<ApiKey, 'id' | 'organizationId'>,
  audit: AuditContext,
  details: Record<string, string | string[]> = {},
): Promise<void> {
  const target = { kind: 'api_key', id: key.id };
  return recordAuditEvent(tx, {
    ...audit,
    type,
    organizationId: key.organizationId,
    target,
    details,
  });
}

const SECRETS = `
  (SELECT COALESCE(json_agg(json_build_object('id', s.id, 'hint', s.hint,
     'createdAt', s.created_at, 'expiresAt', s.expires_at)
     ORDER BY s.expires_at DESC NULLS FIRST, s.created_at DESC), '[]')
   FROM api_key_secrets s WHERE s.api_key_id = k.id) AS secrets`;

interface Row {
  id: string;
  organization_id: string;
  name: string;
  environment: string;
  permission_set: string | null;
  scopes: string[];
  limits: Record<string, number>;
  allowed_addresses: string[];
  created_by_kind: AuditActor['kind'];
  created_by_id: string | null;
  created_at: Date;
  updated_at: Date;
  expires_at: Date | null;
  disabled_at: Date | null;
  revoked_at: Date | null;
  last_used_at: Date | null;
  secrets: { id: string; hint: string; createdAt: string; expiresAt: string | null }[];
}

interface RowInLine extends Row {
  above: AboveColumn;
}

const toApiKeyInLine = (row: RowInLine): ApiKeyInLine => ({
  ...toApiKey(row),
  above: toAbove(row.above),
});

const toApiKey = (row: Row): ApiKey => ({
  id: row.id,
  organizationId: row.organization_id,
  name: row.name,
  environment: row.environment,
  permissionSet: row.permission_set,
  scopes: row.scopes,
  limits: row.limits,
  allowedAddresses: row.allowed_addresses,
  createdBy: { kind: row.created_by_kind, id: row.created_by_id },
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  expiresAt: row.expires_at,
  disabledAt: row.disabled_at,
  revokedAt: row.revoked_at,
  lastUsedAt: row.last_used_at,
  secrets: row.secrets.map(({ id, hint, createdAt, expiresAt }) => ({
    id,
    hint,
    createdAt: new Date(createdAt),
    expiresAt: expiresAt ? new Date(expiresAt) : null,
  })),
});
