import type { Frame } from './dashboard-models.ts';
import type { PlatformText } from './platform-text.ts';
import type { UsageChart } from './usage-models.ts';
import type { GuardedForm, Permission } from './view-models.ts';

// What the pages about API keys need to know.

/** `shut_out`: it is active, and a key above it is not. */
export type KeyStatus = 'active' | 'shut_out' | 'disabled' | 'expired' | 'revoked';

/** The key above another that shuts it out: the words are `keys.shut_out.<status>`. */
export interface KeyShutOut {
  status: 'disabled' | 'expired' | 'revoked';
  /** Absent: whoever looks may not see which. */
  name?: string;
  href?: string;
}

/** Who made a key, an app or a service account: the words are `keys.maker.<kind>`. */
export type MakerView =
  | { kind: 'person'; name: string }
  /** `unknown`: it was made before that was kept. */
  | { kind: 'somebody' | 'operator' | 'unknown' }
  /** With a page of its own. */
  | { kind: 'key' | 'account'; id: string; name: string; href: string }
  | { kind: 'app'; id: string; name: string }
  /** One that is not there any more. */
  | { kind: 'credential'; id: string };

/** What a key may do, in a few words. */
export type KeyPermissions =
  | { kind: 'set'; title: PlatformText }
  | { kind: 'own'; count: number }
  | { kind: 'nothing' };

export interface KeyRow {
  name: string;
  href: string;
  hint: string;
  status: KeyStatus;
  /** Whatever its status. Absent: the keys above it work, or there are none. */
  shutOut?: KeyShutOut;
  /** As people call it. */
  environment: PlatformText;
  permissions: KeyPermissions;
  maker: MakerView;
  created: Date;
  lastUsed?: Date;
  expires?: Date;
  /** It was found in public, and revoked for it. `place` is empty where nobody says. */
  leak?: { place: string; date: Date };
  /** Where it is revoked, for whoever may. */
  revokeUrl?: string;
}

export interface KeysPage {
  frame: Frame;
  keys: readonly KeyRow[];
  newUrl: string;
  /** Whether revoked ones are among them, and where to see it otherwise. */
  withRevoked: boolean;
  otherUrl: string;
  /** Absent on the first page. */
  firstUrl?: string;
  /** Absent on the last page. */
  nextUrl?: string;
}

/** A level of a resource; absent as a choice: none. */
export interface PermissionLevel {
  access: 'read' | 'write' | 'admin';
  chosen: boolean;
}

/** Fields posted: `level:<name>` with a level or nothing. */
export interface PermissionResource {
  name: string;
  /** What its levels come to, from the least to the most. */
  about: readonly PlatformText[];
  levels: readonly PermissionLevel[];
  /** No level is chosen. */
  none: boolean;
}

/** What is wrong with the form: the words are `keys.error.<error>`, with `title` and `value` in their gaps. */
export interface KeyFormError {
  /** The field's id on the page. */
  field: string;
  error: 'name' | 'environment' | 'permissions' | 'expires_on' | 'limit' | 'addresses';
  /** What the field is called, where there are several of its kind. */
  title?: PlatformText;
  value?: string | number;
}

/**
 * Fields posted: `form`, `name`, `environment`, `permissions` (`set:<name>` or `own`), `level:<resource>`,
 * `scope`, `expiry`, `expires_on`, `limit:<name>`, `addresses`.
 */
export interface KeyFormPage {
  frame: Frame;
  form: GuardedForm;
  /** One key at the most is made of it. */
  token: string;
  listUrl: string;
  errors: readonly KeyFormError[];
  name: string;
  environments: readonly {
    name: string;
    title: PlatformText;
    tier?: PlatformText;
    prefix: string;
    readOnly: boolean;
    chosen: boolean;
  }[];
  sets: readonly {
    name: string;
    title: PlatformText;
    description: PlatformText;
    chosen: boolean;
  }[];
  /** Permissions are chosen one by one. */
  own: boolean;
  resources: readonly PermissionResource[];
  /** Those that are no level of a resource. */
  single: readonly (Permission & { chosen: boolean })[];
  expiry: readonly { kind: 'never' | 'days' | 'date'; days?: number; chosen: boolean }[];
  expiresOn: string;
  /** The first day that can be chosen. */
  earliest: string;
  /** `most`: what the plan gives, which is what counts when nothing is said. */
  limits: readonly { name: string; title: PlatformText; most: number; value: string }[];
  addresses: string;
}

/** The one page that shows a key. */
export interface KeySecretPage {
  frame: Frame;
  outcome: 'created' | 'rotated';
  name: string;
  secret: string;
  /** To try it with, for a shell; absent: nothing that it alone may call. */
  command?: string;
  /** Of a rotation: how the one before looks, and how long it goes on working; absent: it has stopped. */
  before?: { hint: string; until?: Date };
  /** Where to go on. */
  keyUrl: string;
}

export interface KeyPage {
  frame: Frame;
  key: KeyRow;
  listUrl: string;
  /** Strings that work beside the first for a while. */
  older: readonly { hint: string; until: Date }[];
  permissions: readonly Permission[];
  /** `own`: the figure is the key's, else its plan's. */
  limits: readonly { title: PlatformText; figure: number; own: boolean }[];
  addresses: readonly string[];
  /** Absent: there is too much to do at this moment. */
  usage?: { day: UsageChart; month: UsageChart };
  usageUrl: string;
  /** Absent: it isn't theirs to change, or nothing can be changed any more. */
  change?: {
    rotate: GuardedForm & { token: string };
    overlaps: readonly { seconds: number; kind: 'now' | 'hours' | 'days'; count: number }[];
    /** Shuts it out, or lets it in. */
    shut: GuardedForm & { kind: 'disable' | 'enable' };
    revokeUrl: string;
  };
  /** Why what was just asked for was not done. */
  error?: 'beyond' | 'overlap';
}

export interface KeyRevokePage {
  frame: Frame;
  key: KeyRow;
  /** Keys that end with it: made by it, and by those. */
  descendants: number;
  form: GuardedForm;
}

/** Template name → its model. */
export interface KeysPages {
  'dashboard/keys/list': KeysPage;
  'dashboard/keys/form': KeyFormPage;
  'dashboard/keys/secret': KeySecretPage;
  'dashboard/keys/detail': KeyPage;
  'dashboard/keys/revoke': KeyRevokePage;
}
