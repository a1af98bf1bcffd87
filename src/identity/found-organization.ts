import type { AuditContext } from '../audit/audit.ts';
import type { IdentityDependencies } from './identity.service.ts';
import { type FieldProblem, nameProblem, type Organization } from './identity.ts';
import { countOwned } from './memberships.store.ts';

/** Organizations that one person may own and still found another. */
const MOST_OWNED = 10;

export type FoundOrganizationOutcome =
  | { outcome: 'created'; organization: Organization }
  | { outcome: 'invalid'; code: FieldProblem['code'] }
  | { outcome: 'too_many'; most: number }
  | { outcome: 'user_not_found' };

/** Lets somebody who is there already have a further organization, as its owner. */
export function createFoundOrganization(dependencies: IdentityDependencies) {
  const { database, users, organizations, memberships } = dependencies;

  return async function foundOrganization(
    { userId, name }: { userId: string; name: string },
    context: AuditContext,
  ): Promise<FoundOrganizationOutcome> {
    const code = nameProblem(name);
    if (code) return { outcome: 'invalid', code };
    return database.transaction(async (tx): Promise<FoundOrganizationOutcome> => {
      // Held, so that of many at once each sees those before it.
      const held = await users.hold(tx, userId);
      if (!held || held.user.disabled) return { outcome: 'user_not_found' };
      if ((await countOwned(tx, userId)) >= MOST_OWNED) {
        return { outcome: 'too_many', most: MOST_OWNED };
      }
      const organization = await organizations.insert(tx, { name }, context);
      const place = { userId, organizationId: organization.id, role: 'owner' as const };
      await memberships.insert(tx, place, context);
      return { outcome: 'created', organization };
    });
  };
}
