import { isIP } from 'node:net';
import { isPublicAddress } from '../lib/outbound.ts';

/** What the operator lets receivers be. */
export interface TargetPolicy {
  /** Whether plain http will do: never in production. */
  readonly allowHttp: boolean;
  readonly allowPrivateTargets: boolean;
}

const MOST_CHARACTERS = 2_048;

/**
 * What is wrong with the address of a receiver, in words; undefined: nothing. Where a name leads is seen
 * when it is dialled.
 */
export function targetProblem(text: string, policy: TargetPolicy): string | undefined {
  const url = URL.parse(text);
  if (!url || text.length > MOST_CHARACTERS) {
    return `is not an absolute URL of at most ${MOST_CHARACTERS} characters`;
  }
  if (url.protocol !== 'https:' && !(policy.allowHttp && url.protocol === 'http:')) {
    return 'must begin with https://';
  }
  if (url.username || url.password) {
    return 'must not hold a user or password: the signature says who sends';
  }
  if (url.hash || text.includes('#')) return 'must not have a fragment (#…)';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!policy.allowPrivateTargets && isIP(host) && !isPublicAddress(host)) {
    return 'is not a public address, which is the only kind that is dialled';
  }
  return undefined;
}
