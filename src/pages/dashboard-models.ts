import type { AppPages } from './apps-models.ts';
import type { KeysPages } from './keys-models.ts';
import type { OperatorPages } from './operator-models.ts';
import type { OrganizationPages } from './organization-models.ts';
import type { SecurityPages } from './security-models.ts';
import type { ServiceAccountPages } from './service-account-models.ts';
import type { UsageChart, UsagePages } from './usage-models.ts';
import type { AccountIdentity, GuardedForm, OrganizationOption } from './view-models.ts';
import type { GivenUpView, WebhookPages } from './webhook-models.ts';

// What the pages of the dashboard need to know. Each has the frame it stands in.

/** A section's name: the words are `frame.section.<name>`, the icon is the one of that name. */
export type SectionName =
  | 'overview'
  | 'keys'
  | 'apps'
  | 'service_accounts'
  | 'webhooks'
  | 'usage'
  | 'members'
  | 'plan'
  | 'audit'
  | 'settings'
  | 'connected_apps'
  | 'security'
  | 'playground'
  | 'docs'
  | 'operator';

export interface SectionLink {
  name: SectionName;
  href: string;
  current: boolean;
}

/** The words are `frame.group.<name>`; the first group has none. */
export interface SectionGroup {
  name?: 'build' | 'organization' | 'account' | 'operator';
  /** What the platform calls it, in the place of those words. */
  title?: string;
  links: readonly SectionLink[];
}

/** What stands around a page: where one is, and where else one can go. */
export interface Frame {
  account: AccountIdentity;
  /** The one whose things are shown; absent where the page is about the person. */
  organization?: OrganizationOption;
  /** Every organization one may switch to, the current one included. */
  organizations: readonly { name: string; href: string; current: boolean }[];
  groups: readonly SectionGroup[];
  signOut: GuardedForm;
  /** What has just been done: the words are `notice.<name>`. */
  notice?: string;
}

/** A key that was found in public, and revoked: where, and since when that is known. */
export interface LeakNoticeView {
  name: string;
  href: string;
  /** Empty: nobody says. */
  place: string;
  date: Date;
  /** What was done with it to other keys, which go on working: the words are `leak.deeds.<kind>`. */
  deeds: readonly {
    kind: 'rotated' | 'changed';
    keys: readonly { name: string; href: string }[];
  }[];
  /** There are more of those than it names. */
  hasMoreDeeds?: true;
  /** For whoever may put the notice away. */
  dismiss?: GuardedForm;
}

export interface OverviewPage {
  frame: Frame;
  leaks: readonly LeakNoticeView[];
  givenUp: readonly GivenUpView[];
  /** Of the last day; absent where nothing was called, or there is no answer in time. */
  usage?: { chart: UsageChart; href: string };
  /** Where to begin, each with words of its own from `frame.section`. */
  start: readonly SectionLink[];
}

/** Somebody without an organization. */
export interface NoOrganizationPage {
  frame: Frame;
  /** Where one is founded; absent: only the platform's operator does. */
  newUrl?: string;
}

/** Template name → its model. */
export interface DashboardPages
  extends AppPages,
    KeysPages,
    OperatorPages,
    OrganizationPages,
    SecurityPages,
    ServiceAccountPages,
    UsagePages,
    WebhookPages {
  'dashboard/overview': OverviewPage;
  'dashboard/no-organization': NoOrganizationPage;
}
