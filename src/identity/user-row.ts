import type { PlatformRole, User } from './identity.ts';

/** What a statement selects from `users` for {@link toUser}. */
export const USER_COLUMNS = `id, email, email_verified_at AS "emailVerifiedAt", name,
  disabled_at AS "disabledAt", platform_role AS "platformRole", second_factor AS "secondFactor",
  created_at AS "createdAt", updated_at AS "updatedAt"`;

export interface UserRow {
  id: string;
  email: string;
  emailVerifiedAt: Date | null;
  name: string;
  disabledAt: Date | null;
  platformRole: string | null;
  secondFactor: boolean;
  createdAt: Date;
  updatedAt: Date;
}

export function toUser(row: UserRow): User {
  return {
    id: row.id,
    email: row.email,
    emailVerified: row.emailVerifiedAt !== null,
    name: row.name,
    disabled: row.disabledAt !== null,
    platformRole: row.platformRole as PlatformRole | null,
    secondFactor: row.secondFactor,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
