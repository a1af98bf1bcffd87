import type { Database } from '../database/database.ts';
import type { OrganizationDirectory } from '../identity/organization-directory.ts';
import type { Clock } from '../lib/clock.ts';
import { idOfText, newId } from '../lib/ids.ts';
import type { Platform } from '../platform/platform.ts';
import type { EventContent } from './events.ts';
import { isOwnEvent } from './events.ts';
import { findKeptEvent, keepEvent, queueEvent } from './outbox.store.ts';

export type PublishOutcome =
  | { readonly outcome: 'published'; readonly id: string; readonly occurredAt: Date }
  /** Not an event that the platform file declares; what Gatehouse itself tells is nobody's to publish. */
  | { readonly outcome: 'unknown_event'; readonly known: readonly string[] }
  /** The publisher has said something else under this key. */
  | { readonly outcome: 'key_reused' }
  | { readonly outcome: 'not_found' };

/** What a publish has in common with its retries. */
export interface Retry {
  /** The organization of whoever publishes; null: the operator. Keys of one are nothing to another. */
  readonly publisherId: string | null;
  /** Chosen by the publisher, for one event of one organization. */
  readonly key: string;
}

export type Publish = ReturnType<typeof createPublish>;

/**
 * How the upstream API says what has happened there. The id of an event that comes with a key is made of
 * that key: whatever the number of retries, at once or later, it is one event, which happened when it was
 * published first. The outbox remembers it for 30 days, whether or not anybody had subscribed.
 */
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
    retry?: Retry,
  ): Promise<PublishOutcome> {
    if (!(await organizations.find(organizationId))) return { outcome: 'not_found' };
    if (!known.includes(event.type)) return { outcome: 'unknown_event', known };
    const occurredAt = clock.now();
    if (!retry) {
      const id = newId(occurredAt);
      await queueEvent(database.pool, { ...event, id, organizationId, occurredAt });
      return { outcome: 'published', id, occurredAt };
    }
    const id = idOfRetry(organizationId, retry);
    const isNew = await keepEvent(database.pool, { ...event, id, organizationId, occurredAt });
    const earlier = isNew ? undefined : await findKeptEvent(database.pool, id, event);
    if (earlier?.isSame === false) return { outcome: 'key_reused' };
    return { outcome: 'published', id, occurredAt: earlier?.occurredAt ?? occurredAt };
  };
}

const idOfRetry = (organizationId: string, { publisherId, key }: Retry): string =>
  idOfText(JSON.stringify(['published', publisherId, organizationId, key]));
