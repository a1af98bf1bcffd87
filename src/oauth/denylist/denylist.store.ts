import type { Executor } from '../../database/executor.ts';

export type DenylistKind = 'jti' | 'grant' | 'client' | 'organization';

export interface DenylistMark {
  readonly kind: DenylistKind;
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

/** Rows of one statement: so many are read well within the time that it has. */
const PAGE_ROWS = 10_000;

/** Every mark that has not expired, page by page; what is added meanwhile may be missing. */
export async function* listDenied(executor: Executor, now: Date): AsyncIterable<DenylistEntry[]> {
  let last: Pick<Row, 'kind' | 'value'> | undefined;
  do {
    const { rows } = await executor.query<Row>(
      `SELECT kind, value, revoked_at, expires_at FROM revoked_tokens
       WHERE expires_at > $1 AND (kind, value) > ($2, $3) ORDER BY kind, value LIMIT ${PAGE_ROWS}`,
      [now, last?.kind ?? '', last?.value ?? ''],
    );
    yield rows.map(toEntry);
    last = rows.length < PAGE_ROWS ? undefined : rows.at(-1);
  } while (last);
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
