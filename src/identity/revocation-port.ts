import type { AuditContext } from '../audit/audit.ts';
import type { Executor } from '../database/executor.ts';

/** Why what users have allowed apps is over, and whose. */
export type ConsentEnd =
  | { reason: 'user_deleted' | 'user_disabled'; userId: string }
  | { reason: 'membership_ended'; userId: string; organizationId: string }
  /** What others allowed the organization's apps. */
  | { reason: 'organization_deleted'; organizationId: string };

/**
 * What this room asks of the one that issued the credentials. Each call adds to the denylist and revokes
 * what it can find (grants, refresh tokens, browser sessions), all through the executor it is given: the
 * transaction in which the user, membership or organization changes. It runs before rows are deleted, so
 * that what depends on them can still be found, and `endConsents` before its neighbours: consents are locked
 * before what was issued under them, as a user who disconnects an app locks them.
 */
export interface RevocationPort {
  /** Everything issued to the user, in every organization, and their browser sessions. */
  denySubject(executor: Executor, userId: string): Promise<void>;
  /** Everything issued to the user for this one organization. */
  denyMembership(executor: Executor, userId: string, organizationId: string): Promise<void>;
  /** Everything issued for the organization, to whichever member, and to the clients that belong to it. */
  denyOrganization(executor: Executor, organizationId: string): Promise<void>;
  /**
   * Consents, which are asked for anew afterwards; the organizations they were for hear of it. Nobody can
   * allow anything anew until the transaction ends: its caller holds the user, membership or organization.
   */
  endConsents(executor: Executor, end: ConsentEnd, context: AuditContext): Promise<void>;
}
