import { formatValue } from '../problems.ts';
import type { PartialPlatformFile } from '../schema-problems.ts';
import { entries, type Finding, indexed, unknownNames } from './check.ts';

/** Scopes with a meaning of their own: OpenID Connect Core §5.4 and §11. */
export const RESERVED_SCOPES: readonly string[] = [
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  'offline_access',
];

/** Scopes that open Gatehouse itself, such as `gate:decide`, are Gatehouse's to declare. */
export const RESERVED_SCOPE_PREFIX = 'gate:';

export function* reservedScopes(file: PartialPlatformFile): Iterable<Finding> {
  for (const name of Object.keys(file.scopes ?? {})) {
    if (RESERVED_SCOPES.includes(name)) {
      yield {
        at: ['scopes', name],
        expected: 'a name that OpenID Connect does not define',
        found: formatValue(name),
        hint: 'Gatehouse offers this scope by itself: remove it.',
      };
    } else if (name.startsWith(RESERVED_SCOPE_PREFIX)) {
      yield {
        at: ['scopes', name],
        expected: `a name that does not begin with ${RESERVED_SCOPE_PREFIX}`,
        found: formatValue(name),
        hint: "Such scopes are Gatehouse's own: choose another name.",
      };
    }
  }
}

export function* atLeastOneScope(file: PartialPlatformFile): Iterable<Finding> {
  if (file.scopes && Object.keys(file.scopes).length === 0) {
    yield { at: ['scopes'], expected: 'at least one scope', found: 'an empty mapping' };
  }
}

/** `implies` names scopes there are, and never leads back to where it began. */
export function* impliedScopes(file: PartialPlatformFile): Iterable<Finding> {
  const scopes = file.scopes;
  for (const [name, scope, at] of entries(scopes, ['scopes'])) {
    yield* unknownNames(file, 'scopes', scope.implies, [...at, 'implies']);
    if (scope.implies !== '*' && reaches(scopes, name, name)) {
      yield {
        at: [...at, 'implies'],
        expected: 'scopes that do not lead back to this one',
        found: `a circle through ${formatValue(name)}`,
        hint: 'Two scopes that imply each other are one: merge them.',
      };
    }
  }
}

function reaches(scopes: PartialPlatformFile['scopes'], from: string, to: string): boolean {
  const seen = new Set<string>();
  const waiting = [from];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const implied = scopes?.[name]?.implies;
    if (typeof implied !== 'object') continue;
    if (implied.includes(to)) return true;
    for (const next of implied) {
      if (next === undefined || seen.has(next)) continue;
      seen.add(next);
      waiting.push(next);
    }
  }
  return false;
}

/** Permission sets, roles and additional resources are made of scopes there are. */
export function* bundlesOfScopes(file: PartialPlatformFile): Iterable<Finding> {
  for (const [, set, at] of entries(file.permission_sets, ['permission_sets'])) {
    yield* unknownNames(file, 'scopes', set.scopes, [...at, 'scopes']);
  }
  for (const [, scopes, at] of entries(file.roles, ['roles'])) {
    yield* unknownNames(file, 'scopes', scopes, at);
  }
  const resources = indexed(file.api?.additional_resources, ['api', 'additional_resources']);
  for (const [resource, at] of resources) {
    yield* unknownNames(file, 'scopes', resource?.scopes, [...at, 'scopes']);
  }
  const fallback = file.api_keys?.default_permission_set;
  yield* unknownNames(file, 'permission_sets', fallback, ['api_keys', 'default_permission_set']);
}

export function* distinctResources(file: PartialPlatformFile): Iterable<Finding> {
  const seen = new Set([file.api?.identifier]);
  const resources = indexed(file.api?.additional_resources, ['api', 'additional_resources']);
  for (const [resource, at] of resources) {
    if (resource?.identifier === undefined) continue;
    if (seen.has(resource.identifier)) {
      yield {
        at: [...at, 'identifier'],
        expected: 'an identifier that no other API has',
        found: formatValue(resource.identifier),
      };
    }
    seen.add(resource.identifier);
  }
}
