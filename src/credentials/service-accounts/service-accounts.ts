import type { CredentialDependencies } from '../credentials.ts';
import { writeLastUses } from '../last-uses.store.ts';
import { createLastUses } from '../last-uses.ts';
import type { ScopePolicy } from '../scope-policy.ts';
import { createServiceAccountDirectory } from './service-account-directory.ts';
import { createServiceAccountService } from './service-accounts.service.ts';
import { createAssertions } from './service-assertions.ts';
import { createServiceJwtCheck } from './service-jwt-check.ts';
import { claimJti } from './service-jwt-replay.store.ts';
import { type ClaimJti, createServiceJwtVerifier } from './service-jwt-verifier.ts';

/** Service accounts, and the two things their JWTs are good for: to be shown, and to be traded. */
export function createServiceAccounts(deps: CredentialDependencies & { scopePolicy: ScopePolicy }) {
  const { database, clock, log } = deps;
  const directory = createServiceAccountDirectory(deps);
  const check = createServiceJwtCheck({ directory, clock });
  const claim: ClaimJti = (accountId, jti, expiresAt) =>
    claimJti(database.pool, { accountId, jti }, clock.now(), expiresAt);
  const lastUses = createLastUses({
    ...{ clock, log },
    write: (uses) => writeLastUses(database.pool, 'service_accounts', uses),
  });
  const { used } = lastUses;
  return {
    lastUses,
    service: createServiceAccountService(deps),
    verifier: createServiceJwtVerifier({ ...deps, directory, check, claimJti: claim, used }),
    redeemAssertion: createAssertions({ ...deps, check, claimJti: claim, used }),
  };
}
