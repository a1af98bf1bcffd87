import { auditText } from '../audit/audit.ts';
import type { Executor } from '../database/executor.ts';

/** Where a key was found in public, as the reporter says, and when that was reported. */
export interface Leak {
  /** A URL, as a rule; empty: the reporter does not say. Free of the key itself. */
  readonly place: string;
  readonly reportedAt: Date;
}

/** One that its organization is told of. */
export interface LeakNotice extends Leak {
  readonly keyId: string;
  readonly keyName: string;
}

/** So long an organization is told, unless somebody has seen it before: milliseconds. */
const TOLD_MS = 30 * 86_400_000;

const MOST_NOTICES = 20;

/** Keeps for the key's owners what the log says, too; within the transaction that revokes it. */
export async function recordLeak(
  executor: Executor,
  keyId: string,
  { place, reportedAt }: Leak,
): Promise<void> {
  await executor.query(
    `INSERT INTO leaked_keys (api_key_id, place, reported_at) VALUES ($1, $2, $3)
     ON CONFLICT (api_key_id) DO NOTHING`,
    [keyId, auditText(place), reportedAt],
  );
}

/** Those of the keys that were found in public, by their ids. */
export async function findLeaks(
  executor: Executor,
  keyIds: readonly string[],
): Promise<ReadonlyMap<string, Leak>> {
  if (keyIds.length === 0) return new Map();
  const { rows } = await executor.query<LeakRow>(
    'SELECT api_key_id, place, reported_at FROM leaked_keys WHERE api_key_id = ANY($1)',
    [keyIds],
  );
  return new Map(rows.map((row) => [row.api_key_id, toLeak(row)]));
}

/** What the organization is to be told now, the latest first. */
export async function findLeakNotices(
  executor: Executor,
  organizationId: string,
  now: Date,
): Promise<LeakNotice[]> {
  const { rows } = await executor.query<LeakRow & { name: string }>(
    `SELECT l.api_key_id, l.place, l.reported_at, k.name
     FROM api_keys k JOIN leaked_keys l ON l.api_key_id = k.id
     WHERE k.organization_id = $1 AND l.dismissed_at IS NULL AND l.reported_at > $2
     ORDER BY l.reported_at DESC, k.id LIMIT $3`,
    [organizationId, new Date(now.getTime() - TOLD_MS), MOST_NOTICES],
  );
  return rows.map((row) => ({ keyId: row.api_key_id, keyName: row.name, ...toLeak(row) }));
}

/** Nobody of the organization is told of it any more. Another organization's key stays as it is. */
export async function dismissLeak(
  executor: Executor,
  organizationId: string,
  keyId: string,
  now: Date,
): Promise<void> {
  await executor.query(
    `UPDATE leaked_keys l SET dismissed_at = $3 FROM api_keys k
     WHERE l.api_key_id = $2 AND k.id = l.api_key_id AND k.organization_id = $1
       AND l.dismissed_at IS NULL`,
    [organizationId, keyId, now],
  );
}

interface LeakRow {
  api_key_id: string;
  place: string;
  reported_at: Date;
}

const toLeak = ({ place, reported_at }: LeakRow): Leak => ({ place, reportedAt: reported_at });
