import { environmentsOf } from '../credentials/api-keys/api-key-rules.ts';
import { boundsOf } from '../credentials/maker.ts';
import type { Role } from '../identity/identity.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { makerOf, type Principal } from './principal.ts';

/**
 * Why a principal may not give a role to somebody who has less, as the words after its name; undefined: it
 * may. Owners are the operator's to make. Any other role is given by who holds all of it, and not by a key
 * that is held back: the member would not be.
 */
export function roleProblem(
  { platform, credentials }: Pick<ManagementDependencies, 'platform' | 'credentials'>,
  principal: Principal | null,
  role: Role,
): string | undefined {
  if (principal?.kind === 'root') return undefined;
  if (role === 'owner') return 'is for the operator to give';
  const maker = makerOf(principal);
  const [bound] = boundsOf(maker, environmentsOf(platform)[0]?.name);
  if (bound) return `is more than the credential may give: ${bound} would not hold the member back`;
  const lacking = credentials.scopePolicy.beyond(platform.roles[role], maker.scopes);
  if (lacking.length === 0) return undefined;
  return `is more than the credential holds, which lacks ${lacking.join(', ')}`;
}
