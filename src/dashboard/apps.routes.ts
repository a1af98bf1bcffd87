import { sendPage } from '../doors/browser.ts';
import { InvalidCursorError, pageOf, readCursor } from '../lib/cursor.ts';
import type { OAuthClient } from '../oauth/clients/client.ts';
import { APPS, changingAppRoutes, findApp } from './app.routes.ts';
import { checkApp, EMPTY_APP, errorsOf, linesOf, readAppText } from './app-form.ts';
import { isAppKind, kindOf, redirectProblems, SETUPS } from './app-kinds.ts';
import { showAppForm, showSecret } from './app-pages.ts';
import { appPath, rowOf } from './app-view.ts';
import type { Area } from './area.ts';
import { frameOf, pathOf } from './frame.ts';
import { isManager, managersOnly } from './managers.ts';
import { noticeOf } from './notices.ts';
import { type OrganizationVisit, PageNotFoundError } from './visit.ts';

const LIST = 'apps';
const PAGE_SIZE = 50;
/** Milliseconds since the epoch, then the id. */
const POSITION = /^\d{1,13}\.[A-Za-z0-9_-]{1,64}$/;

const LIST_NOTICES = ['app_deleted', 'app_sent_before'];

/** The organization's OAuth clients. */
export function appRoutes(area: Area): void {
  listRoute(area);
  creationRoutes(area);
  checkRoute(area);
  changingAppRoutes(area);
}

function listRoute({ door, visits, pages, platform, clientService }: Area): void {
  door.get(
    APPS,
    visits.ofOrganization(async (visit) => {
      const organizationId = visit.organization.id;
      const before = positionIn(visit);
      const filter = { organizationId, ...(before && { before }), limit: PAGE_SIZE + 1 };
      const rows = await clientService.list(filter);
      const { items, nextCursor } = pageOf(LIST, rows, PAGE_SIZE, positionOf);
      const here = pathOf('apps', organizationId);
      const notice = noticeOf(visit, LIST_NOTICES);
      const model = {
        frame: frameOf(visit, platform, { section: 'apps', csrf: visit.csrf, ...notice }),
        apps: items.map((client) => rowOf(client, organizationId)),
        ...(isManager(visit) ? { newUrl: `${here}/new` } : {}),
        ...(nextCursor ? { nextUrl: `${here}?cursor=${nextCursor}` } : {}),
      };
      return sendPage(visit.reply, pages.render('dashboard/apps/list', model));
    }),
  );
}

const positionOf = ({ createdAt, id }: OAuthClient) => `${createdAt.getTime()}.${id}`;

/** @throws PageNotFoundError for a cursor that the list has not given out */
function positionIn({ request }: OrganizationVisit): { createdAt: Date; id: string } | undefined {
  const { cursor } = request.query as { cursor?: string };
  try {
    const position = readCursor(LIST, cursor && String(cursor), POSITION);
    if (position === undefined) return undefined;
    const [time, id = ''] = position.split('.');
    return { createdAt: new Date(Number(time)), id };
  } catch (error) {
    throw error instanceof InvalidCursorError ? new PageNotFoundError() : error;
  }
}

function creationRoutes(area: Area): void {
  const { door, visits, clientService, sentForms } = area;
  door.get(
    `${APPS}/new`,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      return showAppForm(area, visit, { text: EMPTY_APP });
    }),
  );
  door.post(
    APPS,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      const { organization, maker, audit, reply, request } = visit;
      const text = readAppText(request.body);
      const kind = isAppKind(text.kind) ? text.kind : undefined;
      const checked = checkApp(text, kind, kind !== 'service');
      if (!kind || Object.keys(checked.errors).length > 0) {
        return showAppForm(area, visit, { ...checked, text });
      }
      const { form } = request.body as { form?: unknown };
      if (!(await sentForms.claim(visit.user.id, form))) {
        return reply.redirect(`${pathOf('apps', organization.id)}?done=app_sent_before`, 303);
      }
      const input = { ...checked.input, ...SETUPS[kind], organizationId: organization.id };
      const made = await clientService.create(input, audit, { maker });
      if (made.outcome !== 'created') {
        return showAppForm(area, visit, { text, errors: errorsOf(made.problems) });
      }
      const { client, secret } = made;
      if (secret !== undefined)
        return showSecret(area, visit, client, { outcome: 'created', secret });
      return reply.redirect(`${appPath(organization.id, client.id)}?done=app_created`, 303);
    }),
  );
}

/** For the script of the form: what the server would say of the redirect URIs, as a part of its page. */
function checkRoute({ door, visits, pages, clientService }: Area): void {
  door.post(
    `${APPS}/check-redirect-uris`,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      const { client_id: id } = visit.request.query as { client_id?: unknown };
      const { redirectUris, kind: chosen } = readAppText(visit.request.body);
      const client = id === undefined ? undefined : await findApp(clientService, visit, id);
      const kind = client ? kindOf(client) : isAppKind(chosen) ? chosen : undefined;
      const model = { redirectProblems: redirectProblems(kind, linesOf(redirectUris)) };
      return sendPage(visit.reply, pages.render('dashboard/apps/redirect-problems', model));
    }),
  );
}
