import { hash } from 'node:crypto';
import type { Executor } from '../../database/executor.ts';
import type { Use } from '../admission.ts';

/** Takes a challenge for the first and only time: of any number of callers at once, one hears true. */
export async function spendChallenge(
  executor: Executor,
  challenge: string,
  now: Date,
  expiresAt: Date,
): Promise<boolean> {
  const { held } = spendingChallenge(challenge, now, expiresAt);
  const { parts, values } = held('spent', 'wanted')(1);
  const { rowCount } = await executor.query({
    name: 'identity.spend-challenge',
    text: `WITH wanted AS (SELECT), ${parts} SELECT FROM spent`,
    values,
  });
  return rowCount === 1;
}

/** The same for a sign-in, as the last of what it uses up: nothing that comes after can give it back. */
export function spendingChallenge(challenge: string, now: Date, expiresAt: Date): Use {
  return {
    held: (name, after) => (from) => ({
      parts: `${name} AS (
        INSERT INTO artifacts (kind, id_hash, details, created_at, expires_at)
        SELECT 'PasskeyChallenge', $${from}::bytea, '{}'::jsonb, $${from + 1}::timestamptz,
          $${from + 2}::timestamptz
        FROM ${after} ON CONFLICT (kind, id_hash) DO NOTHING RETURNING 1)`,
      values: [hash('sha256', challenge, 'buffer'), now, expiresAt],
    }),
  };
}
