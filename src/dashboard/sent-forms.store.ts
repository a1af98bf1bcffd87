import { hash } from 'node:crypto';
import type { Database } from '../database/database.ts';
import type { Clock } from '../lib/clock.ts';
import { newSecret } from '../lib/master-key.ts';

/** How long a form is remembered: far longer than a page that was sent lies in a browser. */
const REMEMBERED_MS = 30 * 86_400_000;

const TOKEN = /^[\w-]{22}$/;

/** Forms that make something, and must not make it again when the page that answered is loaded again. */
export interface SentForms {
  /** For the form's hidden field `form`: each time it is shown, another one. */
  newToken(): string;
  /**
   * Takes a form for the first and only time. The unique insert decides: of any number at once, in any
   * number of processes, exactly one hears true.
   */
  claim(userId: string, token: unknown): Promise<boolean>;
}

export function createSentForms(deps: { database: Database; clock: Clock }): SentForms {
  const { database, clock } = deps;
  return {
    newToken: () => newSecret(16),
    async claim(userId, token) {
      if (typeof token !== 'string' || !TOKEN.test(token)) return false;
      const now = clock.now();
      const { rowCount } = await database.pool.query({
        name: 'claim_form',
        text: `INSERT INTO artifacts (kind, id_hash, details, created_at, expires_at)
               VALUES ('Form', $1, '{}', $2, $3) ON CONFLICT (kind, id_hash) DO NOTHING`,
        values: [
          hash('sha256', `${userId} ${token}`, 'buffer'),
          now,
          new Date(now.getTime() + REMEMBERED_MS),
        ],
      });
      return rowCount === 1;
    },
  };
}
