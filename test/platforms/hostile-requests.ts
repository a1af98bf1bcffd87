import type { OpenApiDocument, Operation } from '../management/house.ts';
import { operationsOf } from '../management/house.ts';
import {
  BROKEN_BODIES,
  CONTENT_TYPES,
  type Dice,
  HOSTILE_NUMBERS,
  HOSTILE_TEXTS,
  hostileValue,
  inHeader,
  inPath,
  METHODS,
  NOT_UTF8,
} from './hostile-values.ts';

interface Schema {
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}

/** What requests are made of, beside what is hostile. */
export interface Ground {
  /** Ids of things that are there; some of them will be gone. */
  ids: readonly string[];
  scopes: readonly string[];
  /** Never the same twice, and to be found again. */
  newPassword(): string;
}

/** Something that the schema takes, mostly: deep code is reached by requests that are right in part. */
export function sample(dice: Dice, ground: Ground, name: string, schema: Schema): unknown {
  if (dice.chance(0.12)) return hostileValue(dice);
  if (name === 'password') return ground.newPassword();
  if (schema.enum) return dice.oneOf(schema.enum);
  switch ([schema.type].flat()[0]) {
    case 'integer':
    case 'number':
      return dice.oneOf([1, 2, 20, 60, dice.oneOf(HOSTILE_NUMBERS)]);
    case 'boolean':
      return dice.chance(0.5);
    case 'array':
      return Array.from({ length: dice.below(3) }, () =>
        sample(dice, ground, name, schema.items ?? {}),
      );
    case 'object':
      return sampleObject(dice, ground, schema);
    default:
      return sampleText(dice, ground, name, schema);
  }
}

function sampleObject(dice: Dice, ground: Ground, { properties = {}, required = [] }: Schema) {
  const entries = Object.entries(properties)
    .filter(([name]) => (required.includes(name) ? dice.chance(0.95) : dice.chance(0.35)))
    .map(([name, schema]) => [name, sample(dice, ground, name, schema)]);
  return Object.fromEntries(entries);
}

function sampleText(dice: Dice, ground: Ground, name: string, { format }: Schema): string {
  if (/(^|_)id$/.test(name)) return dice.oneOf(ground.ids);
  if (/^scopes?$/.test(name)) return dice.oneOf(ground.scopes);
  if (name === 'permission_set') return dice.oneOf(['read_only', 'full_access']);
  if (format === 'email') return `person-${dice.below(1_000_000)}@example.com`;
  if (format === 'date-time') return dice.oneOf(['2099-01-01T00:00:00Z', '2001-01-01T00:00:00Z']);
  if (format === 'uri') return 'https://app.example.com/callback';
  return `text ${dice.below(1_000)}`;
}

/** A request as it goes over the wire. */
export interface HostileRequest {
  method: string;
  /** In the request line. */
  target: string;
  headers: Record<string, string | string[]>;
  body: Buffer;
}

export function bodyFor(dice: Dice, right: unknown): Pick<HostileRequest, 'headers' | 'body'> {
  const type = dice.chance(0.85) ? 'application/json' : dice.oneOf(CONTENT_TYPES);
  const headers = { 'content-type': type };
  if (dice.chance(0.15)) return { headers, body: dice.oneOf([...BROKEN_BODIES, ...NOT_UTF8]) };
  const value = dice.chance(0.1) ? hostileValue(dice) : right;
  return { headers, body: Buffer.from(JSON.stringify(value)) };
}

export const queryOf = (dice: Dice, pairs: readonly [string, unknown][]) =>
  pairs.map(([name, value]) => `${inPath(dice, name)}=${inPath(dice, value)}`).join('&');

/** Requests to what the OpenAPI document describes: the management API and /gate/decision. */
export function createManagementRequests(document: OpenApiDocument, dice: Dice, ground: Ground) {
  const operations = operationsOf(document);

  const parametersOf = ({ parameters }: Operation, place: string): [string, unknown][] =>
    parameters
      .filter((one) => one.in === place && (place === 'path' || dice.chance(0.4)))
      .map(({ name, schema }) => [name, sample(dice, ground, name, schema)]);

  return function next(): HostileRequest {
    const operation = dice.oneOf(operations);
    const path = parametersOf(operation, 'path').reduce(
      (text, [name, value]) => text.replace(`{${name}}`, () => inPath(dice, value)),
      operation.path,
    );
    const query = parametersOf(operation, 'query');
    if (dice.chance(0.1)) query.push([dice.oneOf(HOSTILE_TEXTS), hostileValue(dice)]);
    const target = query.length > 0 ? `${path}?${queryOf(dice, query)}` : path;
    const method = dice.chance(0.92) ? operation.method : dice.oneOf(METHODS);
    const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
    if (!schema && dice.chance(0.9)) return { method, target, headers: {}, body: Buffer.alloc(0) };
    const right = sampleObject(dice, ground, (schema ?? {}) as Schema);
    return { method, target, ...bodyFor(dice, right) };
  };
}

/**
 * Requests to the gate's own paths, as proxies, and as whoever reaches them in the place of one.
 *
 * @param key stands in the query of some
 */
export function createGateRequests(paths: readonly string[], dice: Dice, key: string) {
  const targetAbout = () => {
    const path = dice.oneOf(paths);
    if (dice.chance(0.4)) return path;
    if (dice.chance(0.3)) return `${path}?api_key=${key}`;
    return `${path}/${inPath(dice, hostileValue(dice))}?${queryOf(dice, [['q', hostileValue(dice)]])}`;
  };
  const says = (style: string) => ({
    [`x-${style}-method`]: dice.oneOf([...METHODS, inHeader(dice.oneOf(HOSTILE_TEXTS))]),
    [`x-${style}-uri`]: dice.chance(0.8) ? targetAbout() : inHeader(dice.oneOf(HOSTILE_TEXTS)),
  });

  return function next(): HostileRequest {
    const about = dice.chance(0.1)
      ? { ...says('forwarded'), ...says('original') }
      : says(dice.oneOf(['forwarded', 'original']));
    const asked = dice.oneOf(['/gate/check', '/gate/check/', '/gate/nginx', '/gate/denial']);
    const target =
      asked === '/gate/check/'
        ? `/gate/check${targetAbout()}`
        : `${asked}${dice.oneOf(['', '', `?api_key=${key}`])}`;
    const extra = {
      [dice.oneOf(['x-forwarded-for', 'x-gatehouse-denial', 'cookie'])]: '__proto__',
    };
    const headers = {
      ...(asked === '/gate/check/' ? {} : about),
      ...(dice.chance(0.2) ? extra : {}),
    };
    const isUgly = dice.chance(0.1);
    const method = dice.chance(0.7) ? 'GET' : dice.oneOf(METHODS);
    return {
      ...{ method, target },
      headers: isUgly ? { ...headers, 'x-ugly': inHeader(dice.oneOf(HOSTILE_TEXTS)) } : headers,
      body: dice.chance(0.1) ? dice.oneOf(BROKEN_BODIES) : Buffer.alloc(0),
    };
  };
}
