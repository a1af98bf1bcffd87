import type { OrganizationDirectory } from '../identity/organization-directory.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { CounterStore } from '../limits/counter-store.ts';
import type { Platform } from '../platform/platform.ts';
import { createAuthenticate } from './authenticate.ts';
import { checkEntitlement } from './entitlement.ts';
import { createGate, type DecisionRecorder, type Gate } from './gate.ts';
import { createMetering } from './metering.ts';
import { createPlanOf, createResolveOrganization } from './organization.ts';
import { checkOwnership } from './ownership.ts';
import type { CredentialVerifier } from './principal.ts';
import { createStanding } from './standing.ts';

export interface GateDependencies {
  platform: Platform;
  clock: Clock;
  log: Pick<Log, 'info' | 'error'>;
  organizations: OrganizationDirectory;
  rates: CounterStore;
  /** Durable. */
  quotas: CounterStore;
  /** One for each kind of credential. */
  verifiers: readonly CredentialVerifier[];
  countUsage: DecisionRecorder;
  noteQuotas: DecisionRecorder;
}

/** The gate with everything it asks. */
export function buildGate(deps: GateDependencies): Gate {
  const { platform, log } = deps;
  const planOf = createPlanOf(platform, deps.organizations);
  return createGate({
    platform,
    stages: {
      authenticate: createAuthenticate(platform, deps.verifiers),
      organization: createResolveOrganization(platform, planOf),
      ownership: checkOwnership,
      entitlement: checkEntitlement,
      metering: createMetering(deps),
    },
    authenticateAgain: createAuthenticate(platform, deps.verifiers.map(again)),
    standing: createStanding({ ...deps, planOf }),
    record: (request, decision) => {
      deps.countUsage(request, decision);
      deps.noteQuotas(request, decision);
      logDenial(log, request, decision);
    },
  });
}

const again = (verifier: CredentialVerifier): CredentialVerifier =>
  verifier.verifyAgain ? { ...verifier, verify: verifier.verifyAgain } : verifier;

function logDenial(log: Pick<Log, 'info'>, ...[request, decision]: Parameters<DecisionRecorder>) {
  if (decision.allowed) return;
  const { denial, context } = decision;
  const principal = context.principal ?? denial.owner;
  log.info(
    {
      requestId: request.requestId,
      reason: denial.reason,
      method: request.method,
      route: context.route?.route.path,
      credential: principal?.kind,
      credentialId: principal?.id,
      organizationId: principal?.organizationId,
      limit: denial.limit,
    },
    'denied at the gate',
  );
}
