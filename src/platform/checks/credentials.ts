import { formatValue } from '../problems.ts';
import type { PartialPlatformFile } from '../schema-problems.ts';
import { didYouMean } from '../suggest.ts';
import { entries, type Finding, indexed, unknownNames } from './check.ts';

/** A key must tell its environment by how it begins, and never look like a JWT. */
export function* keyPrefixes(file: PartialPlatformFile): Iterable<Finding> {
  const environments = entries(file.key_environments, ['key_environments']);
  for (const [index, [, { prefix }, at]] of environments.entries()) {
    if (prefix === undefined) continue;
    const other = environments.find(
      ([, { prefix: start }], otherIndex) =>
        otherIndex !== index &&
        start !== undefined &&
        prefix.startsWith(start) &&
        (prefix !== start || otherIndex < index),
    );
    if (other) {
      yield {
        at: [...at, 'prefix'],
        expected: `a prefix that does not begin with that of ${other[0]}, ${formatValue(other[1].prefix)}`,
        found: formatValue(prefix),
        hint: 'A key must belong to one environment only.',
      };
    }
    if (prefix.startsWith('eyJ')) {
      yield {
        at: [...at, 'prefix'],
        expected: 'a prefix that does not begin like a JWT (eyJ)',
        found: formatValue(prefix),
      };
    }
  }
}

export function* presentations(file: PartialPlatformFile): Iterable<Finding> {
  const seen = new Set<string>();
  for (const [presentation, at] of indexed(file.presentations, ['presentations'])) {
    if (presentation?.in === undefined) continue;
    const { in: place, name } = presentation;
    const wantsName = place !== 'bearer';
    if (wantsName !== 'name' in presentation) {
      yield {
        at: [...at, 'name'],
        expected: wantsName ? `the name of the ${place}` : 'no name: bearer is Authorization',
        found: formatValue(name),
        hint: wantsName ? 'Add the key name.' : 'Remove the key name.',
      };
    }
    if (place === 'header' && /^(authorization|cookie)$/i.test(name ?? '')) {
      yield {
        at: [...at, 'name'],
        expected: 'a header of its own',
        found: formatValue(name),
        hint: 'For Authorization: Bearer, write in: bearer. Cookies never carry API credentials.',
      };
    }
    const key = place === 'header' ? `header ${name?.toLowerCase()}` : `${place} ${name}`;
    if (seen.has(key)) yield { at, expected: 'each place once', found: `${key.trim()} again` };
    seen.add(key);
  }
}

/** A kind of credential that nobody can present is a platform that answers 401 to everyone who has one. */
export function* presentableKinds(file: PartialPlatformFile): Iterable<Finding> {
  if (!file.presentations) return;
  const places = file.presentations.filter((place) => place !== undefined);
  if (places.some(({ credentials }) => credentials === undefined)) return;
  const presentable = new Set(places.flatMap(({ credentials }) => credentials));
  const offered = [
    ['user_tokens', 'access_token'],
    ['service_jwts', 'service_jwt'],
    ['playground_keys', 'playground_key'],
  ] as const;
  for (const [section, kind] of offered) {
    if (file[section] === undefined || presentable.has(kind)) continue;
    yield {
      at: ['presentations'],
      expected: `a place for ${kind}, since the file has ${section}`,
      found: 'none',
      hint: `Add ${kind} to the credentials of one of them.`,
    };
  }
}

/** The organization header is not also where a credential stands. */
export function* organizationHeader(file: PartialPlatformFile): Iterable<Finding> {
  const name = file.organization_header?.name;
  if (name === undefined) return;
  const taken = (file.presentations ?? []).some(
    (place) => place?.in === 'header' && place.name?.toLowerCase() === name.toLowerCase(),
  );
  if (!taken && !/^(authorization|cookie)$/i.test(name)) return;
  yield {
    at: ['organization_header', 'name'],
    expected: 'a header that carries no credential',
    found: formatValue(name),
  };
}

export function* playgroundKeys(file: PartialPlatformFile): Iterable<Finding> {
  const policy = file.playground_keys;
  if (policy) {
    yield* unknownNames(file, 'plans', policy.plan, ['playground_keys', 'plan']);
    yield* playgroundEnvironment(file, policy.environment);
  } else if (!('playground_keys' in file)) {
    yield* playgroundWithoutPolicy(file);
  }
}

function* playgroundEnvironment(
  file: PartialPlatformFile,
  name: string | undefined,
): Iterable<Finding> {
  if (name === undefined || ('key_environments' in file && !file.key_environments)) return;
  const environments = file.key_environments ?? {};
  const refused = Object.hasOwn(environments, name) && environments[name] === undefined;
  if (refused || environments[name]?.issues === 'playground_key') return;
  const names = Object.keys(environments);
  yield {
    at: ['playground_keys', 'environment'],
    expected: 'a key environment with issues: playground_key',
    found: formatValue(name),
    hint:
      didYouMean(
        name,
        names.filter((other) => other !== name),
      ) ?? 'Declare it under key_environments.',
  };
}

/** What only makes sense for playground keys, in a file that has none. */
function* playgroundWithoutPolicy(file: PartialPlatformFile): Iterable<Finding> {
  const expected = 'this only beside the section playground_keys';
  const hint = 'Add playground_keys, or remove this.';
  for (const [, { issues }, at] of entries(file.key_environments, ['key_environments'])) {
    if (issues === 'playground_key') yield { at: [...at, 'issues'], expected, found: issues, hint };
  }
  for (const [, { per }, at] of entries(file.limits, ['limits'])) {
    if (per === 'identity') yield { at: [...at, 'per'], expected, found: per, hint };
  }
  for (const [route, at] of indexed(file.routes, ['routes'])) {
    if (route?.playground) yield { at: [...at, 'playground'], expected, found: 'true', hint };
  }
}
