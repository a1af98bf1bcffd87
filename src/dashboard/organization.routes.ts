import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import type { IdentityService } from '../identity/identity.service.ts';
import { nameProblem } from '../identity/identity.ts';
import type { NewOrganizationPage, OrganizationNameError } from '../pages/organization-models.ts';
import { type Area, OF_ORGANIZATION } from './area.ts';
import { frameOf, pathOf } from './frame.ts';
import { isManager, managersOnly } from './managers.ts';
import { noticeOf } from './notices.ts';
import { type OrganizationVisit, PageNotFoundError, type Visit } from './visit.ts';

const SETTINGS = `${OF_ORGANIZATION}/settings`;
/** Where another organization is founded. */
export const NEW_ORGANIZATION = '/dashboard/organizations/new';

type OrganizationDependencies = { identity: IdentityService };

/** The organization itself: what it is called, and whether there is another. */
export function organizationRoutes(area: Area, deps: OrganizationDependencies): void {
  settingsRoutes(area, deps);
  // Who signs up gets an organization; where nobody does, the operator makes them.
  if (area.platform.signUp.enabled) newOrganizationRoutes(area, deps);
}

function settingsRoutes(area: Area, { identity }: OrganizationDependencies): void {
  const { door, visits } = area;
  door.get(
    SETTINGS,
    visits.ofOrganization(async (visit) => showSettings(area, visit, visit.organization.name)),
  );
  door.post(
    SETTINGS,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      const { id } = visit.organization;
      const name = nameIn(visit);
      const problem = nameProblem(name);
      if (problem) return showSettings(area, visit, name, problem as OrganizationNameError);
      if (!(await identity.organizations.update(id, { name }, visit.audit))) {
        throw new PageNotFoundError();
      }
      return visit.reply.redirect(`${pathOf('settings', id)}?done=organization_renamed`, 303);
    }),
  );
}

function nameIn({ request }: Visit): string {
  const { name } = (request.body ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name.trim() : '';
}

function showSettings(
  { pages, platform }: Area,
  visit: OrganizationVisit,
  name: string,
  error?: OrganizationNameError,
): FastifyReply {
  const { organization, csrf } = visit;
  const html = pages.render('dashboard/organization/settings', {
    frame: frameOf(visit, platform, {
      ...{ section: 'settings', csrf },
      ...noticeOf(visit, ['organization_renamed']),
    }),
    ...{ id: organization.id, name },
    ...(isManager(visit) ? { form: { action: pathOf('settings', organization.id), csrf } } : {}),
    ...(error ? { error } : {}),
    ...(platform.signUp.enabled ? { newUrl: NEW_ORGANIZATION } : {}),
    leaveUrl: `${pathOf('members', organization.id)}/${visit.user.id}/remove`,
  });
  return sendPage(visit.reply, html, error ? 422 : 200);
}

function newOrganizationRoutes(area: Area, { identity }: OrganizationDependencies): void {
  const { door, visits, sentForms } = area;
  door.get(
    NEW_ORGANIZATION,
    visits.ofPerson(async (visit) => showNew(area, visit, '')),
  );
  door.post(
    NEW_ORGANIZATION,
    visits.ofPerson(async (visit) => {
      const { user, reply } = visit;
      const name = nameIn(visit);
      const problem = nameProblem(name);
      if (problem) {
        const kind = problem as OrganizationNameError;
        return showNew(area, visit, name, { field: 'name', kind });
      }
      const { form } = visit.request.body as { form?: unknown };
      if (!(await sentForms.claim(user.id, form))) {
        return reply.redirect('/dashboard?done=organization_sent_before', 303);
      }
      const made = await identity.foundOrganization({ userId: user.id, name }, visit.audit);
      if (made.outcome === 'too_many') {
        return showNew(area, visit, name, { field: 'form', most: made.most });
      }
      if (made.outcome !== 'created') throw new PageNotFoundError();
      const path = pathOf('overview', made.organization.id);
      return reply.redirect(`${path}?done=organization_created`, 303);
    }),
  );
}

function showNew(
  { pages, platform, sentForms }: Area,
  visit: Visit,
  name: string,
  error?: NewOrganizationPage['error'],
): FastifyReply {
  const { csrf } = visit;
  const html = pages.render('dashboard/organization/new', {
    frame: frameOf(visit, platform, { section: 'settings', csrf }),
    form: { action: NEW_ORGANIZATION, csrf },
    ...{ token: sentForms.newToken(), name },
    ...(error ? { error } : {}),
  });
  return sendPage(visit.reply, html, error ? 422 : 200);
}
