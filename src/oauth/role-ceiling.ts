import { createScopePolicy } from '../credentials/scope-policy.ts';
import type { Platform, RoleName } from '../platform/platform.ts';

/** Whether a user may grant a scope with the role they have where it is for; undefined: no organization. */
export type RoleCeiling = (role: RoleName | undefined, scope: string) => boolean;

/** A role is the most its members may grant of the platform's scopes; who they are is theirs to tell. */
export function createRoleCeiling(platform: Platform): RoleCeiling {
  const { expand, isKnown } = createScopePolicy(platform);
  const { owner, admin, member } = platform.roles;
  const ceilings = { owner: expand(owner), admin: expand(admin), member: expand(member) };
  return (role, scope) => role === undefined || !isKnown(scope) || ceilings[role].has(scope);
}
