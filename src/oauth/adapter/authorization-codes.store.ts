import Provider, { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { AdapterDependencies, ModelAdapter } from './adapter.ts';
import { type ArtifactRow, insertArtifact, toPayload } from './artifacts.store.ts';

const MODEL = 'AuthorizationCode';

/**
 * Authorization codes, redeemed once (RFC 6749 §4.1.2). A request that brings a code_verifier claims the
 * code the moment it is read: a second request, or one after a wrong verifier, finds nothing. So nobody
 * can guess verifiers, and of fifty parallel redemptions one wins. When it has passed every check the
 * code is consumed; the row stays until it expires, so that a replay is recognised and ends the grant.
 * What comes between claim and consumption is refused only: it must not end the winner's grant.
 */
export function createCodeAdapter(deps: AdapterDependencies): ModelAdapter {
  const { database, masterKey, clock } = deps;
  const claimed = new WeakSet<KoaContextWithOIDC>();

  const claim = async (id: string, clientId: string) => {
    const { rows } = await database.pool.query<ArtifactRow>({
      name: 'claim_code',
      text: `UPDATE artifacts SET details = details || '{"claimed": true}'
             WHERE kind = '${MODEL}' AND id_hash = $1 AND client_id = $2
               AND consumed_at IS NULL AND NOT details ? 'claimed'
             RETURNING details, expires_at, consumed_at`,
      values: [masterKey.hashSecret(id), clientId],
    });
    return rows[0];
  };
  const read = async (id: string) => {
    const { rows } = await database.pool.query<ArtifactRow>({
      name: 'find_code',
      text: `SELECT details, expires_at, consumed_at FROM artifacts
             WHERE kind = '${MODEL}' AND id_hash = $1
               AND (consumed_at IS NOT NULL OR NOT details ? 'claimed')`,
      values: [masterKey.hashSecret(id)],
    });
    return rows[0];
  };

  return {
    upsert: (id, payload, expiresIn) => insertArtifact(deps, MODEL, id, payload, expiresIn),
    async find(id) {
      const ctx = Provider.ctx;
      const client = ctx?.oidc?.client;
      if (ctx && client && ctx.oidc.params?.code_verifier) {
        const row = await claim(id, client.clientId);
        if (row) {
          claimed.add(ctx);
          return toPayload(row, id);
        }
      }
      const row = await read(id);
      return row && toPayload(row, id);
    },
    async consume(id) {
      const isMine = Provider.ctx !== undefined && claimed.has(Provider.ctx);
      const { rowCount } = await database.pool.query({
        name: 'consume_code',
        text: `UPDATE artifacts SET consumed_at = $3
               WHERE kind = '${MODEL}' AND id_hash = $1 AND consumed_at IS NULL
                 AND (details ? 'claimed') = $2`,
        values: [masterKey.hashSecret(id), isMine, clock.now()],
      });
      if (rowCount === 0) throw new errors.InvalidGrant('authorization code already used');
    },
    async destroy(id) {
      await database.pool.query('DELETE FROM artifacts WHERE kind = $1 AND id_hash = $2', [
        MODEL,
        masterKey.hashSecret(id),
      ]);
    },
  };
}
