import type { Database } from '../database/database.ts';
import { dismissLeak, findLeakNotices } from '../leaks/leaked-keys-shown.store.ts';
import { looksLikeId } from '../lib/identifier.ts';
import type { LeakNoticeView } from '../pages/dashboard-models.ts';
import { type Area, OF_ORGANIZATION } from './area.ts';
import { pathOf } from './frame.ts';
import { keyPath } from './key-view.ts';
import { isManager, managersOnly } from './managers.ts';
import type { OrganizationVisit } from './visit.ts';

export interface LeakNoticeDependencies {
  database: Pick<Database, 'pool'>;
}

/** A notice about a key that was found in public is put away, for everybody in the organization. */
export function leakNoticeRoutes(
  { door, visits, clock }: Area,
  { database }: LeakNoticeDependencies,
): void {
  door.post(
    `${OF_ORGANIZATION}/leaks/:key/dismiss`,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      const { key } = visit.request.params as { key: string };
      const { id } = visit.organization;
      // Dismissed by somebody else a moment ago, or no leak at all: there is nothing to tell either way.
      if (looksLikeId(key)) await dismissLeak(database.pool, id, key, clock.now());
      return visit.reply.redirect(`${pathOf('overview', id)}?done=leak_dismissed`, 303);
    }),
  );
}

/** What the organization's first page says of keys that were found in public. */
export async function leakNoticesOf(
  visit: OrganizationVisit,
  { clock }: Pick<Area, 'clock'>,
  { database }: LeakNoticeDependencies,
): Promise<LeakNoticeView[]> {
  const { id: organizationId } = visit.organization;
  const leaks = await findLeakNotices(database.pool, organizationId, clock.now());
  return leaks.map(({ keyId, keyName, place, reportedAt }) => ({
    ...{ name: keyName, href: keyPath({ id: keyId, organizationId }), place, date: reportedAt },
    ...(isManager(visit)
      ? {
          dismiss: {
            action: `${pathOf('overview', organizationId)}/leaks/${keyId}/dismiss`,
            csrf: visit.csrf,
          },
        }
      : {}),
  }));
}
