import Provider, { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { AdapterDependencies, ModelAdapter } from './adapter.ts';
import { type ArtifactRow, insertArtifact, toPayload } from './artifacts.store.ts';

const MODEL = 'AuthorizationCode';

/**
 * Authorization codes, redeemed once (RFC 6749 §4.1.2). A request that brings a code_verifier claims the
 * code the moment it is read: a second request, or one with a wrong verifier, finds it used. So nobody
 * can guess verifiers, and of fifty parallel redemptions one wins. Consumed rows stay until they
 * expire: a replay is recognised and ends the grant.
 */
export function createCodeAdapter(deps: AdapterDependencies): ModelAdapter {
  const { database, masterKey, clock } = deps;
  const claimed = new WeakSet<KoaContextWithOIDC>();

  const claim = async (id: string, clientId: string | null) => {
    const { rows } = await database.pool.query<ArtifactRow>({
      name: 'claim_code',
      text: `UPDATE artifacts SET consumed_at = $3
             WHERE kind = '${MODEL}' AND id_hash = $1 AND consumed_at IS NULL
               AND ($2::text IS NULL OR client_id = $2)
             RETURNING details, expires_at, NULL AS consumed_at`,
      values: [masterKey.hashSecret(id), clientId, clock.now()],
    });
    return rows[0];
  };
  const read = async (id: string) => {
    const { rows } = await database.pool.query<ArtifactRow>({
      name: 'find_code',
      text: `SELECT details, expires_at, consumed_at FROM artifacts
             WHERE kind = '${MODEL}' AND id_hash = $1`,
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
      if (Provider.ctx && claimed.has(Provider.ctx)) return;
      if (!(await claim(id, null)))
        throw new errors.InvalidGrant('authorization code already used');
    },
    async destroy(id) {
      await database.pool.query('DELETE FROM artifacts WHERE kind = $1 AND id_hash = $2', [
        MODEL,
        masterKey.hashSecret(id),
      ]);
    },
  };
}
