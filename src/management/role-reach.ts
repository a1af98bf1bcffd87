import { roleExcess } from '../credentials/role-reach.ts';
import type { Role } from '../identity/identity.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { makerOf, type Principal } from './principal.ts';

/** Why a principal may not give a role to somebody who has less, as the words after its name. */
export const roleProblem = (
  { platform, credentials }: Pick<ManagementDependencies, 'platform' | 'credentials'>,
  principal: Principal | null,
  role: Role,
): string | undefined =>
  roleExcess({ platform, scopePolicy: credentials.scopePolicy }, makerOf(principal), role);
