import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { type Clock, epochSeconds } from '../../lib/clock.ts';

/** The longest an assertion may live from now on, seconds: so long its jti is remembered. */
const LONGEST_LIFE_SECONDS = 3600;

/**
 * What Gatehouse asks of a client's assertion beyond the library: that it expires soon.
 *
 * @throws InvalidClientAuth
 * @see RFC 7523 §3, item 4
 */
export function createAssertionPolicy(clock: Clock) {
  return async (_ctx: KoaContextWithOIDC, { exp }: { exp?: unknown }): Promise<void> => {
    if (typeof exp === 'number' && exp <= epochSeconds(clock) + LONGEST_LIFE_SECONDS) return;
    throw new errors.InvalidClientAuth('client_assertion must expire within an hour');
  };
}
