import { type ApiKey, statusOf } from '../credentials/api-keys/api-key.ts';
import type { Organization } from '../identity/identity.ts';
import type { KeyMaker, KeyPage, KeyPermissions, KeyRow } from '../pages/keys-models.ts';
import type { Permission } from '../pages/view-models.ts';
import type { Platform } from '../platform/platform.ts';
import { pathOf } from './frame.ts';
import type { OrganizationVisit } from './visit.ts';

/** Where a key's page is. */
export const keyPath = (key: Pick<ApiKey, 'id' | 'organizationId'>): string =>
  `${pathOf('keys', key.organizationId)}/${key.id}`;

/** Members change the keys they made themselves, owners and administrators all. */
export function mayChange({ role, user }: OrganizationVisit, { createdBy }: ApiKey): boolean {
  return role !== 'member' || (createdBy.kind === 'user' && createdBy.id === user.id);
}

/** Who made the keys, as far as they are people. */
export function makersOf(keys: readonly ApiKey[]): string[] {
  const people = keys.filter(({ createdBy }) => createdBy.kind === 'user');
  return [...new Set(people.flatMap(({ createdBy }) => createdBy.id ?? []))];
}

export interface KeyViewer {
  readonly platform: Platform;
  readonly visit: OrganizationVisit;
  /** Of people, by their ids. */
  readonly names: ReadonlyMap<string, string>;
  readonly now: Date;
}

/** A key as a list shows it. */
export function toRow(key: ApiKey, { platform, visit, names, now }: KeyViewer): KeyRow {
  const environment = platform.keyEnvironments.find(({ name }) => name === key.environment);
  const status = statusOf(key, now);
  const mayRevoke = status !== 'revoked' && mayChange(visit, key);
  return {
    ...{ name: key.name, href: keyPath(key), hint: key.secrets[0]?.hint ?? '', status },
    environment: environment?.title ?? key.environment,
    permissions: inShort(key, platform),
    maker: makerOf(key, names),
    created: key.createdAt,
    ...(key.lastUsedAt ? { lastUsed: key.lastUsedAt } : {}),
    ...(key.expiresAt ? { expires: key.expiresAt } : {}),
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

function makerOf({ createdBy }: ApiKey, names: ReadonlyMap<string, string>): KeyMaker {
  switch (createdBy.kind) {
    case 'user': {
      const name = names.get(createdBy.id ?? '');
      return name === undefined ? { kind: 'somebody' } : { kind: 'person', name };
    }
    case 'admin':
    case 'system':
      return { kind: 'operator' };
    default:
      return { kind: 'credential' };
  }
}
