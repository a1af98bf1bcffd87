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

export const nested = (depth: number, open: string, close: string) =>
  open.repeat(depth) + close.repeat(depth);

/** No field expects them all, and every parser has stumbled over one of them. */
export const HOSTILE_TEXTS = [
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

export const HOSTILE_NUMBERS = [
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

export const CONTENT_TYPES = [
  ...['', ';;;=', 'text/plain', 'application/x-www-form-urlencoded', 'application/xml'],
  ...['multipart/form-data; boundary=x', 'application/json; charset=utf-16', 'application/ld+json'],
  ...['application/json, text/plain', 'x'.repeat(3_000), 'application/json;'.repeat(50)],
];

export const BROKEN_BODIES = [
  ...['{', '{"a":}', '', 'null', '"text"', '1e999', "{'a':1}", '{"a":1}{"a":2}', '\ufeff{}'],
  ...[nested(20_000, '[', ']'), '{"a":'.repeat(9_000), '{"name":"x","name":"y"}', '[1,2'],
  ...[`{"name":"${'x'.repeat(200_000)}"}`, '{"__proto__":null}', '{"name":"\\ud800"}', '\0'],
].map((text) => Buffer.from(text));

export const NOT_UTF8 = [
  Buffer.from([0xff, 0xfe, 0x7b, 0]),
  Buffer.from('{"name":"\xe9\x28"}', 'latin1'),
];

export const METHODS = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
];

/** Nothing that Node’s client refuses to send, and still everything that a path can hold. */
export const inPath = (dice: Dice, value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (dice.chance(0.1)) return dice.oneOf(['%', '%zz', '%ed%a0%80', '%c0%ae', '..', '.', '%2e%2e']);
  return encodeURIComponent(text.toWellFormed()).slice(0, 6_000);
};

/** Header values are bytes, of which some are forbidden to clients as well. */
export const inHeader = (text: string) =>
  Buffer.from(text.toWellFormed())
    .toString('latin1')
    .replaceAll(/[^ -~\u0080-\u00ff]/g, '?');
