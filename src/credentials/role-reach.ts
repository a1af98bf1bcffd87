import type { Platform, RoleName } from '../platform/platform.ts';
import { environmentsOf } from './api-keys/api-key-rules.ts';
import { boundsOf, type Maker } from './maker.ts';
import type { ScopePolicy } from './scope-policy.ts';

/**
 * Why a maker may not give a role to somebody who has less, as the words after its name; undefined: it
 * may. Owners are the operator's to make. Any other role is given by who holds all of it, and not by a key
 * that is held back: the member would not be.
 */
export function roleExcess(
  { platform, scopePolicy }: { platform: Platform; scopePolicy: ScopePolicy },
  maker: Maker,
  role: RoleName,
): string | undefined {
  if (role === 'owner' && maker.organizationId !== null) return 'is for the operator to give';
  const [bound] = boundsOf(maker, environmentsOf(platform)[0]?.name);
  if (bound) return `is more than the credential may give: ${bound} would not hold the member back`;
  const lacking = scopePolicy.beyond(platform.roles[role], maker.scopes);
  if (lacking.length === 0) return undefined;
  return `is more than the credential holds, which lacks ${lacking.join(', ')}`;
}
