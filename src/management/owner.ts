import { type Principal, tenantOf } from './principal.ts';
import { invalidField } from './problems.ts';

/**
 * The organization that something new is for: the one named, else the caller's own. Whether it is theirs
 * is for the service to say, which answers like for one that isn't there.
 *
 * @throws ProblemError validation_failed where the operator names none
 */
export function ownerOf(principal: Principal | null, named: string | undefined): string {
  const organizationId = named ?? tenantOf(principal).organizationId;
  if (organizationId === null) {
    throw invalidField('organization_id', 'is missing: the id of the organization it is for');
  }
  return organizationId;
}
