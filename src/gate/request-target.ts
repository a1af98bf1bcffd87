/**
 * The path of a request line, decoded once for matching; undefined when it could be read in two ways by
 * the gate and whatever stands behind it: encoded slashes, backslashes or NUL, dot segments, control
 * characters, broken escapes.
 *
 * @param target as in the request line, with or without query
 */
export function readPath(target: string): string | undefined {
  const end = target.indexOf('?');
  const raw = end < 0 ? target : target.slice(0, end);
  if (raw.length > MAX_PATH_LENGTH || !raw.startsWith('/')) return undefined;
  if (raw.includes(' ')) return undefined;
  if (!raw.includes('%')) return isPlain(raw) ? raw : undefined;
  if (FORBIDDEN_ESCAPE.test(raw)) return undefined;
  try {
    const decoded = decodeURIComponent(raw);
    return isPlain(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}

const MAX_PATH_LENGTH = 8_192;

/** `/`, `\`, `.` and `%` themselves have no business being encoded; control characters have none at all. */
const FORBIDDEN_ESCAPE = /%(2f|5c|2e|25|0[0-9a-f]|1[0-9a-f]|7f)/i;

/** Java servers take `;` and what follows away before they look for dot segments. */
const DOT_SEGMENT = /^\.{1,2}(;|$)/;

function isPlain(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\\#\u0000-\u001f\u007f]/.test(path)) return false;
  return !path.split('/').some((segment) => DOT_SEGMENT.test(segment));
}

/** The target without one query parameter: a key that stood there goes no further. */
export function withoutQueryParameter(target: string, names: readonly string[]): string {
  const start = target.indexOf('?');
  if (start < 0 || names.length === 0) return target;
  const kept = target
    .slice(start + 1)
    .split('&')
    .filter((pair) => !names.includes(nameOf(pair)));
  return kept.length > 0 ? `${target.slice(0, start)}?${kept.join('&')}` : target.slice(0, start);
}

function nameOf(pair: string): string {
  try {
    return decodeURIComponent((pair.split('=', 1)[0] ?? '').replaceAll('+', ' '));
  } catch {
    return pair;
  }
}
