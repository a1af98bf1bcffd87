import { compactVerify, errors as joseErrors } from 'jose';
import { type Clock, epochSeconds } from '../../lib/clock.ts';
import { openKey } from './public-keys.ts';
import type { PublicKey, ServiceAccount } from './service-account.ts';
import type { ServiceAccountDirectory } from './service-account-directory.ts';
import {
  type ClaimRules,
  invalid,
  type JwtProblem,
  readClaims,
  readServiceJwt,
  type ServiceJwt,
  type ServiceJwtClaims,
} from './service-jwt.ts';

/** A JWT that the account has signed, and that is in order at this moment. */
export interface CheckedJwt {
  readonly account: ServiceAccount;
  readonly claims: ServiceJwtClaims;
}

/**
 * Whether a JWT was signed by the account it names, with a key that is registered for it and by the
 * algorithm that the key was registered with. Whether it comes for the first time is not asked here.
 *
 * @throws when the account cannot be read
 */
export type ServiceJwtCheck = (
  text: string,
  rules: Pick<ClaimRules, 'audiences' | 'maxLifetimeSeconds'>,
) => Promise<CheckedJwt | JwtProblem>;

/** Also of an account that isn't there: who asks learns nothing of which ones are. */
const NOT_ITS_SIGNATURE = invalid('it is not signed by a key that is registered for its iss');

/** @see RFC 7523 §3, RFC 8725 §3.1 */
export function createServiceJwtCheck(deps: {
  directory: ServiceAccountDirectory;
  clock: Clock;
}): ServiceJwtCheck {
  const { directory, clock } = deps;

  return async function check(text, rules) {
    const jwt = readServiceJwt(text);
    if (!jwt) return invalid('it is not a signed JWT in compact form');
    const { iss } = jwt.claims;
    const account = typeof iss === 'string' ? await directory.find(iss) : undefined;
    if (!account || account.disabledAt) return NOT_ITS_SIGNATURE;
    const key = keyFor(jwt, account.keys);
    if (!key || !(await isSignedBy(key, text))) return NOT_ITS_SIGNATURE;
    const claims = readClaims(jwt.claims, { ...rules, now: epochSeconds(clock) });
    return 'refusal' in claims ? claims : { account, claims };
  };
}

/** The account's own key of that kid; without a kid its only one. Its algorithm, or none. */
function keyFor({ kid, alg }: ServiceJwt, keys: readonly PublicKey[]): PublicKey | undefined {
  const key =
    kid === undefined && keys.length === 1 ? keys[0] : keys.find((one) => one.kid === kid);
  return key?.alg === alg ? key : undefined;
}

async function isSignedBy(key: PublicKey, text: string): Promise<boolean> {
  // Two names for the same, and the library holds the header's against this list.
  const algorithms = key.alg === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [key.alg];
  try {
    await compactVerify(text, openKey(key), { algorithms });
    return true;
  } catch (error) {
    if (error instanceof joseErrors.JOSEError) return false;
    throw error;
  }
}
