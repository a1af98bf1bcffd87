import type { OpenApiDocument, Operation } from '../management/house.ts';
import { operationsOf } from '../management/house.ts';

/** The same numbers for the same seed. */
export interface Dice {
  /** From 0 up to, but without, the number given. */
  below(count: number): number;
  chance(probability: number): boolean;
  oneOf<T>(items: readonly T[]): T;
}

/** Mulberry32: 32 bits of state are enough to find a failing run again. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count: number) => Math.floor(next() * count);
  return {
    below,
    chance: (probability) => next() < probability,
    oneOf: (items) => items[below(items.length)]!,
  };
}

const nested = (depth: number, open: string, close: string) =>
  open.repeat(depth) + close.repeat(depth);

/** No field expects them all, and every parser has stumbled over one of them. */
const HOSTILE_TEXTS = [
  ...[
    '',
    ' ',
    '\0',
    'a\0b',
    '\u0001\u001b[31m',
    '\r\nx-injected: 1',
    '\ud800',
    'x\udfff',
    '\ufeff',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'then',
    'length',
    '../../etc/passwd',
  ],
  ...[
    "'; DROP TABLE users; --",
    '%',
    '%00',
    '%ff',
    '\\',
    '"',
    '{{7*7}}',
    '{code}',
    '<script>',
    '*',
  ],
  ...['javascript:alert(1)', 'http://169.254.169.254/', 'file:///etc/passwd', 'http://[::1', '//x'],
  ...[
    '0000-00-00T00:00:00Z',
    '9999-12-31T23:59:60Z',
    '+275760-09-13T00:00:00.000Z',
    'NaN',
    '1e400',
  ],
  ...[
    '-1',
    '0',
    '4294967296',
    '٣',
    'ＡＢＣ',
    '👩‍👩‍👧'.repeat(50),
    'x'.repeat(5_000),
    'a@b',
    'İ@ı.example',
  ],
  ...[
    '00000000-0000-0000-0000-000000000000',
    '000000000000000000000000',
    'null',
    'true',
    '[]',
    '{}',
  ],
];

const HOSTILE_NUMBERS = [
  ...[0, -0, -1, 0.5, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 32, 2 ** 53 + 2, -(2 ** 63), 1e21],
];

const HOSTILE_OBJECTS: readonly unknown[] = [
  JSON.parse('{"__proto__":{"isAdmin":true},"name":"x"}'),
  JSON.parse('{"constructor":{"prototype":{"isAdmin":true}}}'),
  JSON.parse('{"toString":1,"valueOf":null,"then":"x"}'),
  { length: 1e9, 0: 'x' },
  JSON.parse(nested(200, '[', ']')),
  Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`field-${i}`, i])),
  Array.from({ length: 300 }, (_, i) => `item-${i}`),
  ...[[], {}, [null], [[]], [{}]],
];

export function hostileValue(dice: Dice): unknown {
  switch (dice.below(4)) {
    case 0:
      return dice.oneOf(HOSTILE_NUMBERS);
    case 1:
      return dice.oneOf(HOSTILE_OBJECTS);
    case 2:
      return dice.oneOf([null, true, false]);
    default:
      return dice.oneOf(HOSTILE_TEXTS);
  }
}

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

const CONTENT_TYPES = [
  ...['', ';;;=', 'text/plain', 'application/x-www-form-urlencoded', 'application/xml'],
  ...['multipart/form-data; boundary=x', 'application/json; charset=utf-16', 'application/ld+json'],
  ...['application/json, text/plain', 'x'.repeat(3_000), 'application/json;'.repeat(50)],
];

const BROKEN_BODIES = [
  ...['{', '{"a":}', '', 'null', '"text"', '1e999', "{'a':1}", '{"a":1}{"a":2}', '\ufeff{}'],
  ...[nested(20_000, '[', ']'), '{"a":'.repeat(9_000), '{"name":"x","name":"y"}', '[1,2'],
  ...[`{"name":"${'x'.repeat(200_000)}"}`, '{"__proto__":null}', '{"name":"\\ud800"}', '\0'],
].map((text) => Buffer.from(text));

const NOT_UTF8 = [Buffer.from([0xff, 0xfe, 0x7b, 0]), Buffer.from('{"name":"\xe9\x28"}', 'latin1')];

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'];

/** Nothing that Node’s client refuses to send, and still everything that a path can hold. */
const inPath = (dice: Dice, value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (dice.chance(0.1)) return dice.oneOf(['%', '%zz', '%ed%a0%80', '%c0%ae', '..', '.', '%2e%2e']);
  return encodeURIComponent(text.toWellFormed()).slice(0, 6_000);
};

/** Header values are bytes, of which some are forbidden to clients as well. */
const inHeader = (text: string) =>
  Buffer.from(text.toWellFormed())
    .toString('latin1')
    .replaceAll(/[^ -~\u0080-\u00ff]/g, '?');

function bodyFor(dice: Dice, right: unknown): Pick<HostileRequest, 'headers' | 'body'> {
  const type = dice.chance(0.85) ? 'application/json' : dice.oneOf(CONTENT_TYPES);
  const headers = { 'content-type': type };
  if (dice.chance(0.15)) return { headers, body: dice.oneOf([...BROKEN_BODIES, ...NOT_UTF8]) };
  const value = dice.chance(0.1) ? hostileValue(dice) : right;
  return { headers, body: Buffer.from(JSON.stringify(value)) };
}

const queryOf = (dice: Dice, pairs: readonly [string, unknown][]) =>
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
