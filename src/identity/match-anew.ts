import type { IdentityDependencies } from './identity.service.ts';
import type { SignInRecord } from './users.store.ts';

/**
 * A right password whose hash was another when it came to it. A sign-in at the same time may have renewed
 * the hash, and then the password is as right as before.
 *
 * @param checked the hash that the password was right by
 * @returns the user as they are now, with the hash the password is right by; undefined: it is right no
 *   more, or by the same hash, which was not the reason
 * @throws PasswordQueueFullError
 */
export async function matchAnew(
  { users, passwords, database }: Pick<IdentityDependencies, 'users' | 'passwords' | 'database'>,
  userId: string,
  checked: string | null,
  password: string,
): Promise<SignInRecord | undefined> {
  const current = await users.findSignInRecord(database.pool, userId);
  if (!current || current.user.disabled || current.passwordHash === checked) return undefined;
  return (await passwords.verify(current.passwordHash, password)) ? current : undefined;
}
