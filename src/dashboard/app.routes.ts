import { sendPage } from '../doors/browser.ts';
import { looksLikeId } from '../lib/identifier.ts';
import type { OAuthClient } from '../oauth/clients/client.ts';
import type { ClientService } from '../oauth/clients/clients.service.ts';
import type { AppPage } from '../pages/apps-models.ts';
import { appTextOf, checkApp, errorsOf, readAppText } from './app-form.ts';
import { hasUsers, kindOf, usesSecret } from './app-kinds.ts';
import { showAppForm, showSecret } from './app-pages.ts';
import { appPath, detailsOf, endpointsOf, permissionsOf, playgroundOf } from './app-view.ts';
import { type Area, OF_ORGANIZATION } from './area.ts';
import { frameOf, pathOf } from './frame.ts';
import { findMaker } from './maker-view.ts';
import { isManager, managersOnly } from './managers.ts';
import { noticeOf } from './notices.ts';
import { NotAllowedError, type OrganizationVisit, PageNotFoundError } from './visit.ts';

/** The list of apps, below which each has its page. */
export const APPS = `${OF_ORGANIZATION}/apps`;

const APP = `${APPS}/:client`;

const NOTICES = [
  ...['app_created', 'app_updated', 'app_disabled', 'app_enabled'],
  'app_secret_sent_before',
];

/** How long the secret before goes on working, in seconds. */
const OVERLAPS: ReadonlyMap<unknown, number> = new Map([
  ['none', 0],
  ['hour', 3600],
  ['day', 86_400],
  ['week', 7 * 86_400],
  ['month', 30 * 86_400],
]);

/** One app: its page, and all that can be done to it. */
export function changingAppRoutes(area: Area): void {
  detailRoute(area);
  editRoutes(area);
  rotationRoute(area);
  toggleRoute(area);
  removalRoutes(area);
}

/** @throws PageNotFoundError for one that isn't there, or isn't the organization's */
export async function findApp(
  clientService: ClientService,
  { organization }: OrganizationVisit,
  id: unknown,
): Promise<OAuthClient> {
  const client =
    typeof id === 'string' && looksLikeId(id) ? await clientService.find(id) : undefined;
  if (client?.organizationId !== organization.id) throw new PageNotFoundError();
  return client;
}

function detailRoute(area: Area): void {
  const { door, visits, pages, platform, issuer, clock, database } = area;
  door.get(
    APP,
    visits.ofOrganization(async (visit) => {
      const client = await appOf(area, visit);
      const { id: organizationId } = visit.organization;
      const maker = await findMaker(database, { ...client, organizationId });
      const playground = playgroundOf(platform, issuer, client);
      const notice = noticeOf(visit, NOTICES);
      const model: AppPage = {
        frame: frameOf(visit, platform, { section: 'apps', csrf: visit.csrf, ...notice }),
        app: detailsOf(client, organizationId, maker),
        permissions: permissionsOf(platform, new Set(client.scopes)),
        ...(usesSecret(client) ? { secrets: liveSecrets(client, clock.now()) } : {}),
        endpoints: endpointsOf(issuer, client),
        ...(playground ? { playground } : {}),
        ...(isManager(visit) ? { manage: managementOf(area, visit, client) } : {}),
      };
      return sendPage(visit.reply, pages.render('dashboard/apps/detail', model));
    }),
  );
}

const liveSecrets = ({ secrets }: OAuthClient, now: Date): AppPage['secrets'] =>
  secrets
    .filter(({ expiresAt }) => !expiresAt || expiresAt > now)
    .map(({ hint, expiresAt }) => ({ hint, ...(expiresAt ? { until: expiresAt } : {}) }));

const appOf = ({ clientService }: Area, visit: OrganizationVisit) =>
  findApp(clientService, visit, (visit.request.params as { client?: unknown }).client);

function managementOf(
  area: Area,
  visit: OrganizationVisit,
  client: OAuthClient,
): NonNullable<AppPage['manage']> {
  const { csrf } = visit;
  const path = appPath(visit.organization.id, client.id);
  const rotate = { action: `${path}/rotate-secret`, csrf, form: area.sentForms.newToken() };
  return {
    editUrl: `${path}/edit`,
    deleteUrl: `${path}/delete`,
    ...(usesSecret(client) ? { rotate } : {}),
    toggle: { action: `${path}/${client.disabled ? 'enable' : 'disable'}`, csrf },
    beyond: area.scopePolicy.beyond(client.scopes, visit.maker.scopes),
  };
}

/** @throws NotAllowedError for an app that may ask for more than the person may hand on */
function withinReach(area: Area, visit: OrganizationVisit, client: OAuthClient): void {
  managersOnly(visit);
  if (area.clientService.excessOf(client, visit.maker).length > 0) throw new NotAllowedError();
}

function editRoutes(area: Area): void {
  const { door, visits, clientService } = area;
  door.get(
    `${APP}/edit`,
    visits.ofOrganization(async (visit) => {
      const client = await appOf(area, visit);
      withinReach(area, visit, client);
      return showAppForm(area, visit, { text: appTextOf(client) }, client);
    }),
  );
  door.post(
    `${APP}/edit`,
    visits.ofOrganization(async (visit) => {
      const client = await appOf(area, visit);
      withinReach(area, visit, client);
      const text = readAppText(visit.request.body);
      const checked = checkApp(text, kindOf(client), hasUsers(client));
      if (Object.keys(checked.errors).length > 0) {
        return showAppForm(area, visit, { ...checked, text }, client);
      }
      const { redirectUris, ...rest } = checked.input;
      const changes = hasUsers(client) ? checked.input : rest;
      const outcome = await clientService.update(client.id, changes, visit.audit, visit.maker);
      if (outcome.outcome === 'not_found') throw new PageNotFoundError();
      if (outcome.outcome !== 'updated') {
        return showAppForm(area, visit, { text, errors: errorsOf(outcome.problems) }, client);
      }
      const path = appPath(visit.organization.id, client.id);
      return visit.reply.redirect(`${path}?done=app_updated`, 303);
    }),
  );
}

function rotationRoute(area: Area): void {
  const { door, visits, clientService, sentForms, clock } = area;
  door.post(
    `${APP}/rotate-secret`,
    visits.ofOrganization(async (visit) => {
      const client = await appOf(area, visit);
      withinReach(area, visit, client);
      if (!usesSecret(client)) throw new PageNotFoundError();
      const { form, overlap } = visit.request.body as { form?: unknown; overlap?: unknown };
      const overlapSeconds = OVERLAPS.get(overlap) ?? 0;
      const path = appPath(visit.organization.id, client.id);
      if (!(await sentForms.claim(visit.user.id, form))) {
        return visit.reply.redirect(`${path}?done=app_secret_sent_before`, 303);
      }
      const oldUntil = new Date(clock.now().getTime() + overlapSeconds * 1000);
      const secret = await clientService.rotateSecret(client, overlapSeconds, visit.audit);
      const page = { outcome: 'rotated', secret } as const;
      return showSecret(area, visit, client, overlapSeconds > 0 ? { ...page, oldUntil } : page);
    }),
  );
}

function toggleRoute(area: Area): void {
  const { door, visits, clientService } = area;
  for (const verb of ['disable', 'enable'] as const) {
    door.post(
      `${APP}/${verb}`,
      visits.ofOrganization(async (visit) => {
        managersOnly(visit);
        const { id } = await appOf(area, visit);
        const changes = { disabled: verb === 'disable' };
        const { outcome } = await clientService.update(id, changes, visit.audit, visit.maker);
        if (outcome === 'not_found') throw new PageNotFoundError();
        if (outcome !== 'updated') throw new NotAllowedError();
        const path = appPath(visit.organization.id, id);
        return visit.reply.redirect(`${path}?done=app_${verb}d`, 303);
      }),
    );
  }
}

function removalRoutes(area: Area): void {
  const { door, visits, pages, platform, clientService } = area;
  door.get(
    `${APP}/delete`,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      const { id, name } = await appOf(area, visit);
      const cancelUrl = appPath(visit.organization.id, id);
      const { csrf } = visit;
      const frame = frameOf(visit, platform, { section: 'apps', csrf });
      const model = { frame, app: name, action: `${cancelUrl}/delete`, csrf, cancelUrl };
      return sendPage(visit.reply, pages.render('dashboard/apps/delete', model));
    }),
  );
  door.post(
    `${APP}/delete`,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      await clientService.delete(await appOf(area, visit), visit.audit);
      const list = pathOf('apps', visit.organization.id);
      return visit.reply.redirect(`${list}?done=app_deleted`, 303);
    }),
  );
}
