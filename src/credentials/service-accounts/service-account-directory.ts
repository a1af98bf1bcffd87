import type { Database } from '../../database/database.ts';
import type { Notifications } from '../../database/notifications.ts';
import { createReadCache } from '../../database/read-cache.ts';
import type { ServiceAccount } from './service-account.ts';
import { findServiceAccount, SERVICE_ACCOUNTS_CHANNEL } from './service-accounts.store.ts';

/** The hot read of service accounts: cached, and current within a second of any change in any process. */
export interface ServiceAccountDirectory {
  find(id: string): Promise<ServiceAccount | undefined>;
  /** What the cache has, without waiting. */
  peek(id: string): ServiceAccount | undefined;
}

const CACHED_ACCOUNTS = 20_000;

/**
 * How the ids of accounts look. Whatever else a caller claims to be names nobody, costs no query and takes
 * no room among the cached misses.
 */
const ACCOUNT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function createServiceAccountDirectory(options: {
  database: Database;
  notifications: Notifications;
}): ServiceAccountDirectory {
  const cache = createReadCache<ServiceAccount>({
    load: (id) => findServiceAccount(options.database.pool, id),
    max: CACHED_ACCOUNTS,
    notifications: options.notifications,
    channel: SERVICE_ACCOUNTS_CHANNEL,
  });
  return {
    find: async (id) => (ACCOUNT_ID.test(id) ? cache.get(id) : undefined),
    peek: (id) => cache.peek(id),
  };
}
