import { type Clock, epochSeconds } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import { PLAYGROUND_CLIENT_ID } from '../oauth/clients/house-clients.ts';
import type { SigningKeys } from '../oauth/signing-keys/signing-keys.ts';
import { signAccessToken } from '../oauth/tokens/access-token-issuer.ts';
import type { Platform } from '../platform/platform.ts';

const AGE_SECONDS = 7_200;
const LIFETIME_SECONDS = 3_600;

/**
 * An access token for a lesson: of this server, well signed, and over for an hour. It would be worth nothing
 * even if a clock were wrong: it has no scope, no organization and no grant.
 */
export function createExpiredToken(deps: {
  platform: Platform;
  issuer: string;
  clock: Clock;
  signingKeys: SigningKeys;
}): () => Promise<string> {
  const { platform, issuer, clock, signingKeys } = deps;
  return function expiredToken() {
    const issuedAt = epochSeconds(clock) - AGE_SECONDS;
    const claims = {
      iss: issuer,
      sub: PLAYGROUND_CLIENT_ID,
      aud: platform.api.identifier,
      client_id: PLAYGROUND_CLIENT_ID,
      jti: newId(clock.now()),
      iat: issuedAt,
      exp: issuedAt + LIFETIME_SECONDS,
      scope: '',
    };
    return signAccessToken(claims, signingKeys.all[0]!);
  };
}
