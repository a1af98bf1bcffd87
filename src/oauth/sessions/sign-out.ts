import { AsyncLocalStorage } from 'node:async_hooks';
import Provider from 'oidc-provider';
import type { AuditContext, AuditEvent } from '../../audit/audit.ts';
import { originOf } from '../provider-events.ts';

/** A browser in which a user ends the session that they have there. */
export interface SignOut extends Omit<AuditContext, 'actor'> {
  readonly userId: string;
  /** The app that asked for it. */
  readonly clientId?: string | undefined;
}

const ofPages = new AsyncLocalStorage<SignOut>();

/** For our own pages, which end a session outside of the provider. */
export const signingOut = <T>(signOut: SignOut, work: () => Promise<T>): Promise<T> =>
  ofPages.run(signOut, work);

/** Whose wish it is that ends a session now; undefined: nobody's, as when somebody else signs in. */
export function signOutUnderWay(): SignOut | undefined {
  const ctx = Provider.ctx;
  if (!ctx) return ofPages.getStore();
  const { route, session, entities } = ctx.oidc;
  const userId = session?.accountId;
  if (route !== 'end_session_confirm' || !userId) return undefined;
  return { userId, clientId: entities.Client?.clientId, ...originOf(ctx) };
}

export const signedOut = ({ userId, clientId, ...where }: SignOut, at: Date): AuditEvent => ({
  ...where,
  actor: { kind: 'user', id: userId },
  type: 'signed_out',
  target: { kind: 'user', id: userId },
  details: clientId === undefined ? {} : { client_id: clientId },
  occurredAt: at,
});
