import type { GrantableScopes } from './scope-policy.ts';

/** Whoever makes or changes a credential, and what they may hand on: it never has more than they have. */
export interface Maker {
  readonly scopes: GrantableScopes;
  /** Null: the operator, who sees every tenant. */
  readonly organizationId: string | null;
  /** Of a key, as all below: the keys it makes are of the same environment. */
  readonly environment?: string | null;
  /** They do not outlive it. */
  readonly expiresAt?: Date | null;
  /** They come from nowhere it may not; empty is anywhere. */
  readonly allowedAddresses?: readonly string[];
  /** They have no more than its figures, by limit name. */
  readonly limits?: Readonly<Record<string, number>>;
}

/** The operator: every tenant, every scope. */
export const OPERATOR: Maker = { organizationId: null, scopes: 'all' };

/**
 * What holds a maker back that a credential other than an API key could not carry on, in words; empty:
 * nothing does.
 *
 * @param defaultEnvironment the platform's first: what has no environment counts as one of its
 */
export function boundsOf(maker: Maker, defaultEnvironment: string | undefined): string[] {
  const { environment, expiresAt, allowedAddresses = [], limits = {} } = maker;
  const isElsewhere = environment && environment !== defaultEnvironment;
  return [
    ...(isElsewhere ? [`its environment ${environment}`] : []),
    ...(expiresAt ? ['its expiry'] : []),
    ...(allowedAddresses.length > 0 ? ['its allowed_addresses'] : []),
    ...(Object.keys(limits).length > 0 ? ['its limits'] : []),
  ];
}
