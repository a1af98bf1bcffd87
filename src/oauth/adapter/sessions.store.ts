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

/** Browser sessions. The cookie's value is the secret; a disabled user has no session. */
export function createSessionAdapter(deps: AdapterDependencies): ModelAdapter {
  const { database, masterKey, clock } = deps;
  return {
    async upsert(id, payload, expiresIn) {
      const { jti, kind, exp, iat, uid, accountId, loginTs, ...details } = payload;
      await database.pool.query({
        name: 'upsert_session',
        text: UPSERT,
        values: [
          masterKey.hashSecret(id),
          uid,
          accountId ?? null,
          loginTs ? new Date(loginTs * 1000) : null,
          JSON.stringify(details),
          clock.now(),
          inSeconds(clock, expiresIn),
        ],
      });
    },
    async find(id) {
      const { rows } = await database.pool.query<Row>({
        name: 'find_session',
        text: `${SELECT} WHERE s.id_hash = $1 AND (s.user_id IS NULL OR u.disabled_at IS NULL)`,
        values: [masterKey.hashSecret(id)],
      });
      return rows[0] && toPayload(rows[0], id);
    },
    async findByUid(uid) {
      const { rows } = await database.pool.query<Row>(
        `${SELECT} WHERE s.uid = $1 AND (s.user_id IS NULL OR u.disabled_at IS NULL)`,
        [uid],
      );
      return rows[0] && toPayload(rows[0]);
    },
    async destroy(id) {
      await database.pool.query('DELETE FROM sessions WHERE id_hash = $1', [
        masterKey.hashSecret(id),
      ]);
    },
  };
}

/** The identifier changes at every sign-in and resume (session fixation); the uid stays. */
const UPSERT = `
  INSERT INTO sessions (id_hash, uid, user_id, signed_in_at, details, created_at, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (uid) DO UPDATE SET id_hash = EXCLUDED.id_hash, user_id = EXCLUDED.user_id,
    signed_in_at = EXCLUDED.signed_in_at, details = EXCLUDED.details, expires_at = EXCLUDED.expires_at`;

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
