import type { AuditContext } from '../audit/audit.ts';
import type { Executor } from '../database/executor.ts';
import type { ConsentEnd } from '../identity/revocation-port.ts';
import type { Clock } from '../lib/clock.ts';
import { LONGEST_ACCESS_TOKEN_SECONDS } from '../platform/checks/lifetimes.ts';
import { endConsents } from './consents/ended-consents.store.ts';
import { type DenylistKind, deny } from './denylist/denylist.store.ts';
import { CLIENT_DISABLED } from './grants/disabled-clients.store.ts';

/**
 * Everything that ends tokens before their time. Each verb runs in the caller's transaction: what it
 * says is in force when the transaction commits, in every process within a second, and after a crash.
 */
export interface Revocations {
  denyToken(executor: Executor, jti: string): Promise<void>;
  /** Ends a grant: its code, refresh tokens and access tokens. False: it was over already. */
  revokeGrant(executor: Executor, grantId: string, reason: string): Promise<boolean>;
  revokeGrantsOfConsent(executor: Executor, consentId: string): Promise<void>;
  /**
   * Access tokens of a client, or of a service account, which has no grants. Those of a client are refused
   * while it is disabled and go when it is deleted: one row is written, however many there are.
   */
  denyClient(executor: Executor, clientId: string): Promise<void>;
  /** What is left of before a client was disabled: when it is let in again, so that nothing comes back with it. */
  endGrantsOfClient(executor: Executor, clientId: string): Promise<void>;
  /** All of a user's grants, and sessions. Nobody has a token without a grant but clients and service accounts. */
  denySubject(executor: Executor, userId: string): Promise<void>;
  denyMembership(executor: Executor, userId: string, organizationId: string): Promise<void>;
  /** Access tokens for an organization that goes, to whichever member, and to its clients; grants go with it. */
  denyOrganization(executor: Executor, organizationId: string): Promise<void>;
  /** Consents, with an event for each; what was issued under them is for one of the verbs above. */
  endConsents(executor: Executor, end: ConsentEnd, audit: AuditContext): Promise<void>;
}

/** A mark outlives every token it could concern, by a minute for clocks that differ. */
const MARK_SECONDS = LONGEST_ACCESS_TOKEN_SECONDS + 60;

export function createRevocations({ clock }: { clock: Clock }): Revocations {
  const mark = async (executor: Executor, kind: DenylistKind, values: string[]) => {
    const now = clock.now();
    const expiresAt = new Date(now.getTime() + MARK_SECONDS * 1000);
    await deny(
      executor,
      values.map((value) => ({ kind, value })),
      now,
      expiresAt,
    );
  };
  const endGrants = async (
    executor: Executor,
    where: GrantFilter,
    values: string[],
    why: string,
  ) => {
    // By id: of two who end the same grants, a user's and a client's, none holds one that the other waits for.
    const { rows } = await executor.query<{ id: string }>(
      `WITH ending AS MATERIALIZED (
         SELECT id FROM grants WHERE revoked_at IS NULL AND ${where} ORDER BY id FOR NO KEY UPDATE)
       UPDATE grants SET revoked_at = $1, revoked_reason = $2
       FROM ending WHERE grants.id = ending.id RETURNING grants.id`,
      [clock.now(), why, ...values],
    );
    return rows.map((row) => row.id);
  };

  return {
    denyToken: (executor, jti) => mark(executor, 'jti', [jti]),
    async revokeGrant(executor, grantId, reason) {
      const ended = await endGrants(executor, 'id = $3', [grantId], reason);
      await mark(executor, 'grant', ended);
      return ended.length > 0;
    },
    async revokeGrantsOfConsent(executor, consentId) {
      const ended = await endGrants(executor, 'consent_id = $3', [consentId], 'consent_revoked');
      await mark(executor, 'grant', ended);
    },
    denyClient: (executor, clientId) => mark(executor, 'client', [clientId]),
    async endGrantsOfClient(executor, clientId) {
      await endGrants(executor, 'client_id = $3', [clientId], CLIENT_DISABLED);
    },
    async denySubject(executor, userId) {
      const ended = await endGrants(executor, 'user_id = $3', [userId], 'user_disabled');
      await executor.query('DELETE FROM sessions WHERE user_id = $1', [userId]);
      await mark(executor, 'grant', ended);
    },
    async denyMembership(executor, userId, organizationId) {
      const both = 'user_id = $3 AND organization_id = $4';
      const ended = await endGrants(executor, both, [userId, organizationId], 'membership_ended');
      await mark(executor, 'grant', ended);
    },
    async denyOrganization(executor, organizationId) {
      await mark(executor, 'organization', [organizationId]);
      const { rows } = await executor.query<{ client_id: string }>(
        'SELECT client_id FROM clients WHERE organization_id = $1',
        [organizationId],
      );
      await mark(
        executor,
        'client',
        rows.map((row) => row.client_id),
      );
    },
    endConsents: (executor, end, audit) => endConsents(executor, end, clock.now(), audit),
  };
}

type GrantFilter =
  | 'id = $3'
  | 'consent_id = $3'
  | 'client_id = $3'
  | 'user_id = $3'
  | 'user_id = $3 AND organization_id = $4';
