import type { RedirectUriFault } from '../oauth/redirect-uris.ts';
import type { Frame } from './dashboard-models.ts';
import type { MakerView } from './keys-models.ts';
import type { GuardedForm, Permission } from './view-models.ts';

// The pages about an organization's OAuth clients.

/** What an app is, and so how it proves who it is; `other` elsewhere: made by the API, in some other way. */
export type AppKind = 'web' | 'single_page' | 'native' | 'service';

export interface AppRow {
  name: string;
  href: string;
  clientId: string;
  kind: AppKind | 'other';
  disabled: boolean;
  since: Date;
}

export interface AppsPage {
  frame: Frame;
  apps: readonly AppRow[];
  /** Absent for whoever may only look. */
  newUrl?: string;
  /** The older ones. */
  nextUrl?: string;
}

/** What was typed. */
export interface AppText {
  kind?: string | undefined;
  name: string;
  /** One a line. */
  redirectUris: string;
  scopes: readonly string[];
  clientUri: string;
  tosUri: string;
  policyUri: string;
}

/** Why a redirect URI cannot be this app's. */
export interface RedirectProblem {
  uri: string;
  kind: RedirectUriFault | 'web_only' | 'secure_loopback' | 'too_long';
}

/** At most one a field. */
export interface AppErrors {
  kind?: 'required';
  name?: 'required' | 'invalid' | 'too_long';
  redirect_uris?: 'required' | 'wrong' | 'too_many';
  scope?: 'beyond';
  client_uri?: 'invalid';
  tos_uri?: 'invalid';
  policy_uri?: 'invalid';
  /** The service's own words, for what no field can be blamed for. */
  form?: { kind: 'refused'; detail: string };
}

/**
 * Fields posted: `_csrf` `form` `kind` (of a new one) `name` `redirect_uris` `scope` (each that is ticked)
 * `client_uri` `tos_uri` `policy_uri`.
 */
export interface AppFormPage extends GuardedForm {
  frame: Frame;
  /** Of a new app: the token that lets the form be sent once. Absent: the app is there already. */
  form?: string;
  /** The app's name as it is; absent for a new one. */
  app?: string;
  /** Whether it sends people to sign in here. Of a new one the kind says so. */
  hasUsers: boolean;
  text: AppText;
  redirectProblems: readonly RedirectProblem[];
  /** Everything the person may hand on. */
  permissions: readonly Permission[];
  errors?: AppErrors;
  /** Where redirect URIs are checked while they are typed. */
  checkUrl: string;
  cancelUrl: string;
}

/** A part of the form by itself, for the script that asks while one types. */
export interface RedirectProblemsPart {
  redirectProblems: readonly RedirectProblem[];
}

/** This server, as an app's settings name it. The words are `apps.endpoint.<kind>`. */
export interface Endpoint {
  kind: 'issuer' | 'authorize' | 'token' | 'jwks' | 'discovery';
  url: string;
}

/** A secret, this once. */
export interface AppSecretPage {
  frame: Frame;
  outcome: 'created' | 'rotated';
  app: { name: string; clientId: string };
  secret: string;
  /** Until when the secret before it goes on working. */
  oldUntil?: Date;
  endpoints: readonly Endpoint[];
  nextUrl: string;
}

export interface AppPage {
  frame: Frame;
  app: AppRow & {
    authMethod: string;
    maker: MakerView;
    redirectUris: readonly string[];
    clientUri?: string;
    tosUri?: string;
    policyUri?: string;
  };
  permissions: readonly Permission[];
  /** Those that work; absent for an app that proves who it is in another way. */
  secrets?: readonly { hint: string; until?: Date }[];
  endpoints: readonly Endpoint[];
  /** Where it can be tried, and the redirect URI that it lacks for that. */
  playground?: { href: string; missingRedirectUri?: string };
  /** Absent for whoever may only look. */
  manage?: {
    editUrl: string;
    deleteUrl: string;
    /** Fields posted: `_csrf` `form` `overlap` (`none`, `hour`, `day`, `week` or `month`). Absent: it has no secret. */
    rotate?: GuardedForm & { form: string };
    /** Shuts it out, or lets it in. */
    toggle: GuardedForm;
    /** Scopes it may ask for and the person may not hand on: they can only shut it out or delete it. */
    beyond: readonly string[];
  };
}

export interface AppDeletePage extends GuardedForm {
  frame: Frame;
  app: string;
  cancelUrl: string;
}

/** Template name → its model. */
export interface AppPages {
  'dashboard/apps/list': AppsPage;
  'dashboard/apps/form': AppFormPage;
  'dashboard/apps/redirect-problems': RedirectProblemsPart;
  'dashboard/apps/secret': AppSecretPage;
  'dashboard/apps/detail': AppPage;
  'dashboard/apps/delete': AppDeletePage;
}
