import type { OrganizationDirectory } from '../identity/organization-directory.ts';
import type { Plan, Platform } from '../platform/platform.ts';
import { denied, type GateContext, passed, type Stage, type StageResult } from './context.ts';
import type { Principal } from './principal.ts';

/**
 * Stage 2: for which organization? The credential's own; where the platform has an organization header,
 * it must name the same.
 */
export function createResolveOrganization(
  platform: Platform,
  organizations: OrganizationDirectory,
): Stage {
  const plans = new Map(platform.plans.map((plan) => [plan.name, plan]));

  const withPlan = (context: GateContext, id: string | null, plan: string | undefined) =>
    passed({ ...context, organizationId: id, plan: (plan && plans.get(plan)) || NO_PLAN });

  return (context): StageResult | Promise<StageResult> => {
    const principal = context.principal!;
    const objection = checkHeader(platform, principal, context);
    if (objection) return objection;
    const { organizationId } = principal;
    if (platform.playgroundKeys.enabled && principal.kind === 'playground_key') {
      return withPlan(context, organizationId, platform.playgroundKeys.plan);
    }
    if (organizationId === null) return withPlan(context, null, undefined);
    const known = organizations.peek(organizationId);
    if (known) return withPlan(context, organizationId, known.plan);
    return organizations
      .find(organizationId)
      .then((found) =>
        found ? withPlan(context, organizationId, found.plan) : denied('organization_mismatch'),
      );
  };
}

/** Of an organization whose plan left the platform file, and of none: no modules. */
const NO_PLAN: Plan = { name: 'none', title: 'None', modules: [], limits: {} };

function checkHeader(
  { organizationHeader }: Platform,
  principal: Principal,
  { request }: GateContext,
): StageResult | undefined {
  if (!organizationHeader) return undefined;
  const value = request.headers[organizationHeader.name];
  if (value === undefined || value === '') {
    return organizationHeader.requiredFor.includes(principal.kind)
      ? denied('organization_required')
      : undefined;
  }
  return value === principal.organizationId ? undefined : denied('organization_mismatch');
}
