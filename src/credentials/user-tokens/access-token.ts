import { type Clock, epochSeconds } from '../../lib/clock.ts';
import { newId } from '../../lib/ids.ts';
import type { SigningKeys } from '../../oauth/signing-keys/signing-keys.ts';
import { signAccessToken } from '../../oauth/tokens/access-token-issuer.ts';
import type { Platform } from '../../platform/platform.ts';
import { PLATFORM_CLIENT_ID } from './platform-client.ts';

/** For whom an access token speaks, where, and what it may do there. */
export interface AccessTokenContent {
  readonly userId: string;
  readonly organizationId: string;
  readonly grantId: string;
  readonly scopes: readonly string[];
}

/** Writes access tokens like those of `/oauth/token`, for the platform's API (RFC 9068 §2.2). */
export function createAccessTokenWriter(deps: {
  platform: Platform;
  issuer: string;
  clock: Clock;
  signingKeys: SigningKeys;
}) {
  const { platform, issuer, clock, signingKeys } = deps;

  return function writeAccessToken(content: AccessTokenContent): Promise<string> {
    const issuedAt = epochSeconds(clock);
    const claims = {
      grant_id: content.grantId,
      org_id: content.organizationId,
      iss: issuer,
      sub: content.userId,
      aud: platform.api.identifier,
      client_id: PLATFORM_CLIENT_ID,
      jti: newId(clock.now()),
      iat: issuedAt,
      exp: issuedAt + platform.tokens.accessTokenTtlSeconds,
      scope: content.scopes.join(' '),
    };
    return signAccessToken(claims, signingKeys.all[0]!);
  };
}
