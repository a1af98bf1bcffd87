import type { DashboardPages } from './dashboard-models.ts';
import type { DocumentationPages } from './docs-models.ts';
import type { PlatformText } from './platform-text.ts';
import type { PlaygroundPages } from './playground-models.ts';
import type { PasskeyForm } from './security-models.ts';

/** What each page needs to know. Words are not in here: they live in words/, chosen by key. */

/** The platform as people meet it. One per process, given to createPages. */
export interface PlatformBrand {
  name: string;
  /** `#rgb` or `#rrggbb`; every shade the pages use is derived from it (theme.ts). */
  accent: string;
  /** The accent by night. Default: `accent`, lightened as far as its contrast needs. */
  accentDark?: string;
  /** Shown in the footer of every page, in this order, where given. */
  links?: { docs?: string; support?: string; terms?: string; privacy?: string };
}

/** A form that our own door protects: where it posts to, and its CSRF token (field `_csrf`). */
export interface GuardedForm {
  action: string;
  csrf: string;
}

/** A form of the protocol's: what the library made is taken apart by readProviderForm. */
export interface ProviderForm {
  action: string;
  fields: readonly { name: string; value: string }[];
}

/** The client as the person who is asked should see it. */
export interface AppIdentity {
  name: string;
  /** The organization that registered it; absent for one that registered itself. */
  publisher?: string;
  /** Links from the app's own registration: only http(s) ones are rendered. */
  homeUrl?: string;
  termsUrl?: string;
  privacyUrl?: string;
}

export interface AccountIdentity {
  name: string;
  email: string;
}

/** Fields posted: `_csrf` `email` `password` `remember` (`yes` or absent). */
export interface SignInPage extends GuardedForm {
  /** Keeps the interaction, so that signing up also continues to the app. Absent: no sign-up. */
  signUpUrl?: string;
  /** The name of the app that asked, when in an interaction. */
  continueTo?: string;
  /** What was typed before, or the client's login_hint. */
  email?: string;
  remember?: boolean;
  /** They are signed in, and asked once more who they are. */
  again?: boolean;
  /** Instead of the password; absent: this address has no passkeys. */
  passkey?: PasskeyForm;
  error?: SignInError;
}

/** `credentials` is the only answer to a failed sign-in, whatever the cause; `passkey` to one with a passkey. */
export type SignInError = { kind: 'credentials' | 'passkey' } | WaitError;

/** Too many attempts, or (overloaded) too many people at once. */
export interface WaitError {
  kind: 'throttled' | 'overloaded';
  waitSeconds: number;
}

/** Fields posted: `_csrf` `name` `email` `password` `organization`. */
export interface SignUpPage extends GuardedForm {
  /** Keeps the interaction. */
  signInUrl: string;
  continueTo?: string;
  /** What was typed before; a password is never sent back. */
  values?: { name?: string; email?: string; organization?: string };
  errors?: SignUpErrors;
}

/** At most one per field; the codes are identity's. */
export interface SignUpErrors {
  name?: 'required' | 'invalid' | 'too_long';
  email?: 'required' | 'invalid';
  password?: 'too_short' | 'too_long' | 'too_common';
  organization?: 'invalid' | 'too_long';
  /** About the whole form. `refused` says nothing of whether the address is known. */
  form?: { kind: 'refused' } | WaitError;
}

/** How the consent page groups what an app may do; the scopes' own `access`. */
export type Access = 'read' | 'write' | 'admin';

export interface Permission {
  scope: string;
  title: PlatformText;
  description?: PlatformText;
  access: Access;
  /** Some of the organizations to choose from, by name: the person's role there does not include it. */
  notIn?: readonly string[];
}

/** OpenID Connect's own scopes, which have fixed words. */
export type IdentityScope = 'openid' | 'profile' | 'email';

/** Where the answer goes: a host of the web, or an app here (custom scheme or loopback). */
export type RedirectTarget = { kind: 'host'; host: string } | { kind: 'device' };

export type MemberRole = 'owner' | 'admin' | 'member';

export interface OrganizationOption {
  id: string;
  name: string;
  /** The person's role in it. */
  role?: MemberRole;
}

/** One that the person may choose for an app. */
export interface ConsentOrganization extends OrganizationOption {
  /** Their role there includes nothing of what is asked: it can't be chosen. */
  powerless?: boolean;
}

/**
 * Fields posted: `_csrf` `decision` (`allow` or `deny`) `organization_id` (when there is one to
 * grant for) `scope` (one per permission left ticked; required scopes are not among them).
 */
export interface ConsentPage extends GuardedForm {
  app: AppIdentity;
  redirect: RedirectTarget;
  account: AccountIdentity;
  /** Ends this session and asks again who is there. */
  switchAccount: GuardedForm;
  /**
   * None: the app asks only who you are. One: shown as text. More: a choice. All of them powerless: there
   * is nothing to allow, and no is the only answer.
   */
  organizations: readonly ConsentOrganization[];
  selectedOrganizationId?: string;
  /** Asked for and always part of the grant. */
  identity: readonly IdentityScope[];
  /** Asked for, ticked by default, each may be left out. */
  permissions: readonly Permission[];
  /** Scopes among `permissions` that the person had unticked; for showing the form again. */
  unticked?: readonly string[];
  /** offline_access */
  offline: boolean;
  alreadyAllowed: readonly Permission[];
  /** Asked for, and not the person's to give: their role includes them in none of `organizations`. */
  withheld: readonly Permission[];
  /** Where the person can take this back later. */
  revokeUrl?: string;
  error?: 'organization_missing' | 'organization_powerless';
}

/** What went wrong, in a person's terms; words/ has title, explanation and advice for each. */
export type ErrorKind =
  | 'bad_link'
  | 'bad_sign_out'
  | 'expired'
  | 'stale_form'
  | 'forbidden'
  | 'not_found'
  | 'throttled'
  | 'unavailable'
  | 'unexpected';

export interface ErrorPage {
  kind: ErrorKind;
  /** For throttled and unavailable. */
  waitSeconds?: number;
  /** The machine's name for it, such as invalid_redirect_uri. */
  code: string;
  requestId: string;
  /** The protocol's own public description, for whoever builds the app. */
  detail?: string;
  homeUrl?: string;
}

/** Field posted: `logout=yes`, or nothing for "stay signed in". */
export interface SignOutPage {
  form: ProviderForm;
  account?: AccountIdentity;
  /** The name of the app that asked for it. */
  app?: string;
}

/**
 * Somebody who isn't signed in is sent to sign out. There is nothing to decide: the form sends itself, and
 * without scripts it is one button.
 */
export interface NobodySignedInPage {
  form: ProviderForm;
  /** The name of the app that asked for it. */
  app?: string;
  /** The form leads back to the app. */
  returns: boolean;
}

/** Takes the answer to an app by a form that sends itself; without scripts it is one button. */
export interface FormPostPage {
  form: ProviderForm;
  /** The name of the app. */
  app?: string;
}

export interface SignedOutPage {
  app?: string;
  signInUrl: string;
}

export interface HomePage {
  signInUrl: string;
  signUpUrl?: string;
  destinations: readonly Destination[];
}

/** Where a developer may go on from the first pages. */
export interface Destination {
  kind: 'dashboard' | 'playground' | 'docs' | 'reference' | 'metadata';
  href: string;
}

/** A standing consent: an app that may act for this person, until it is disconnected. */
export interface ConnectedApp {
  name: string;
  /** As in AppIdentity. */
  publisher?: string;
  /** The name of the organization it may use; absent where it knows only who they are. */
  organization?: string;
  identity: readonly IdentityScope[];
  permissions: readonly Permission[];
  since: Date;
  lastUsed: Date;
  disconnect: GuardedForm;
}

export interface AccountPage {
  account: AccountIdentity;
  organizations: readonly OrganizationOption[];
  connectedApps: readonly ConnectedApp[];
  signOut: GuardedForm;
  destinations: readonly Destination[];
}

/** Where the demo app's round trip ends: with a code and how to trade it in, or with a refusal. */
export type DemoCallbackPage = { againUrl: string; destinations: readonly Destination[] } & (
  | { outcome: 'code'; command: string }
  | { outcome: 'refused'; error: string; description: string }
);

/** Template name → its model. */
export interface PageModels extends DocumentationPages, DashboardPages, PlaygroundPages {
  'sign-in': SignInPage;
  'sign-up': SignUpPage;
  consent: ConsentPage;
  error: ErrorPage;
  'sign-out': SignOutPage;
  'nobody-signed-in': NobodySignedInPage;
  'form-post': FormPostPage;
  'signed-out': SignedOutPage;
  home: HomePage;
  account: AccountPage;
  'demo-callback': DemoCallbackPage;
}

export type PageName = keyof PageModels;
