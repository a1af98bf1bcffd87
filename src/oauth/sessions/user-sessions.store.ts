import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditContext } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Clock } from '../../lib/clock.ts';

/** A browser in which a user is signed in, as they see it themselves. */
export interface UserSession {
  readonly uid: string;
  readonly signedInAt: Date;
  readonly expiresAt: Date;
  /** Where it was begun; null for one from before that was kept. */
  readonly address: string | null;
  readonly userAgent: string | null;
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
           address, user_agent AS "userAgent"
         FROM sessions WHERE user_id = $1 AND expires_at > $2
         ORDER BY coalesce(signed_in_at, created_at) DESC, uid LIMIT 100`,
        [userId, clock.now()],
      );
      return rows;
    },
    end: async (userId, uid, audit) => (await remove(userId, '=', uid, audit)) > 0,
    endOthers: (userId, keptUid, audit) => remove(userId, '<>', keptUid, audit),
  };
}
