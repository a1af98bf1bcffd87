import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext, AuditValue } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import type { Executor } from '../database/executor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import { wakeWorkers } from './outbox.store.ts';
import type { Subscription, SubscriptionStatus } from './webhook.ts';

/** Whose subscriptions are meant; null: everybody's, for the operator only. */
export interface Scope {
  readonly organizationId: string | null;
}

export interface NewSecret {
  readonly id: string;
  readonly encrypted: Uint8Array;
}

/** @param filter.organizationId null only for the operator */
export async function listSubscriptions(
  executor: Executor,
  filter: Scope & { beforeId?: string | undefined; limit: number },
): Promise<Subscription[]> {
  const { organizationId } = filter;
  if (organizationId !== null && !looksLikeId(organizationId)) return [];
  const { rows } = await executor.query<Row>(
    `SELECT * FROM webhook_subscriptions
     WHERE ($1::text IS NULL OR organization_id = $1) AND ($2::text IS NULL OR id < $2)
     ORDER BY id DESC LIMIT $3`,
    [organizationId, filter.beforeId ?? null, filter.limit],
  );
  return rows.map(toSubscription);
}

export async function findSubscription(
  executor: Executor,
  id: string,
  scope: Scope,
): Promise<Subscription | undefined> {
  const { rows } = await executor.query<Row>(
    `SELECT * FROM webhook_subscriptions
     WHERE id = $1 AND ($2::text IS NULL OR organization_id = $2)`,
    [id, scope.organizationId],
  );
  return rows[0] && toSubscription(rows[0]);
}

/**
 * Adds a subscription unless the organization has `most` already: parallel callers take turns.
 *
 * @returns undefined when there is no room, or no such organization
 */
export async function insertSubscription(
  database: Database,
  subscription: Pick<Subscription, 'id' | 'organizationId' | 'url' | 'events'>,
  secret: NewSecret,
  most: number,
  now: Date,
  audit: AuditContext,
): Promise<Subscription | undefined> {
  const { id, organizationId, url, events } = subscription;
  return database.transaction(async (tx) => {
    await tx.query('SELECT FROM organizations WHERE id = $1 FOR NO KEY UPDATE', [organizationId]);
    const { rows } = await tx.query<Row>(
      `INSERT INTO webhook_subscriptions (id, organization_id, url, events, created_by_kind,
         created_by_id, created_at, updated_at)
       SELECT $1, $2, $3, $4, $5, $6, $7, $7
       WHERE (SELECT count(*) FROM webhook_subscriptions WHERE organization_id = $2) < $8
         AND EXISTS (SELECT FROM organizations WHERE id = $2)
       RETURNING *`,
      [id, organizationId, url, events, audit.actor.kind, audit.actor.id ?? null, now, most],
    );
    const made = rows[0] && toSubscription(rows[0]);
    if (!made) return undefined;
    await insertSecret(tx, id, secret, now);
    await record(tx, 'webhook.created', made, audit);
    return made;
  });
}

export interface SubscriptionChanges {
  readonly url?: string | undefined;
  readonly events?: readonly string[] | undefined;
  readonly status?: Exclude<SubscriptionStatus, 'disabled'> | undefined;
}

/** @returns the subscription as it is now; undefined when it isn't there */
export async function updateSubscription(
  database: Database,
  id: string,
  scope: Scope,
  changes: SubscriptionChanges,
  now: Date,
  audit: AuditContext,
): Promise<Subscription | undefined> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.query<Row>(
      `UPDATE webhook_subscriptions SET
         url = COALESCE($3, url), events = COALESCE($4, events), status = COALESCE($5, status),
         failing_since = CASE WHEN $3 <> url OR $5 = 'active' THEN NULL ELSE failing_since END,
         succeeded_at = CASE WHEN $3 <> url THEN NULL ELSE succeeded_at END,
         updated_at = $6
       WHERE id = $1 AND ($2::text IS NULL OR organization_id = $2) RETURNING *`,
      [
        ...[id, scope.organizationId, changes.url ?? null, changes.events ?? null],
        ...[changes.status ?? null, now],
      ],
    );
    const changed = rows[0] && toSubscription(rows[0]);
    if (!changed) return undefined;
    await record(tx, 'webhook.updated', changed, audit, { status: changed.status });
    // What waited while it was paused goes out now.
    await wakeWorkers(tx);
    return changed;
  });
}

/** With its secrets and deliveries. False: it wasn't there. */
export async function deleteSubscription(
  database: Database,
  id: string,
  scope: Scope,
  audit: AuditContext,
): Promise<boolean> {
  return database.largeTransaction(async (tx) => {
    const { rows } = await tx.query<Row>(
      `DELETE FROM webhook_subscriptions
       WHERE id = $1 AND ($2::text IS NULL OR organization_id = $2) RETURNING *`,
      [id, scope.organizationId],
    );
    const gone = rows[0] && toSubscription(rows[0]);
    if (!gone) return false;
    await record(tx, 'webhook.deleted', gone, audit);
    return true;
  });
}

/** Old secrets that go on signing for a while, at the most; any older one stops at once. */
const MOST_OLD_SECRETS = 4;

/** Another secret; those it had stop signing at `oldExpireAt`. */
export async function rotateSecret(
  database: Database,
  id: string,
  scope: Scope,
  secret: NewSecret,
  oldExpireAt: Date,
  now: Date,
  audit: AuditContext,
): Promise<Subscription | undefined> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.query<Row>(
      `UPDATE webhook_subscriptions SET updated_at = $3
       WHERE id = $1 AND ($2::text IS NULL OR organization_id = $2) RETURNING *`,
      [id, scope.organizationId, now],
    );
    const rotated = rows[0] && toSubscription(rows[0]);
    if (!rotated) return undefined;
    await tx.query(
      `UPDATE webhook_secrets SET expires_at = LEAST(COALESCE(expires_at, $2), $2)
       WHERE subscription_id = $1`,
      [id, oldExpireAt],
    );
    await tx.query(
      `DELETE FROM webhook_secrets WHERE subscription_id = $1 AND (expires_at <= $2 OR id NOT IN (
         SELECT id FROM webhook_secrets WHERE subscription_id = $1
         ORDER BY expires_at DESC, created_at DESC, id DESC LIMIT $3))`,
      [id, now, MOST_OLD_SECRETS],
    );
    await insertSecret(tx, id, secret, now);
    const details = { old_expire_at: oldExpireAt.toISOString() };
    await record(tx, 'webhook.secret_rotated', rotated, audit, details);
    return rotated;
  });
}

/** What signs at a point in time, the newest first: an array, as a column. Both are SQL. */
export const signingSecrets = ({ of, at }: { of: string; at: string }): string =>
  `ARRAY(SELECT encrypted FROM webhook_secrets
     WHERE subscription_id = ${of} AND (expires_at IS NULL OR expires_at > ${at})
     ORDER BY expires_at DESC NULLS FIRST, created_at DESC, id DESC)`;

async function insertSecret(tx: Executor, subscriptionId: string, secret: NewSecret, now: Date) {
  await tx.query(
    `INSERT INTO webhook_secrets (id, subscription_id, encrypted, created_at)
     VALUES ($1, $2, $3, $4)`,
    [secret.id, subscriptionId, secret.encrypted, now],
  );
}

/** The path of a URL may hold a secret of the receiver's; its host says enough. */
function record(
  tx: Executor,
  type: `webhook.${'created' | 'updated' | 'deleted' | 'secret_rotated'}`,
  { id, organizationId, url, events }: Subscription,
  audit: AuditContext,
  details: Record<string, AuditValue> = {},
): Promise<void> {
  const target = { kind: 'webhook', id };
  const about = { host: new URL(url).host, events: [...events], ...details };
  return recordAuditEvent(tx, { ...audit, type, organizationId, target, details: about });
}

interface Row {
  id: string;
  organization_id: string;
  url: string;
  events: string[];
  status: SubscriptionStatus;
  created_at: Date;
  updated_at: Date;
  succeeded_at: Date | null;
  failing_since: Date | null;
}

const toSubscription = (row: Row): Subscription => ({
  id: row.id,
  organizationId: row.organization_id,
  url: row.url,
  events: row.events,
  status: row.status,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  succeededAt: row.succeeded_at,
  failingSince: row.failing_since,
});
