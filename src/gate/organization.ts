import type { OrganizationDirectory } from '../identity/organization-directory.ts';
import type { Plan, Platform } from '../platform/platform.ts';
import { denied, type GateContext, passed, type Stage, type StageResult } from './context.ts';
import type { Principal } from './principal.ts';

/**
 * The plan that a caller is on, without waiting where the cache has it; undefined: the organization is not
 * there any more.
 *
 * @throws when the database is away and the cache does not have it
 */
export type PlanOf = (principal: Principal) => Plan | undefined | Promise<Plan | undefined>;

export function createPlanOf(platform: Platform, organizations: OrganizationDirectory): PlanOf {
  const plans = new Map(platform.plans.map((plan) => [plan.name, plan]));
  const named = (plan: string | undefined) => (plan && plans.get(plan)) || NO_PLAN;

  return ({ kind, organizationId }) => {
    if (platform.playgroundKeys.enabled && kind === 'playground_key') {
      return named(platform.playgroundKeys.plan);
    }
    if (organizationId === null) return NO_PLAN;
    const known = organizations.peek(organizationId);
    if (known) return named(known.plan);
    return organizations.find(organizationId).then((found) => found && named(found.plan));
  };
}

/**
 * Stage 2: for which organization? The credential's own; where the platform has an organization header,
 * it must name the same.
 */
export function createResolveOrganization(platform: Platform, planOf: PlanOf): Stage {
  return (context) => {
    const principal = context.principal!;
    const objection = checkHeader(platform, principal, context);
    if (objection) return objection;
    const plan = planOf(principal);
    return plan instanceof Promise
      ? plan.then((later) => conclude(context, principal, later))
      : conclude(context, principal, plan);
  };
}

const conclude = (
  context: GateContext,
  { organizationId }: Principal,
  plan: Plan | undefined,
): StageResult =>
  plan ? passed({ ...context, organizationId, plan }) : denied('organization_mismatch');

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
