import Provider from 'oidc-provider';
import {
  sessionOrigin,
  sessionsAtHand,
  withdrawSessionCookie,
} from '../sessions/sessions-at-hand.ts';
import {
  type AdapterDependencies,
  type AdapterPayload,
  inSeconds,
  type ModelAdapter,
  toSeconds,
} from './adapter.ts';

interface Row {
  uid: string;
  user_id: string | null;
  signed_in_at: Date | null;
  details: Record<string, unknown>;
  expires_at: Date;
}

/**
 * Browser sessions. The cookie's value is the secret; a disabled user has no session.
 *
 * A session that a request has read is saved only if it is still there under the identifier it was read
 * by: whoever ended it meanwhile has ended it, and an identifier that was given up stays so. Then nothing
 * is written; the request goes on, and the next one finds no session.
 */
export function createSessionAdapter(deps: AdapterDependencies): ModelAdapter {
  const { database, masterKey, clock } = deps;
  return {
    async upsert(id, payload, expiresIn) {
      const idHash = masterKey.hashSecret(id);
      const { uid } = payload as { uid: string };
      const atHand = sessionsAtHand();
      const known = atHand?.get(uid);
      if (known === null) return withdrawSessionCookie();
      const { address, userAgent } = sessionOrigin();
      const { rowCount } = await database.pool.query({
        name: known ? 'update_session' : 'insert_session',
        text: known ? UPDATE : INSERT,
        values: [
          ...columnsOf(idHash, payload),
          ...[inSeconds(clock, expiresIn), known ?? clock.now()],
          ...[address ?? null, userAgent?.slice(0, MOST_USER_AGENT_CHARACTERS) ?? null],
        ],
      });
      atHand?.set(uid, rowCount === 0 ? null : idHash);
      if (rowCount === 0) withdrawSessionCookie();
    },
    async find(id) {
      const idHash = masterKey.hashSecret(id);
      const { rows } = await database.pool.query<Row>({
        name: 'find_session',
        text: `${SELECT} WHERE s.id_hash = $1 AND (s.user_id IS NULL OR u.disabled_at IS NULL)`,
        values: [idHash],
      });
      const row = rows[0];
      if (row) sessionsAtHand()?.set(row.uid, idHash);
      return row && toPayload(row, id);
    },
    async findByUid(uid) {
      const { rows } = await database.pool.query<Row>(
        `${SELECT} WHERE s.uid = $1 AND (s.user_id IS NULL OR u.disabled_at IS NULL)`,
        [uid],
      );
      return rows[0] && toPayload(rows[0]);
    },
    async destroy(id) {
      if (isGivenUp(id)) return;
      await database.pool.query('DELETE FROM sessions WHERE id_hash = $1', [
        masterKey.hashSecret(id),
      ]);
    },
  };
}

/** The library destroys the old identifier before it saves under the new one; here that is one UPDATE. */
function isGivenUp(id: string): boolean {
  const session = Provider.ctx?.oidc?.session as { oldId?: string } | undefined;
  return session?.oldId === id;
}

/** Enough to tell one browser from another; the table's own bound. */
const MOST_USER_AGENT_CHARACTERS = 300;

/** Under the lock that disabling a user wants too: what is stored is seen, and ended, by whoever does. */
const INSERT = `
  INSERT INTO sessions
    (id_hash, uid, user_id, signed_in_at, details, expires_at, created_at, address, user_agent)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8::text, $9::text
  WHERE $3::text IS NULL
    OR EXISTS (SELECT 1 FROM users WHERE id = $3 AND disabled_at IS NULL FOR SHARE)`;

/** The identifier changes at every sign-in and resume (session fixation); the uid stays. */
const UPDATE = `
  UPDATE sessions
  SET id_hash = $1, user_id = $3, signed_in_at = $4, details = $5, expires_at = $6,
    address = coalesce($8::text, address), user_agent = coalesce($9::text, user_agent)
  WHERE uid = $2 AND id_hash = $7`;

function columnsOf(idHash: Buffer, payload: AdapterPayload): unknown[] {
  const { jti, kind, exp, iat, uid, accountId, loginTs, ...details } = payload;
  const signedInAt = loginTs ? new Date(loginTs * 1000) : null;
  return [idHash, uid, accountId ?? null, signedInAt, JSON.stringify(details)];
}

const SELECT = `
  SELECT s.uid, s.user_id, s.signed_in_at, s.details, s.expires_at
  FROM sessions s LEFT JOIN users u ON u.id = s.user_id`;

const toPayload = (row: Row, id?: string): AdapterPayload =>
  ({
    ...row.details,
    ...(id === undefined ? {} : { jti: id }),
    kind: 'Session',
    uid: row.uid,
    accountId: row.user_id ?? undefined,
    loginTs: row.signed_in_at ? toSeconds(row.signed_in_at) : undefined,
    exp: toSeconds(row.expires_at),
  }) as AdapterPayload;
