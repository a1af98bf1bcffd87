import { recordAuditEvent } from '../audit/audit.store.ts';
import type { AuditContext } from '../audit/audit.ts';
import type { IdentityOptions } from './identity.service.ts';

/** A browser whose session has ended. */
export interface SignOut extends Omit<AuditContext, 'actor'> {
  userId: string;
  /** The app that asked for it. */
  clientId?: string | undefined;
}

/** Writes down that a user has signed out; the session itself is the protocol's, and gone by now. */
export function createRecordSignOut({
  database,
  clock,
}: Pick<IdentityOptions, 'database' | 'clock'>) {
  return async function recordSignOut({ userId, clientId, ...where }: SignOut): Promise<void> {
    await recordAuditEvent(database.pool, {
      ...where,
      actor: { kind: 'user', id: userId },
      type: 'signed_out',
      target: { kind: 'user', id: userId },
      details: clientId === undefined ? {} : { client_id: clientId },
      occurredAt: clock.now(),
    });
  };
}
