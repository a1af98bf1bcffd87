import Provider, { errors, type KoaContextWithOIDC } from 'oidc-provider';
import {
  type AdapterDependencies,
  type AdapterPayload,
  inSeconds,
  type ModelAdapter,
  toSeconds,
} from './adapter.ts';

/**
 * A token replayed this soon after its rotation is refused, but its family lives: milliseconds. For
 * whoever revokes or introspects it there is no such grace.
 */
const REPLAY_GRACE_MS = 10_000;

interface Row {
  grant_id: string;
  client_id: string;
  user_id: string;
  scope: string;
  rotations: number;
  details: Record<string, unknown>;
  issued_at: Date;
  expires_at: Date;
  consumed_at: Date | null;
}

/** What somebody presents, and what is known of it. */
export interface FoundRefreshToken {
  readonly payload: AdapterPayload;
  /** Used before: `retry` within the grace, `replay` after it. */
  readonly use: 'first' | 'retry' | 'replay';
}

/**
 * Refresh tokens, rotated at every use (RFC 9700 §4.14.2). Consuming the old one and storing its
 * successor is one statement: whatever crashes, either the old token is still good or the new one is
 * stored; and of fifty parallel refreshes one wins.
 */
export function createRefreshTokenStore(
  deps: Pick<AdapterDependencies, 'database' | 'masterKey' | 'clock'>,
) {
  const { database, masterKey, clock } = deps;
  const valuesOf = (id: string, payload: AdapterPayload, expiresIn: number) =>
    columnsOf(masterKey.hashSecret(id), payload, clock.now(), inSeconds(clock, expiresIn));

  return {
    /**
     * @param expiresIn seconds
     * @returns false: there is no such grant
     */
    async insert(id: string, payload: AdapterPayload, expiresIn: number): Promise<boolean> {
      const values = valuesOf(id, payload, expiresIn);
      const statement = { name: 'insert_refresh_token', text: INSERT, values };
      return (await database.pool.query(statement)).rowCount === 1;
    },

    /**
     * Consumes the predecessor and stores its successor.
     *
     * @param expiresIn seconds
     * @returns false, and there is no successor: it was used already, or the grant or the client has ended
     */
    async rotate(
      predecessor: string,
      id: string,
      payload: AdapterPayload,
      expiresIn: number,
    ): Promise<boolean> {
      const values = [...valuesOf(id, payload, expiresIn), masterKey.hashSecret(predecessor)];
      const statement = { name: 'rotate_refresh_token', text: ROTATE, values };
      return (await database.pool.query(statement)).rowCount === 1;
    },

    /** Only under a grant that has not been revoked; expired or used, too. */
    async find(id: string): Promise<FoundRefreshToken | undefined> {
      const { rows } = await database.pool.query<Row>({
        name: 'find_refresh_token',
        text: FIND,
        values: [masterKey.hashSecret(id)],
      });
      const row = rows[0];
      return row && { payload: toPayload(row, id), use: useOf(row, clock.now()) };
    },
  };
}

function useOf({ consumed_at }: Row, now: Date): FoundRefreshToken['use'] {
  if (!consumed_at) return 'first';
  return now.getTime() - consumed_at.getTime() < REPLAY_GRACE_MS ? 'retry' : 'replay';
}

/** The same for oidc-provider, whose verbs are others: the predecessor is known by the request. */
export function createRefreshTokenAdapter(deps: AdapterDependencies): ModelAdapter {
  const { database, masterKey, clock } = deps;
  const store = createRefreshTokenStore(deps);
  const predecessors = new WeakMap<KoaContextWithOIDC, string>();

  return {
    async upsert(id, payload, expiresIn) {
      const predecessor = Provider.ctx && predecessors.get(Provider.ctx);
      const stored = predecessor
        ? await store.rotate(predecessor, id, payload, expiresIn)
        : await store.insert(id, payload, expiresIn);
      if (!stored) throw new errors.InvalidGrant('refresh token already used, or grant ended');
    },

    async find(id) {
      const found = await store.find(id);
      const isRetry = found?.use === 'retry' && Provider.ctx?.oidc.route === 'token';
      return isRetry ? undefined : found?.payload;
    },

    async consume(id) {
      const ctx = Provider.ctx;
      if (!ctx) throw new Error('a refresh token is consumed by a request only');
      predecessors.set(ctx, id);
    },

    async destroy(id) {
      await database.pool.query(
        'UPDATE refresh_tokens SET consumed_at = COALESCE(consumed_at, $2) WHERE id_hash = $1',
        [masterKey.hashSecret(id), clock.now()],
      );
    },
  };
}

const COLUMNS =
  'id_hash, grant_id, client_id, user_id, scope, rotations, details, issued_at, expires_at';

const FIND = `
  SELECT rt.* FROM refresh_tokens rt
  JOIN grants g ON g.id = rt.grant_id AND g.revoked_at IS NULL
  WHERE rt.id_hash = $1`;

/**
 * Under a grant that a replay of the code ends at this very moment, too: its redeemer is answered, and
 * the token is as dead as the grant.
 */
const INSERT = `
  INSERT INTO refresh_tokens (${COLUMNS})
  SELECT $1, g.id, $3, $4, $5, $6, $7, $8, $9 FROM grants g WHERE g.id = $2`;

const ROTATE = `
  WITH rotated AS (
    UPDATE refresh_tokens SET consumed_at = $8 WHERE id_hash = $10 AND consumed_at IS NULL
    RETURNING grant_id)
  INSERT INTO refresh_tokens (${COLUMNS})
  SELECT $1, g.id, $3, $4, $5, $6, $7, $8, $9
  FROM rotated JOIN grants g ON g.id = rotated.grant_id AND g.id = $2 AND g.revoked_at IS NULL
  JOIN clients c ON c.client_id = g.client_id AND c.disabled_at IS NULL`;

function columnsOf(idHash: Buffer, payload: AdapterPayload, now: Date, expiresAt: Date): unknown[] {
  const {
    jti,
    kind,
    exp,
    iat,
    consumed,
    grantId,
    clientId,
    accountId,
    scope,
    rotations,
    ...details
  } = payload;
  return [
    idHash,
    grantId,
    clientId,
    accountId,
    scope ?? '',
    rotations ?? 0,
    JSON.stringify(details),
    now,
    expiresAt,
  ];
}

function toPayload(row: Row, id: string): AdapterPayload {
  return {
    ...row.details,
    jti: id,
    kind: 'RefreshToken',
    grantId: row.grant_id,
    clientId: row.client_id,
    accountId: row.user_id,
    scope: row.scope,
    rotations: row.rotations,
    iat: toSeconds(row.issued_at),
    exp: toSeconds(row.expires_at),
    ...(row.consumed_at ? { consumed: toSeconds(row.consumed_at) } : {}),
  } as AdapterPayload;
}
