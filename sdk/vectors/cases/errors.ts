import { presets, reachedWith } from './presets.ts';

const REQUEST_ID = '01999999-0000-7000-8000-000000000001';

/** The class of each answer, and the reason where no row of the table fits. */
const BY_STATUS = {
  about:
    'In the order of classes: not_entitled → NotEntitledError (a ForbiddenError, too), 401 → AuthenticationError, ' +
    '403 → ForbiddenError, 429 → RateLimitError, 500 and above → ServerError, all else → GatehouseError.',
  api_key: { 400: 'malformed_request', 401: 'invalid_api_key', 403: 'insufficient_permission' },
  token: { 400: 'malformed_request', 401: 'invalid_token', 403: 'insufficient_scope' },
  any: {
    ...{ 429: 'rate_limited', 502: 'upstream_unreachable', 503: 'temporarily_unavailable' },
    504: 'upstream_timeout',
  },
  otherwise: 'unknown',
};

const ABOUT =
  'An answer of the API → the error. credential: what the client sends (see presets.json). First the error table of the ' +
  'preset, else byStatus. code and message come from the paths in errorBody; where code is not there and the body has a ' +
  "text `error`, code is that and message is `error_description` (OAuth's own). null: not known. A message of null in " +
  'expect: the client words one of its own from the status. retryAfter: the Retry-After header in seconds or as an ' +
  'HTTP-date against now (seconds since the epoch, rounded up, never below 0), else the number in the body. requestId: ' +
  'x-request-id. All answers have content-type application/json unless they say otherwise. secret: what the client sends; ' +
  'anything where it is left out. No error text holds a secret: where code, message or x-request-id repeat one of eight ' +
  'characters or more, [redacted] stands in its place.';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Each row of every table, and answers that are in none. */
export async function errors() {
  const all = (await presets()).presets;
  const rows = Object.entries(all).flatMap(([preset, { errorBody, errorTable }]) =>
    errorTable.flatMap((row) => {
      const words = row.message ?? 'Said otherwise';
      const headers = {
        'x-request-id': REQUEST_ID,
        ...(row.challenge ? { 'www-authenticate': `Bearer error="${row.challenge}"` } : {}),
        ...(row.status === 429 ? { 'retry-after': '17' } : {}),
      };
      const body = bodyOf(errorBody, { code: row.code, message: words });
      const credential = reachedWith(row, errorTable);
      if (!credential) return [];
      const answer = { status: row.status, headers, body };
      const expect = {
        ...{ class: classOf(row.status, row.reason), reason: row.reason, status: row.status },
        ...{ code: row.code, message: words, requestId: REQUEST_ID },
        retryAfter: row.status === 429 ? 17 : null,
      };
      const name = `${preset}: ${row.status} ${row.code}, ${words}, ${credential} → ${row.reason}`;
      return [{ name, input: { preset, credential, answer }, expect }];
    }),
  );
  return { about: ABOUT, byStatus: BY_STATUS, cases: [...rows, ...others(), ...repeated()] };
}

function classOf(status: number, reason: string): string {
  if (reason === 'not_entitled') return 'NotEntitledError';
  const exact: Record<number, string> = {
    ...{ 401: 'AuthenticationError', 403: 'ForbiddenError', 429: 'RateLimitError' },
  };
  return exact[status] ?? (status >= 500 ? 'ServerError' : 'GatehouseError');
}

/** A body with the values at dotted paths. */
function bodyOf(paths: Record<string, string>, values: Record<string, string | number>): string {
  const body: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const steps = paths[name]!.split('.');
    const last = steps.pop()!;
    let at = body;
    for (const step of steps) {
      at[step] ??= {};
      at = at[step] as Record<string, unknown>;
    }
    at[last] = value;
  }
  return JSON.stringify(body);
}

function others() {
  const answer = (status: number, body: string, headers: Record<string, string> = {}): Answer => ({
    ...{ status, headers, body },
  });
  const unnamed = { code: null, message: null, requestId: null, retryAfter: null };
  const limited = { class: 'RateLimitError', reason: 'rate_limited', status: 429 };
  const scoped = 'Bearer error="insufficient_scope", scope="notes:read"';
  const tooMany = '{"error":"RateLimitError","message":"Wait","retry_after":9}';
  return [
    {
      name: 'a challenge in a list of several',
      input: {
        ...{ preset: 'kliq', credential: 'token' },
        answer: answer(
          403,
          '{"error":"Forbidden","message":"Valid credentials but insufficient permissions"}',
          { 'www-authenticate': `DPoP algs="ES256", ${scoped}` },
        ),
      },
      expect: { class: 'ForbiddenError', reason: 'insufficient_scope', code: 'Forbidden' },
    },
    {
      name: 'retry-after only in the body',
      input: { preset: 'kloakd', credential: 'api_key', answer: answer(429, tooMany) },
      expect: { ...limited, code: 'RateLimitError', message: 'Wait', retryAfter: 9 },
    },
    {
      name: 'retry-after as a date',
      input: {
        ...{ preset: 'kloakd', credential: 'api_key', now: 1795219200 },
        answer: answer(429, tooMany, { 'retry-after': 'Sat, 21 Nov 2026 00:00:30 GMT' }),
      },
      expect: { ...limited, retryAfter: 30 },
    },
    {
      name: 'retry-after as a date that is past',
      input: {
        ...{ preset: 'kloakd', credential: 'api_key', now: 1795219200 },
        answer: answer(429, '{}', { 'retry-after': 'Fri, 20 Nov 2026 00:00:30 GMT' }),
      },
      expect: { ...limited, code: null, retryAfter: 0 },
    },
    {
      name: 'retry-after that is nothing',
      input: {
        ...{ preset: 'kloakd', credential: 'api_key' },
        answer: answer(429, '{}', { 'retry-after': 'soon' }),
      },
      expect: { ...limited, retryAfter: null },
    },
    {
      name: "OAuth's own words, where the dialect has an object at that place",
      input: {
        ...{ preset: 'kaie', credential: 'token' },
        answer: answer(401, '{"error":"invalid_client","error_description":"Unknown client"}'),
      },
      expect: {
        ...{ class: 'AuthenticationError', reason: 'invalid_token', status: 401 },
        ...{ code: 'invalid_client', message: 'Unknown client' },
      },
    },
    ...(['api_key', 'token'] as const).flatMap((credential) =>
      [400, 401, 403].map((status) => ({
        name: `${status} without a word, ${credential}`,
        input: { preset: 'klen', credential, answer: answer(status, '') },
        expect: {
          ...unnamed,
          ...{ class: classOf(status, ''), status },
          reason: (BY_STATUS[credential] as Record<number, string>)[status],
        },
      })),
    ),
    ...[404, 409, 418, 422, 429, 500, 502, 503, 504].map((status) => ({
      name: `${status} with a page instead of JSON`,
      input: {
        ...{ preset: 'klen', credential: 'api_key' },
        answer: answer(status, '<h1>Oh</h1>', { 'content-type': 'text/html' }),
      },
      expect: {
        ...unnamed,
        ...{ class: classOf(status, ''), status },
        reason: (BY_STATUS.any as Record<number, string>)[status] ?? BY_STATUS.otherwise,
      },
    })),
    ...[
      '[]',
      'null',
      '"text"',
      '{"error":',
      '{"error":{"code":7,"message":{}}}',
      '{"error":null}',
    ].map((body) => ({
      name: `a body of another shape: ${body}`,
      input: { preset: 'klen', credential: 'api_key', answer: answer(401, body) },
      expect: {
        ...unnamed,
        ...{ class: 'AuthenticationError', reason: 'invalid_api_key', status: 401 },
      },
    })),
  ];
}

/** Answers that repeat what was sent. */
function repeated() {
  const secret = 'sk-live-hush-hush-1';
  const refused = { class: 'AuthenticationError', status: 401 };
  const unnamed = { requestId: null, retryAfter: null };
  return [
    {
      name: 'the key, in message, code and request id',
      input: {
        ...{ preset: 'kloakd', credential: 'api_key', secret },
        answer: {
          ...{ status: 401, headers: { 'x-request-id': `1-${secret}` } },
          body: `{"error":"No${secret}","message":"neither ${secret} nor ${secret}s"}`,
        },
      },
      expect: {
        ...{ ...refused, reason: 'invalid_api_key', code: 'No[redacted]' },
        ...{ message: 'neither [redacted] nor [redacted]s', requestId: '1-[redacted]' },
      },
    },
    {
      name: 'the token, in an object of the dialect',
      input: {
        ...{ preset: 'klen', credential: 'token', secret },
        answer: {
          ...{ status: 401, headers: {} },
          body: `{"error":{"code":"no","message":"Bearer ${secret}?"}}`,
        },
      },
      expect: {
        ...{ ...refused, ...unnamed, reason: 'invalid_token', code: 'no' },
        message: 'Bearer [redacted]?',
      },
    },
    {
      name: "the token, in OAuth's own words",
      input: {
        ...{ preset: 'kaie', credential: 'token', secret },
        answer: {
          ...{ status: 401, headers: {} },
          body: `{"error":"invalid_token","error_description":"${secret} has expired"}`,
        },
      },
      expect: {
        ...{ ...refused, ...unnamed, reason: 'invalid_token', code: 'invalid_token' },
        message: '[redacted] has expired',
      },
    },
    {
      name: 'a key so short that it is a word by chance',
      input: {
        ...{ preset: 'kloakd', credential: 'api_key', secret: 'unknown' },
        answer: { status: 401, headers: {}, body: '{"error":"No","message":"unknown key"}' },
      },
      expect: { ...refused, reason: 'invalid_api_key', code: 'No', message: 'unknown key' },
    },
  ];
}
