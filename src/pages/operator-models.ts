import type { Frame } from './dashboard-models.ts';
import type { GuardedForm, MemberRole } from './view-models.ts';

// What the operator's pages need to know.

export type OperatorTab = 'organizations' | 'clients' | 'signing_keys' | 'throttles';

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
  organizations: readonly { id: string; name: string; plan: string; since: Date; href: string }[];
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

/** Field posted: `plan`. */
export interface OperatorOrganizationPage extends Tabs {
  id: string;
  name: string;
  plan: string;
  since: Date;
  listUrl: string;
  changePlan: GuardedForm;
  plans: readonly { name: string; title: string; current: boolean }[];
  planError?: boolean;
  members: readonly { name: string; email: string; role: MemberRole }[];
  moreMembers: boolean;
  clients: readonly { id: string; name: string; disabled: boolean }[];
  moreClients: boolean;
}

export interface OperatorClientsPage extends Tabs, Paged {
  clients: readonly OperatorClientRow[];
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

/** Field posted: `who`. */
export interface OperatorThrottlesPage extends Tabs {
  form: GuardedForm;
  who: string;
  error?: boolean;
  /** Absent: nobody has been looked for. */
  counts?: readonly {
    kind: 'account' | 'address' | 'sign_up';
    attempts: number;
    limit: number;
    until: Date;
    refused: boolean;
  }[];
  clear: GuardedForm;
}

/** Template name → its model. */
export interface OperatorPages {
  'dashboard/operator/organizations': OperatorOrganizationsPage;
  'dashboard/operator/organization': OperatorOrganizationPage;
  'dashboard/operator/clients': OperatorClientsPage;
  'dashboard/operator/signing-keys': OperatorSigningKeysPage;
  'dashboard/operator/rotate': OperatorRotatePage;
  'dashboard/operator/throttles': OperatorThrottlesPage;
}
