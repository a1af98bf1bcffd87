import { type TProperties, type TSchema, Type } from 'typebox';

/**
 * The small types a platform file is made of. Each `title` completes the sentence "expected …", in error
 * messages and in editors alike; `description` is what an editor shows on hover.
 */

export interface Words {
  title?: string;
  description?: string;
  default?: unknown;
}

/** A mapping in which unknown keys are errors. */
export function closed<const T extends TProperties>(properties: T, words: Words = {}) {
  return Type.Object(properties, { additionalProperties: false, ...words });
}

/** A mapping from names the operator chooses to values of one type. `keyTitle` says what a name looks like. */
export function named<const T extends TSchema>(
  pattern: string,
  keyTitle: string,
  value: T,
  words: Words = {},
) {
  return Type.Record(Type.String({ pattern }), value, {
    additionalProperties: false,
    propertyNames: { title: keyTitle },
    ...words,
  });
}

/** One of a few words. */
export function choice<const T extends string[]>(options: readonly [...T], words: Words = {}) {
  return Type.Enum<T>(options, { ...words });
}

export const optional = Type.Optional;

export function flag(words: Words) {
  return Type.Boolean({ title: 'true or false', ...words });
}

export function text(words: Words = {}) {
  return Type.String({ title: 'some text', minLength: 1, maxLength: 500, ...words });
}

function pattern(title: string, source: string) {
  return (words: Words = {}) => Type.String({ title, pattern: source, maxLength: 500, ...words });
}

export const SCOPE_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,99}$';
export const SCOPE_TITLE = 'a scope name such as notes:read';
export const NAME_PATTERN = '^[a-z][a-z0-9_-]{0,63}$';
export const NAME_TITLE = 'a lower-case name such as read_only';
export const EVENT_PATTERN = '^[a-z][a-z0-9_.-]{0,99}$';
export const EVENT_TITLE = 'an event name such as note.created';

export const scopeName = pattern(SCOPE_TITLE, SCOPE_PATTERN);
export const name = pattern(NAME_TITLE, NAME_PATTERN);
export const eventName = pattern(EVENT_TITLE, EVENT_PATTERN);
export const duration = pattern('a duration such as 60s, 5m, 1h or 30d', '^[1-9][0-9]{0,8}[smhd]$');
export const window = pattern(
  'a duration such as 1m, 1h or 1d, or lifetime',
  '^([1-9][0-9]{0,8}[smhd]|lifetime)$',
);
export const color = pattern('a colour such as "#1f5fbf", in quotes', '^#[0-9a-fA-F]{6}$');
export const url = pattern('an absolute URL such as https://example.com', '^https?://[^\\s]+$');
export const uri = pattern(
  'an absolute URI without fragment, such as https://api.example.com',
  '^[A-Za-z][A-Za-z0-9+.-]*:[^\\s#]+$',
);
export const path = pattern('a path such as /v1/auth/token', '^(/[A-Za-z0-9._~-]+)+$');
export const routePath = pattern(
  'a path such as /v1/notes/:id or /v1/notes/*',
  '^(/|(/(:[A-Za-z][A-Za-z0-9_]*|[A-Za-z0-9._~-]+))+(/\\*)?|/\\*)$',
);
export const headerName = pattern(
  'a header name such as X-API-Key',
  '^[A-Za-z][A-Za-z0-9!#$%&*+.^_`|~-]*$',
);
export const parameterName = pattern('a name such as api_key', '^[A-Za-z][A-Za-z0-9_.-]*$');
export const keyPrefix = pattern(
  'letters and digits with single _ or - between, ending in one of them, such as notes_live_',
  '^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*[_-]$',
);

/** `limit` in every `window`. */
export function rate(words: Words = {}) {
  return closed({ limit: count(), window: duration() }, words);
}

export const headerValue = pattern('text on one line, without control characters', '^[ -~]+$');

export function count(words: Words = {}) {
  return Type.Integer({
    title: 'a whole number, 0 or more',
    minimum: 0,
    maximum: 1_000_000_000_000,
    ...words,
  });
}

export function list<const T extends TSchema>(items: T, words: Words = {}) {
  return Type.Array(items, { uniqueItems: true, maxItems: 1000, ...words });
}

/** A list of names, or `*` for all there are. */
export function namesOrAll(words: Words = {}) {
  return Type.Union([Type.Literal('*'), Type.Array(scopeName(), { uniqueItems: true })], {
    title: "a list of names, or '*' for all",
    ...words,
  });
}

/** Some of a few words, or `*` for all of them. */
export function choicesOrAll<const T extends string[]>(
  options: readonly [...T],
  words: Words = {},
) {
  return Type.Union([Type.Literal('*'), Type.Array(choice(options), { uniqueItems: true })], {
    title: `a list of ${options.join(', ')}, or '*' for all`,
    ...words,
  });
}

export const credentialKind = () =>
  choice(['api_key', 'access_token', 'service_jwt', 'playground_key']);
