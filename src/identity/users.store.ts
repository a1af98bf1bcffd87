import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext, AuditEvent, AuditValue } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import type { Executor } from '../database/executor.ts';
import type { Clock } from '../lib/clock.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import { pageOf, pageSize, readCursor } from '../lib/cursor.ts';
import { isEmail, normaliseEmail } from '../lib/email.ts';
import { looksLikeId } from '../lib/identifier.ts';
import { newId } from '../lib/ids.ts';
import { obeyingConstraints } from './constraints.store.ts';
import type { PlatformRole, User } from './identity.ts';
import { refuseOrphaning } from './memberships.store.ts';
import { passwordWrites } from './password-hashes.store.ts';
import type { RevocationPort } from './revocation-port.ts';
import type { Alongside } from './sign-in-attempts.store.ts';
import { USER_COLUMNS as COLUMNS, toUser, type UserRow } from './user-row.ts';

const LIST = 'users';

export interface NewUser {
  email: string;
  name: string;
  /** Null: the user can't sign in with a password. */
  passwordHash: string | null;
  emailVerified?: boolean | undefined;
}

/** What is left out stays as it is. A new e-mail address counts as unverified unless said otherwise. */
export interface UserChanges {
  email?: string | undefined;
  name?: string | undefined;
  emailVerified?: boolean | undefined;
  platformRole?: PlatformRole | null | undefined;
}

/** A user with what a sign-in is checked against. It never leaves this room. */
export interface SignInRecord {
  user: User;
  passwordHash: string | null;
}

/** Without an organization, all users: for the operator's eyes only. */
export interface UserFilter extends PageRequest {
  organizationId?: string | undefined;
}

export interface UserStoreOptions {
  database: Database;
  clock: Clock;
  revocations: RevocationPort;
}

export type UserStore = ReturnType<typeof createUserStore>;

/** Users in the database. Every write records its audit event in the same transaction. */
export function createUserStore(options: UserStoreOptions) {
  return {
    ...userReads(options),
    ...userWrites(options),
    ...passwordWrites(options),
    ...userRemovals(options),
  };
}

function userReads({ database }: UserStoreOptions) {
  const { prisma, pool } = database;
  return {
    async find(id: string): Promise<User | undefined> {
      if (!looksLikeId(id)) return undefined;
      const row = await prisma.user.findUnique({ where: { id } });
      return row === null ? undefined : toUser(row);
    },

    async findByEmail(email: string): Promise<User | undefined> {
      return selectByEmail(pool, email);
    },

    signInQuery: queryForSignIn,

    /** The hot path of every request that acts for a user: one prepared statement. */
    async findActive(id: string): Promise<User | undefined> {
      if (!looksLikeId(id)) return undefined;
      const { rows } = await pool.query<UserRow>({
        name: 'identity.find-active-user',
        text: `SELECT ${COLUMNS} FROM users WHERE id = $1 AND disabled_at IS NULL`,
        values: [id],
      });
      return rows[0] && toUser(rows[0]);
    },

    /** @returns null for a user without a password, undefined for no user */
    async findPasswordHash(id: string): Promise<string | null | undefined> {
      if (!looksLikeId(id)) return undefined;
      const select = { passwordHash: true };
      return (await prisma.user.findUnique({ where: { id }, select }))?.passwordHash;
    },

    /**
     * Newest first.
     *
     * @throws InvalidCursorError
     */
    async list({ organizationId, cursor, limit }: UserFilter): Promise<Page<User>> {
      const position = readCursor(LIST, cursor);
      if (organizationId !== undefined && !looksLikeId(organizationId)) {
        return { items: [], nextCursor: null };
      }
      const size = pageSize(limit);
      const rows = await prisma.user.findMany({
        where: {
          ...(position === undefined ? {} : { id: { lt: position } }),
          ...(organizationId === undefined ? {} : { memberships: { some: { organizationId } } }),
        },
        orderBy: { id: 'desc' },
        take: size + 1,
      });
      return pageOf(LIST, rows.map(toUser), size, (user) => user.id);
    },
  };
}

function userWrites({ database, clock }: UserStoreOptions) {
  return {
    /**
     * Adds a user within the caller's transaction.
     *
     * @throws IdentityError email_taken
     */
    insert(executor: Executor, user: NewUser, context: AuditContext): Promise<User> {
      return insertUser(executor, user, clock.now(), context);
    },

    /** @throws IdentityError email_taken */
    create(user: NewUser, context: AuditContext): Promise<User> {
      return database.transaction((tx) => insertUser(tx, user, clock.now(), context));
    },

    /**
     * @returns undefined when there is no such user
     * @throws IdentityError email_taken
     */
    update(id: string, changes: UserChanges, context: AuditContext): Promise<User | undefined> {
      return database.transaction((tx) => updateUser(tx, id, changes, clock.now(), context));
    },

    /** The same within the caller's transaction. */
    updateWithin(executor: Executor, id: string, changes: UserChanges, context: AuditContext) {
      return updateUser(executor, id, changes, clock.now(), context);
    },
  };
}

function userRemovals({ database, clock, revocations }: UserStoreOptions) {
  async function setDisabled(
    executor: Executor,
    id: string,
    disabled: boolean,
    context: AuditContext,
  ): Promise<User | undefined> {
    if (!looksLikeId(id)) return undefined;
    const now = clock.now();
    const { rows } = await executor.query<UserRow>(
      `UPDATE users SET disabled_at = $2, updated_at = $3
       WHERE id = $1 AND (disabled_at IS NOT NULL) <> $4 RETURNING ${COLUMNS}`,
      [id, disabled ? now : null, now, disabled],
    );
    if (rows[0] === undefined) return selectUser(executor, id);
    if (disabled) {
      await revocations.endConsents(executor, { reason: 'user_disabled', userId: id }, context);
      await revocations.denySubject(executor, id);
    }
    await record(executor, disabled ? 'user.disabled' : 'user.enabled', id, now, context);
    return toUser(rows[0]);
  }

  return {
    /** `disable` or `enable` within the caller's transaction. */
    setDisabledWithin: setDisabled,

    /**
     * Shuts a user out and revokes all that was issued to them, at once. Repeating it changes nothing.
     *
     * @returns undefined when there is no such user
     */
    disable: (id: string, context: AuditContext) =>
      database.largeTransaction((tx) => setDisabled(tx, id, true, context)),

    /** Lets a user in again; what was revoked stays revoked. */
    enable: (id: string, context: AuditContext) =>
      database.transaction((tx) => setDisabled(tx, id, false, context)),

    /**
     * Deletes a user with their memberships and all that was issued to them.
     *
     * @returns false when there is no such user
     * @throws IdentityError last_owner: other members would be left without an owner
     */
    async remove(id: string, context: AuditContext): Promise<boolean> {
      if (!looksLikeId(id)) return false;
      return database.largeTransaction(async (tx) => {
        const held = await tx.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [id]);
        if (held.rowCount === 0) return false;
        const organizationIds = await refuseOrphaning(tx, id);
        await revocations.endConsents(tx, { reason: 'user_deleted', userId: id }, context);
        await revocations.denySubject(tx, id);
        await tx.query('DELETE FROM users WHERE id = $1', [id]);
        const now = clock.now();
        await record(tx, 'user.deleted', id, now, context);
        for (const organizationId of organizationIds) {
          await record(tx, 'membership.deleted', id, now, { ...context, organizationId });
        }
        return true;
      });
    },
  };
}

async function insertUser(
  executor: Executor,
  user: NewUser,
  now: Date,
  context: AuditContext,
): Promise<User> {
  const id = newId(now);
  const { rows } = await obeyingConstraints(() =>
    executor.query<UserRow>(
      `INSERT INTO users (id, email, email_verified_at, name, password_hash, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING ${COLUMNS}`,
      [
        id,
        normaliseEmail(user.email),
        user.emailVerified ? now : null,
        user.name.trim(),
        user.passwordHash,
        now,
      ],
    ),
  );
  await record(executor, 'user.created', id, now, context);
  return toUser(rows[0]!);
}

async function updateUser(
  executor: Executor,
  id: string,
  changes: UserChanges,
  now: Date,
  context: AuditContext,
): Promise<User | undefined> {
  if (!looksLikeId(id)) return undefined;
  const { email, name, emailVerified, platformRole } = changes;
  const { rows } = await obeyingConstraints(() =>
    executor.query<UserRow>(
      `UPDATE users SET email = coalesce($2, email), name = coalesce($3, name), updated_at = $5,
         email_verified_at = CASE
           WHEN $4::boolean THEN coalesce(email_verified_at, $5)
           WHEN NOT $4::boolean OR $2 <> email THEN NULL
           ELSE email_verified_at END,
         platform_role = CASE WHEN $6::boolean THEN $7 ELSE platform_role END
       WHERE id = $1 RETURNING ${COLUMNS}`,
      [
        id,
        email === undefined ? null : normaliseEmail(email),
        name?.trim() ?? null,
        emailVerified ?? null,
        now,
        platformRole !== undefined,
        platformRole ?? null,
      ],
    ),
  );
  if (rows[0] === undefined) return undefined;
  const fields = Object.entries(changes).flatMap(([field, value]) =>
    value === undefined ? [] : [field],
  );
  const details: Record<string, AuditValue> =
    platformRole === undefined ? { fields } : { fields, platform_role: platformRole };
  await record(executor, 'user.updated', id, now, { ...context, details });
  return toUser(rows[0]);
}

async function selectByEmail(executor: Executor, email: string): Promise<User | undefined> {
  const normalised = normaliseEmail(email);
  if (!isEmail(normalised)) return undefined;
  const { rows } = await executor.query<UserRow>({
    name: 'identity.find-user-by-email',
    text: `SELECT ${COLUMNS} FROM users WHERE email = $1`,
    values: [normalised],
  });
  return rows[0] && toUser(rows[0]);
}

/** Whom a sign-in is about, to be read with its attempts; see {@link toSignInRecord}. */
function queryForSignIn(email: string): Alongside<SignInRow> {
  const normalised = normaliseEmail(email);
  return {
    name: 'identity.take-sign-in-attempt',
    query: `SELECT ${COLUMNS}, password_hash AS "passwordHash" FROM users WHERE email = $8::text`,
    values: [isEmail(normalised) ? normalised : null],
  };
}

/** Every column is null where nobody was found. */
interface SignInRow extends UserRow {
  passwordHash: string | null;
}

/** @returns undefined where nobody has the address */
export const toSignInRecord = (row: SignInRow): SignInRecord | undefined =>
  row.id === null ? undefined : { user: toUser(row), passwordHash: row.passwordHash };

async function selectUser(executor: Executor, id: string): Promise<User | undefined> {
  const { rows } = await executor.query<UserRow>(`SELECT ${COLUMNS} FROM users WHERE id = $1`, [
    id,
  ]);
  return rows[0] && toUser(rows[0]);
}

function record(
  executor: Executor,
  type: `user.${'created' | 'updated' | 'disabled' | 'enabled' | 'deleted'}` | 'membership.deleted',
  id: string,
  occurredAt: Date,
  context: AuditContext & Pick<AuditEvent, 'organizationId' | 'details'>,
): Promise<void> {
  const target = { kind: 'user', id };
  return recordAuditEvent(executor, { ...context, type, target, occurredAt });
}
