import {
  type ApiKey,
  type ApiKeyInLine,
  type ShutOutBy,
  shutOutBy,
  statusOf,
} from '../credentials/api-keys/api-key.ts';
import type { Organization } from '../identity/identity.ts';
import type { Leak } from '../leaks/leaked-keys-shown.store.ts';
import type { KeyPage, KeyPermissions, KeyRow, KeyShutOut } from '../pages/keys-models.ts';
import { permissionOf, platformText } from '../pages/platform-text.ts';
import type { Permission } from '../pages/view-models.ts';
import type { Platform } from '../platform/platform.ts';
import { keyPath } from './key-path.ts';
import { toMaker } from './maker-view.ts';
import type { OrganizationVisit } from './visit.ts';

/** Members change the keys they made themselves, owners and administrators all. */
export function mayChange({ role, user }: OrganizationVisit, { createdBy }: ApiKey): boolean {
  return role !== 'member' || (createdBy.kind === 'user' && createdBy.id === user.id);
}

export interface KeyViewer {
  readonly platform: Platform;
  readonly visit: OrganizationVisit;
  /** Of whoever and whatever made the keys, and of the keys above them, by their ids. */
  readonly names: ReadonlyMap<string, string>;
  /** Of those that were found in public, by their ids. */
  readonly leaks?: ReadonlyMap<string, Leak>;
  readonly now: Date;
}

/** A key as a list shows it. */
export function toRow(
  key: ApiKeyInLine,
  { platform, visit, names, leaks, now }: KeyViewer,
): KeyRow {
  const environment = platform.keyEnvironments.find(({ name }) => name === key.environment);
  const status = statusOf(key, now);
  const above = shutOutBy(key, now);
  const leak = leaks?.get(key.id);
  const mayRevoke = status !== 'revoked' && mayChange(visit, key);
  return {
    ...{ name: key.name, href: keyPath(key), hint: key.secrets[0]?.hint ?? '' },
    status: status === 'active' && above ? 'shut_out' : status,
    ...(above ? { shutOut: toShutOut(key, above, names) } : {}),
    environment: environment ? platformText(platform, environment, 'title') : key.environment,
    permissions: inShort(key, platform),
    maker: toMaker(key, names),
    created: key.createdAt,
    ...(key.lastUsedAt ? { lastUsed: key.lastUsedAt } : {}),
    ...(key.expiresAt ? { expires: key.expiresAt } : {}),
    ...(leak ? { leak: { place: leak.place, date: leak.reportedAt } } : {}),
    ...(mayRevoke ? { revokeUrl: `${keyPath(key)}/revoke` } : {}),
  };
}

function toShutOut(
  { organizationId }: ApiKey,
  { id, status }: ShutOutBy,
  names: ReadonlyMap<string, string>,
): KeyShutOut {
  const name = id === null ? undefined : names.get(id);
  if (id === null || name === undefined) return { status };
  return { status, name, href: keyPath({ id, organizationId }) };
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
      .map((limit) => {
        const own = key.limits[limit.name];
        const figure = own ?? plan?.limits[limit.name]?.limit ?? limit.limit;
        return { title: platformText(platform, limit, 'title'), figure, own: own !== undefined };
      }),
    addresses: key.allowedAddresses,
  };
}

/** A scope that left the platform file has its name only. */
function toPermission(scope: string, platform: Platform): Permission {
  const declared = platform.scopes.find(({ name }) => name === scope);
  return declared ? permissionOf(platform, declared) : { scope, title: scope, access: 'read' };
}

function inShort({ permissionSet, scopes }: ApiKey, platform: Platform): KeyPermissions {
  const set = platform.permissionSets.find(({ name }) => name === permissionSet);
  if (set) return { kind: 'set', title: platformText(platform, set, 'title') };
  return scopes.length === 0 ? { kind: 'nothing' } : { kind: 'own', count: scopes.length };
}
