import type { Configuration } from './configuration.ts';
import type { CompleteDefinition } from './definition.ts';
import { ConfigurationError } from './errors.ts';

export type QueryValue = string | number | boolean;
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[] | null | undefined>>;

/** Can be sent a second time, as a stream cannot. */
export type RequestBody =
  | string
  | Uint8Array<ArrayBuffer>
  | ArrayBuffer
  | Blob
  | FormData
  | URLSearchParams;

/** What goes with a request. Credentials and the organization are the client's own to add. */
export interface RequestOptions {
  /** Undefined and null are left out; a list repeats the name. */
  query?: Query | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is, in the place of json. */
  body?: RequestBody | undefined;
  signal?: AbortSignal | undefined;
  /** For each attempt. Default: the client's. */
  timeoutSeconds?: number | undefined;
}

const VERSION = '0.1.0';
const ORGANIZATION = '{organization}';

/** @throws ConfigurationError for a path that could lead anywhere else than below the base URL */
export function urlFor(
  { baseUrl, organizationId }: Pick<Configuration, 'baseUrl' | 'organizationId'>,
  path: string,
  query: Query = {},
): string {
  const problem = pathProblem(path);
  if (problem) throw new ConfigurationError(`The path is not usable: ${problem}.`);
  if (path.includes(ORGANIZATION) && organizationId === null) {
    throw new ConfigurationError(
      'The path names the organization, but the client has none: pass organizationId.',
    );
  }
  const filled = path.replaceAll(ORGANIZATION, () => encodeURIComponent(organizationId ?? ''));
  // An identifier can be dots alone.
  if (hasDotSegment(filled)) throw new ConfigurationError('The path is not usable: dot segments.');
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${encode(name)}=${encode(String(one))}`),
  );
  return `${baseUrl}${filled}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
}

function pathProblem(path: string): string | undefined {
  if (!/^\/(?!\/)/.test(path)) return 'it begins with one slash, and names no host';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\\\x00-\x20\x7f]/.test(path)) return 'it has a backslash, a space or a control character';
  if (/[?#]/.test(path)) return 'it has a ? or #; parameters go into query';
  if (hasDotSegment(path)) return 'it has a segment of dots';
  return undefined;
}

const hasDotSegment = (path: string) =>
  path.split('/').some((segment) => /^(\.|%2e){1,2}$/i.test(segment));

/** As encodeURIComponent, and what RFC 3986 §2.2 reserves beside. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);

/** Everything but the credential. */
export function headersFor(
  definition: CompleteDefinition,
  { organizationId }: Pick<Configuration, 'organizationId'>,
  { headers: given = {}, json, body }: RequestOptions,
): Headers {
  const headers = new Headers(given);
  for (const name of ownNames(definition)) headers.delete(name);
  if (!headers.has('accept')) headers.set('accept', 'application/json');
  if (!headers.has('user-agent'))
    headers.set('user-agent', `gatehouse-client-typescript/${VERSION}`);
  const isJson = json !== undefined && body === undefined;
  if (isJson && !headers.has('content-type')) headers.set('content-type', 'application/json');
  if (definition.organizationHeader && organizationId !== null) {
    headers.set(definition.organizationHeader, organizationId);
  }
  return headers;
}

/** What callers cannot set. */
const ownNames = ({ apiKeyHeader, organizationHeader }: CompleteDefinition) =>
  ['authorization', apiKeyHeader, organizationHeader].filter((name) => name !== null);

export const bodyFor = ({ json, body }: RequestOptions): RequestBody | undefined =>
  body ?? (json === undefined ? undefined : JSON.stringify(json));
