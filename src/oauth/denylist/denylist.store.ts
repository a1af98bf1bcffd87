import type { Executor } from '../../database/executor.ts';

export type DenylistKind = 'jti' | 'grant' | 'client' | 'subject' | 'membership' | 'organization';

export interface DenylistMark {
  readonly kind: DenylistKind;
  /** For a membership: `<organization>:<user>`. */
  readonly value: string;
}

export interface DenylistEntry extends DenylistMark {
  readonly revokedAt: Date;
  /** When the last token concerned has expired by itself. */
  readonly expiresAt: Date;
}

export const DENYLIST_CHANNEL = 'gatehouse_denylist';

/** Adds marks, and tells every process when the caller's transaction commits. */
export async function deny(
  executor: Executor,
  marks: readonly DenylistMark[],
  revokedAt: Date,
  expiresAt: Date,
): Promise<void> {
  if (marks.length === 0) return;
  await executor.query(
    `WITH denied AS (
       INSERT INTO revoked_tokens (kind, value, revoked_at, expires_at)
       SELECT kind, value, $3, $4 FROM unnest($1::text[], $2::text[]) AS mark(kind, value)
       ON CONFLICT (kind, value) DO UPDATE SET revoked_at = EXCLUDED.revoked_at,
         expires_at = GREATEST(revoked_tokens.expires_at, EXCLUDED.expires_at)
       RETURNING kind, value, revoked_at, expires_at)
     SELECT pg_notify('${DENYLIST_CHANNEL}', row_to_json(denied)::text) FROM denied`,
    [marks.map((mark) => mark.kind), marks.map((mark) => mark.value), revokedAt, expiresAt],
  );
}

interface Row {
  kind: DenylistKind;
  value: string;
  revoked_at: Date;
  expires_at: Date;
}

export async function listDenied(
  executor: Executor,
  now: Date,
  limit: number,
): Promise<DenylistEntry[]> {
  const { rows } = await executor.query<Row>(
    'SELECT kind, value, revoked_at, expires_at FROM revoked_tokens WHERE expires_at > $1 LIMIT $2',
    [now, limit],
  );
  return rows.map(toEntry);
}

export async function findDenied(
  executor: Executor,
  marks: readonly DenylistMark[],
): Promise<DenylistEntry[]> {
  const { rows } = await executor.query<Row>({
    name: 'find_denied',
    text: `SELECT kind, value, revoked_at, expires_at FROM revoked_tokens
           WHERE (kind, value) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    values: [marks.map((mark) => mark.kind), marks.map((mark) => mark.value)],
  });
  return rows.map(toEntry);
}

export function parseNotification(payload: string): DenylistEntry {
  const row = JSON.parse(payload) as Row;
  return toEntry({
    ...row,
    revoked_at: new Date(row.revoked_at),
    expires_at: new Date(row.expires_at),
  });
}

const toEntry = (row: Row): DenylistEntry => ({
  kind: row.kind,
  value: row.value,
  revokedAt: row.revoked_at,
  expiresAt: row.expires_at,
});
