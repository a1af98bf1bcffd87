import type { Executor } from '../database/executor.ts';

/**
 * Last uses of credentials of one kind, written together now and then: never a write per request. One that
 * somebody changes at that moment is left out, for what holds many rows must not wait for one.
 *
 * @returns the ids of those left out
 */
export async function writeLastUses(
  executor: Executor,
  table: 'api_keys' | 'service_accounts',
  uses: readonly { id: string; at: Date }[],
): Promise<ReadonlySet<string>> {
  const { rows } = await executor.query<{ id: string }>(
    `WITH free AS (
       SELECT id FROM ${table} WHERE id = ANY($1) FOR NO KEY UPDATE SKIP LOCKED),
     written AS (
       UPDATE ${table} one SET last_used_at = GREATEST(one.last_used_at, used.at)
       FROM unnest($1::text[], $2::timestamptz[]) AS used(id, at) JOIN free ON free.id = used.id
       WHERE one.id = used.id RETURNING one.id)
     SELECT id FROM ${table} WHERE id = ANY($1) AND id NOT IN (SELECT id FROM written)`,
    [uses.map((use) => use.id), uses.map((use) => use.at)],
  );
  return new Set(rows.map(({ id }) => id));
}
