import type { Executor } from '../database/executor.ts';

/** The names of the people behind these ids, by id; who is not there any more is left out. */
export async function findUserNames(
  executor: Executor,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const { rows } = await executor.query<{ id: string; name: string }>(
    'SELECT id, name FROM users WHERE id = ANY($1)',
    [ids],
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}
