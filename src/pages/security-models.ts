import type { Frame } from './dashboard-models.ts';
import type { ConnectedApp, GuardedForm, WaitError } from './view-models.ts';

// What the pages about a person's own security need to know.

/** Asks for a passkey. Fields posted: `_csrf` `credential`, in JSON, and those of its page. */
export interface PasskeyForm extends GuardedForm {
  /** For `navigator.credentials`, in JSON. */
  options: string;
}

/** Fields posted: `_csrf` `remember` and `credential` or `code`. */
export interface SecondStepPage extends GuardedForm {
  /** Who has given the password. */
  email: string;
  continueTo?: string;
  remember?: boolean;
  /** Where to begin anew. */
  signInUrl: string;
  /** For `navigator.credentials`, in JSON; absent: this address has no passkeys. */
  options?: string;
  error?: { kind: 'passkey' | 'code' } | WaitError;
}

export interface SessionRow {
  /** As far as its user agent says. */
  browser?: string;
  system?: string;
  address?: string;
  since: Date;
  /** To the hour; absent where it isn't known, and for the one that looks at the page. */
  lastSeen?: Date;
  /** Absent for the one that looks at the page. */
  end?: GuardedForm;
}

export interface PasskeyRow {
  name: string;
  since: Date;
  lastUsed?: Date;
  backedUp: boolean;
  editUrl: string;
}

/** Fields posted: `_csrf` `current_password` `new_password`. */
export interface PasswordForm extends GuardedForm {
  errors?: {
    current_password?: 'rejected';
    new_password?: 'too_short' | 'too_long' | 'too_common';
    form?: WaitError;
  };
}

/** `on`: a password alone doesn't sign in. */
export type SecondFactorState = {
  on: boolean;
  codesLeft: number;
};

export interface SecurityPage {
  frame: Frame;
  sessions: readonly SessionRow[];
  /** Absent: there are no others. */
  endOthers?: GuardedForm;
  password: PasswordForm;
  passkeys: readonly PasskeyRow[];
  secondFactor: SecondFactorState;
  /** Browsers know passkeys here. */
  passkeysPossible: boolean;
  /** They have signed in a while ago: where to do so again, before passkeys are changed. */
  confirmUrl?: string;
  /** Absent while they have to confirm who they are. */
  change?: {
    /** With the field `name`. */
    add?: PasskeyForm;
    turnOn?: GuardedForm & { form: string };
    turnOff?: GuardedForm;
    renewCodes?: GuardedForm & { form: string };
  };
  /** What was typed as the new passkey's name. */
  passkeyName?: string;
  error?: SecurityError;
}

/** The words are `security.error.<kind>`. */
export type SecurityError =
  | 'passkey_rejected'
  | 'passkey_too_many'
  | 'passkey_name_required'
  | 'passkey_name_invalid'
  | 'passkey_name_too_long';

/** One passkey: its name, and its end. Fields posted: `_csrf` `name`. */
export interface PasskeyPage {
  frame: Frame;
  name: string;
  /** What was typed before. */
  typed?: string;
  error?: 'required' | 'invalid' | 'too_long' | 'needed';
  backUrl: string;
  rename: GuardedForm;
  remove: GuardedForm;
}

/** The one page that shows recovery codes. */
export interface RecoveryCodesPage {
  frame: Frame;
  /** They come with the second step, or take the place of earlier ones. */
  reason: 'turned_on' | 'renewed';
  codes: readonly string[];
  doneUrl: string;
}

export interface ConnectedAppsPage {
  frame: Frame;
  apps: readonly ConnectedApp[];
}

/** Template name → its model. */
export interface SecurityPages {
  'second-step': SecondStepPage;
  'dashboard/security/overview': SecurityPage;
  'dashboard/security/passkey': PasskeyPage;
  'dashboard/security/recovery-codes': RecoveryCodesPage;
  'dashboard/connected-apps': ConnectedAppsPage;
}
