import { sendPage } from '../doors/browser.ts';
import { countByPlan, type PlanHolders } from '../identity/plan-holders.store.ts';
import type { OperatorPlan, OperatorPlansPage } from '../pages/operator-models.ts';
import { platformText } from '../pages/platform-text.ts';
import type { CredentialKind, NamedLimit, Plan, Platform } from '../platform/platform.ts';
import type { Area } from './area.ts';
import {
  OPERATOR,
  OPERATOR_PATHS,
  type OperatorDependencies,
  operatorTop,
} from './operator-page.ts';

const KINDS: readonly CredentialKind[] = [
  ...(['api_key', 'access_token', 'service_jwt', 'playground_key'] as const),
];

/** What each plan gives, as the gate reads it, and how many organizations are on it. */
export function operatorPlanRoutes(area: Area, { database }: OperatorDependencies): void {
  const { door, visits, pages, platform } = area;
  door.get(
    OPERATOR_PATHS.plans,
    visits.ofOperator(async (visit) => {
      const holders = await countByPlan(database.pool);
      const html = pages.render('dashboard/operator/plans', {
        ...operatorTop(visit, platform, 'plans'),
        plans: [...declared(platform, holders), ...withdrawn(platform, holders)],
        rates: ratesOf(platform),
      });
      return sendPage(visit.reply, html);
    }),
  );
}

const held = (name: string, organizations: number): OperatorPlan['organizations'] => ({
  count: organizations,
  href: `${OPERATOR}?${new URLSearchParams({ plan: name })}`,
});

/** In the order of the platform file. */
function declared(platform: Platform, holders: readonly PlanHolders[]): OperatorPlan[] {
  const counts = new Map(holders.map(({ plan, organizations }) => [plan, organizations]));
  return platform.plans.map((plan) => ({
    ...{ name: plan.name, title: platformText(platform, plan, 'title'), declared: true },
    ...(plan.name === platform.defaultPlan ? { given: { kind: 'by_default' } } : {}),
    ...(isForStrangers(platform, plan) ? { given: { kind: 'to_strangers' } } : {}),
    organizations: held(plan.name, counts.get(plan.name) ?? 0),
    modules: platform.modules
      .filter(({ name }) => plan.modules.includes(name))
      .map((module) => platformText(platform, module, 'title')),
    limits: limitsOf(platform, plan),
  }));
}

/** What organizations are still on, and the file has no more: no modules, and the limits' own figures. */
function withdrawn(platform: Platform, holders: readonly PlanHolders[]): OperatorPlan[] {
  const names = new Set(platform.plans.map(({ name }) => name));
  return holders
    .filter(({ plan }) => !names.has(plan))
    .map(({ plan, title, organizations }) => ({
      ...{ name: plan, title: title ?? plan, declared: false },
      ...{ organizations: held(plan, organizations), modules: [] },
      limits: limitsOf(platform),
    }));
}

const isForStrangers = ({ playgroundKeys }: Platform, { name }: Plan) =>
  playgroundKeys.enabled && playgroundKeys.plan === name;

/** Of those that count for somebody on the plan: what is for strangers alone, on theirs. */
function limitsOf(platform: Platform, plan?: Plan): OperatorPlan['limits'] {
  const isOfStrangers = ({ per, appliesTo }: NamedLimit) =>
    per === 'identity' || appliesTo.every((kind) => kind === 'playground_key');
  return platform.namedLimits
    .filter(
      (limit) =>
        limit.appliesTo.length > 0 &&
        (!isOfStrangers(limit) || (plan && isForStrangers(platform, plan))),
    )
    .map((declared) => {
      const { name, kind, per, windowSeconds } = declared;
      const own = plan?.limits[name]?.limit;
      return {
        title: platformText(platform, declared, 'title'),
        ...{ kind, per, windowSeconds, limit: own ?? declared.limit, own: own !== undefined },
      };
    });
}

const ratesOf = ({ credentialRateLimits }: Platform): OperatorPlansPage['rates'] =>
  KINDS.flatMap((kind) => {
    const rate = credentialRateLimits[kind];
    return rate ? [{ kind, ...rate }] : [];
  });
