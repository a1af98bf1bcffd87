import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import type { Organization } from '../identity/identity.ts';
import { listMembers } from '../identity/members.store.ts';
import { searchOrganizations } from '../identity/organization-search.store.ts';
import { type PlatformText, platformText } from '../pages/platform-text.ts';
import type { Area } from './area.ts';
import { operatorClientRoutes } from './operator-clients.routes.ts';
import { operatorKeyRoutes } from './operator-keys.routes.ts';
import {
  askedFor,
  clientPath,
  listed,
  OPERATOR,
  OPERATOR_PATHS,
  type OperatorDependencies,
  operatorTop,
  organizationPath,
} from './operator-page.ts';
import { operatorPlanRoutes } from './operator-plans.routes.ts';
import { operatorThrottleRoutes } from './operator-throttles.routes.ts';
import { PageNotFoundError, type Visit } from './visit.ts';

const PAGE_SIZE = 50;
/** Of an organization's own page, which shows the beginning of its lists. */
const SHOWN = 20;

/** The platform as a whole, for whoever has the platform role; there is nothing here for anybody else. */
export function operatorRoutes(area: Area, deps: OperatorDependencies): void {
  organizationListRoute(area, deps);
  organizationRoutes(area, deps);
  operatorPlanRoutes(area, deps);
  operatorClientRoutes(area, deps);
  operatorKeyRoutes(area, deps);
  operatorThrottleRoutes(area, deps);
}

function organizationListRoute(
  { door, visits, pages, platform }: Area,
  { database }: OperatorDependencies,
): void {
  door.get(
    OPERATOR,
    visits.ofOperator(async (visit) => {
      const { search, plan, cursor, links } = askedFor(visit, OPERATOR);
      const found = await listed(() =>
        searchOrganizations(database.pool, search, { cursor, plan, limit: PAGE_SIZE }),
      );
      const html = pages.render('dashboard/operator/organizations', {
        ...operatorTop(visit, platform, 'organizations'),
        ...{ searchUrl: OPERATOR, search, ...links(found) },
        ...(plan ? { ofPlan: { name: plan, title: titleOf(platform, plan) } } : {}),
        organizations: found.items.map((one) => ({
          ...{ id: one.id, name: one.name, since: one.createdAt, href: organizationPath(one.id) },
          plan: titleOf(platform, one.plan),
        })),
      });
      return sendPage(visit.reply, html);
    }),
  );
}

type Plans = Pick<Area['platform'], 'plans' | 'language'>;

/** One that left the platform file has its name only. */
function titleOf(platform: Plans, plan: string): PlatformText {
  const declared = platform.plans.find(({ name }) => name === plan);
  return declared ? platformText(platform, declared, 'title') : plan;
}

function organizationRoutes(area: Area, deps: OperatorDependencies): void {
  const { door, visits, platform } = area;
  const path = organizationPath(':organization');
  door.get(
    path,
    visits.ofOperator(async (visit) =>
      showOrganization(visit, area, deps, await organizationOf(visit, deps)),
    ),
  );
  door.get(
    `${path}/plan`,
    visits.ofOperator(async (visit) => {
      const { id } = await organizationOf(visit, deps);
      return visit.reply.redirect(organizationPath(id), 303);
    }),
  );
  door.post(
    `${path}/plan`,
    visits.ofOperator(async (visit) => {
      const organization = await organizationOf(visit, deps);
      const { plan } = (visit.request.body ?? {}) as { plan?: unknown };
      const known = platform.plans.find(({ name }) => name === plan);
      if (!known) return showOrganization(visit, area, deps, organization, true);
      const { id } = organization;
      const changes = { plan: known.name };
      const changed = await deps.identity.organizations.update(id, changes, visit.audit);
      if (!changed) throw new PageNotFoundError();
      return visit.reply.redirect(`${organizationPath(id)}?done=plan_changed`, 303);
    }),
  );
}

/** @throws PageNotFoundError */
async function organizationOf(
  visit: Visit,
  { identity }: OperatorDependencies,
): Promise<Organization> {
  const { organization: id } = visit.request.params as { organization: string };
  const organization = await identity.organizations.find(id);
  if (!organization) throw new PageNotFoundError();
  return organization;
}

async function showOrganization(
  visit: Visit,
  { pages, platform, clientService }: Area,
  { database }: OperatorDependencies,
  { id, name, plan, createdAt }: Organization,
  planError = false,
): Promise<FastifyReply> {
  const [members, clients] = await Promise.all([
    listMembers(database.pool, id, { limit: SHOWN }),
    clientService.list({ organizationId: id, limit: SHOWN + 1 }),
  ]);
  const html = pages.render('dashboard/operator/organization', {
    ...operatorTop(visit, platform, 'organizations'),
    ...{ id, name, plan: titleOf(platform, plan), since: createdAt },
    listUrl: OPERATOR_PATHS.organizations,
    changePlan: { action: `${organizationPath(id)}/plan`, csrf: visit.csrf },
    plans: platform.plans.map((each) => ({
      ...{ name: each.name, title: titleOf(platform, each.name), current: each.name === plan },
    })),
    ...(planError ? { planError } : {}),
    members: members.items.map((each) => ({
      ...{ name: each.name, email: each.email, role: each.role },
    })),
    moreMembers: members.nextCursor !== null,
    clients: clients.slice(0, SHOWN).map((each) => ({
      ...{ id: each.id, name: each.name, disabled: each.disabled, href: clientPath(each.id) },
    })),
    ...(clients.length > SHOWN ? { moreClientsUrl: `${OPERATOR_PATHS.clients}?q=${id}` } : {}),
  });
  return sendPage(visit.reply, html, planError ? 422 : 200);
}
