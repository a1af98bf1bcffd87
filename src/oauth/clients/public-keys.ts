import type { JWK } from 'jose';

/** What only the owner of a key may know. @see RFC 7518 §6.2.2, §6.3.2, §6.4.1 */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const;

/** The members that make a key private or symmetric: none in one that may be registered. */
export function privateMembersOf(key: JWK | Record<string, unknown>): readonly string[] {
  return PRIVATE_MEMBERS.filter((member) => member in key);
}
