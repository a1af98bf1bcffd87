import type { Frame } from './dashboard-models.ts';
import type { PlatformText } from './platform-text.ts';
import type { AccountIdentity, GuardedForm, MemberRole } from './view-models.ts';

// What the pages about an organization need to know: its people, its plan, its log.

export interface MemberRow {
  name: string;
  email: string;
  role: MemberRole;
  since: Date;
  href: string;
  /** Whoever looks. */
  self: boolean;
}

export interface InvitationRow {
  email: string;
  role: MemberRole;
  /** Absent: no person, or one who is gone. */
  inviter?: string;
  expires: Date;
  /** The words are `invitations.status.<status>`. */
  status: 'open' | 'expired' | 'void';
  /** Absent: it is not theirs to change. Field posted to renew: `form`. */
  change?: { renew: GuardedForm & { token: string }; revoke: GuardedForm };
}

export interface MembersPage {
  frame: Frame;
  members: readonly MemberRow[];
  /** Absent: they may not invite. */
  inviteUrl?: string;
  /** For those who may invite. */
  invitations?: readonly InvitationRow[];
  /** Of members. Absent on the first page, and on the last one. */
  firstUrl?: string;
  nextUrl?: string;
  /** Of invitations, of which the first are shown on every page of members. */
  nextInvitationsUrl?: string;
  /** Why an invitation was not sent again or revoked: the words are `invitations.error.<kind>`. */
  error?: InvitationError;
}

export type InvitationError =
  | { kind: 'role_out_of_reach' | 'gone' }
  | { kind: 'throttled'; waitSeconds: number };

export interface RoleChoice {
  role: MemberRole;
  chosen: boolean;
}

/** Field posted to change: `role`. */
export interface MemberPage {
  frame: Frame;
  member: MemberRow;
  listUrl: string;
  /** Absent: it is not theirs to change. */
  change?: GuardedForm & { roles: readonly RoleChoice[] };
  /** Where the membership is ended, for whoever may. */
  removeUrl?: string;
  /** Why what was just asked for was not done: the words are `member.error.<kind>`. */
  error?: MemberError;
}

export type MemberError = 'last_owner' | 'role_out_of_reach' | 'role';

export interface MemberRemovePage {
  frame: Frame;
  /** `leave`: their own membership. */
  kind: 'remove' | 'leave';
  member: MemberRow;
  organization: string;
  form: GuardedForm;
  cancelUrl: string;
  error?: MemberError;
}

/** The words are `invite.error.<field>.<kind>`. */
export type InviteError =
  | { field: 'email'; kind: 'required' | 'invalid' | 'already_member' | 'already_invited' }
  | { field: 'role'; kind: 'out_of_reach' }
  | { field: 'form'; kind: 'too_many'; most: number }
  | { field: 'form'; kind: 'throttled'; waitSeconds: number };

/** Fields posted: `form`, `email`, `role`. */
export interface InvitePage {
  frame: Frame;
  form: GuardedForm;
  /** One invitation at the most is made of it. */
  token: string;
  listUrl: string;
  organization: string;
  email: string;
  roles: readonly RoleChoice[];
  error?: InviteError;
}

/** The one page that shows an invitation's link. */
export interface InvitationLinkPage {
  frame: Frame;
  outcome: 'invited' | 'renewed';
  email: string;
  role: MemberRole;
  link: string;
  expires: Date;
  listUrl: string;
}

/** Field posted: `name`. */
export interface SettingsPage {
  frame: Frame;
  id: string;
  name: string;
  /** Absent: it is not theirs to change. */
  form?: GuardedForm;
  /** The words are `settings.error.<error>`. */
  error?: OrganizationNameError;
  /** Where another one is founded; absent: the platform's operator makes them. */
  newUrl?: string;
  leaveUrl: string;
}

export type OrganizationNameError = 'required' | 'invalid' | 'too_long';

/** Fields posted: `form`, `name`. */
export interface NewOrganizationPage {
  frame: Frame;
  form: GuardedForm;
  /** One organization at the most is made of it. */
  token: string;
  name: string;
  error?: { field: 'name'; kind: OrganizationNameError } | { field: 'form'; most: number };
}

/** How often, in which time; null: for life. */
export interface LimitFigure {
  limit: number;
  windowSeconds: number | null;
}

export interface PlanPage {
  frame: Frame;
  /** Absent: the organization's plan left the platform file. */
  plan?: { title: PlatformText };
  modules: readonly { title: PlatformText; included: boolean }[];
  /** Used up together; absent: the counts can't be read at this moment. */
  quotas?: readonly (LimitFigure & { title: PlatformText; used: number; resets?: Date })[];
  /** `per`: who shares the count. */
  limits: readonly (LimitFigure & {
    title: PlatformText;
    per: 'credential' | 'organization';
    perKey: boolean;
  })[];
  /** Of every single credential, by its kind. */
  rates: readonly (LimitFigure & { kind: 'api_key' | 'access_token' | 'service_jwt' })[];
  usageUrl: string;
}

/** Who or what acted, or was acted upon: the words are `audit.party.<kind>`. */
export interface AuditParty {
  kind: string;
  /** Of a person who is still there. */
  name?: string;
  id?: string;
}

export interface AuditRow {
  id: string;
  when: Date;
  /** The type with `_` for its dot: the words are `audit.event.<event>`. */
  event: string;
  type: string;
  actor: AuditParty;
  /** Only what this one did. */
  actorUrl: string;
  target?: AuditParty;
  address?: string;
  details: readonly { name: string; value: string }[];
}

/** Query sent: `type`, `actor` (`<kind>:<id>`), `from`, `to` (days in UTC, both included). */
export interface AuditPage {
  frame: Frame;
  action: string;
  events: readonly AuditRow[];
  /** Types by what they are about: the words are `audit.group.<kind>`. */
  groups: readonly {
    kind: string;
    types: readonly { type: string; event: string; chosen: boolean }[];
  }[];
  actors: readonly (AuditParty & { value: string; chosen: boolean })[];
  /** `yyyy-mm-dd`, or empty. */
  from: string;
  to: string;
  /** Whether anything is left out by type, actor or day. */
  filtered: boolean;
  error?: 'dates';
  /** Absent on the first page, and on the last one. */
  firstUrl?: string;
  nextUrl?: string;
  /** The words are `audit.export.<kind>`. */
  exports: readonly { kind: 'csv' | 'jsonl'; href: string }[];
  /** Rows that a file has at the most. */
  mostRows: number;
}

/** Who holds a link to an invitation, and what they can do with it. */
export interface InvitationPage {
  organization: string;
  inviter?: string;
  role: MemberRole;
  expires: Date;
  /** The address in full only for its owner. */
  email: string;
  visitor:
    | { kind: 'stranger'; signInUrl: string; signUpUrl?: string }
    | { kind: 'invited'; account: AccountIdentity; form: GuardedForm; laterUrl: string }
    | { kind: 'somebody_else'; account: AccountIdentity; switchAccount: GuardedForm };
}

export interface InvitationGonePage {
  homeUrl: string;
}

/** Template name → its model. */
export interface OrganizationPages {
  'dashboard/members/list': MembersPage;
  'dashboard/members/detail': MemberPage;
  'dashboard/members/remove': MemberRemovePage;
  'dashboard/members/invite': InvitePage;
  'dashboard/members/link': InvitationLinkPage;
  'dashboard/organization/settings': SettingsPage;
  'dashboard/organization/new': NewOrganizationPage;
  'dashboard/organization/plan': PlanPage;
  'dashboard/organization/audit': AuditPage;
  'invitations/invitation': InvitationPage;
  'invitations/gone': InvitationGonePage;
}
