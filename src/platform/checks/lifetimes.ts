import { DEFAULTS } from '../defaults.ts';
import { durationSeconds } from '../durations.ts';
import type { FilePath } from '../problems.ts';
import type { PartialPlatformFile } from '../schema-problems.ts';
import type { Finding } from './check.ts';

type Lifetime = keyof typeof DEFAULTS.tokens;

/** Shortest and longest that is both usable and safe. */
const RANGES: Record<Lifetime, readonly [string, string]> = {
  access_token: ['1m', '1d'],
  id_token: ['1m', '1d'],
  /** RFC 6749 §4.1.2: ten minutes at most. */
  authorization_code: ['10s', '10m'],
  refresh_token: ['5m', '730d'],
  grant: ['1h', '3650d'],
  session: ['5m', '365d'],
  interaction: ['1m', '1d'],
};

/**
 * The longest that an access token, and that anything signed, lives under any platform file. Whatever must
 * outlast the tokens that are out is kept for this long: a file of yesterday may have allowed them more.
 */
export const LONGEST_ACCESS_TOKEN_SECONDS = durationSeconds(RANGES.access_token[1]);
export const LONGEST_SIGNED_TOKEN_SECONDS = Math.max(
  LONGEST_ACCESS_TOKEN_SECONDS,
  durationSeconds(RANGES.id_token[1]),
);

export function* lifetimes(file: PartialPlatformFile): Iterable<Finding> {
  for (const [key, range] of Object.entries(RANGES)) {
    yield* outOfRange(file.tokens?.[key as Lifetime], range, ['tokens', key]);
  }
  yield* outOfRange(
    file.oauth?.signing_key_rotation,
    ['1d', '365d'],
    ['oauth', 'signing_key_rotation'],
  );
  yield* outOfRange(
    file.service_jwts?.max_lifetime,
    ['10s', '1d'],
    ['service_jwts', 'max_lifetime'],
  );
  yield* outOfRange(file.webhooks?.tolerance, ['30s', '1h'], ['webhooks', 'tolerance']);
  yield* outOfRange(file.upstream?.timeout, ['1s', '10m'], ['upstream', 'timeout']);
}

/** What outlives its parent is a promise that cannot be kept. */
export function* nestedLifetimes(file: PartialPlatformFile): Iterable<Finding> {
  const pairs = [
    ['access_token', 'refresh_token'],
    ['refresh_token', 'grant'],
  ] as const;
  for (const [shorter, longer] of pairs) {
    const [short, long] = [lifetimeOf(file, shorter), lifetimeOf(file, longer)];
    if (short === undefined || long === undefined) continue;
    if (durationSeconds(short) <= durationSeconds(long)) continue;
    const changed = file.tokens?.[shorter] === undefined ? longer : shorter;
    const [bound, other, limit] =
      changed === shorter ? ['at most', longer, long] : ['at least', shorter, short];
    yield {
      at: ['tokens', changed],
      expected: `${bound} the lifetime of ${other}, ${limit}`,
      found: changed === shorter ? short : long,
    };
  }
}

/** As declared, or by default; undefined when the schema refused it. */
function lifetimeOf(file: PartialPlatformFile, key: Lifetime): string | undefined {
  const tokens = file.tokens ?? {};
  return key in tokens ? tokens[key] : DEFAULTS.tokens[key];
}

function* outOfRange(
  value: string | undefined,
  [shortest, longest]: readonly [string, string],
  at: FilePath,
): Iterable<Finding> {
  if (value === undefined) return;
  const seconds = durationSeconds(value);
  if (seconds >= durationSeconds(shortest) && seconds <= durationSeconds(longest)) return;
  yield { at, expected: `from ${shortest} to ${longest}`, found: value };
}
