import type { OrganizationDirectory } from '../../identity/organization-directory.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ServiceAccount } from './service-account.ts';
import { invalid, type JwtProblem } from './service-jwt.ts';
import type { ServiceJwtCheck } from './service-jwt-check.ts';
import { type ClaimJti, markerExpiry } from './service-jwt-verifier.ts';

/**
 * Takes a JWT as an authorization grant, once, whatever the platform says of replays: each time it would
 * make another access token.
 *
 * @param expected.clientId who the caller says it is, if it does
 * @param expected.admit called with the account's id before the JWT is used up; may throw
 * @returns the account, or what is wrong with the JWT
 * @throws when the database cannot be reached; whatever `admit` throws
 * @see RFC 7523 §2.1, §3
 */
export type RedeemAssertion = (
  assertion: string,
  expected: {
    audiences: readonly string[];
    clientId: string | undefined;
    admit(accountId: string): Promise<void>;
  },
) => Promise<{ readonly account: ServiceAccount } | JwtProblem>;

export function createAssertions(deps: {
  platform: Platform;
  organizations: OrganizationDirectory;
  check: ServiceJwtCheck;
  claimJti: ClaimJti;
  used: (accountId: string) => void;
}): RedeemAssertion {
  const { organizations, check, claimJti, used } = deps;
  const { maxLifetimeSeconds } = deps.platform.serviceJwts;

  return async function redeem(assertion, { audiences, clientId, admit }) {
    const checked = await check(assertion, { audiences, maxLifetimeSeconds });
    if ('refusal' in checked) return checked;
    const { account, claims } = checked;
    if (clientId !== undefined && clientId !== account.id) {
      return invalid('client_id, where it is sent, must be the iss');
    }
    if (claims.jti === undefined) return invalid('jti is required');
    // An organization takes its accounts with it, and says so on a channel of its own.
    if (!(await organizations.find(account.organizationId))) {
      return invalid('its organization is no longer there');
    }
    await admit(account.id);
    if (!(await claimJti(account.id, claims.jti, markerExpiry(claims.exp)))) {
      return invalid('its jti was used before; sign a new one for each request');
    }
    used(account.id);
    return { account };
  };
}
