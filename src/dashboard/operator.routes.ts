import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import type { Organization } from '../identity/identity.ts';
import { listMembers } from '../identity/members.store.ts';
import { searchOrganizations } from '../identity/organization-search.store.ts';
import type { Area } from './area.ts';
import { operatorClientRoutes } from './operator-clients.routes.ts';
import { operatorKeyRoutes } from './operator-keys.routes.ts';
import {
  listed,
  OPERATOR,
  OPERATOR_PATHS,
  type OperatorDependencies,
  operatorTop,
  organizationPath,
} from './operator-page.ts';
import { operatorThrottleRoutes } from './operator-throttles.routes.ts';
import { PageNotFoundError, type Visit } from './visit.ts';

const PAGE_SIZE = 50;
/** Of an organization's own page, which shows the beginning of its lists. */
const SHOWN = 20;

/** The platform as a whole, for whoever has the platform role; there is nothing here for anybody else. */
export function operatorRoutes(area: Area, deps: OperatorDependencies): void {
  organizationListRoute(area, deps);
  organizationRoutes(area, deps);
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
      const { q, cursor } = visit.request.query as Record<string, unknown>;
      const search = typeof q === 'string' ? q.slice(0, 200) : '';
      const at = typeof cursor === 'string' ? cursor : undefined;
      const found = await listed(() =>
        searchOrganizations(database.pool, search, { cursor: at, limit: PAGE_SIZE }),
      );
      const url = (more: Record<string, string>) => {
        const query = new URLSearchParams({ ...(search ? { q: search } : {}), ...more }).toString();
        return query ? `${OPERATOR}?${query}` : OPERATOR;
      };
      const html = pages.render('dashboard/operator/organizations', {
        ...operatorTop(visit, platform, 'organizations'),
        ...{ searchUrl: OPERATOR, search },
        organizations: found.items.map(({ id, name, plan, createdAt }) => ({
          ...{ id, name, since: createdAt, href: organizationPath(id) },
          plan: titleOf(platform, plan),
        })),
        ...(at ? { firstUrl: url({}) } : {}),
        ...(found.nextCursor ? { nextUrl: url({ cursor: found.nextCursor }) } : {}),
      });
      return sendPage(visit.reply, html);
    }),
  );
}

type Plans = Pick<Area['platform'], 'plans'>;

const titleOf = ({ plans }: Plans, plan: string) =>
  plans.find(({ name }) => name === plan)?.title ?? plan;

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
      ...{ name: each.name, title: each.title, current: each.name === plan },
    })),
    ...(planError ? { planError } : {}),
    members: members.items.map((each) => ({
      ...{ name: each.name, email: each.email, role: each.role },
    })),
    moreMembers: members.nextCursor !== null,
    clients: clients.slice(0, SHOWN).map((each) => ({
      ...{ id: each.id, name: each.name, disabled: each.disabled },
    })),
    moreClients: clients.length > SHOWN,
  });
  return sendPage(visit.reply, html, planError ? 422 : 200);
}
