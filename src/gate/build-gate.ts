import type { Database } from '../database/database.ts';
import type { OrganizationDirectory } from '../identity/organization-directory.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createMemoryCounters } from '../limits/memory-counters.ts';
import { createPostgresCounters } from '../limits/postgres-counters.store.ts';
import type { Platform } from '../platform/platform.ts';
import { createAuthenticate } from './authenticate.ts';
import { checkEntitlement } from './entitlement.ts';
import { createGate, type Gate } from './gate.ts';
import { createMetering } from './metering.ts';
import { createResolveOrganization } from './organization.ts';
import { checkOwnership } from './ownership.ts';
import type { CredentialVerifier } from './principal.ts';

export interface GateDependencies {
  platform: Platform;
  database: Database;
  clock: Clock;
  log: Pick<Log, 'info'>;
  organizations: OrganizationDirectory;
  /** One for each kind of credential. */
  verifiers: readonly CredentialVerifier[];
}

/** The gate with everything it asks. */
export function buildGate(deps: GateDependencies): Gate {
  const { platform, database, clock, log } = deps;
  return createGate({
    platform,
    stages: {
      authenticate: createAuthenticate(platform, deps.verifiers),
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
}
