import type { Database } from '../database/database.ts';
import type { OrganizationDirectory } from '../identity/organization-directory.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { Platform } from '../platform/platform.ts';
import type { EventContent } from './events.ts';
import { isOwnEvent } from './events.ts';
import { queueEvent } from './outbox.store.ts';

export type PublishOutcome =
  | { readonly outcome: 'published'; readonly id: string; readonly occurredAt: Date }
  /** Not an event that the platform file declares; what Gatehouse itself tells is nobody's to publish. */
  | { readonly outcome: 'unknown_event'; readonly known: readonly string[] }
  | { readonly outcome: 'not_found' };

export type Publish = ReturnType<typeof createPublish>;

/** How the upstream API says what has happened there. */
export function createPublish(deps: {
  platform: Platform;
  database: Database;
  organizations: OrganizationDirectory;
  clock: Clock;
}) {
  const { platform, database, organizations, clock } = deps;
  const known = platform.webhooks.events
    .map(({ name }) => name)
    .filter((name) => !isOwnEvent(name));

  return async function publish(
    organizationId: string,
    event: EventContent,
  ): Promise<PublishOutcome> {
    if (!(await organizations.find(organizationId))) return { outcome: 'not_found' };
    if (!known.includes(event.type)) return { outcome: 'unknown_event', known };
    const occurredAt = clock.now();
    const id = newId(occurredAt);
    await queueEvent(database.pool, { ...event, id, organizationId, occurredAt });
    return { outcome: 'published', id, occurredAt };
  };
}
