import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { csrfToken, sendPage } from '../doors/browser.ts';
import { maskedEmail } from '../lib/masked-email.ts';
import type { BrowserSessions } from '../oauth/sessions/browser-sessions.ts';
import type { InvitationPage } from '../pages/organization-models.ts';
import type { Pages } from '../pages/render.ts';
import type { Platform } from '../platform/platform.ts';
import type { IdentityService } from './identity.service.ts';
import type { User } from './identity.ts';
import type { PresentedInvitation } from './invitation.ts';
import type { Invitations } from './invitations.service.ts';

export interface InvitationRoutesDependencies {
  pages: Pages;
  platform: Platform;
  identity: Pick<IdentityService, 'findActiveUser'>;
  invitations: Invitations;
  sessions: BrowserSessions;
}

const PATH = '/invitations/:token';

/** Where the link of an invitation leads: whoever holds it signs in, comes back, and joins. */
export async function invitationRoutes(door: FastifyInstance, deps: InvitationRoutesDependencies) {
  const { pages, identity, invitations, sessions } = deps;

  async function visitorOf(request: FastifyRequest): Promise<User | undefined> {
    const session = await sessions.current(request);
    return session && (await identity.findActiveUser(session.userId));
  }

  async function show(request: FastifyRequest, reply: FastifyReply, status = 200) {
    const invitation = await invitations.find(tokenIn(request));
    if (!invitation) return gone(reply);
    const visitor = visitorIn(deps, request, reply, invitation, await visitorOf(request));
    return sendPage(reply, pages.render('invitations/invitation', visitor), status);
  }

  /** Unknown, used, taken back, expired: whoever holds such a link hears one and the same. */
  const gone = (reply: FastifyReply) =>
    sendPage(reply, pages.render('invitations/gone', { homeUrl: '/' }), 404);

  door.get(PATH, (request, reply) => show(request, reply));

  door.post(PATH, async (request, reply) => {
    const user = await visitorOf(request);
    if (!user) return reply.redirect(signInUrl(request), 303);
    const accepted = await invitations.accept(tokenIn(request), user.id, {
      actor: { kind: 'user', id: user.id },
      ...{ address: request.ip, requestId: request.id },
    });
    if (accepted.outcome === 'other_account') return show(request, reply, 403);
    if (accepted.outcome === 'not_found') return gone(reply);
    const path = `/dashboard/organizations/${accepted.organizationId}`;
    const joined = accepted.outcome === 'accepted' ? '?done=organization_joined' : '';
    return reply.redirect(`${path}${joined}`, 303);
  });

  door.post(`${PATH}/switch-account`, async (request, reply) => {
    await sessions.end(request, reply);
    return reply.redirect(signInUrl(request), 303);
  });
}

const tokenIn = ({ params }: FastifyRequest): string => (params as { token: string }).token;

const pathOf = (request: FastifyRequest): string =>
  `/invitations/${encodeURIComponent(tokenIn(request))}`;

/** Signing in comes back here. */
const signInUrl = (request: FastifyRequest): string =>
  `/sign-in?return_to=${encodeURIComponent(pathOf(request))}`;

function visitorIn(
  { platform }: InvitationRoutesDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  invitation: PresentedInvitation,
  user: User | undefined,
): InvitationPage {
  const { organizationName: organization, inviterName, role, expiresAt, email } = invitation;
  const about = {
    ...{ organization, role, expires: expiresAt },
    ...(inviterName ? { inviter: inviterName } : {}),
  };
  const masked = { ...about, email: maskedEmail(email) };
  const path = pathOf(request);
  if (!user) {
    const signIn = signInUrl(request);
    const signUp = { signUpUrl: signIn.replace('/sign-in', '/sign-up') };
    const offered = platform.signUp.enabled ? signUp : {};
    return { ...masked, visitor: { kind: 'stranger', signInUrl: signIn, ...offered } };
  }
  const account = { name: user.name, email: user.email };
  const csrf = csrfToken(reply);
  if (user.email !== email) {
    const switchAccount = { action: `${path}/switch-account`, csrf };
    return { ...masked, visitor: { kind: 'somebody_else', account, switchAccount } };
  }
  const form = { action: path, csrf };
  return { ...about, email, visitor: { kind: 'invited', account, form, laterUrl: '/dashboard' } };
}
