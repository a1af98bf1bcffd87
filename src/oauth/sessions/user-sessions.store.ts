import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditContext } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Executor } from '../../database/executor.ts';
import type { Clock } from '../../lib/clock.ts';
import { looksLikeId } from '../../lib/identifier.ts';

/** A browser in which a user is signed in, as they see it themselves. */
export interface UserSession {
  readonly uid: string;
  readonly signedInAt: Date;
  readonly expiresAt: Date;
  /** Where it was begun; null for one from before that was kept. */
  readonly address: string | null;
  readonly userAgent: string | null;
  /** When a request last came with it, to the hour; null for one from before that was kept. */
  readonly lastSeenAt: Date | null;
}

/** A user's sessions, in their own hands. One that is ended is no more at the next request anywhere. */
export interface UserSessions {
  /** The one that was begun last first; 100 at the most. */
  of(userId: string): Promise<UserSession[]>;
  /** @returns false: it isn't this user's, or has ended already */
  end(userId: string, uid: string, audit: AuditContext): Promise<boolean>;
  /** All but one. @returns how many there were */
  endOthers(userId: string, keptUid: string, audit: AuditContext): Promise<number>;
}

export function createUserSessions(deps: { database: Database; clock: Clock }): UserSessions {
  const { database, clock } = deps;

  /** Sessions are read from the table at every request, so deleting them there is all. */
  const remove = (userId: string, which: string, uid: string, audit: AuditContext) =>
    database.transaction(async (tx) => {
      const { rowCount } = await tx.query(
        `DELETE FROM sessions WHERE user_id = $1 AND uid ${which} $2`,
        [userId, uid],
      );
      const count = rowCount ?? 0;
      if (count === 0) return 0;
      await recordAuditEvent(tx, {
        ...audit,
        type: 'session.ended',
        target: { kind: 'user', id: userId },
        details: { count },
        occurredAt: clock.now(),
      });
      return count;
    });

  return {
    async of(userId) {
      const { rows } = await database.pool.query<UserSession>(
        `SELECT uid, coalesce(signed_in_at, created_at) AS "signedInAt", expires_at AS "expiresAt",
           address, user_agent AS "userAgent", last_seen_at AS "lastSeenAt"
         FROM sessions WHERE user_id = $1 AND expires_at > $2
         ORDER BY coalesce(signed_in_at, created_at) DESC, uid LIMIT 100`,
        [userId, clock.now()],
      );
      return rows;
    },
    end: async (userId, uid, audit) =>
      looksLikeId(uid) && (await remove(userId, '=', uid, audit)) > 0,
    endOthers: (userId, keptUid, audit) => remove(userId, '<>', keptUid, audit),
  };
}

/** A row is not written again within this time, by whichever process: seconds. */
const SEEN_EVERY_SECONDS = 3600;

/** How often a process asks for it, which costs a look at the row: milliseconds. */
export const SEEN_ASKED_EVERY_MS = 300_000;

/**
 * When sessions were last seen, to the hour. A row that somebody else holds is left for the next time: two
 * processes with the same browsers would wait for each other, and a sign-in for both.
 *
 * @returns the ids of those left
 */
export async function touchSessions(
  executor: Executor,
  seen: readonly { id: string; at: Date }[],
): Promise<ReadonlySet<string>> {
  const { rows } = await executor.query<{ uid: string }>(
    `WITH free AS (
       SELECT uid FROM sessions WHERE uid = ANY ($1) ORDER BY uid FOR NO KEY UPDATE SKIP LOCKED),
     written AS (
       UPDATE sessions s SET last_seen_at = seen.at
       FROM unnest($1::text[], $2::timestamptz[]) AS seen(uid, at) JOIN free ON free.uid = seen.uid
       WHERE s.uid = free.uid
         AND (s.last_seen_at IS NULL OR s.last_seen_at <= seen.at - make_interval(secs => $3)))
     SELECT uid FROM sessions WHERE uid = ANY ($1) AND uid NOT IN (SELECT uid FROM free)`,
    [seen.map(({ id }) => id), seen.map(({ at }) => at), SEEN_EVERY_SECONDS],
  );
  return new Set(rows.map(({ uid }) => uid));
}
