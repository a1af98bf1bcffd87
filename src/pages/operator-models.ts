import type { Frame } from './dashboard-models.ts';
import type { PlatformText } from './platform-text.ts';
import type { GuardedForm, MemberRole } from './view-models.ts';

// What the operator's pages need to know.

export type OperatorTab = 'organizations' | 'plans' | 'clients' | 'signing_keys' | 'throttles';

/** Each page's own place among the operator's. */
interface Tabs {
  frame: Frame;
  tabs: readonly { name: OperatorTab; href: string; current: boolean }[];
}

interface Paged {
  firstUrl?: string;
  nextUrl?: string;
}

export interface OperatorOrganizationsPage extends Tabs, Paged {
  /** Field `q`, with GET. */
  searchUrl: string;
  search: string;
  /** Only those on this plan: the search goes on among them, as field `plan`. */
  ofPlan?: { name: string; title: PlatformText };
  organizations: readonly {
    id: string;
    name: string;
    plan: PlatformText;
    since: Date;
    href: string;
  }[];
}

export interface OperatorClientRow {
  id: string;
  name: string;
  disabled: boolean;
  since: Date;
  /** Absent: the platform's own. */
  owner?: { name: string; href: string };
  toggle: GuardedForm & { kind: 'disable' | 'enable' };
}

export interface OperatorPlan {
  name: string;
  title: PlatformText;
  /** Still in the platform file. */
  declared: boolean;
  /** To whom, without anybody choosing. */
  given?: { kind: 'by_default' | 'to_strangers' };
  organizations: { count: number; href: string };
  /** Titles of those it includes. */
  modules: readonly PlatformText[];
  limits: readonly {
    title: PlatformText;
    kind: 'rate' | 'quota';
    per: 'credential' | 'organization' | 'identity';
    limit: number;
    windowSeconds: number | null;
    /** The plan's figure, not the limit's own. */
    own: boolean;
  }[];
}

export interface OperatorPlansPage extends Tabs {
  plans: readonly OperatorPlan[];
  /** Whatever the plan. */
  rates: readonly {
    kind: 'api_key' | 'access_token' | 'service_jwt' | 'playground_key';
    limit: number;
    windowSeconds: number;
  }[];
}

/** Field posted: `plan`. */
export interface OperatorOrganizationPage extends Tabs {
  id: string;
  name: string;
  plan: PlatformText;
  since: Date;
  listUrl: string;
  changePlan: GuardedForm;
  plans: readonly { name: string; title: PlatformText; current: boolean }[];
  planError?: boolean;
  members: readonly { name: string; email: string; role: MemberRole }[];
  moreMembers: boolean;
  clients: readonly { id: string; name: string; disabled: boolean; href: string }[];
  /** Where all of them are; absent: these are all. */
  moreClientsUrl?: string;
}

export interface OperatorClientsPage extends Tabs, Paged {
  /** Field `q`, with GET. */
  searchUrl: string;
  search: string;
  clients: readonly (OperatorClientRow & { href: string })[];
}

export interface OperatorClientPage extends Tabs, OperatorClientRow {
  listUrl: string;
  /** At the token endpoint. */
  proof: { kind: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none' };
  grantTypes: readonly string[];
  redirectUris: readonly string[];
  /** A scope of the protocol has no title. */
  scopes: readonly { name: string; title?: PlatformText }[];
  secrets: readonly { hint: string; until?: Date }[];
}

export interface OperatorSigningKeysPage extends Tabs {
  keys: readonly {
    kid: string;
    status: 'current' | 'next' | 'previous';
    activated?: Date;
    retires?: Date;
  }[];
  rotateUrl: string;
}

/** Field posted: `force`, `yes` or absent. */
export interface OperatorRotatePage {
  frame: Frame;
  form: GuardedForm;
  cancelUrl: string;
  /** The next key is too young; it may be forced. */
  waitSeconds?: number;
}

export interface OperatorCount {
  kind: 'account' | 'address' | 'sign_up';
  attempts: number;
  limit: number;
  until: Date;
  refused: boolean;
}

export interface OperatorThrottle extends OperatorCount {
  /** A masked e-mail address or a network; absent: it goes by no such name. */
  whom?: string;
  since: Date;
}

/** Field posted: `who`. */
export interface OperatorThrottlesPage extends Tabs, Paged {
  form: GuardedForm;
  who: string;
  error?: boolean;
  /** Absent: nobody has been looked for. */
  counts?: readonly OperatorCount[];
  clear: GuardedForm;
  /** Who has to wait; absent: somebody has been looked for. */
  refused?: readonly (OperatorThrottle & { href: string })[];
  listUrl: string;
}

/** Nothing is posted but that it shall be. */
export interface OperatorLiftPage extends OperatorThrottle {
  frame: Frame;
  form: GuardedForm;
  cancelUrl: string;
}

/** Template name → its model. */
export interface OperatorPages {
  'dashboard/operator/organizations': OperatorOrganizationsPage;
  'dashboard/operator/organization': OperatorOrganizationPage;
  'dashboard/operator/plans': OperatorPlansPage;
  'dashboard/operator/clients': OperatorClientsPage;
  'dashboard/operator/client': OperatorClientPage;
  'dashboard/operator/signing-keys': OperatorSigningKeysPage;
  'dashboard/operator/rotate': OperatorRotatePage;
  'dashboard/operator/throttles': OperatorThrottlesPage;
  'dashboard/operator/lift': OperatorLiftPage;
}
