import type { Access, PermissionSet, Platform, PlatformScope } from '../platform/platform.ts';

/** A resource whose scopes are `<resource>:<verb>`, as levels from harmless to grave. */
export interface OfferedResource {
  readonly name: string;
  /** Each with what it adds to the level before. */
  readonly levels: readonly {
    readonly access: Access;
    readonly scopes: readonly PlatformScope[];
  }[];
}

/** What somebody may hand on, as a form offers it. */
export interface OfferedPermissions {
  readonly sets: readonly PermissionSet[];
  readonly resources: readonly OfferedResource[];
  /** Those that are no level of a resource. */
  readonly single: readonly PlatformScope[];
}

const LEVELS: readonly Access[] = ['read', 'write', 'admin'];

/**
 * Where a platform names its scopes `<resource>:<verb>`, each resource has levels; other names, and all of
 * them on a platform where no resource has two scopes, are chosen one by one.
 *
 * @param mayHandOn whether somebody holds all of these scopes
 */
export function offeredPermissions(
  platform: Pick<Platform, 'scopes' | 'permissionSets'>,
  mayHandOn: (scopes: readonly string[]) => boolean,
): OfferedPermissions {
  const sets = platform.permissionSets.filter((set) => mayHandOn(set.scopes));
  const offered = platform.scopes.filter(({ name }) => mayHandOn([name]));
  const all = Map.groupBy(platform.scopes, ({ name }) => resourceOf(name));
  const hasLevels = [...all].some(([resource, { length }]) => resource !== '' && length > 1);
  if (!hasLevels) return { sets, resources: [], single: offered };
  const grouped = Map.groupBy(offered, ({ name }) => resourceOf(name));
  const resources = [...grouped]
    .filter(([resource]) => resource !== '')
    .map(([name, scopes]) => ({ name, levels: levelsOf(scopes) }));
  return { sets, resources, single: grouped.get('') ?? [] };
}

/**
 * The scopes of a resource up to a level; undefined: it has no such level on offer.
 *
 * @param level empty: none of it
 */
export function scopesUpTo({ levels }: OfferedResource, level: string): string[] | undefined {
  if (level === '') return [];
  const last = levels.findIndex(({ access }) => access === level);
  if (last < 0) return undefined;
  return levels.slice(0, last + 1).flatMap(({ scopes }) => scopes.map(({ name }) => name));
}

/** `workflows` of `workflows:read`; empty where a name has no such form. */
const resourceOf = (scope: string) => scope.slice(0, Math.max(scope.lastIndexOf(':'), 0));

const levelsOf = (scopes: readonly PlatformScope[]) =>
  LEVELS.map((access) => ({
    access,
    scopes: scopes.filter((one) => one.access === access),
  })).filter(({ scopes }) => scopes.length > 0);
