import type { Database } from '../../database/database.ts';
import type { Notifications } from '../../database/notifications.ts';
import { createReadCache } from '../../database/read-cache.ts';
import type { OAuthClient } from './client.ts';
import { CLIENTS_CHANNEL, findClient } from './clients.store.ts';

/** The hot read of clients: cached, and current within a second of any change in any process. */
export interface ClientDirectory {
  find(id: string): Promise<OAuthClient | undefined>;
}

const CACHED_CLIENTS = 10_000;

/**
 * What an identifier may look like (RFC 6749 Appendix A.1). Whatever else a caller sends names no client
 * and takes no room among the cached misses.
 */
const CLIENT_ID = /^[\x20-\x7e]{1,256}$/;

export function createClientDirectory(options: {
  database: Database;
  notifications: Notifications;
}): ClientDirectory {
  const cache = createReadCache<OAuthClient>({
    load: (id) => findClient(options.database.pool, id),
    max: CACHED_CLIENTS,
    notifications: options.notifications,
    channel: CLIENTS_CHANNEL,
  });
  return { find: async (id) => (CLIENT_ID.test(id) ? cache.get(id) : undefined) };
}
