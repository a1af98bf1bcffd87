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

/** Tells every process which key (its hash in hex) is not what it was. */
export const PLAYGROUND_KEYS_CHANNEL = 'gatehouse_playground_keys';

/**
 * Ends a key before its time; it stays as one that has expired, when it was made: a mark by which, of any
 * number at once, whatever their clocks say, one ends it.
 *
 * @returns undefined: there is none. `hasEnded`: by this call
 */
export async function endPlaygroundKey(
  tx: Executor,
  hash: Uint8Array,
  now: Date,
): Promise<{ id: string; hasEnded: boolean } | undefined> {
  const ended = await tx.query<{ id: string }>(
    `UPDATE playground_keys SET expires_at = created_at
     WHERE hash = $1 AND expires_at > $2 AND expires_at > created_at RETURNING id`,
    [hash, now],
  );
  if (!ended.rows[0]) {
    const { rows } = await tx.query<{ id: string }>(
      'SELECT id FROM playground_keys WHERE hash = $1',
      [hash],
    );
    return rows[0] && { id: rows[0].id, hasEnded: false };
  }
  await tx.query(`SELECT pg_notify('${PLAYGROUND_KEYS_CHANNEL}', $1)`, [
    Buffer.from(hash).toString('hex'),
  ]);
  return { id: ended.rows[0].id, hasEnded: true };
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
