import type { Organization } from '../identity/identity.ts';
import type { Clock } from '../lib/clock.ts';
import { type CounterStore, CounterStoreUnavailableError } from '../limits/counter-store.ts';
import type { NamedLimit, Platform } from '../platform/platform.ts';
import { meterFor } from './metering.ts';
import type { Principal } from './principal.ts';

/** Where an organization stands with a quota that all its credentials share. */
export interface OrganizationQuota {
  readonly name: string;
  readonly title: string;
  readonly limit: number;
  readonly used: number;
  /** Absent: nothing was counted yet, or it counts for life. */
  readonly resetsAt?: Date;
}

/** Reads what the gate counts; undefined while the store does not answer. */
export type OrganizationQuotas = (
  organization: Organization,
) => Promise<readonly OrganizationQuota[] | undefined>;

export function createOrganizationQuotas(deps: {
  platform: Platform;
  clock: Clock;
  quotas: CounterStore;
}): OrganizationQuotas {
  const { platform, clock, quotas } = deps;
  const shared = platform.namedLimits.filter(
    ({ per, kind, appliesTo }) =>
      per === 'organization' && kind === 'quota' && appliesTo.length > 0,
  );

  return async function standing(organization) {
    const plan = platform.plans.find(({ name }) => name === organization.plan);
    const caller = { organizationId: organization.id, ...(plan && { plan }) };
    const meters = shared.map((limit) => ({
      title: limit.title,
      ...meterFor(limit, anyCaller(limit, organization), caller)!,
    }));
    const counts = await quotas
      .read(
        meters.map(({ key }) => key),
        clock.now(),
      )
      .catch(awayOrThrow);
    return (
      counts &&
      meters.map(({ name, title, limit, key }) => {
        const count = counts.find((each) => each.key === key);
        const resetsAt = count?.resetsAt;
        return { name, title, limit, used: count?.used ?? 0, ...(resetsAt && { resetsAt }) };
      })
    );
  };
}

/** Whichever of its credentials calls, it is the organization that counts. */
const anyCaller = ({ appliesTo }: NamedLimit, { id: organizationId }: Organization): Principal => ({
  ...{ kind: appliesTo[0]!, id: '', subject: '', organizationId, environment: null },
  ...{ scopes: new Set<string>(), limits: {}, identity: null },
});

function awayOrThrow(error: unknown): undefined {
  if (!(error instanceof CounterStoreUnavailableError)) throw error;
}
