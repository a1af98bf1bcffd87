import { ROLES, type Role } from '../identity/identity.ts';
import { mayGive, type OpenInvitation } from '../identity/invitation.ts';
import type { Member } from '../identity/members.store.ts';
import type { InvitationRow, MemberRow, RoleChoice } from '../pages/organization-models.ts';
import { pathOf } from './frame.ts';
import type { OrganizationVisit } from './visit.ts';

export function memberRow(visit: OrganizationVisit, member: Member): MemberRow {
  const { userId, name, email, role, since } = member;
  const href = `${pathOf('members', visit.organization.id)}/${userId}`;
  return { name, email, role, since, href, self: userId === visit.user.id };
}

/** Roles that somebody may give, the least powerful first. */
export const roleChoices = (visit: OrganizationVisit, chosen: string): RoleChoice[] =>
  ROLES.filter((role) => mayGive(visit.role, role))
    .map((role) => ({ role, chosen: role === chosen }))
    .reverse();

/** Whether somebody may end a membership: their own, or one that is not above them. */
export const mayEnd = ({ user, role }: OrganizationVisit, userId: string, current: Role): boolean =>
  userId === user.id || mayGive(role, current);

/** @param newToken for the form that makes a new link */
export function invitationRow(
  visit: OrganizationVisit,
  invitation: OpenInvitation,
  newToken: () => string,
): InvitationRow {
  const { id, email, role, inviterName, expiresAt, status } = invitation;
  const { csrf } = visit;
  const url = `${pathOf('members', visit.organization.id)}/invitations/${id}`;
  const change = {
    renew: { action: `${url}/renew`, csrf, token: newToken() },
    revoke: { action: `${url}/revoke`, csrf },
  };
  return {
    ...{ email, role, expires: expiresAt, status },
    ...(inviterName ? { inviter: inviterName } : {}),
    ...(mayGive(visit.role, role) ? { change } : {}),
  };
}
