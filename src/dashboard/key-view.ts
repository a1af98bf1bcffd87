import { type ApiKey, statusOf } from '../credentials/api-keys/api-key.ts';
import type { Organization } from '../identity/identity.ts';
import type { Leak } from '../leaks/leaked-keys-shown.store.ts';
import type { KeyMaker, KeyPage, KeyPermissions, KeyRow } from '../pages/keys-models.ts';
import type { Permission } from '../pages/view-models.ts';
import type { Platform } from '../platform/platform.ts';
import { accountPath } from './account-view.ts';
import { pathOf } from './frame.ts';
import type { OrganizationVisit } from './visit.ts';

/** Where a key's page is. */
export const keyPath = (key: Pick<ApiKey, 'id' | 'organizationId'>): string =>
  `${pathOf('keys', key.organizationId)}/${key.id}`;

/** Members change the keys they made themselves, owners and administrators all. */
export function mayChange({ role, user }: OrganizationVisit, { createdBy }: ApiKey): boolean {
  return role !== 'member' || (createdBy.kind === 'user' && createdBy.id === user.id);
}

/** The ids of whoever and whatever made the keys. */
export const makersOf = (keys: readonly ApiKey[]): string[] => [
  ...new Set(keys.flatMap(({ createdBy }) => createdBy.id ?? [])),
];

export interface KeyViewer {
  readonly platform: Platform;
  readonly visit: OrganizationVisit;
  /** Of whoever and whatever made the keys, by their ids. */
  readonly names: ReadonlyMap<string, string>;
  /** Of those that were found in public, by their ids. */
  readonly leaks?: ReadonlyMap<string, Leak>;
  readonly now: Date;
}

/** A key as a list shows it. */
export function toRow(key: ApiKey, { platform, visit, names, leaks, now }: KeyViewer): KeyRow {
  const environment = platform.keyEnvironments.find(({ name }) => name === key.environment);
  const status = statusOf(key, now);
  const leak = leaks?.get(key.id);
  const mayRevoke = status !== 'revoked' && mayChange(visit, key);
  return {
    ...{ name: key.name, href: keyPath(key), hint: key.secrets[0]?.hint ?? '', status },
    environment: environment?.title ?? key.environment,
    permissions: inShort(key, platform),
    maker: toMaker(key, names),
    created: key.createdAt,
    ...(key.lastUsedAt ? { lastUsed: key.lastUsedAt } : {}),
    ...(key.expiresAt ? { expires: key.expiresAt } : {}),
    ...(leak ? { leak: { place: leak.place, date: leak.reportedAt } } : {}),
    ...(mayRevoke ? { revokeUrl: `${keyPath(key)}/revoke` } : {}),
  };
}

/** What a key's own page says beside that. */
export function toDetails(
  key: ApiKey,
  platform: Platform,
  organization: Organization,
  now: Date,
): Pick<KeyPage, 'older' | 'permissions' | 'limits' | 'addresses'> {
  const plan = platform.plans.find(({ name }) => name === organization.plan);
  return {
    older: key.secrets.slice(1).flatMap(({ hint, expiresAt }) => {
      return expiresAt && expiresAt > now ? [{ hint, until: expiresAt }] : [];
    }),
    permissions: key.scopes.map((scope) => toPermission(scope, platform)),
    limits: platform.namedLimits
      .filter(({ settablePerKey }) => settablePerKey)
      .map(({ name, title, limit }) => {
        const own = key.limits[name];
        const figure = own ?? plan?.limits[name]?.limit ?? limit;
        return { title, figure, own: own !== undefined };
      }),
    addresses: key.allowedAddresses,
  };
}

/** A scope that left the platform file has its name only. */
function toPermission(scope: string, platform: Platform): Permission {
  const declared = platform.scopes.find(({ name }) => name === scope);
  if (!declared) return { scope, title: scope, access: 'read' };
  const { title, description, access } = declared;
  return { scope, title, description, access };
}

function inShort({ permissionSet, scopes }: ApiKey, platform: Platform): KeyPermissions {
  const set = platform.permissionSets.find(({ name }) => name === permissionSet);
  if (set) return { kind: 'set', title: set.title };
  return scopes.length === 0 ? { kind: 'nothing' } : { kind: 'own', count: scopes.length };
}

function toMaker(
  { createdBy, organizationId }: ApiKey,
  names: ReadonlyMap<string, string>,
): KeyMaker {
  const id = createdBy.id ?? '';
  const name = names.get(id);
  switch (createdBy.kind) {
    case 'user':
      return name === undefined ? { kind: 'somebody' } : { kind: 'person', name };
    case 'admin':
    case 'system':
      return { kind: 'operator' };
    case 'api_key':
      if (name === undefined) return { kind: 'credential', id };
      return { kind: 'key', id, name, href: keyPath({ id, organizationId }) };
    case 'service_account':
      if (name === undefined) return { kind: 'credential', id };
      return { kind: 'account', id, name, href: accountPath({ id, organizationId }) };
    case 'client':
      return name === undefined ? { kind: 'credential', id } : { kind: 'app', id, name };
  }
}
