import type { Platform, RoleName } from '../../platform/platform.ts';
import type { ScopePolicy } from '../scope-policy.ts';

export type RoleScopes = ReturnType<typeof createRoleScopes>;

/** What a member may have in a token. */
export function createRoleScopes(platform: Platform, scopePolicy: ScopePolicy) {
  const known = new Set(platform.scopes.map(({ name }) => name));

  return {
    /** Those of `wish` that the platform does not declare. */
    unknown: (wish: readonly string[]) => wish.filter((scope) => !known.has(scope)),

    /** Those of `scopes` within the role's ceiling; what the ceiling implies is within it. */
    within(role: RoleName, scopes: readonly string[]): string[] {
      const ceiling = scopePolicy.expand(platform.roles[role]);
      return scopes.filter((scope) => ceiling.has(scope));
    },

    /** Everything that the role allows. */
    allOf: (role: RoleName): readonly string[] => platform.roles[role],
  };
}
