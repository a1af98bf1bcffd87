import type { DenialReason } from './denial-reasons.ts';
import type { Dialect, DialectTemplate } from './platform.ts';

/** What a dialect may speak of, in braces. */
export const PLACEHOLDERS = [
  /** The dialect's code for the reason. */
  'code',
  /** The dialect's sentence for the reason. */
  'message',
  /** The HTTP status, a number. */
  'status',
  /** The canonical reason. */
  'reason',
  /** Whole seconds until it is worth trying again; absent when waiting does not help. */
  'retry_after',
  /** The identifier under which logs know this request. */
  'request_id',
  /** The scope the route needs, when that is what is missing. */
  'required_scope',
  /** The module the route needs, when that is what is missing. */
  'required_module',
  /** The name of the limit that is used up. */
  'limit',
] as const;

export type Placeholder = (typeof PLACEHOLDERS)[number];
export type PlaceholderValues = Partial<Record<Placeholder, string | number>>;

const PLACEHOLDER = /\{([a-z_]+)\}/g;
const ONLY_PLACEHOLDER = /^\{([a-z_]+)\}$/;

/** The names in braces in a template, at any depth. */
export function placeholdersIn(template: DialectTemplate): string[] {
  if (typeof template === 'string') return [...template.matchAll(PLACEHOLDER)].map((m) => m[1]!);
  if (typeof template !== 'object' || template === null) return [];
  return Object.values(template).flatMap(placeholdersIn);
}

/**
 * Fills a template. A string that is one placeholder and nothing else becomes its value, number or text;
 * without a value its key is left out. Within other text, a placeholder without a value is empty.
 */
export function fillTemplate(template: DialectTemplate, values: PlaceholderValues): unknown {
  if (typeof template === 'string') {
    const only = ONLY_PLACEHOLDER.exec(template)?.[1];
    if (only) return values[only as Placeholder];
    return template.replace(PLACEHOLDER, (_, key) => String(values[key as Placeholder] ?? ''));
  }
  if (typeof template !== 'object' || template === null) return template;
  if (Array.isArray(template)) {
    return template.map((part) => fillTemplate(part, values)).filter((part) => part !== undefined);
  }
  const entries = Object.entries(template)
    .map(([key, part]) => [key, fillTemplate(part, values)] as const)
    .filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries);
}

/**
 * A denial in the platform's words. The standard headers (`WWW-Authenticate`, `RateLimit`, `Retry-After`)
 * are the gate's to add.
 */
export function wordDenial(
  dialect: Dialect,
  reason: DenialReason,
  details: Omit<PlaceholderValues, 'code' | 'message' | 'status' | 'reason'> = {},
): { status: number; headers: Record<string, string>; body: unknown } {
  const { status, code, message, headers, body } = dialect.denials[reason];
  const known = { ...details, status, code, reason };
  const values = { ...known, message: String(fillTemplate(message, known) ?? '') };
  const words = Object.entries(headers)
    .map(([name, value]) => [name, fillTemplate(value, values)] as const)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, String(value)]);
  return {
    status,
    headers: { 'content-type': dialect.contentType, ...Object.fromEntries(words) },
    body: fillTemplate(body ?? dialect.body, values),
  };
}
