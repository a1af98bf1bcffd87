import type { Database } from '../database/database.ts';
import type { Notifications } from '../database/notifications.ts';
import type { OrganizationDirectory } from '../identity/organization-directory.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { MasterKey } from '../lib/master-key.ts';
import type { Platform } from '../platform/platform.ts';
import { createApiKeyVerifier } from './api-keys/api-key-verifier.ts';
import { createApiKeyService } from './api-keys/api-keys.service.ts';
import { touchApiKeys } from './api-keys/api-keys.store.ts';
import { createLastUses } from './last-uses.ts';
import { createScopePolicy } from './scope-policy.ts';

export interface CredentialDependencies {
  platform: Platform;
  database: Database;
  /** Not started yet: keys listen for what changes. */
  notifications: Notifications;
  masterKey: MasterKey;
  clock: Clock;
  log: Pick<Log, 'warn'>;
  organizations: OrganizationDirectory;
}

export type Credentials = ReturnType<typeof createCredentials>;

/** Everything issued besides OAuth's tokens. */
export function createCredentials(deps: CredentialDependencies) {
  const { platform, database, clock, log } = deps;
  const scopePolicy = createScopePolicy(platform);
  const write = (uses: { id: string; at: Date }[]) => touchApiKeys(database.pool, uses);
  const lastUses = createLastUses({ clock, log, write });
  return {
    scopePolicy,
    lastUses,
    apiKeys: createApiKeyService({ ...deps, scopePolicy }),
    apiKeyVerifier: createApiKeyVerifier({ ...deps, scopePolicy, used: lastUses.used }),
  };
}
