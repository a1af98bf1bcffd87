import type { FastifyInstance } from 'fastify';
import { csrfToken, sendPage } from '../doors/browser.ts';
import type { ConnectedApps } from '../oauth/consents/connected-apps.service.ts';
import type { BrowserSessions } from '../oauth/sessions/browser-sessions.ts';
import type { Pages } from '../pages/render.ts';
import type { Platform } from '../platform/platform.ts';
import type { AccountForms, FormPlace } from './account-forms.ts';
import type { IdentityService } from './identity.service.ts';

export interface AccountRoutesDependencies {
  pages: Pages;
  platform: Platform;
  identity: IdentityService;
  forms: AccountForms;
  sessions: BrowserSessions;
  connectedApps: ConnectedApps;
}

/** Home, sign-in, sign-up and sign-out, outside any authorization request. */
export async function accountRoutes(door: FastifyInstance, deps: AccountRoutesDependencies) {
  const { pages, platform, identity, forms, sessions, connectedApps } = deps;
  const place: FormPlace = {
    signInUrl: '/sign-in',
    signUpUrl: platform.signUp.enabled ? '/sign-up' : undefined,
    continueTo: undefined,
  };

  door.get('/', async (request, reply) => {
    const session = await sessions.current(request);
    const user = session && (await identity.findUser(session.userId));
    if (!user) {
      const home = {
        signInUrl: place.signInUrl,
        ...(place.signUpUrl ? { signUpUrl: place.signUpUrl } : {}),
        metadataUrl: '/.well-known/openid-configuration',
      };
      return sendPage(reply, pages.render('home', home));
    }
    const memberships = await identity.membershipsOf(user.id);
    const apps = await connectedApps.of(user.id);
    const csrf = csrfToken(reply);
    const model = {
      account: { name: user.name, email: user.email },
      organizations: memberships.map((one) => ({
        id: one.organizationId,
        name: one.organizationName,
        role: one.role,
      })),
      connectedApps: apps.map(({ consentId, ...app }) => ({
        ...app,
        disconnect: { action: `/connected-apps/${consentId}/disconnect`, csrf },
      })),
      signOut: { action: '/sign-out', csrf },
    };
    return sendPage(reply, pages.render('account', model));
  });

  door.get('/sign-in', async (request, reply) => {
    if (await sessions.current(request)) return reply.redirect('/', 303);
    return forms.signIn.show(reply, place);
  });
  door.post('/sign-in', async (request, reply) => {
    const signedIn = await forms.signIn.submit(request, reply, place);
    if (!signedIn) return reply;
    const { user, remember } = signedIn;
    await sessions.begin(request, reply, { userId: user.id, remember });
    return reply.redirect('/', 303);
  });

  if (platform.signUp.enabled) {
    door.get('/sign-up', async (_request, reply) => forms.signUp.show(reply, place));
    door.post('/sign-up', async (request, reply) => {
      const user = await forms.signUp.submit(request, reply, place);
      if (!user) return reply;
      await sessions.begin(request, reply, { userId: user.id, remember: false });
      return reply.redirect('/', 303);
    });
  }

  door.post('/sign-out', async (request, reply) => {
    const session = await sessions.current(request);
    await sessions.end(request, reply);
    if (session) {
      const { ip: address, id: requestId } = request;
      await identity.recordSignOut({ userId: session.userId, address, requestId });
    }
    return sendPage(reply, pages.render('signed-out', { signInUrl: place.signInUrl }));
  });
}
