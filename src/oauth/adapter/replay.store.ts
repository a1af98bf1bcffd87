import { type AdapterDependencies, inSeconds, type ModelAdapter } from './adapter.ts';

const MODEL = 'ReplayDetection';

/**
 * How long a marker lives until the caller sets its real expiry, seconds: longer than anything whose jti
 * is remembered, so that a crash in between opens no gap.
 */
const PROVISIONAL_SECONDS = 2 * 3600;

/**
 * jti values that may be seen once (RFC 7523 §3, RFC 9449 §11.1). oidc-provider asks first and saves
 * then; here the asking is the unique insert, so of two at once exactly one hears "not seen".
 */
export function createReplayAdapter(deps: AdapterDependencies): ModelAdapter {
  const { database, masterKey, clock } = deps;
  return {
    async find(id) {
      const expiresAt = inSeconds(clock, PROVISIONAL_SECONDS);
      const { rowCount } = await database.pool.query({
        name: 'claim_replay_marker',
        text: `INSERT INTO artifacts (kind, id_hash, details, created_at, expires_at)
               VALUES ('${MODEL}', $1, '{}', $2, $3)
               ON CONFLICT (kind, id_hash) DO UPDATE
                 SET created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at
                 WHERE artifacts.expires_at <= $2`,
        values: [masterKey.hashSecret(id), clock.now(), expiresAt],
      });
      const isNew = rowCount === 1;
      return isNew ? undefined : { jti: id, exp: Math.floor(expiresAt.getTime() / 1000) };
    },
    async upsert(id, _payload, expiresIn) {
      await database.pool.query({
        name: 'keep_replay_marker',
        text: `UPDATE artifacts SET expires_at = $2 WHERE kind = '${MODEL}' AND id_hash = $1`,
        values: [masterKey.hashSecret(id), inSeconds(clock, expiresIn)],
      });
    },
  };
}
