import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { csrfToken, sendPage } from '../doors/browser.ts';
import { ownPathOf } from '../doors/own-path.ts';
import type { ConnectedApps } from '../oauth/consents/connected-apps.service.ts';
import type { BrowserSessions } from '../oauth/sessions/browser-sessions.ts';
import { destinations } from '../pages/destinations.ts';
import type { Pages } from '../pages/render.ts';
import type { Platform } from '../platform/platform.ts';
import type { AccountForms, FormPlace, SubmitProof } from './account-forms.ts';
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
  const placeFor = (request: FastifyRequest): FormPlace => {
    const { return_to: wanted } = request.query as { return_to?: unknown };
    const back = wanted === undefined ? '' : `?return_to=${encodeURIComponent(returnTo(request))}`;
    const again = asksAgain(request);
    const query = again ? `${back}${back ? '&' : '?'}again=yes` : back;
    return {
      signInUrl: `/sign-in${query}`,
      signUpUrl: platform.signUp.enabled && !again ? `/sign-up${query}` : undefined,
      secondStepUrl: `/sign-in/second-step${query}`,
      passkeyUrl: `/sign-in/passkey${query}`,
      again,
      continueTo: undefined,
    };
  };

  door.get('/', async (request, reply) => {
    const place = placeFor(request);
    const session = await sessions.current(request);
    const user = session && (await identity.findUser(session.userId));
    if (!user) {
      const home = {
        signInUrl: place.signInUrl,
        ...(place.signUpUrl ? { signUpUrl: place.signUpUrl } : {}),
        destinations: destinations('playground', 'docs', 'reference', 'metadata'),
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
      destinations: destinations('dashboard', 'playground', 'docs', 'reference'),
    };
    return sendPage(reply, pages.render('account', model));
  });

  signInRoutes(door, deps, placeFor);
  if (platform.signUp.enabled) {
    door.get('/sign-up', async (request, reply) => forms.signUp.show(reply, placeFor(request)));
    door.post('/sign-up', async (request, reply) => {
      const user = await forms.signUp.submit(request, reply, placeFor(request));
      if (!user) return reply;
      await sessions.begin(request, reply, { userId: user.id, remember: false });
      return reply.redirect(returnTo(request), 303);
    });
  }

  door.post('/sign-out', async (request, reply) => {
    await sessions.end(request, reply);
    return sendPage(reply, pages.render('signed-out', { signInUrl: '/sign-in' }));
  });
}

/** With a password, with what may follow it, or with a passkey. */
function signInRoutes(
  door: FastifyInstance,
  { forms, sessions }: AccountRoutesDependencies,
  placeFor: (request: FastifyRequest) => FormPlace,
): void {
  door.get('/sign-in', async (request, reply) => {
    if (!asksAgain(request) && (await sessions.current(request))) {
      return reply.redirect(returnTo(request), 303);
    }
    return forms.signIn.show(reply, placeFor(request));
  });
  const enter =
    (submit: SubmitProof) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const isIn = await submit(request, reply, placeFor(request), async (proven, admission) => {
        const { user, amr } = proven;
        const before = asksAgain(request) ? await sessions.current(request) : undefined;
        const remember = before?.userId === user.id ? before.remembered : proven.remember;
        const entrant = { userId: user.id, remember, amr };
        return (await sessions.begin(request, reply, entrant, admission)) !== undefined;
      });
      return isIn ? reply.redirect(returnTo(request), 303) : reply;
    };
  door.post('/sign-in', enter(forms.signIn.submit));
  door.get('/sign-in/second-step', async (request, reply) =>
    forms.secondStep.show(request, reply, placeFor(request)),
  );
  door.post('/sign-in/second-step', enter(forms.secondStep.submit));
  // A reload of a form that was answered with its errors begins anew.
  door.get('/sign-in/passkey', async (request, reply) =>
    reply.redirect(placeFor(request).signInUrl, 303),
  );
  door.post('/sign-in/passkey', enter(forms.signIn.submitPasskey));
}

/** Somebody who is signed in shall prove once more who they are. */
const asksAgain = ({ query }: FastifyRequest) => (query as { again?: unknown }).again === 'yes';

/** Where they wanted to go before they were asked to sign in: a page of this server, else its first. */
const returnTo = ({ query }: FastifyRequest): string =>
  ownPathOf((query as { return_to?: unknown }).return_to);
