import type { Database } from '../database/database.ts';
import type { Notifications } from '../database/notifications.ts';
import { createReadCache } from '../database/read-cache.ts';
import type { Organization } from './identity.ts';
import { findOrganization, ORGANIZATIONS_CHANNEL } from './organizations.store.ts';

/** The hot read of organizations: cached, and current within a second of any change in any process. */
export interface OrganizationDirectory {
  find(id: string): Promise<Organization | undefined>;
  /** What the cache has, without waiting. */
  peek(id: string): Organization | undefined;
}

const CACHED_ORGANIZATIONS = 20_000;

export function createOrganizationDirectory(options: {
  database: Database;
  notifications: Notifications;
}): OrganizationDirectory {
  const cache = createReadCache<Organization>({
    load: (id) => findOrganization(options.database.pool, id),
    max: CACHED_ORGANIZATIONS,
    notifications: options.notifications,
    channel: ORGANIZATIONS_CHANNEL,
  });
  return { find: (id) => cache.get(id), peek: (id) => cache.peek(id) };
}
