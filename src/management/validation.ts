import type { AnySchema, ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifySchema, FastifySchemaCompiler } from 'fastify';
import { formatPath } from '../platform/problems.ts';
import { didYouMean, suggest } from '../platform/suggest.ts';
import { type FieldError, invalidFields } from './problems.ts';

type Part = FieldError['in'];

const PARTS: Readonly<Record<string, Part>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
};

/** More than anyone mends at once. */
const MOST_ERRORS = 50;

/** The parts of a schema that the words of an error are made of. */
interface SchemaNode {
  type?: string | string[];
  title?: string;
  enum?: unknown[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  minItems?: number;
  writeOnly?: boolean;
  properties?: Record<string, SchemaNode>;
}

/**
 * Compiles the schemas of this door's requests. Nothing is coerced, but for whole numbers in a query;
 * nothing is dropped: an unknown member is an error. All errors are reported at once.
 *
 * Formats are documentation: the rooms behind the door hold addresses and URIs to their own rules.
 */
export function createRequestValidator(): FastifySchemaCompiler<FastifySchema> {
  const ajv = new Ajv2020({
    ...{ allErrors: true, verbose: true, strict: true, allowUnionTypes: true },
    ...{ coerceTypes: false, removeAdditional: false, useDefaults: false, validateFormats: false },
  });

  return function compile({ schema, httpPart = 'body' }) {
    const part = PARTS[httpPart] ?? 'body';
    // When it is first asked: compiling them all would be a tenth of the start.
    let compiled: ValidateFunction | undefined;
    return (data: unknown) => {
      compiled ??= ajv.compile(schema as AnySchema);
      const validate = compiled;
      const value = part === 'query' ? withNumbers(data, schema as SchemaNode) : data;
      const errors = validate(value)
        ? findUnstorable(part === 'body' ? value : null, [])
        : distinct(withoutEchoes(validate.errors ?? []).map((error) => toFieldError(error, part)));
      return errors.length > 0 ? { error: invalidFields(errors.slice(0, MOST_ERRORS)) } : { value };
    };
  };
}

const WHOLE_NUMBER = /^-?\d{1,15}$/;

function withNumbers(query: unknown, { properties = {} }: SchemaNode): unknown {
  return Object.fromEntries(
    Object.entries(query as Record<string, unknown>).map(([name, value]) => {
      const isNumber =
        Object.hasOwn(properties, name) &&
        properties[name]!.type === 'integer' &&
        WHOLE_NUMBER.test(String(value)) &&
        typeof value === 'string';
      return [name, isNumber ? Number(value) : value];
    }),
  );
}

/** Text in a body that Postgres refuses, as name or value: NUL and halves of surrogate pairs. */
function findUnstorable(value: unknown, at: (string | number)[]): FieldError[] {
  if (typeof value === 'string') return isStorable(value) ? [] : [unstorable(at)];
  if (typeof value !== 'object' || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, inner]) =>
    isStorable(key) ? findUnstorable(inner, [...at, isList ? Number(key) : key]) : [unstorable(at)],
  );
}

const isStorable = (text: string) => !text.includes('\0') && text.isWellFormed();

function unstorable(at: (string | number)[]): FieldError {
  const expected = 'well-formed text without NUL characters';
  return { in: 'body', path: formatPath(at), message: `must be ${expected}`, expected };
}

/** One mistake, one error: a member that is missing only because it is there misspelt. */
function withoutEchoes(errors: readonly ErrorObject[]): ErrorObject[] {
  return errors.filter(
    (error) =>
      error.keyword !== 'required' ||
      !errors.some(
        (other) =>
          other.keyword === 'additionalProperties' &&
          other.instancePath === error.instancePath &&
          suggest(other.params.additionalProperty, absentMembers(other)) ===
            error.params.missingProperty,
      ),
  );
}

/** A value of the wrong type fails more than one rule, with the same words. */
function distinct(errors: readonly FieldError[]): FieldError[] {
  return [...new Map(errors.map((error) => [`${error.path} ${error.message}`, error])).values()];
}

function toFieldError(error: ErrorObject, part: Part): FieldError {
  const schema = error.parentSchema as SchemaNode;
  const at = parsePointer(error.instancePath);
  switch (error.keyword) {
    case 'required': {
      const name: string = error.params.missingProperty;
      const expected = expectation(schema.properties?.[name] ?? {});
      return fieldError(part, [...at, name], { expected, found: 'nothing' });
    }
    case 'additionalProperties':
      return unknownMember(error, at, part);
    case 'uniqueItems':
      return fieldError(part, [...at, Math.max(error.params.i, error.params.j)], {
        expected: 'different from every other item',
        found: 'the same again',
      });
    case 'minProperties':
      return fieldError(part, at, { expected: 'at least one member', found: 'an empty object' });
    default: {
      const found = finding(error.data, schema, at);
      const word = typeof error.data === 'string' ? error.data : '';
      const hint = schema.enum && didYouMean(word, schema.enum.map(String));
      return fieldError(part, at, { expected: expectation(schema), found, hint });
    }
  }
}

function unknownMember(error: ErrorObject, at: (string | number)[], part: Part): FieldError {
  const name: string = error.params.additionalProperty;
  const { properties = {} } = error.parentSchema as SchemaNode;
  const known = Object.keys(properties);
  return {
    in: part,
    path: formatPath([...at, shortened(name)]),
    message: 'is not known here',
    expected: known.length === 0 ? 'nothing' : `one of ${known.join(', ')}`,
    found: `the unknown ${part === 'query' ? 'parameter' : 'member'} ${shortened(JSON.stringify(name))}`,
    ...hinting(didYouMean(name, absentMembers(error))),
  };
}

/** What the schema has and the object has not: what a misspelt member may have meant. */
function absentMembers(error: ErrorObject): string[] {
  const { properties = {} } = error.parentSchema as SchemaNode;
  return Object.keys(properties).filter((key) => !Object.hasOwn(error.data as object, key));
}

function fieldError(
  part: Part,
  at: (string | number)[],
  { expected, found, hint }: { expected: string; found: string; hint?: string | undefined },
): FieldError {
  const message = found === 'nothing' ? `is missing: ${expected}` : `must be ${expected}`;
  return { in: part, path: formatPath(at), message, expected, found, ...hinting(hint) };
}

const hinting = (hint: string | undefined) => (hint === undefined ? {} : { hint });

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a JSON object',
  null: 'null',
};

/** What a schema wants, as the words after "must be". */
function expectation(schema: SchemaNode): string {
  if (schema.enum) return `one of ${schema.enum.map(String).join(', ')}`;
  if (schema.title) return schema.title;
  const types = [schema.type ?? []].flat();
  const words = types.map((type) => `${TYPE_NAMES[type]}${bounds(type, schema)}`);
  return words.join(' or ') || 'another value';
}

function bounds(type: string, schema: SchemaNode): string {
  const { minLength, maxLength, minimum, maximum, minItems, maxItems } = schema;
  if (type === 'string') return range('of', minLength, maxLength, ' characters');
  if (type === 'array') return range('of', minItems, maxItems, ' items');
  return type === 'integer' ? range('from', minimum, maximum, '') : '';
}

function range(
  between: 'of' | 'from',
  least: number | undefined,
  most: number | undefined,
  unit: string,
): string {
  if (least !== undefined && most !== undefined) return ` ${between} ${least} to ${most}${unit}`;
  if (most !== undefined) return ` of at most ${most}${unit}`;
  return least === undefined ? '' : ` of at least ${least}${unit}`;
}

/** What was found, short and on one line; of what is only written, such as a password, just its type. */
function finding(value: unknown, schema: SchemaNode, at: readonly unknown[]): string {
  if (value === undefined || (value === null && at.length === 0)) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (schema.writeOnly) return TYPE_NAMES[typeof value] ?? `a ${typeof value}`;
  if (typeof value === 'string') return shortened(JSON.stringify(value));
  return shortened(`the ${typeof value} ${value}`);
}

const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 57)}…` : text);

/** A JSON pointer (RFC 6901) with list positions as numbers. */
function parsePointer(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}
