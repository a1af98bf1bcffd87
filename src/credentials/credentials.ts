import type { Database } from '../database/database.ts';
import type { Notifications } from '../database/notifications.ts';
import type { OrganizationDirectory } from '../identity/organization-directory.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { MasterKey } from '../lib/master-key.ts';
import type { CounterStore } from '../limits/counter-store.ts';
import type { Revocations } from '../oauth/revocations.store.ts';
import type { Platform } from '../platform/platform.ts';
import { createApiKeyVerifier } from './api-keys/api-key-verifier.ts';
import { createApiKeyService } from './api-keys/api-keys.service.ts';
import { writeLastUses } from './last-uses.store.ts';
import { createLastUses } from './last-uses.ts';
import { createPlaygroundKeyVerifier } from './playground-keys/playground-key-verifier.ts';
import { createPlaygroundKeyService } from './playground-keys/playground-keys.service.ts';
import { createScopePolicy } from './scope-policy.ts';
import { createServiceAccounts } from './service-accounts/service-accounts.ts';

export interface CredentialDependencies {
  platform: Platform;
  /** Service JWTs may be addressed to it. */
  issuer: string;
  database: Database;
  /** Not started yet: keys listen for what changes. */
  notifications: Notifications;
  masterKey: MasterKey;
  clock: Clock;
  log: Pick<Log, 'info' | 'warn'>;
  organizations: OrganizationDirectory;
  revocations: Revocations;
  /** Where the gate counts. */
  rates: CounterStore;
  quotas: CounterStore;
}

export type Credentials = ReturnType<typeof createCredentials>;

/** Everything issued besides OAuth's tokens. */
export function createCredentials(deps: CredentialDependencies) {
  const { platform, database, clock, log } = deps;
  const { playgroundKeys: playground } = platform;
  const scopePolicy = createScopePolicy(platform);
  const keyUses = createLastUses({
    ...{ clock, log },
    write: (uses) => writeLastUses(database.pool, 'api_keys', uses),
  });
  const accounts = createServiceAccounts({ ...deps, scopePolicy });
  return {
    scopePolicy,
    lastUses: {
      async flush() {
        await Promise.all([keyUses.flush(), accounts.lastUses.flush()]);
      },
    },
    apiKeys: createApiKeyService({ ...deps, scopePolicy }),
    apiKeyVerifier: createApiKeyVerifier({ ...deps, scopePolicy, used: keyUses.used }),
    serviceAccounts: accounts.service,
    serviceJwtVerifier: accounts.verifier,
    redeemAssertion: accounts.redeemAssertion,
    playgroundKeys: playground.enabled
      ? createPlaygroundKeyService({ ...deps, policy: playground })
      : undefined,
    playgroundKeyVerifier: createPlaygroundKeyVerifier(deps),
  };
}
