import { sendPage } from '../doors/browser.ts';
import type { ConnectedApps } from '../oauth/consents/connected-apps.service.ts';
import type { Area } from './area.ts';
import { frameOf } from './frame.ts';
import { noticeOf } from './notices.ts';
import { PageNotFoundError } from './visit.ts';

const CONNECTED_APPS = '/dashboard/connected-apps';

/** What the person has allowed, whichever organization it is for, and the end of it. */
export function connectedAppRoutes(
  { door, visits, pages, platform }: Area,
  { connectedApps }: { connectedApps: ConnectedApps },
): void {
  door.get(
    CONNECTED_APPS,
    visits.ofPerson(async (visit) => {
      const { csrf } = visit;
      const notice = noticeOf(visit, ['app_disconnected']);
      const apps = await connectedApps.of(visit.user.id);
      const html = pages.render('dashboard/connected-apps', {
        frame: frameOf(visit, platform, { section: 'connected_apps', csrf, ...notice }),
        apps: apps.map(({ consentId, ...app }) => ({
          ...app,
          disconnect: { action: `${CONNECTED_APPS}/${consentId}/disconnect`, csrf },
        })),
      });
      return sendPage(visit.reply, html);
    }),
  );
  door.post(
    `${CONNECTED_APPS}/:id/disconnect`,
    visits.ofPerson(async (visit) => {
      const { id } = visit.request.params as { id: string };
      const ended = await connectedApps.disconnect(visit.user.id, id, visit.audit);
      if (!ended) throw new PageNotFoundError();
      return visit.reply.redirect(`${CONNECTED_APPS}?done=app_disconnected`, 303);
    }),
  );
}
