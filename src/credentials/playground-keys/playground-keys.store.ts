import type { Executor } from '../../database/executor.ts';

/** What the gate needs to know of a playground key. */
export interface PresentedPlaygroundKey {
  readonly identity: string;
  readonly expiresAt: Date;
}

export interface NewPlaygroundKey extends PresentedPlaygroundKey {
  readonly id: string;
  readonly hash: Uint8Array;
  readonly hint: string;
}

export async function insertPlaygroundKey(
  executor: Executor,
  key: NewPlaygroundKey,
  now: Date,
): Promise<void> {
  await executor.query({
    name: 'insert_playground_key',
    text: `INSERT INTO playground_keys (id, hash, hint, identity, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6)`,
    values: [key.id, key.hash, key.hint, key.identity, now, key.expiresAt],
  });
}

/** The hot read; expired keys included, as long as they are kept. */
export async function findPlaygroundKey(
  executor: Executor,
  hash: Uint8Array,
): Promise<PresentedPlaygroundKey | undefined> {
  const { rows } = await executor.query<{ identity: string; expires_at: Date }>({
    name: 'find_playground_key',
    text: 'SELECT identity, expires_at FROM playground_keys WHERE hash = $1',
    values: [hash],
  });
  const row = rows[0];
  return row && { identity: row.identity, expiresAt: row.expires_at };
}
