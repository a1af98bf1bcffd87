import { errors } from 'oidc-provider';
import type { MasterKey } from '../../lib/master-key.ts';
import {
  type AdapterDependencies,
  type AdapterPayload,
  inSeconds,
  type ModelAdapter,
  toSeconds,
} from './adapter.ts';

export interface ArtifactRow {
  details: AdapterPayload;
  expires_at: Date;
  consumed_at: Date | null;
}

/**
 * Short-lived protocol artifacts in one table: interactions, pushed requests, device codes … Only the
 * keyed hash of an identifier is stored, and what refers to one is sealed; whoever reads the database can
 * redeem nothing.
 */
export function createArtifactAdapter(
  model: string,
  { database, masterKey, clock }: AdapterDependencies,
): ModelAdapter {
  const findBy = async (column: string, value: unknown, id?: string) => {
    const { rows } = await database.pool.query<ArtifactRow>({
      name: `find_artifact_by_${column.replace(/\W+/g, '_')}`,
      text: `SELECT details, expires_at, consumed_at FROM artifacts WHERE kind = $1 AND ${column} = $2`,
      values: [model, value],
    });
    return rows[0] && unseal(masterKey, toPayload(rows[0], id));
  };
  return {
    async upsert(id, payload, expiresIn) {
      await insertArtifact(
        { database, masterKey, clock } as AdapterDependencies,
        model,
        id,
        payload,
        expiresIn,
      );
    },
    find: (id) => findBy('id_hash', masterKey.hashSecret(id), id),
    findByUid: (uid) => findBy("details->>'uid'", uid),
    findByUserCode: (userCode) => findBy("details->>'userCode'", userCode),
    async destroy(id) {
      await database.pool.query('DELETE FROM artifacts WHERE kind = $1 AND id_hash = $2', [
        model,
        masterKey.hashSecret(id),
      ]);
    },
    async consume(id) {
      const { rowCount } = await database.pool.query(
        `UPDATE artifacts SET consumed_at = $3
         WHERE kind = $1 AND id_hash = $2 AND consumed_at IS NULL`,
        [model, masterKey.hashSecret(id), clock.now()],
      );
      if (rowCount === 0) throw alreadyUsed(model);
    },
  };
}

export async function insertArtifact(
  { database, masterKey, clock }: Pick<AdapterDependencies, 'database' | 'masterKey' | 'clock'>,
  model: string,
  id: string,
  payload: AdapterPayload,
  expiresIn: number,
): Promise<void> {
  const { jti: _secret, ...details } = seal(masterKey, id, withoutCookie(payload));
  await database.pool.query({
    name: 'upsert_artifact',
    text: `INSERT INTO artifacts (kind, id_hash, grant_id, client_id, details, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (kind, id_hash) DO UPDATE
             SET details = EXCLUDED.details, expires_at = EXCLUDED.expires_at,
                 grant_id = EXCLUDED.grant_id`,
    values: [
      model,
      masterKey.hashSecret(id),
      payload.grantId ?? null,
      payload.clientId ?? null,
      JSON.stringify(details),
      clock.now(),
      inSeconds(clock, expiresIn),
    ],
  });
}

/** An interaction remembers whose session it began in; the cookie's value itself is not kept. */
function withoutCookie(details: AdapterPayload): AdapterPayload {
  if (!details.session) return details;
  const { cookie: _secret, ...session } = details.session as Record<string, unknown>;
  return { ...details, session } as AdapterPayload;
}

/**
 * An interaction's identifier, which is its cookie's value too, is part of where it resumes; and it knows
 * the reference of what was pushed for it. It needs both back, so a hash would not do.
 */
function seal(masterKey: MasterKey, id: string, payload: AdapterPayload): AdapterPayload {
  const { returnTo, parJti, ...rest } = payload;
  if (returnTo === undefined) return payload;
  const box = masterKey.encrypt(Buffer.from(JSON.stringify({ returnTo, parJti })), contextOf(id));
  return { ...rest, sealed: box.toString('base64') };
}

/** Nothing else is sealed, nor is a row from before. */
function unseal(masterKey: MasterKey, payload: AdapterPayload): AdapterPayload {
  const { sealed, ...rest } = payload;
  if (typeof sealed !== 'string' || payload.jti === undefined) return payload;
  const opened = masterKey.decrypt(Buffer.from(sealed, 'base64'), contextOf(payload.jti));
  return { ...rest, ...JSON.parse(opened.toString()) };
}

const contextOf = (id: string) => `interaction:${id}`;

export function toPayload(row: ArtifactRow, id?: string): AdapterPayload {
  return {
    ...row.details,
    ...(id === undefined ? {} : { jti: id }),
    exp: toSeconds(row.expires_at),
    ...(row.consumed_at ? { consumed: toSeconds(row.consumed_at) } : {}),
  };
}

/** Two at once: one row changed, and the other caller hears what a replay hears. */
function alreadyUsed(model: string): Error {
  return model === 'PushedAuthorizationRequest'
    ? new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used')
    : new errors.InvalidGrant('already used');
}
