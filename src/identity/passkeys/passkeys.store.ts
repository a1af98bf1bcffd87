import { recordAuditEvent } from '../../audit/audit.store.ts';
import type { AuditContext, AuditEventType } from '../../audit/audit.ts';
import type { Executor } from '../../database/executor.ts';
import { looksLikeId } from '../../lib/identifier.ts';
import type { Use } from '../admission.ts';
import type { Passkey } from './passkey.ts';

interface Row extends Omit<Passkey, 'counter' | 'publicKey'> {
  counter: string;
  publicKey: Buffer;
}

const SELECT = `SELECT p.id, p.user_id AS "userId", p.credential_id AS "credentialId",
  p.public_key AS "publicKey", p.counter, p.transports, p.backed_up AS "backedUp", p.name,
  p.created_at AS "createdAt", p.last_used_at AS "lastUsedAt" FROM passkeys p`;

const toPasskey = (row: Row): Passkey => ({
  ...row,
  counter: Number(row.counter),
  publicKey: new Uint8Array(row.publicKey),
});

/** The oldest first. */
export async function listPasskeys(executor: Executor, userId: string): Promise<Passkey[]> {
  const { rows } = await executor.query<Row>(
    `${SELECT} WHERE p.user_id = $1 ORDER BY p.created_at, p.id`,
    [userId],
  );
  return rows.map(toPasskey);
}

/** Of a user who is let in. */
export async function findPasskey(
  executor: Executor,
  credentialId: string,
): Promise<Passkey | undefined> {
  const { rows } = await executor.query<Row>(
    `${SELECT} JOIN users u ON u.id = p.user_id
     WHERE p.credential_id = $1 AND u.disabled_at IS NULL`,
    [credentialId],
  );
  return rows[0] && toPasskey(rows[0]);
}

/** @returns false when somebody has that credential already */
export async function insertPasskey(
  executor: Executor,
  passkey: Passkey,
  context: AuditContext,
): Promise<boolean> {
  const { id, userId, createdAt: now } = passkey;
  const { rowCount } = await executor.query(
    `INSERT INTO passkeys (id, user_id, credential_id, public_key, counter, transports, backed_up,
       name, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (credential_id) DO NOTHING`,
    [
      ...[id, userId, passkey.credentialId, Buffer.from(passkey.publicKey), passkey.counter],
      ...[passkey.transports, passkey.backedUp, passkey.name, now],
    ],
  );
  if (rowCount === 0) return false;
  await record(executor, 'passkey.created', passkey, now, context);
  return true;
}

/** @returns false when it isn't this user's */
export async function renamePasskey(
  executor: Executor,
  passkey: Pick<Passkey, 'id' | 'userId' | 'name'>,
  now: Date,
  context: AuditContext,
): Promise<boolean> {
  const { id, userId, name } = passkey;
  if (!looksLikeId(id)) return false;
  const { rowCount } = await executor.query(
    'UPDATE passkeys SET name = $3 WHERE id = $1 AND user_id = $2',
    [id, userId, name],
  );
  if (rowCount === 0) return false;
  await record(executor, 'passkey.renamed', passkey, now, context);
  return true;
}

/** @returns false when it isn't this user's */
export async function deletePasskey(
  executor: Executor,
  passkey: Pick<Passkey, 'id' | 'userId'>,
  now: Date,
  context: AuditContext,
): Promise<boolean> {
  const { id, userId } = passkey;
  if (!looksLikeId(id)) return false;
  const { rowCount } = await executor.query('DELETE FROM passkeys WHERE id = $1 AND user_id = $2', [
    id,
    userId,
  ]);
  if (rowCount === 0) return false;
  await record(executor, 'passkey.deleted', passkey, now, context);
  return true;
}

/**
 * Writes a use down. It can't be used when it is gone, or its counter is not ahead of the stored one: that
 * is a copy of the authenticator's, or a second caller with the same answer (WebAuthn Level 3 §6.1.1).
 */
export function usingPasskey(
  { id, userId }: Pick<Passkey, 'id' | 'userId'>,
  { counter, backedUp }: Pick<Passkey, 'counter' | 'backedUp'>,
  now: Date,
): Use {
  return {
    held: (name, after) => (from) => ({
      parts: `${name} AS (
        SELECT 1 FROM passkeys passkey, ${after}
        WHERE id = $${from} AND user_id = $${from + 1}
          AND (counter < $${from + 2}::bigint OR (counter = 0 AND $${from + 2} = 0))
        FOR NO KEY UPDATE OF passkey)`,
      values: [id, userId, counter],
    }),
    usedUp: (from) => ({
      parts: `passkey_used AS (
        UPDATE passkeys SET counter = $${from + 1}, backed_up = $${from + 2}, last_used_at = $${from + 3}
        FROM admitted WHERE id = $${from})`,
      values: [id, counter, backedUp, now],
    }),
  };
}

function record(
  executor: Executor,
  type: AuditEventType,
  { id, userId }: Pick<Passkey, 'id' | 'userId'>,
  occurredAt: Date,
  context: AuditContext,
): Promise<void> {
  const target = { kind: 'user', id: userId };
  return recordAuditEvent(executor, {
    ...context,
    ...{ type, target, details: { passkey_id: id }, occurredAt },
  });
}
