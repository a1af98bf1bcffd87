import type { AuditContext } from '../audit/audit.ts';
import type { Executor } from '../database/executor.ts';
import type { ConsentEnd } from '../identity/revocation-port.ts';
import type { Clock } from '../lib/clock.ts';
import { LONGEST_ACCESS_TOKEN_SECONDS } from '../platform/checks/lifetimes.ts';
import { endConsents } from './consents/ended-consents.store.ts';
import { type DenylistKind, deny } from './denylist/denylist.store.ts';

/**
 * Everything that ends tokens before their time. Each verb runs in the caller's transaction: what it
 * says is in force when the transaction commits, in every process within a second, and after a crash.
 */
export interface Revocations {
  denyToken(executor: Executor, jti: string): Promise<void>;
  /** Ends a grant: its code, refresh tokens and access tokens. False: it was over already. */
  revokeGrant(executor: Executor, grantId: string, reason: string): Promise<boolean>;
  revokeGrantsOfConsent(executor: Executor, consentId: string): Promise<void>;
  denyClient(executor: Executor, clientId: string): Promise<void>;
  denySubject(executor: Executor, userId: string): Promise<void>;
  denyMembership(executor: Executor, userId: string, organizationId: string): Promise<void>;
  /** Everything issued for the organization, to whichever member, and to its clients. */
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
    const { rows } = await executor.query<{ id: string }>(
      `UPDATE grants SET revoked_at = $1, revoked_reason = $2
       WHERE revoked_at IS NULL AND ${where} RETURNING id`,
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
    async denyClient(executor, clientId) {
      await endGrants(executor, 'client_id = $3', [clientId], 'client_disabled');
      await mark(executor, 'client', [clientId]);
    },
    async denySubject(executor, userId) {
      await endGrants(executor, 'user_id = $3', [userId], 'user_disabled');
      await executor.query('DELETE FROM sessions WHERE user_id = $1', [userId]);
      await mark(executor, 'subject', [userId]);
    },
    async denyMembership(executor, userId, organizationId) {
      const both = 'user_id = $3 AND organization_id = $4';
      await endGrants(executor, both, [userId, organizationId], 'membership_ended');
      await mark(executor, 'membership', [`${organizationId}:${userId}`]);
    },
    async denyOrganization(executor, organizationId) {
      await endGrants(executor, OF_ORGANIZATION, [organizationId], 'organization_deleted');
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

const OF_ORGANIZATION =
  '(organization_id = $3 OR client_id IN (SELECT client_id FROM clients WHERE organization_id = $3))';

type GrantFilter =
  | 'id = $3'
  | 'consent_id = $3'
  | 'client_id = $3'
  | 'user_id = $3'
  | 'user_id = $3 AND organization_id = $4'
  | typeof OF_ORGANIZATION;
