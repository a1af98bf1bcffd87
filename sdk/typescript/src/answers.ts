import type { CompleteDefinition, ErrorBodyPaths, ErrorRow } from './definition.ts';
import {
  AuthenticationError,
  type FailureDetails,
  ForbiddenError,
  GatehouseError,
  NotEntitledError,
  RateLimitError,
  ServerError,
} from './errors.ts';

/** What the client sends: some platforms word it alike when a key and when a token is refused. */
export type CredentialSort = 'api_key' | 'token';

export interface FailedAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as text. */
  readonly text: string;
}

/** What an error depends on, beside the answer. */
export interface Asked {
  readonly credential: CredentialSort;
  /** They are in no error, whatever the answer repeats. */
  readonly secrets: readonly string[];
  /** Seconds since the epoch, for a Retry-After that is a date. */
  readonly now: number;
}

/** The error that an answer of 300 and above stands for. */
export function errorOf(
  { errorBody, errorTable, name }: CompleteDefinition,
  { status, headers, text }: FailedAnswer,
  { credential, secrets, now }: Asked,
): GatehouseError {
  const said = readBody(text, errorBody);
  const challenge = challengeIn(headers.get('www-authenticate'));
  const { code } = said;
  const row = errorTable.find((one) => fits(one, { ...said, status, credential, challenge }));
  const reason = row?.reason ?? reasonByStatus(status, credential);
  const masked = (words: string | null) => words && mask(words, secrets);
  const details: FailureDetails = {
    ...{ reason, status, code: masked(code), requestId: masked(headers.get('x-request-id')) },
    retryAfter: retryAfterOf(headers.get('retry-after'), now) ?? said.retryAfter,
  };
  return create(masked(said.message) ?? `${name} answered ${status}.`, details);
}

/** A shorter one may be a word of the message by chance, and is no secret anyway. */
const SHORTEST_SECRET = 8;

const mask = (text: string, secrets: readonly string[]) =>
  secrets
    .filter(({ length }) => length >= SHORTEST_SECRET)
    .reduce((masked, secret) => masked.replaceAll(secret, '[redacted]'), text);

function create(message: string, details: FailureDetails): GatehouseError {
  const { reason, status } = details;
  if (reason === 'not_entitled') return new NotEntitledError(message, details);
  if (status === 401) return new AuthenticationError(message, details);
  if (status === 403) return new ForbiddenError(message, details);
  if (status === 429) return new RateLimitError(message, details);
  if ((status ?? 0) >= 500) return new ServerError(message, details);
  return new GatehouseError(message, details);
}

interface Said {
  readonly code: string | null;
  readonly message: string | null;
  readonly retryAfter: number | null;
}

/** The platform's words, or else OAuth's own (RFC 6749 §5.2). */
function readBody(text: string, paths: ErrorBodyPaths): Said {
  const body = parse(text);
  const retryAfter = at(body, paths.retryAfter);
  const said = {
    code: asText(at(body, paths.code)),
    message: asText(at(body, paths.message)),
    retryAfter: typeof retryAfter === 'number' && retryAfter >= 0 ? retryAfter : null,
  };
  if (said.code !== null) return said;
  const code = asText(at(body, 'error'));
  return code === null ? said : { ...said, code, message: asText(at(body, 'error_description')) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const asText = (value: unknown) => (typeof value === 'string' ? value : null);

function at(body: unknown, path: string): unknown {
  let here = body;
  for (const step of path.split('.')) {
    const isObject = typeof here === 'object' && here !== null && Object.hasOwn(here, step);
    if (!isObject) return undefined;
    here = (here as Record<string, unknown>)[step];
  }
  return here;
}

type Columns = Record<'status' | 'code' | 'message' | 'credential' | 'challenge', unknown>;

const fits = (row: ErrorRow, answer: Columns) =>
  (['status', 'code', 'message', 'credential', 'challenge'] as const).every(
    (column) => row[column] === null || row[column] === answer[column],
  );

/** RFC 6750 §3. Of several challenges the first that names an error. */
const challengeIn = (header: string | null) => /\berror="([^"]*)"/.exec(header ?? '')?.[1] ?? null;

function reasonByStatus(status: number, credential: CredentialSort): string {
  const isKey = credential === 'api_key';
  switch (status) {
    case 400:
      return 'malformed_request';
    case 401:
      return isKey ? 'invalid_api_key' : 'invalid_token';
    case 403:
      return isKey ? 'insufficient_permission' : 'insufficient_scope';
    case 429:
      return 'rate_limited';
    case 502:
      return 'upstream_unreachable';
    case 503:
      return 'temporarily_unavailable';
    case 504:
      return 'upstream_timeout';
    default:
      return 'unknown';
  }
}

/**
 * Seconds from now, never below 0; null: it says nothing.
 *
 * @see RFC 9110 §10.2.3
 */
export function retryAfterOf(header: string | null, now: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text);
  // Dates of HTTP end in GMT; Date.parse would take much else for one.
  const date = / GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil(date / 1000 - now));
}
