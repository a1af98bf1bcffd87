import type { DenialReason } from '../../../src/platform/denial-reasons.ts';
import { loadPlatform } from '../../../src/platform/load.ts';
import type { DialectDenial, DialectTemplate, Platform } from '../../../src/platform/platform.ts';

/** A row of a platform's error table. Null fits everything; the first row whose every column fits counts. */
export interface ErrorRow {
  readonly status: number;
  readonly code: string;
  readonly message: string | null;
  /** What the client sends: an API key, or any kind of token. */
  readonly credential: 'api_key' | 'token' | null;
  /** The `error` of WWW-Authenticate. */
  readonly challenge: string | null;
  readonly reason: DenialReason;
}

export const PRESETS = [
  { id: 'kliq', name: 'Kliq', className: 'KliqClient', envPrefix: 'KLIQ' },
  { id: 'kaie', name: 'Kaie', className: 'Kaie', envPrefix: 'KAIE' },
  { id: 'klen', name: 'Klen', className: 'Klen', envPrefix: 'KLEN' },
  { id: 'kloakd', name: 'Kloakd', className: 'Kloakd', envPrefix: 'KLOAKD' },
] as const;

/** The four configurations, from the platform files. */
export async function presets() {
  const entries = await Promise.all(
    PRESETS.map(async (preset) => {
      const platform = await loadPlatform(preset.id);
      return [preset.id, { ...named(preset), ...configurationOf(platform) }] as const;
    }),
  );
  return { about: ABOUT, presets: Object.fromEntries(entries) };
}

const ABOUT =
  "Each platform's configuration. tokenUrl is below the base URL. errorBody names where code, message and " +
  'retry-after are in a JSON body, as dotted paths. errorTable turns an answer into its canonical reason: the first ' +
  'row counts whose columns all equal the answer, null fitting everything; credential is what the client sends ' +
  "(api_key, or token for all other methods), challenge the error parameter of WWW-Authenticate. No row: the status's " +
  'own reason, as errors.json says.';

function named({ name, className, envPrefix }: (typeof PRESETS)[number]) {
  return { name, className, envPrefix };
}

function configurationOf(platform: Platform) {
  const keyHeader = platform.presentations.find(
    ({ in: place, credentials }) => place === 'header' && credentials.includes('api_key'),
  );
  // A platform that takes keys as a bearer gets them there: one place for every credential.
  const asBearer = platform.presentations.some(
    ({ in: place, credentials }) => place === 'bearer' && credentials.includes('api_key'),
  );
  const { userTokens, webhooks } = platform;
  return {
    baseUrl: platform.api.identifier,
    organizationHeader: spelled(platform.organizationHeader?.name),
    apiKeyHeader: keyHeader && 'name' in keyHeader && !asBearer ? spelled(keyHeader.name) : null,
    tokenUrl: '/oauth/token',
    userTokenPaths: userTokens.enabled
      ? { token: userTokens.tokenPath, refresh: userTokens.refreshPath }
      : null,
    fieldStyle: userTokens.enabled ? userTokens.fieldStyle : null,
    webhook: { header: webhooks.signatureHeader, style: webhooks.signatureStyle },
    errorBody: bodyPaths(platform.dialect.body),
    errorTable: errorTable(platform),
  };
}

/** As people write a header: X-API-Key. */
function spelled(name: string | undefined): string | null {
  if (name === undefined) return null;
  const words = name.split('-').map((word) => `${word[0]!.toUpperCase()}${word.slice(1)}`);
  return words.join('-').replace('-Api-', '-API-');
}

/** Where a dialect puts code, message and retry-after. */
function bodyPaths(template: DialectTemplate) {
  const paths: Record<string, string> = {};
  const visit = (part: DialectTemplate, path: readonly string[]): void => {
    if (typeof part === 'string') paths[part] = path.join('.');
    else if (typeof part === 'object' && part !== null && !Array.isArray(part)) {
      for (const [key, value] of Object.entries(part)) visit(value, [...path, key]);
    }
  };
  visit(template, []);
  return {
    code: paths['{code}']!,
    message: paths['{message}']!,
    retryAfter: paths['{retry_after}']!,
  };
}

/** Where a dialect words two reasons alike, the earlier one is said: what a client with a credential meets most. */
const LIKELIEST: readonly DenialReason[] = [
  ...([
    'invalid_api_key',
    'invalid_token',
    'insufficient_permission',
    'insufficient_scope',
  ] as const),
  ...([
    'expired_credential',
    'expired_token',
    'organization_mismatch',
    'address_not_allowed',
  ] as const),
  ...(['not_entitled', 'rate_limited', 'quota_exceeded', 'malformed_request'] as const),
  ...(['organization_required', 'ambiguous_credential', 'missing_credential'] as const),
  ...(['route_not_found', 'temporarily_unavailable', 'upstream_unreachable'] as const),
  'upstream_timeout',
];

const ONLY_KEYS: readonly DenialReason[] = [
  ...(['invalid_api_key', 'expired_credential', 'insufficient_permission'] as const),
  'address_not_allowed',
];
const ONLY_TOKENS: readonly DenialReason[] = [
  'invalid_token',
  'expired_token',
  'insufficient_scope',
];
const LACKS_SCOPE: readonly DenialReason[] = ['insufficient_permission', 'insufficient_scope'];

type Column = Omit<ErrorRow, 'reason'>;

/** Exact rows first, then one row for each status and code alone. */
function errorTable({ dialect }: Platform): ErrorRow[] {
  const rows = new Map<string, ErrorRow>();
  const add = (column: Column, reason: DenialReason) => {
    const key = JSON.stringify(column);
    if (!rows.has(key)) rows.set(key, { ...column, reason });
  };
  for (const reason of LIKELIEST) {
    const denial = dialect.denials[reason];
    const isAlone = !sharesWords(reason, dialect.denials);
    if (!isAlone) add(exactColumn(reason, denial), reason);
  }
  for (const reason of LIKELIEST) {
    const { status, code } = dialect.denials[reason];
    for (const credential of ['api_key', 'token'] as const) {
      const likeliest = likeliestOf(dialect.denials, reason, credential);
      add({ status, code, message: null, credential, challenge: null }, likeliest);
    }
  }
  return joined([...rows.values()])
    .filter(isReached)
    .filter(saysMore);
}

const exactColumn = (reason: DenialReason, denial: DialectDenial): Column => ({
  status: denial.status,
  code: denial.code,
  message: denial.message.includes('{') ? null : denial.message,
  credential: credentialOf(reason),
  challenge: LACKS_SCOPE.includes(reason) ? 'insufficient_scope' : null,
});

function credentialOf(reason: DenialReason): ErrorRow['credential'] {
  if (ONLY_KEYS.includes(reason)) return 'api_key';
  return ONLY_TOKENS.includes(reason) ? 'token' : null;
}

type Denials = Platform['dialect']['denials'];

/** Whether status and code are also those of another reason. */
const sharesWords = (reason: DenialReason, denials: Denials) =>
  LIKELIEST.some((other) => other !== reason && isSame(denials[other], denials[reason]));

type Words = Pick<DialectDenial, 'status' | 'code'>;

const isSame = (one: Words, other: Words) => one.status === other.status && one.code === other.code;

/** Of the reasons with these words, what a client with this credential most likely meets. */
function likeliestOf(
  denials: Denials,
  reason: DenialReason,
  credential: 'api_key' | 'token',
): DenialReason {
  const alike = LIKELIEST.filter((other) => isSame(denials[other], denials[reason]));
  const fits = (other: DenialReason) => [null, credential].includes(credentialOf(other));
  return alike.find(fits) ?? alike[0]!;
}

/** Two rows that differ in the credential alone and mean the same are one. */
function joined(rows: readonly ErrorRow[]): ErrorRow[] {
  const wordsOf = ({ credential: _, ...rest }: ErrorRow) => JSON.stringify(rest);
  return rows.map((row) => {
    const twin = rows.find((other) => other !== row && wordsOf(other) === wordsOf(row));
    return twin ? { ...row, credential: null } : row;
  });
}

/** A later row that earlier ones cover, for keys and for tokens, says nothing. */
const isReached = (row: ErrorRow, _: number, rows: readonly ErrorRow[]): boolean =>
  reachedWith(row, rows) !== undefined;

/** Nor does a row whose answers the next one of its status and code takes for the same reason. */
const saysMore = (row: ErrorRow, index: number, rows: readonly ErrorRow[]): boolean => {
  const next = rows.slice(index + 1).find((later) => isSame(later, row));
  return !(next && next.reason === row.reason && covers(next, row));
};

/** A credential with which a row is the first that fits; undefined: the rows for key and token leave it none. */
export function reachedWith(row: ErrorRow, rows: readonly ErrorRow[]) {
  const before = rows.slice(0, rows.indexOf(row));
  const kinds = row.credential ? [row.credential] : (['api_key', 'token'] as const);
  return kinds.find((credential) => !before.some((one) => covers(one, { ...row, credential })));
}

const covers = (earlier: ErrorRow, row: ErrorRow) =>
  earlier.status === row.status &&
  earlier.code === row.code &&
  (['message', 'credential', 'challenge'] as const).every(
    (column) => earlier[column] === null || earlier[column] === row[column],
  );
