import { sendPage } from '../doors/browser.ts';
import type { OrganizationQuotas } from '../gate/organization-quotas.ts';
import type { Organization } from '../identity/identity.ts';
import type { PlanPage } from '../pages/organization-models.ts';
import { platformText } from '../pages/platform-text.ts';
import type { Plan, Platform } from '../platform/platform.ts';
import { type Area, OF_ORGANIZATION } from './area.ts';
import { frameOf, pathOf } from './frame.ts';

/** What the organization's plan gives it, and what is left. */
export function planRoutes(
  { door, visits, pages, platform }: Area,
  { organizationQuotas }: { organizationQuotas: OrganizationQuotas },
): void {
  door.get(
    `${OF_ORGANIZATION}/plan`,
    visits.ofOrganization(async (visit) => {
      const { organization } = visit;
      const quotas = await organizationQuotas(organization);
      const limits = new Map(platform.namedLimits.map((one) => [one.name, one]));
      const used = quotas?.map(({ name, title, limit, used, resetsAt }) => {
        const declared = limits.get(name);
        return {
          title: declared ? platformText(platform, declared, 'title') : title,
          ...{ limit, used, windowSeconds: declared?.windowSeconds ?? null },
          ...(resetsAt ? { resets: resetsAt } : {}),
        };
      });
      const html = pages.render('dashboard/organization/plan', {
        frame: frameOf(visit, platform, { section: 'plan', csrf: visit.csrf }),
        ...figuresOf(platform, organization),
        ...(used ? { quotas: used } : {}),
        usageUrl: pathOf('usage', organization.id),
      });
      return sendPage(visit.reply, html);
    }),
  );
}

/** Every figure that holds for an organization; what only strangers count on is left out. */
function figuresOf(
  platform: Platform,
  organization: Organization,
): Pick<PlanPage, 'plan' | 'modules' | 'limits' | 'rates'> {
  const plan = platform.plans.find(({ name }) => name === organization.plan);
  return {
    ...(plan ? { plan: { title: platformText(platform, plan, 'title') } } : {}),
    modules: platform.modules.map((module) => ({
      title: platformText(platform, module, 'title'),
      included: plan?.modules.includes(module.name) ?? false,
    })),
    limits: limitsOf(platform, plan),
    rates: (['api_key', 'access_token', 'service_jwt'] as const).flatMap((kind) => {
      const rate = platform.credentialRateLimits[kind];
      return rate ? [{ kind, ...rate }] : [];
    }),
  };
}

function limitsOf(platform: Platform, plan: Plan | undefined): PlanPage['limits'] {
  return platform.namedLimits.flatMap((declared) => {
    const { name, per, settablePerKey: perKey, windowSeconds, appliesTo } = declared;
    if (per === 'identity' || appliesTo.every((kind) => kind === 'playground_key')) return [];
    const title = platformText(platform, declared, 'title');
    const limit = plan?.limits[name]?.limit ?? declared.limit;
    return [{ title, per, perKey, windowSeconds, limit }];
  });
}
