import { AsyncLocalStorage } from 'node:async_hooks';
import Provider, { type KoaContextWithOIDC } from 'oidc-provider';

/**
 * The sessions that a request has read or made, by uid, each with the hash of its identifier at that
 * moment; null: somebody else has ended it, or given it another identifier, since.
 */
export type SessionsAtHand = Map<string, Buffer | null>;

const ofProtocol = new WeakMap<KoaContextWithOIDC, SessionsAtHand>();
const ofPages = new AsyncLocalStorage<{ atHand: SessionsAtHand; origin: SessionOrigin }>();

/** Where a session is begun, for its user to recognise. */
export interface SessionOrigin {
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** Of a session that one of our pages saves; empty for one that the provider does. */
export const sessionOrigin = (): SessionOrigin => ofPages.getStore()?.origin ?? {};

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
  origin: SessionOrigin,
  work: (atHand: SessionsAtHand) => Promise<T>,
): Promise<T> => {
  const atHand: SessionsAtHand = new Map();
  return ofPages.run({ atHand, origin }, () => work(atHand));
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
