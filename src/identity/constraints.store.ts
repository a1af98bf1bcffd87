import type { IdentityErrorCode } from './identity.ts';
import { IdentityError } from './identity.ts';

/** What a violated constraint means in this room's words. */
const MEANINGS: ReadonlyMap<string, IdentityErrorCode> = new Map([
  ['users_email_key', 'email_taken'],
  ['memberships_pkey', 'already_member'],
  ['memberships_user_id_fkey', 'user_not_found'],
  ['memberships_organization_id_fkey', 'organization_not_found'],
]);

/**
 * Runs a write and translates the constraints that decide races: no look before the leap could.
 *
 * @throws IdentityError for a constraint of this room; anything else as it was thrown
 */
export async function obeyingConstraints<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    const constraint = (error as { constraint?: unknown } | null)?.constraint;
    const code = typeof constraint === 'string' ? MEANINGS.get(constraint) : undefined;
    throw code === undefined ? error : new IdentityError(code, { cause: error });
  }
}
