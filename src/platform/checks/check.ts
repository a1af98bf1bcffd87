import { type FilePath, formatPath, formatValue, type PlatformFileProblem } from '../problems.ts';
import type { PartialPlatformFile } from '../schema-problems.ts';
import { didYouMean } from '../suggest.ts';

export interface Finding {
  readonly at: FilePath;
  readonly expected: string;
  readonly found: string;
  readonly hint?: string;
}

/**
 * One rule that a schema cannot state. What the schema refused is absent, so any key may be; a check
 * passes over what is not there, for that is reported already.
 */
export type Check = (file: PartialPlatformFile) => Iterable<Finding>;

export type NamedSection =
  | 'scopes'
  | 'permission_sets'
  | 'key_environments'
  | 'modules'
  | 'plans'
  | 'limits'
  | 'webhooks.events';

const SINGULAR: Record<NamedSection, string> = {
  scopes: 'scope',
  permission_sets: 'permission set',
  key_environments: 'key environment',
  modules: 'module',
  plans: 'plan',
  limits: 'limit',
  'webhooks.events': 'webhook event',
};

/**
 * The names a section declares. Undefined when the section was refused as a whole: every reference into
 * it would be reported as unknown, and that is one mistake, not twenty.
 */
export function declared(
  file: PartialPlatformFile,
  section: NamedSection,
): readonly string[] | undefined {
  const value = section === 'webhooks.events' ? file.webhooks?.events : file[section];
  if (value) return Object.keys(value);
  const isRefused = section === 'webhooks.events' ? 'webhooks' in file : section in file;
  return isRefused || section === 'scopes' ? undefined : [];
}

/** A finding for each name that its section does not declare. `*` stands for all and is always fine. */
export function* unknownNames(
  file: PartialPlatformFile,
  section: NamedSection,
  names: string | readonly (string | undefined)[] | undefined,
  at: FilePath,
): Iterable<Finding> {
  const known = declared(file, section);
  if (!known || names === undefined || names === '*') return;
  const list = typeof names === 'string' ? [[names, at] as const] : indexed(names, at);
  for (const [name, place] of list) {
    if (name !== undefined && !known.includes(name)) yield unknownName(section, known, name, place);
  }
}

function unknownName(
  section: NamedSection,
  known: readonly string[],
  name: string,
  at: FilePath,
): Finding {
  const hint =
    didYouMean(name, known) ?? `Declare it under ${section}, or use one of ${known.join(', ')}.`;
  return {
    at,
    expected: `a ${SINGULAR[section]} declared under ${section}`,
    found: formatValue(name),
    hint: known.length === 0 ? `Declare it under ${section}.` : hint,
  };
}

/** Each item of a list with its path. */
export function indexed<T>(
  items: readonly T[] | undefined,
  at: FilePath,
): (readonly [T, FilePath])[] {
  return (items ?? []).map((item, index) => [item, [...at, index]] as const);
}

/** Each entry of a mapping with its path; entries the schema refused are left out. */
export function entries<T>(
  mapping: Readonly<Record<string, T | undefined>> | undefined,
  at: FilePath,
): (readonly [string, T, FilePath])[] {
  return Object.entries(mapping ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value, [...at, key]] as const],
  );
}

export function toProblem(
  { at, ...rest }: Finding,
  lineOf: (path: FilePath) => number,
): PlatformFileProblem {
  return { path: formatPath(at), line: lineOf(at), ...rest };
}
