import type { Frame } from './dashboard-models.ts';
import type { MakerView } from './keys-models.ts';
import type { GuardedForm, Permission } from './view-models.ts';

// The pages about programs that sign their own JWTs.

export interface AccountRow {
  name: string;
  href: string;
  id: string;
  /** How many there are. */
  keys: number;
  disabled: boolean;
  lastUsed?: Date;
}

export interface AccountsPage {
  frame: Frame;
  accounts: readonly AccountRow[];
  /** Absent for whoever may only look. */
  newUrl?: string;
  /** The older ones. */
  nextUrl?: string;
}

/** What was typed; a key only once it was found to be a public one. */
export interface AccountText {
  name: string;
  scopes: readonly string[];
  key: string;
}

/** Why what was pasted can't be a key of an account. */
export type KeyError =
  | { kind: 'required' | 'private' | 'unreadable' | 'several' | 'last' }
  /** The service's own words. */
  | { kind: 'refused'; detail: string };

/** At most one a field. */
export interface AccountErrors {
  name?: 'required' | 'invalid' | 'too_long';
  scope?: 'beyond';
  key?: KeyError;
}

/** Fields posted: `_csrf` `form` `name` `scope` (each that is ticked), and `key` of a new one. */
export interface AccountFormPage extends GuardedForm {
  frame: Frame;
  /** Of a new account: the token that lets the form be sent once. Absent: it is there already. */
  form?: string;
  /** Its name as it is; absent for a new one. */
  account?: string;
  text: AccountText;
  /** Everything the person may hand on. */
  permissions: readonly Permission[];
  errors?: AccountErrors;
  cancelUrl: string;
}

export interface AccountKey {
  kid: string;
  alg: string;
  added: Date;
  /** Field posted: `kid`. Absent for whoever may only look, and for the only key. */
  remove?: GuardedForm;
}

/** A program that signs a JWT, ready to run. */
export interface SigningSnippet {
  language: 'typescript' | 'python';
  code: string;
}

export interface AccountPage {
  frame: Frame;
  account: AccountRow & { since: Date; maker: MakerView };
  permissions: readonly Permission[];
  keys: readonly AccountKey[];
  snippets: readonly SigningSnippet[];
  /** Seconds: the longest life of a JWT. */
  longestLifeSeconds: number;
  /** Absent for whoever may only look. */
  manage?: {
    editUrl: string;
    deleteUrl: string;
    /** Field posted: `key`. Absent: it has as many as it may have. */
    addKey?: GuardedForm & { text: string; error?: KeyError };
    /** Shuts it out, or lets it in. */
    toggle: GuardedForm;
    /** Scopes it has and the person may not hand on: they can only shut it out or delete it. */
    beyond: readonly string[];
  };
}

export interface AccountDeletePage extends GuardedForm {
  frame: Frame;
  account: string;
  cancelUrl: string;
}

/** Template name → its model. */
export interface ServiceAccountPages {
  'dashboard/service-accounts/list': AccountsPage;
  'dashboard/service-accounts/form': AccountFormPage;
  'dashboard/service-accounts/detail': AccountPage;
  'dashboard/service-accounts/delete': AccountDeletePage;
}
