import Provider from 'oidc-provider';
import { recordingIf } from '../../audit/audit.store.ts';
import type { AuditEvent } from '../../audit/audit.ts';
import { type Executor, WITHOUT_WAITING_FOR_DISK } from '../../database/executor.ts';
import type { Admission } from '../../identity/admission.ts';
import {
  type SessionBeginning,
  sessionBeginning,
  sessionsAtHand,
  withdrawSessionCookie,
} from '../sessions/sessions-at-hand.ts';
import { signedOut, signOutUnderWay } from '../sessions/sign-out.ts';
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
  const { database, masterKey, clock, sessionSeen } = deps;
  return {
    async upsert(id, payload, expiresIn) {
      const idHash = masterKey.hashSecret(id);
      const { uid } = payload as { uid: string };
      const atHand = sessionsAtHand();
      const known = atHand?.get(uid);
      if (known === null) return withdrawSessionCookie();
      const beginning = sessionBeginning();
      const { address, userAgent } = beginning;
      const values = [
        ...columnsOf(idHash, payload),
        ...[inSeconds(clock, expiresIn), known ?? clock.now()],
        ...[address ?? null, userAgent?.slice(0, MOST_USER_AGENT_CHARACTERS) ?? null],
      ];
      const isSaved = await (isUnrecorded(beginning)
        ? saveAdmitted(database.pool, known ? 'update' : 'insert', values, beginning)
        : save(database.pool, known ? 'update' : 'insert', values));
      atHand?.set(uid, isSaved ? idHash : null);
      if (!isSaved) withdrawSessionCookie();
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
      if (row?.user_id) sessionSeen(row.uid);
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
      const signOut = signOutUnderWay();
      const event = signOut && signedOut(signOut, clock.now());
      await end(database.pool, masterKey.hashSecret(id), event);
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

/** Nine parameters; the identifier changes at every sign-in and resume (session fixation), the uid stays. */
const SAVE = {
  insert: `
    INSERT INTO sessions
      (id_hash, uid, user_id, signed_in_at, details, expires_at, created_at, address, user_agent,
       last_seen_at)
    SELECT $1, $2, $3, $4::timestamptz, $5::jsonb, $6::timestamptz, $7::timestamptz, $8, $9, $7
    WHERE`,
  update: `
    UPDATE sessions
    SET id_hash = $1, user_id = $3, signed_in_at = $4, details = $5, expires_at = $6,
      address = coalesce($8::text, address), user_agent = coalesce($9::text, user_agent)
    WHERE uid = $2 AND id_hash = $7 AND`,
};

/** Under the lock that disabling a user wants too: what is stored is seen, and ended, by whoever does. */
const LEAVE = {
  insert: `($3::text IS NULL
    OR EXISTS (SELECT 1 FROM users WHERE id = $3 AND disabled_at IS NULL FOR SHARE))`,
  update: 'true',
};

/** @returns false: it was ended, or given another identifier, meanwhile */
async function save(
  executor: Executor,
  how: keyof typeof SAVE,
  values: unknown[],
): Promise<boolean> {
  const text = `${SAVE[how]} ${LEAVE[how]}`;
  const { rowCount } = await executor.query({ name: `${how}_session`, text, values });
  return rowCount === 1;
}

type Unrecorded = SessionBeginning & { readonly admission: Admission };

const isUnrecorded = (beginning: SessionBeginning): beginning is Unrecorded =>
  beginning.admission !== undefined && beginning.isAdmitted === undefined;

/** With the record of the sign-in that was right, and only if that stands; the beginning hears of it. */
async function saveAdmitted(
  executor: Executor,
  how: keyof typeof SAVE,
  values: unknown[],
  beginning: Unrecorded,
): Promise<boolean> {
  const recorded = beginning.admission.within(values.length + 1);
  const { rows } = await executor.query<{ isAdmitted: boolean; isSaved: boolean }>({
    name: `${how}_session_admitted_by_${beginning.admission.by}`,
    text: `WITH ${recorded.parts},
      saved AS (${SAVE[how]} EXISTS (SELECT FROM admitted) RETURNING uid)
      SELECT EXISTS (SELECT FROM admitted) AS "isAdmitted", EXISTS (SELECT FROM saved) AS "isSaved"
      WHERE ${how === 'insert' ? WITHOUT_WAITING_FOR_DISK : true}`,
    values: [...values, ...recorded.values],
  });
  beginning.isAdmitted = rows[0]!.isAdmitted;
  return rows[0]!.isSaved;
}

/** With what the audit log says of it, and only if it was still there: told once, also of two at once. */
async function end(
  executor: Executor,
  idHash: Buffer,
  event: AuditEvent | undefined,
): Promise<void> {
  const recorded = recordingIf('ended', event ? [event] : [], 2);
  const remove = 'DELETE FROM sessions WHERE id_hash = $1';
  const text = event ? `WITH ended AS (${remove} RETURNING uid), ${recorded.parts} SELECT` : remove;
  await executor.query(text, [idHash, ...recorded.values]);
}

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
