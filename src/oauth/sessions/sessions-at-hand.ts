import { AsyncLocalStorage } from 'node:async_hooks';
import Provider, { type KoaContextWithOIDC } from 'oidc-provider';
import type { Admission } from '../../identity/admission.ts';

/**
 * The sessions that a request has read or made, by uid, each with the hash of its identifier at that
 * moment; null: somebody else has ended it, or given it another identifier, since.
 */
export type SessionsAtHand = Map<string, Buffer | null>;

const ofProtocol = new WeakMap<KoaContextWithOIDC, SessionsAtHand>();
const ofPages = new AsyncLocalStorage<{ atHand: SessionsAtHand; beginning: SessionBeginning }>();

/** How a session begins. */
export interface SessionBeginning {
  /** Where, for its user to recognise. */
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Stored with the first session that is saved. */
  readonly admission?: Admission | undefined;
  /** Whether it stood; undefined: not stored yet. */
  isAdmitted?: boolean;
}

/** Of a session that one of our pages saves; empty for one that the provider does. */
export const sessionBeginning = (): SessionBeginning => ofPages.getStore()?.beginning ?? {};

/** What the request under way has at hand; undefined outside of both the provider and a page that saves. */
export function sessionsAtHand(): SessionsAtHand | undefined {
  const ctx = Provider.ctx;
  if (!ctx) return ofPages.getStore()?.atHand;
  const atHand = ofProtocol.get(ctx) ?? new Map();
  ofProtocol.set(ctx, atHand);
  return atHand;
}

/** For our own pages, which read and save a session outside of the provider. */
export const withSessionsAtHand = <T>(
  beginning: SessionBeginning,
  work: (atHand: SessionsAtHand, beginning: SessionBeginning) => Promise<T>,
): Promise<T> => {
  const atHand: SessionsAtHand = new Map();
  return ofPages.run({ atHand, beginning }, () => work(atHand, beginning));
};

/**
 * Takes the cookie of a session that was not saved back out of the answer: the browser may have another
 * one by now, from the request that was faster.
 */
export function withdrawSessionCookie(): void {
  const ctx = Provider.ctx;
  if (!ctx) return;
  const prefix = `${ctx.oidc.provider.cookieName('session')}=`;
  const cookies = [ctx.response.get('set-cookie') as string | string[]].flat().filter(Boolean);
  const kept = cookies.filter((cookie) => !cookie.startsWith(prefix));
  ctx.remove('set-cookie');
  if (kept.length > 0) ctx.set('set-cookie', kept);
}
