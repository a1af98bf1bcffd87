import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import { isRole } from '../identity/identity.ts';
import type { Invitation } from '../identity/invitation.ts';
import type { InviteOutcome, RenewOutcome } from '../identity/invitations.service.ts';
import type { InvitationError, InviteError } from '../pages/organization-models.ts';
import { type Area, OF_ORGANIZATION } from './area.ts';
import { frameOf, pathOf } from './frame.ts';
import { managersOnly } from './managers.ts';
import { roleChoices } from './member-view.ts';
import { type MembersDependencies, showMembers } from './members.routes.ts';
import type { OrganizationVisit } from './visit.ts';

const INVITE = `${OF_ORGANIZATION}/members/invite`;
const INVITATION = `${OF_ORGANIZATION}/members/invitations/:invitation`;

interface Typed {
  email: string;
  role: string;
}

/** Invitations, for those who may send them. */
export function invitationRoutes(area: Area, deps: MembersDependencies): void {
  creationRoutes(area, deps);
  changeRoutes(area, deps);
}

function creationRoutes(area: Area, { invitations }: MembersDependencies): void {
  const { door, visits, sentForms } = area;
  door.get(
    INVITE,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      return showForm(area, visit, { email: '', role: 'member' });
    }),
  );
  door.post(
    INVITE,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      const { email, role, form } = (visit.request.body ?? {}) as Record<string, unknown>;
      const typed = { email: asText(email), role: asText(role) };
      if (!isRole(typed.role)) return showForm(area, visit, typed, OUT_OF_REACH);
      if (!(await sentForms.claim(visit.user.id, form))) return sendToList(visit);
      const organizationId = visit.organization.id;
      const wanted = { organizationId, email: typed.email, role: typed.role };
      const made = await invitations.invite(wanted, visit.audit);
      if (made.outcome === 'invited') return showLink(area, visit, made);
      return showForm(area, visit, typed, errorOf(made));
    }),
  );
}

const asText = (value: unknown): string =>
  typeof value === 'string' ? value.trim().slice(0, 1000) : '';

const OUT_OF_REACH: InviteError = { field: 'role', kind: 'out_of_reach' };

function errorOf(refused: Exclude<InviteOutcome, { outcome: 'invited' }>): InviteError {
  switch (refused.outcome) {
    case 'email_required':
      return { field: 'email', kind: 'required' };
    case 'email_invalid':
      return { field: 'email', kind: 'invalid' };
    case 'already_member':
    case 'already_invited':
      return { field: 'email', kind: refused.outcome };
    case 'too_many':
      return { field: 'form', kind: 'too_many', most: refused.most };
    case 'throttled':
      return { field: 'form', kind: 'throttled', waitSeconds: refused.retryAfterSeconds };
    default:
      return OUT_OF_REACH;
  }
}

function showForm(
  { pages, platform, sentForms }: Area,
  visit: OrganizationVisit,
  { email, role }: Typed,
  error?: InviteError,
): FastifyReply {
  const { csrf, reply } = visit;
  const listUrl = pathOf('members', visit.organization.id);
  if (error?.kind === 'throttled') reply.header('retry-after', String(error.waitSeconds));
  const html = pages.render('dashboard/members/invite', {
    frame: frameOf(visit, platform, { section: 'members', csrf }),
    form: { action: `${listUrl}/invite`, csrf },
    token: sentForms.newToken(),
    organization: visit.organization.name,
    ...{ listUrl, email, roles: roleChoices(visit, role) },
    ...(error ? { error } : {}),
  });
  const refused = error?.kind === 'throttled' ? 429 : 422;
  return sendPage(reply, html, error ? refused : 200);
}

/** The one time a link is shown: in the answer to the form that made it, and at no address. */
function showLink(
  { pages, platform, issuer }: Area,
  visit: OrganizationVisit,
  sent: { outcome: 'invited' | 'renewed'; invitation: Invitation; token: string },
): FastifyReply {
  const { email, role, expiresAt: expires } = sent.invitation;
  const html = pages.render('dashboard/members/link', {
    frame: frameOf(visit, platform, { section: 'members', csrf: visit.csrf }),
    ...{ outcome: sent.outcome, email, role, expires },
    link: `${issuer}/invitations/${sent.token}`,
    listUrl: pathOf('members', visit.organization.id),
  });
  return sendPage(visit.reply, html, sent.outcome === 'invited' ? 201 : 200);
}

const sendToList = (visit: OrganizationVisit, done = 'invitation_sent_before'): FastifyReply =>
  visit.reply.redirect(`${pathOf('members', visit.organization.id)}?done=${done}`, 303);

function changeRoutes(area: Area, deps: MembersDependencies): void {
  const { door, visits, sentForms } = area;
  const { invitations } = deps;
  door.post(
    `${INVITATION}/renew`,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      const { form } = (visit.request.body ?? {}) as { form?: unknown };
      if (!(await sentForms.claim(visit.user.id, form))) return sendToList(visit);
      const { id } = visit.organization;
      const sent = await invitations.renew(id, invitationIn(visit), visit.audit);
      if (sent.outcome === 'renewed') return showLink(area, visit, sent);
      return showMembers(area, deps, visit, refusalOf(visit, sent));
    }),
  );
  door.post(
    `${INVITATION}/revoke`,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      const { id } = visit.organization;
      const outcome = await invitations.revoke(id, invitationIn(visit), visit.audit);
      if (outcome === 'revoked') return sendToList(visit, 'invitation_revoked');
      return showMembers(area, deps, visit, refusalOf(visit, { outcome }));
    }),
  );
}

const invitationIn = ({ request }: OrganizationVisit): string =>
  (request.params as { invitation: string }).invitation;

function refusalOf(
  { reply }: OrganizationVisit,
  refused: Exclude<RenewOutcome, { outcome: 'renewed' }>,
): { status: number; why: InvitationError } {
  if (refused.outcome === 'throttled') {
    const { retryAfterSeconds: waitSeconds } = refused;
    reply.header('retry-after', String(waitSeconds));
    return { status: 429, why: { kind: 'throttled', waitSeconds } };
  }
  if (refused.outcome === 'not_found') return { status: 404, why: { kind: 'gone' } };
  return { status: 403, why: { kind: 'role_out_of_reach' } };
}
