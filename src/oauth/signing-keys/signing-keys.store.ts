import type { JWK } from 'jose';
import type { Database } from '../../database/database.ts';
import type { Executor } from '../../database/executor.ts';

export type SigningKeyStatus = 'next' | 'current' | 'previous';

/** A row of signing_keys; the private part is still encrypted. */
export interface StoredSigningKey {
  readonly kid: string;
  readonly algorithm: 'ES256';
  readonly status: SigningKeyStatus;
  readonly publicJwk: JWK;
  readonly privateEncrypted: Uint8Array;
  /** When it began to be published. */
  readonly createdAt: Date;
  readonly activatedAt: Date | null;
  readonly retiresAt: Date | null;
}

export const SIGNING_KEYS_CHANNEL = 'gatehouse_signing_keys';

/** Serialises rotations across processes. */
const ROTATION_LOCK = 7_270_737;

interface Row {
  kid: string;
  algorithm: 'ES256';
  status: SigningKeyStatus;
  public_jwk: JWK;
  private_encrypted: Uint8Array;
  created_at: Date;
  activated_at: Date | null;
  retires_at: Date | null;
}

export async function listSigningKeys(executor: Executor): Promise<StoredSigningKey[]> {
  const { rows } = await executor.query<Row>('SELECT * FROM signing_keys ORDER BY created_at');
  return rows.map((row) => ({
    kid: row.kid,
    algorithm: row.algorithm,
    status: row.status,
    publicJwk: row.public_jwk,
    privateEncrypted: row.private_encrypted,
    createdAt: row.created_at,
    activatedAt: row.activated_at,
    retiresAt: row.retires_at,
  }));
}

/** Runs `work` while no other process rotates; tells every process to reload when it commits. */
export async function withRotationLock<T>(
  database: Database,
  work: (tx: Executor, keys: StoredSigningKey[]) => Promise<T>,
): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [ROTATION_LOCK]);
    const result = await work(tx, await listSigningKeys(tx));
    await tx.query('SELECT pg_notify($1, $2)', [SIGNING_KEYS_CHANNEL, '']);
    return result;
  });
}

export async function insertSigningKey(
  tx: Executor,
  key: Pick<StoredSigningKey, 'kid' | 'status' | 'publicJwk' | 'privateEncrypted'>,
  now: Date,
): Promise<void> {
  await tx.query(
    `INSERT INTO signing_keys
       (kid, algorithm, status, public_jwk, private_encrypted, created_at, activated_at)
     VALUES ($1, 'ES256', $2, $3, $4, $5, $6)`,
    [
      key.kid,
      key.status,
      JSON.stringify(key.publicJwk),
      key.privateEncrypted,
      now,
      key.status === 'current' ? now : null,
    ],
  );
}

/** The current key stops signing; it is published until `retiresAt`. */
export async function retireCurrentKey(tx: Executor, retiresAt: Date): Promise<void> {
  await tx.query(
    `UPDATE signing_keys SET status = 'previous', retires_at = $1 WHERE status = 'current'`,
    [retiresAt],
  );
}

export async function activateKey(tx: Executor, kid: string, now: Date): Promise<void> {
  await tx.query(`UPDATE signing_keys SET status = 'current', activated_at = $1 WHERE kid = $2`, [
    now,
    kid,
  ]);
}

export async function deleteRetiredKeys(tx: Executor, now: Date): Promise<void> {
  await tx.query(`DELETE FROM signing_keys WHERE status = 'previous' AND retires_at <= $1`, [now]);
}
