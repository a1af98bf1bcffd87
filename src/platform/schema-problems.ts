import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { type FilePath, formatPath, formatValue, type PlatformFileProblem } from './problems.ts';
import { PlatformFile } from './schema.ts';
import { didYouMean, suggest } from './suggest.ts';

/** The file with whatever the schema refused taken out: what is there is well formed. */
export type Partially<T> = T extends readonly (infer Item)[]
  ? readonly (Partially<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Partially<T[Key]> }
    : T;

export type PartialPlatformFile = Partially<PlatformFile>;

type Problem = Omit<PlatformFileProblem, 'path' | 'line'> & { at: FilePath };

let validator: ValidateFunction | undefined;

/**
 * Holds a parsed file against the schema.
 *
 * @returns every problem, and the file without its refused parts, so that the semantic checks can go on
 *   and report theirs in the same breath. A refused value stays as a key with the value undefined.
 */
export function checkSchema(
  value: unknown,
  lineOf: (path: FilePath) => number,
): { problems: PlatformFileProblem[]; file: PartialPlatformFile } {
  validator ??= new Ajv({ allErrors: true, verbose: true, strictTypes: false }).compile(
    PlatformFile,
  );
  const file = structuredClone(value);
  if (validator(file)) return { problems: [], file: file as PartialPlatformFile };

  const errors = withoutEchoes(validator.errors ?? []);
  const problems = errors.map(toProblem).map(({ at, ...rest }) => ({
    path: formatPath(at),
    line: lineOf(at),
    ...rest,
  }));
  for (const error of errors) remove(file, refusedPath(error));
  return { problems, file: file as PartialPlatformFile };
}

/** One mistake, one problem: drops what follows from another error in the list. */
function withoutEchoes(errors: readonly ErrorObject[]): ErrorObject[] {
  const echoes = new Set<ErrorObject>();
  for (const union of errors.filter(({ keyword }) => keyword === 'anyOf')) {
    const branches = errors.filter((error) => isInside(error, union));
    const precise = branches.filter(
      ({ keyword, instancePath }) =>
        instancePath !== union.instancePath || !['type', 'const'].includes(keyword),
    );
    // A list with a bad item was meant as a list: the item says more than the union as a whole.
    const dropped = precise.length === 0 ? branches : [union, ...branches];
    for (const error of dropped) if (!precise.includes(error)) echoes.add(error);
  }
  return errors.filter((error) => !echoes.has(error) && !isMisspeltElsewhere(error, errors));
}

function isInside(error: ErrorObject, union: ErrorObject): boolean {
  return (
    error.schemaPath.startsWith(`${union.schemaPath}/`) &&
    `${error.instancePath}/`.startsWith(`${union.instancePath}/`)
  );
}

/** A required key that is missing only because it is there misspelt. */
function isMisspeltElsewhere(error: ErrorObject, errors: readonly ErrorObject[]): boolean {
  if (error.keyword !== 'required') return false;
  return errors.some(
    (other) =>
      other.keyword === 'additionalProperties' &&
      other.instancePath === error.instancePath &&
      suggest(other.params.additionalProperty, missingKeys(other)) === error.params.missingProperty,
  );
}

interface SchemaNode {
  title?: string;
  properties?: Record<string, SchemaNode>;
  propertyNames?: { title?: string };
}

function toProblem(error: ErrorObject): Problem {
  const schema = error.parentSchema as SchemaNode;
  const at = parsePointer(error.instancePath);
  const found = formatValue(error.data);
  switch (error.keyword) {
    case 'required': {
      const key: string = error.params.missingProperty;
      const expected = schema.properties?.[key]?.title ?? 'a value';
      return { at: [...at, key], expected, found: 'nothing', hint: `Add the key ${key}.` };
    }
    case 'additionalProperties':
      return unknownKey(error, at, schema);
    case 'enum': {
      const options: string[] = error.params.allowedValues;
      const expected = options.length === 1 ? options[0]! : `one of ${options.join(', ')}`;
      const word = typeof error.data === 'string' ? error.data : '';
      return withHint({ at, expected, found }, didYouMean(word, options));
    }
    case 'uniqueItems':
      return { at: [...at, error.params.i], expected: 'each item once', found: 'the same again' };
    case 'minItems':
      return { at, expected: 'at least one item', found };
    default:
      return withHint({ at, expected: expectation(error, schema), found }, quotingHint(error));
  }
}

function expectation(error: ErrorObject, schema: SchemaNode): string {
  if (error.keyword === 'maxLength') return `at most ${error.params.limit} characters`;
  if (schema.title) return schema.title;
  const names: Record<string, string> = { object: 'a mapping', array: 'a list' };
  return names[error.params.type] ?? error.message ?? 'another value';
}

/** YAML reads an unquoted `{code}` as a mapping, `#1f5fbf` as a comment and `60` as a number. */
function quotingHint({ keyword, params, data }: ErrorObject): string | undefined {
  if (keyword !== 'type' || params.type !== 'string') return undefined;
  return typeof data === 'object' ? 'Text with { or # needs quotes.' : undefined;
}

function unknownKey(error: ErrorObject, at: FilePath, schema: SchemaNode): Problem {
  const key: string = error.params.additionalProperty;
  const found = `the unknown key ${JSON.stringify(key)}`;
  if (!schema.properties) {
    return { at: [...at, key], expected: schema.propertyNames?.title ?? 'another name', found };
  }
  const keys = Object.keys(schema.properties);
  const hint = didYouMean(key, missingKeys(error)) ?? `Known here: ${keys.join(', ')}.`;
  return { at: [...at, key], expected: 'a key known here', found, hint };
}

/** Keys the schema has and the mapping has not: what a misspelt key may have meant. */
function missingKeys(error: ErrorObject): string[] {
  const { properties = {} } = error.parentSchema as SchemaNode;
  return Object.keys(properties).filter((key) => !Object.hasOwn(error.data as object, key));
}

function withHint(problem: Problem, hint: string | undefined): Problem {
  return hint === undefined ? problem : { ...problem, hint };
}

/** The value to take out. A missing key takes nothing with it: checks expect any key to be absent. */
function refusedPath(error: ErrorObject): FilePath | undefined {
  if (error.keyword === 'required' || error.keyword === 'uniqueItems') return undefined;
  const at = parsePointer(error.instancePath);
  return error.keyword === 'additionalProperties' ? [...at, error.params.additionalProperty] : at;
}

function remove(root: unknown, path: FilePath | undefined): void {
  if (path === undefined || path.length === 0) return;
  let parent = root as Record<string | number, unknown> | undefined;
  for (const step of path.slice(0, -1)) {
    parent = parent?.[step] as typeof parent;
    if (typeof parent !== 'object' || parent === null) return;
  }
  if (parent) parent[path.at(-1)!] = undefined;
}

/** A JSON pointer (RFC 6901) with list positions as numbers. Names in a platform file never look like one. */
function parsePointer(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}
