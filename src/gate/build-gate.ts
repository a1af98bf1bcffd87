import type { FastifyBaseLogger } from 'fastify';
import { createAccessTokenCredential } from '../credentials/access-tokens/access-token-credential.ts';
import { createApiKeyVerifier } from '../credentials/api-keys/api-key-verifier.ts';
import { touchApiKeys } from '../credentials/api-keys/api-keys.store.ts';
import type { ScopePolicy } from '../credentials/scope-policy.ts';
import type { Database } from '../database/database.ts';
import type { Notifications } from '../database/notifications.ts';
import type { OrganizationDirectory } from '../identity/organization-directory.ts';
import type { Clock } from '../lib/clock.ts';
import type { MasterKey } from '../lib/master-key.ts';
import { createMemoryCounters } from '../limits/memory-counters.ts';
import { createPostgresCounters } from '../limits/postgres-counters.store.ts';
import type { AccessTokenVerifier } from '../oauth/tokens/access-token-verifier.ts';
import type { Platform } from '../platform/platform.ts';
import { createAuthenticate } from './authenticate.ts';
import { checkEntitlement } from './entitlement.ts';
import { createGate, type Gate } from './gate.ts';
import { createLastUses, type LastUses } from './last-uses.ts';
import { createMetering } from './metering.ts';
import { createResolveOrganization } from './organization.ts';
import { checkOwnership } from './ownership.ts';
import type { CredentialVerifier } from './principal.ts';

export interface GateDependencies {
  platform: Platform;
  database: Database;
  notifications: Notifications;
  masterKey: MasterKey;
  clock: Clock;
  log: Pick<FastifyBaseLogger, 'info' | 'warn'>;
  organizations: OrganizationDirectory;
  scopePolicy: ScopePolicy;
  accessTokens: AccessTokenVerifier;
}

export interface GateParts {
  gate: Gate;
  /** For the management door, which takes keys too. */
  apiKeys: CredentialVerifier;
  lastUses: LastUses;
}

/** The gate with everything it asks. */
export function buildGate(deps: GateDependencies): GateParts {
  const { platform, database, clock, log } = deps;
  const lastUses = createLastUses({
    clock,
    log,
    write: (uses) => touchApiKeys(database.pool, uses),
  });
  const apiKeys = createApiKeyVerifier({ ...deps, used: lastUses.used });
  const accessTokens = createAccessTokenCredential({ ...deps, verifier: deps.accessTokens });
  const gate = createGate({
    platform,
    stages: {
      authenticate: createAuthenticate(platform, [apiKeys, accessTokens]),
      organization: createResolveOrganization(platform, deps.organizations),
      ownership: checkOwnership,
      entitlement: checkEntitlement,
      metering: createMetering({
        platform,
        clock,
        rates: createMemoryCounters(),
        quotas: createPostgresCounters({ database }),
      }),
    },
    record: (request, decision) => {
      if (decision.allowed) return;
      const { denial, context } = decision;
      log.info(
        {
          requestId: request.requestId,
          reason: denial.reason,
          method: request.method,
          route: context.route?.route.path,
          credential: context.principal?.kind,
          credentialId: context.principal?.id,
          organizationId: context.principal?.organizationId,
          limit: denial.limit,
        },
        'denied at the gate',
      );
    },
  });
  return { gate, apiKeys, lastUses };
}
