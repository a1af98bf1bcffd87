import { isAddressRange } from '../credentials/api-keys/address-list.ts';
import { environmentsOf } from '../credentials/api-keys/api-key-rules.ts';
import type { ApiKeyInput, KeyProblem } from '../credentials/api-keys/api-keys.service.ts';
import { readTimestamp } from '../lib/timestamp.ts';
import type { KeyFormError, KeyFormPage } from '../pages/keys-models.ts';
import { type PlatformText, permissionOf, platformText } from '../pages/platform-text.ts';
import type { Platform } from '../platform/platform.ts';
import { type OfferedPermissions, scopesUpTo } from './permission-choice.ts';

/** What was typed into the form for a new key, or what it begins with. */
export interface TypedKey {
  readonly name: string;
  readonly environment: string;
  /** `set:<name>`, or `own`. */
  readonly permissions: string;
  /** Resource → level. */
  readonly levels: ReadonlyMap<string, string>;
  readonly scopes: readonly string[];
  /** `never`, a number of days, or `date`. */
  readonly expiry: string;
  readonly expiresOn: string;
  /** Limit name → figure. */
  readonly limits: ReadonlyMap<string, string>;
  readonly addresses: string;
}

/** What a form for a key of this organization offers. */
export interface KeyOffer {
  readonly platform: Platform;
  readonly permissions: OfferedPermissions;
  /** The organization's plan, by name. */
  readonly plan: string;
  readonly organizationId: string;
  readonly now: Date;
}

type Body = Readonly<Record<string, unknown>>;
type Asked = { input: ApiKeyInput } | { errors: KeyFormError[] };

const DAY_MS = 86_400_000;
const EXPIRY_DAYS = [30, 90, 365];
const MOST_ADDRESSES = 100;

/** The form as it is first shown. */
export function untouched({ platform, permissions }: KeyOffer): TypedKey {
  const usual = platform.apiKeys.defaultPermissionSet;
  const set = permissions.sets.find(({ name }) => name === usual) ?? permissions.sets[0];
  return {
    ...{ name: '', environment: environmentsOf(platform)[0]?.name ?? '' },
    permissions: set ? `set:${set.name}` : 'own',
    ...{ levels: new Map(), scopes: [], expiry: 'never', expiresOn: '' },
    ...{ limits: new Map(), addresses: '' },
  };
}

/** A field that is missing, or came twice, is empty. */
export function typedInto(offer: KeyOffer, body: unknown): TypedKey {
  const form = (body ?? {}) as Body;
  const text = (name: string) => (typeof form[name] === 'string' ? form[name] : '');
  const { resources } = offer.permissions;
  return {
    ...{ name: text('name').trim(), environment: text('environment') },
    permissions: text('permissions'),
    levels: new Map(resources.map(({ name }) => [name, text(`level:${name}`)])),
    scopes: [form.scope ?? []].flat().filter((one) => typeof one === 'string'),
    ...{ expiry: text('expiry'), expiresOn: text('expires_on') },
    limits: new Map(settableLimits(offer).map(({ name }) => [name, text(`limit:${name}`).trim()])),
    addresses: text('addresses'),
  };
}

/** What the form asks for, as far as it can be read. */
export function askedFor(offer: KeyOffer, typed: TypedKey): Asked {
  const permissions = permissionsOf(offer, typed);
  const expiresAt = expiryOf(offer, typed);
  const allowedAddresses = typed.addresses.split(/[\s,]+/).filter((line) => line !== '');
  const errors: KeyFormError[] = [
    ...(typed.name === '' || typed.name.length > 100 ? [errorAt('name')] : []),
    ...(permissions ? [] : [errorAt('permissions')]),
    ...(expiresAt === undefined ? [errorAt('expires_on')] : []),
    ...limitErrors(offer, typed),
    ...addressErrors(allowedAddresses),
  ];
  if (errors.length > 0 || !permissions || expiresAt === undefined) return { errors };
  const figures = [...typed.limits].filter(([, figure]) => figure !== '');
  return {
    input: {
      ...{ organizationId: offer.organizationId, name: typed.name, ...permissions },
      ...{ environment: typed.environment, expiresAt, allowedAddresses },
      limits: Object.fromEntries(figures.map(([name, figure]) => [name, Number(figure)])),
    },
  };
}

const FIELD_ERRORS: Readonly<Record<string, KeyFormError>> = {
  name: errorAt('name'),
  environment: errorAt('environment'),
  permission_set: errorAt('permissions'),
  scopes: errorAt('permissions'),
  expires_at: errorAt('expires_on'),
  allowed_addresses: errorAt('addresses'),
};

/** What the rules of keys found, beside the field it is about; each field once. */
export function errorsOf(offer: KeyOffer, problems: readonly KeyProblem[]): KeyFormError[] {
  const errors = problems
    .map(({ field }) => FIELD_ERRORS[field])
    .filter((one) => one !== undefined);
  const ofLimits = problems.some(({ field }) => field === 'limits');
  const limits = ofLimits ? settableLimits(offer).slice(0, 1).map(limitError) : [];
  return [...new Set([...errors, ...limits])];
}

/** The fields of the page. */
export function formFields(offer: KeyOffer, typed: TypedKey) {
  const { platform, permissions, now } = offer;
  const tomorrow = new Date(now.getTime() + DAY_MS);
  return {
    ...{ name: typed.name, addresses: typed.addresses, expiresOn: typed.expiresOn },
    earliest: tomorrow.toISOString().slice(0, 10),
    environments: environmentsOf(platform).map((each) => ({
      ...{ name: each.name, title: platformText(platform, each, 'title'), prefix: each.prefix },
      ...(each.tier ? { tier: platformText(platform, each, 'tier') } : {}),
      ...{ readOnly: each.maxAccess === 'read', chosen: each.name === typed.environment },
    })),
    sets: permissions.sets.map((set) => ({
      ...{ name: set.name, title: platformText(platform, set, 'title') },
      description: platformText(platform, set, 'description'),
      chosen: typed.permissions === `set:${set.name}`,
    })),
    own: typed.permissions === 'own',
    resources: permissions.resources.map(({ name, levels }) => ({
      name,
      about: levels.flatMap(({ scopes }) =>
        scopes.map((scope) => platformText(platform, scope, 'title')),
      ),
      levels: levels.map(({ access }) => ({ access, chosen: typed.levels.get(name) === access })),
      none: !levels.some(({ access }) => typed.levels.get(name) === access),
    })),
    single: permissions.single.map((scope) => ({
      ...permissionOf(platform, scope),
      chosen: typed.scopes.includes(scope.name),
    })),
    expiry: [
      { kind: 'never', chosen: typed.expiry === 'never' },
      ...EXPIRY_DAYS.map((days) => ({
        ...{ kind: 'days' as const, days, chosen: typed.expiry === String(days) },
      })),
      { kind: 'date', chosen: typed.expiry === 'date' },
    ],
    limits: settableLimits(offer).map((limit) => ({
      ...limit,
      value: typed.limits.get(limit.name) ?? '',
    })),
  } satisfies Partial<KeyFormPage>;
}

/** Limits that keys may set, each with what the plan gives. */
function settableLimits({ platform, plan }: KeyOffer) {
  const figures = platform.plans.find(({ name }) => name === plan)?.limits ?? {};
  return platform.namedLimits
    .filter(({ settablePerKey }) => settablePerKey)
    .map((limit) => ({
      ...{ name: limit.name, title: platformText(platform, limit, 'title') },
      most: figures[limit.name]?.limit ?? limit.limit,
    }));
}

/** Undefined: something was chosen that is not on offer. */
function permissionsOf(
  { permissions }: KeyOffer,
  typed: TypedKey,
): Pick<ApiKeyInput, 'permissionSet' | 'scopes'> | undefined {
  if (typed.permissions.startsWith('set:')) return { permissionSet: typed.permissions.slice(4) };
  if (typed.permissions !== 'own') return undefined;
  const scopes = permissions.resources.map((one) =>
    scopesUpTo(one, typed.levels.get(one.name) ?? ''),
  );
  if (scopes.includes(undefined)) return undefined;
  return { scopes: [...new Set([...scopes.flatMap((one) => one ?? []), ...typed.scopes])] };
}

/** Null: never. Undefined: no day that lies ahead. */
function expiryOf({ now }: KeyOffer, { expiry, expiresOn }: TypedKey): Date | null | undefined {
  if (expiry === 'never') return null;
  const days = EXPIRY_DAYS.find((each) => expiry === String(each));
  if (days !== undefined) return new Date(now.getTime() + days * DAY_MS);
  const start = expiry === 'date' ? readTimestamp(`${expiresOn}T00:00:00Z`) : undefined;
  const end = start && new Date(start.getTime() + DAY_MS);
  return end && end > now ? end : undefined;
}

function limitErrors(offer: KeyOffer, { limits }: TypedKey): KeyFormError[] {
  return settableLimits(offer).flatMap((limit) => {
    const figure = limits.get(limit.name) ?? '';
    const isGood = figure === '' || (/^\d{1,10}$/.test(figure) && Number(figure) <= limit.most);
    return isGood ? [] : [limitError(limit)];
  });
}

function limitError(limit: { name: string; title: PlatformText; most: number }): KeyFormError {
  return { field: `limit-${limit.name}`, error: 'limit', title: limit.title, value: limit.most };
}

function addressErrors(addresses: readonly string[]): KeyFormError[] {
  if (addresses.length > MOST_ADDRESSES) return [errorAt('addresses')];
  const wrong = addresses.find((each) => !isAddressRange(each));
  return wrong === undefined ? [] : [{ ...errorAt('addresses'), value: wrong.slice(0, 100) }];
}

function errorAt(error: 'name' | 'environment' | 'permissions' | 'expires_on' | 'addresses') {
  return { field: error, error } satisfies KeyFormError;
}
