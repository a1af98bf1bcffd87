import type { DenialReason } from '../platform/denial-reasons.ts';
import { wordDenial } from '../platform/dialect.ts';
import type { Platform } from '../platform/platform.ts';
import type { Denial, MeteredCount } from './context.ts';

export interface DenialAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A denial as the platform words it, with the standard headers beside its own (decision 8). */
export function answerDenial(
  platform: Platform,
  denial: Denial,
  request: { requestId: string; now: Date; resourceMetadataUrl: string },
): DenialAnswer {
  const { status, headers, body } = wordDenial(platform.dialect, denial.reason, {
    request_id: request.requestId,
    ...(denial.retryAfterSeconds === undefined ? {} : { retry_after: denial.retryAfterSeconds }),
    ...(denial.requiredScope ? { required_scope: denial.requiredScope } : {}),
    ...(denial.requiredModule ? { required_module: denial.requiredModule } : {}),
    ...(denial.limit ? { limit: denial.limit } : {}),
  });
  return {
    status,
    body,
    headers: {
      ...rateLimitHeaders(denial.counts ?? [], request.now),
      ...(denial.retryAfterSeconds === undefined
        ? {}
        : { 'retry-after': String(denial.retryAfterSeconds) }),
      ...challenge(denial, status, request.resourceMetadataUrl),
      'cache-control': 'no-store',
      ...headers,
    },
  };
}

/** RFC 6750 §3, RFC 9728 §5.1. */
function challenge(
  { reason, requiredScope }: Denial,
  status: number,
  resourceMetadataUrl: string,
): Record<string, string> {
  const error = BEARER_ERRORS[reason];
  if (status !== 401 && error !== 'insufficient_scope' && error !== 'invalid_request') return {};
  const parameters = [
    ...(error ? [`error="${error}"`] : []),
    ...(requiredScope ? [`scope="${requiredScope}"`] : []),
    `resource_metadata="${resourceMetadataUrl}"`,
  ];
  return { 'www-authenticate': `Bearer ${parameters.join(', ')}` };
}

const BEARER_ERRORS: Partial<Record<DenialReason, string>> = {
  invalid_token: 'invalid_token',
  expired_token: 'invalid_token',
  invalid_api_key: 'invalid_token',
  expired_credential: 'invalid_token',
  ambiguous_credential: 'invalid_request',
  insufficient_scope: 'insufficient_scope',
  insufficient_permission: 'insufficient_scope',
};

/**
 * `RateLimit` and `RateLimit-Policy` for every count of the request, and `X-RateLimit-*` for the one that
 * runs out first.
 *
 * @see draft-ietf-httpapi-ratelimit-headers-10
 */
export function rateLimitHeaders(
  counts: readonly MeteredCount[],
  now: Date,
): Record<string, string> {
  const tightest = counts.reduce<MeteredCount | undefined>(
    (least, count) => (least && remaining(least) <= remaining(count) ? least : count),
    undefined,
  );
  if (!tightest) return {};
  const policies = counts.map(({ name, limit, windowSeconds }) =>
    windowSeconds === null ? `"${name}";q=${limit}` : `"${name}";q=${limit};w=${windowSeconds}`,
  );
  const states = counts.map((count) => {
    const wait = secondsUntil(count.resetsAt, now);
    return `"${count.name}";r=${remaining(count)}${wait === undefined ? '' : `;t=${wait}`}`;
  });
  return {
    'ratelimit-policy': policies.join(', '),
    ratelimit: states.join(', '),
    'x-ratelimit-limit': String(tightest.limit),
    'x-ratelimit-remaining': String(remaining(tightest)),
    ...(tightest.resetsAt
      ? { 'x-ratelimit-reset': String(Math.ceil(tightest.resetsAt.getTime() / 1000)) }
      : {}),
  };
}

const remaining = (count: MeteredCount) => Math.max(0, count.limit - count.used);

const secondsUntil = (date: Date | null, now: Date) =>
  date === null ? undefined : Math.max(0, Math.ceil((date.getTime() - now.getTime()) / 1000));
