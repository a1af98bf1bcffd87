import type { Access, KeyEnvironment, Platform } from '../platform/platform.ts';

/** What somebody may hand on: everything, or the scopes they hold. */
export type GrantableScopes = 'all' | ReadonlySet<string>;

const RANK: Record<Access, number> = { read: 0, write: 1, admin: 2 };

/** Scopes and what they come to on this platform. */
export interface ScopePolicy {
  /** With everything they imply; one that left the platform file is nothing. */
  expand(scopes: readonly string[]): ReadonlySet<string>;
  /** Those that an environment's ceiling lets through. */
  within(scopes: ReadonlySet<string>, environment: KeyEnvironment): ReadonlySet<string>;
  /** Those of `wanted` that `held` does not cover. */
  beyond(wanted: readonly string[], held: GrantableScopes): string[];
  isKnown(scope: string): boolean;
}

export function createScopePolicy(platform: Platform): ScopePolicy {
  const scopes = new Map(platform.scopes.map((scope) => [scope.name, scope]));
  const expand = (names: readonly string[]) =>
    new Set(
      names.flatMap((name) => {
        const scope = scopes.get(name);
        return scope ? [name, ...scope.implies] : INTERNAL.has(name) ? [name] : [];
      }),
    );
  return {
    expand,
    within: (names, environment) =>
      new Set(
        [...names].filter((name) => {
          const scope = scopes.get(name);
          return scope === undefined || RANK[scope.access] <= RANK[environment.maxAccess];
        }),
      ),
    beyond: (wanted, held) =>
      held === 'all' ? [] : [...expand(wanted)].filter((scope) => !held.has(scope)),
    isKnown: (scope) => scopes.has(scope) || INTERNAL.has(scope),
  };
}

/** Asks the gate for decisions: for an upstream API of its own, beside the platform's scopes. */
export const GATE_DECIDE = 'gate:decide';

/** Publishes webhook events for any organization: for an upstream API of its own, too. */
export const EVENTS_PUBLISH = 'events:publish';

const INTERNAL: ReadonlySet<string> = new Set([GATE_DECIDE, EVENTS_PUBLISH]);
