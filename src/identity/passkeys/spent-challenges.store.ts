import { hash } from 'node:crypto';
import type { Executor } from '../../database/executor.ts';

/** Takes a challenge for the first and only time: of any number of callers at once, one hears true. */
export async function spendChallenge(
  executor: Executor,
  challenge: string,
  now: Date,
  expiresAt: Date,
): Promise<boolean> {
  const { rowCount } = await executor.query({
    name: 'identity.spend-challenge',
    text: `INSERT INTO artifacts (kind, id_hash, details, created_at, expires_at)
           VALUES ('PasskeyChallenge', $1, '{}', $2, $3) ON CONFLICT (kind, id_hash) DO NOTHING`,
    values: [hash('sha256', challenge, 'buffer'), now, expiresAt],
  });
  return rowCount === 1;
}
