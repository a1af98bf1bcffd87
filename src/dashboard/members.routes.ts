import type { FastifyReply } from 'fastify';
import type { Database } from '../database/database.ts';
import { sendPage } from '../doors/browser.ts';
import type { IdentityService } from '../identity/identity.service.ts';
import { IdentityError, isRole, type Role } from '../identity/identity.ts';
import { mayGive } from '../identity/invitation.ts';
import type { Invitations } from '../identity/invitations.service.ts';
import { findMember, listMembers, type Member } from '../identity/members.store.ts';
import { InvalidCursorError } from '../lib/cursor.ts';
import type { InvitationError, MemberError } from '../pages/organization-models.ts';
import { type Area, OF_ORGANIZATION } from './area.ts';
import { frameOf, pathOf } from './frame.ts';
import { isManager, managersOnly } from './managers.ts';
import { invitationRow, mayEnd, memberRow, roleChoices } from './member-view.ts';
import { noticeOf } from './notices.ts';
import { type OrganizationVisit, PageNotFoundError } from './visit.ts';

export interface MembersDependencies {
  database: Database;
  identity: IdentityService;
  invitations: Invitations;
}

const PAGE_SIZE = 50;
const MEMBER = `${OF_ORGANIZATION}/members/:user`;
const NOTICES = ['member_removed', 'invitation_revoked', 'invitation_sent_before'];

/** Who belongs to the organization. */
export function memberRoutes(area: Area, deps: MembersDependencies): void {
  const { door, visits } = area;
  door.get(
    `${OF_ORGANIZATION}/members`,
    visits.ofOrganization((visit) => showMembers(area, deps, visit)),
  );
  detailRoutes(area, deps);
  removalRoutes(area, deps);
}

/** @param error why an invitation was not sent again or revoked */
export async function showMembers(
  { pages, platform, sentForms }: Area,
  { database, invitations }: MembersDependencies,
  visit: OrganizationVisit,
  error?: { status: number; why: InvitationError },
): Promise<FastifyReply> {
  const { id } = visit.organization;
  const url = pathOf('members', id);
  const { cursor, invitations: older } = visit.request.query as Record<string, unknown>;
  const limit = PAGE_SIZE;
  const members = await listOr404(
    listMembers(database.pool, id, { cursor: textOf(cursor), limit }),
  );
  const open = isManager(visit)
    ? await listOr404(invitations.listOpen(id, { cursor: textOf(older), limit }))
    : undefined;
  const html = pages.render('dashboard/members/list', {
    frame: frameOf(visit, platform, {
      ...{ section: 'members', csrf: visit.csrf },
      ...noticeOf(visit, NOTICES),
    }),
    members: members.items.map((member) => memberRow(visit, member)),
    ...(cursor ? { firstUrl: url } : {}),
    ...(members.nextCursor ? { nextUrl: `${url}?cursor=${members.nextCursor}` } : {}),
    ...(open && {
      inviteUrl: `${url}/invite`,
      invitations: open.items.map((one) => invitationRow(visit, one, sentForms.newToken)),
      ...(open.nextCursor ? { nextInvitationsUrl: `${url}?invitations=${open.nextCursor}` } : {}),
    }),
    ...(error ? { error: error.why } : {}),
  });
  return sendPage(visit.reply, html, error?.status);
}

/** @throws PageNotFoundError for what came twice */
function textOf(value: unknown): string | undefined {
  if (value !== undefined && typeof value !== 'string') throw new PageNotFoundError();
  return value;
}

/** @throws PageNotFoundError for a cursor that no list gave out */
async function listOr404<Page>(list: Promise<Page>): Promise<Page> {
  return list.catch((error: unknown) => {
    throw error instanceof InvalidCursorError ? new PageNotFoundError() : error;
  });
}

/** @throws PageNotFoundError for somebody who is no member */
async function memberOf(visit: OrganizationVisit, database: Database): Promise<Member> {
  const { user } = visit.request.params as { user: string };
  const member = await findMember(database.pool, visit.organization.id, user);
  if (!member) throw new PageNotFoundError();
  return member;
}

function detailRoutes(area: Area, { database, identity }: MembersDependencies): void {
  const { door, visits } = area;
  door.get(
    MEMBER,
    visits.ofOrganization(async (visit) =>
      showMember(area, visit, await memberOf(visit, database)),
    ),
  );
  door.post(
    MEMBER,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      const member = await memberOf(visit, database);
      const { role } = (visit.request.body ?? {}) as { role?: unknown };
      if (typeof role !== 'string' || !isRole(role)) return showMember(area, visit, member, 'role');
      const wanted = { userId: member.userId, organizationId: visit.organization.id, role };
      const permits = (current: Role) => mayGive(visit.role, current) && mayGive(visit.role, role);
      const changed = await refusalOr(
        identity.memberships.changeRole(wanted, visit.audit, permits),
      );
      if (typeof changed === 'string') return showMember(area, visit, member, changed);
      if (!changed) throw new PageNotFoundError();
      const { href } = memberRow(visit, member);
      return visit.reply.redirect(`${href}?done=member_changed`, 303);
    }),
  );
}

function showMember(
  { pages, platform }: Area,
  visit: OrganizationVisit,
  member: Member,
  error?: MemberError,
): FastifyReply {
  const row = memberRow(visit, member);
  const change = {
    ...{ action: row.href, csrf: visit.csrf },
    roles: roleChoices(visit, member.role),
  };
  const html = pages.render('dashboard/members/detail', {
    frame: frameOf(visit, platform, {
      ...{ section: 'members', csrf: visit.csrf },
      ...noticeOf(visit, ['member_changed']),
    }),
    member: row,
    listUrl: pathOf('members', visit.organization.id),
    ...(mayGive(visit.role, member.role) ? { change } : {}),
    ...(mayEnd(visit, member.userId, member.role) ? { removeUrl: `${row.href}/remove` } : {}),
    ...(error ? { error } : {}),
  });
  return sendPage(visit.reply, html, statusOf(error));
}

function removalRoutes(area: Area, { database, identity }: MembersDependencies): void {
  const { door, visits } = area;
  door.get(
    `${MEMBER}/remove`,
    visits.ofOrganization(async (visit) => {
      const member = await memberOf(visit, database);
      if (!mayEnd(visit, member.userId, member.role)) managersOnly(visit);
      return showRemoval(area, visit, member);
    }),
  );
  door.post(
    `${MEMBER}/remove`,
    visits.ofOrganization(async (visit) => {
      const { userId, ...member } = await memberOf(visit, database);
      const isOwn = userId === visit.user.id;
      if (!isOwn) managersOnly(visit);
      const permits = (current: Role) => mayEnd(visit, userId, current);
      const { id } = visit.organization;
      const ended = await refusalOr(identity.memberships.remove(userId, id, visit.audit, permits));
      if (typeof ended === 'string') return showRemoval(area, visit, { userId, ...member }, ended);
      if (!ended) throw new PageNotFoundError();
      if (isOwn) return visit.reply.redirect('/dashboard?done=organization_left', 303);
      return visit.reply.redirect(`${pathOf('members', id)}?done=member_removed`, 303);
    }),
  );
}

function showRemoval(
  { pages, platform }: Area,
  visit: OrganizationVisit,
  member: Member,
  error?: MemberError,
): FastifyReply {
  const row = memberRow(visit, member);
  const html = pages.render('dashboard/members/remove', {
    frame: frameOf(visit, platform, { section: 'members', csrf: visit.csrf }),
    kind: row.self ? 'leave' : 'remove',
    member: row,
    organization: visit.organization.name,
    form: { action: `${row.href}/remove`, csrf: visit.csrf },
    cancelUrl: row.href,
    ...(error ? { error } : {}),
  });
  return sendPage(visit.reply, html, statusOf(error));
}

const statusOf = (error: MemberError | undefined): number =>
  error === undefined ? 200 : error === 'role_out_of_reach' ? 403 : 422;

/** What the rules of memberships refuse, as something to say. */
async function refusalOr<Done>(
  change: Promise<Done>,
): Promise<Done | 'last_owner' | 'role_out_of_reach'> {
  try {
    return await change;
  } catch (error) {
    const code = error instanceof IdentityError ? error.code : undefined;
    if (code === 'last_owner' || code === 'role_out_of_reach') return code;
    throw error;
  }
}
