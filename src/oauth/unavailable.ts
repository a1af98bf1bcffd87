import Provider, { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { isDatabaseUnavailable } from '../database/database.ts';

/** Requests that have found the database away, each with what it was told. */
const cutOffs = new WeakMap<KoaContextWithOIDC, Error>();

/**
 * Asks the database on behalf of a request of the provider's, which waits for one that is away once at the
 * most: the library's error handling goes on to ask for the client, and would wait again.
 *
 * @throws serviceUnavailable when the database cannot be reached, now or a moment ago; whatever `ask` throws
 */
export async function askDatabase<Result>(ask: () => Promise<Result>): Promise<Result> {
  const ctx = Provider.ctx;
  const cutOff = ctx && cutOffs.get(ctx);
  if (cutOff) throw cutOff;
  try {
    return await ask();
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    const told = serviceUnavailable(error);
    if (ctx) cutOffs.set(ctx, told);
    throw told;
  }
}

/**
 * 503 temporarily_unavailable, which `sayWhenToRetry` says when to try again. Never sent by a redirect: the
 * client's redirect URI could not be checked.
 */
export function serviceUnavailable(
  cause?: unknown,
  why = 'the service is temporarily unavailable, try again',
): Error {
  const error = new errors.TemporarilyUnavailable(why, { cause } as never);
  return Object.assign(error, {
    status: 503,
    statusCode: 503,
    expose: true,
    allow_redirect: false,
    error_detail: undefined,
  });
}
