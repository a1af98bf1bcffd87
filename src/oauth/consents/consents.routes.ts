import type { FastifyInstance } from 'fastify';
import { sendPage } from '../../doors/browser.ts';
import type { Pages } from '../../pages/render.ts';
import type { BrowserSessions } from '../sessions/browser-sessions.ts';
import type { ConnectedApps } from './connected-apps.service.ts';

export interface ConsentRoutesDependencies {
  pages: Pages;
  sessions: BrowserSessions;
  connectedApps: ConnectedApps;
}

/** People take back what they have allowed; the list of it is on their page. */
export async function consentRoutes(door: FastifyInstance, deps: ConsentRoutesDependencies) {
  const { pages, sessions, connectedApps } = deps;

  door.post('/connected-apps/:id/disconnect', async (request, reply) => {
    const session = await sessions.current(request);
    if (!session) return reply.redirect('/sign-in', 303);
    const { id } = request.params as { id: string };
    const ended = await connectedApps.disconnect(session.userId, id, {
      actor: { kind: 'user', id: session.userId },
      address: request.ip,
      requestId: request.id,
    });
    if (ended) return reply.redirect('/', 303);
    const missing = { kind: 'not_found', code: 'not_found', homeUrl: '/' } as const;
    return sendPage(reply, pages.render('error', { ...missing, requestId: request.id }), 404);
  });
}
