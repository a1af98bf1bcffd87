import type { Database } from '../database/database.ts';
import { findKeyDeeds, type KeyDeeds, type NamedKey } from '../leaks/leaked-key-deeds.store.ts';
import { dismissLeak, findLeakNotices } from '../leaks/leaked-keys-shown.store.ts';
import { looksLikeId } from '../lib/identifier.ts';
import type { LeakNoticeView } from '../pages/dashboard-models.ts';
import { type Area, OF_ORGANIZATION } from './area.ts';
import { pathOf } from './frame.ts';
import { keyPath } from './key-path.ts';
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
  const ids = leaks.map(({ keyId }) => keyId);
  const deeds = await findKeyDeeds(database.pool, organizationId, ids);
  return leaks.map(({ keyId, keyName, place, reportedAt }) => ({
    ...{ name: keyName, href: keyPath({ id: keyId, organizationId }), place, date: reportedAt },
    ...toDeeds(deeds.get(keyId), organizationId),
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

function toDeeds(
  deeds: KeyDeeds | undefined,
  organizationId: string,
): Pick<LeakNoticeView, 'deeds' | 'hasMoreDeeds'> {
  if (!deeds) return { deeds: [] };
  const keys = (named: readonly NamedKey[]) =>
    named.map(({ id, name }) => ({ name, href: keyPath({ id, organizationId }) }));
  const kinds = ['rotated', 'changed'] as const;
  return {
    deeds: kinds
      .filter((kind) => deeds[kind].length > 0)
      .map((kind) => ({ kind, keys: keys(deeds[kind]) })),
    ...(deeds.hasMore ? { hasMoreDeeds: true } : {}),
  };
}
