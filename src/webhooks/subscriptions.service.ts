import type { AuditContext } from '../audit/audit.ts';
import type { Database } from '../database/database.ts';
import type { OrganizationDirectory } from '../identity/organization-directory.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { MasterKey } from '../lib/master-key.ts';
import type { Platform } from '../platform/platform.ts';
import { deliverTo, findDelivery, listDeliveries, redeliver } from './deliveries.store.ts';
import { ALL_EVENTS, eventsOf, TEST_EVENT } from './events.ts';
import { findGivenUp } from './given-up.store.ts';
import { makeSecret } from './secrets.ts';
import {
  deleteSubscription,
  findSubscription,
  insertSubscription,
  listSubscriptions,
  rotateSecret,
  type Scope,
  type SubscriptionChanges,
  updateSubscription,
} from './subscriptions.store.ts';
import { type TargetPolicy, targetProblem } from './target.ts';
import type { DeliveryRecord, Subscription } from './webhook.ts';

/** Subscriptions of one organization, at the most. */
export const MOST_SUBSCRIPTIONS = 20;

/** A field in the words of the management API, and what is wrong with it. */
export interface SubscriptionProblem {
  readonly field: 'url' | 'events';
  readonly message: string;
}

export type SubscriptionRefusal =
  | { readonly outcome: 'invalid'; readonly problems: readonly SubscriptionProblem[] }
  /** The subscription; when one is made, its organization. */
  | { readonly outcome: 'not_found' };

export type SubscriptionOutcome =
  | { readonly outcome: 'done'; readonly subscription: Subscription }
  | SubscriptionRefusal;

export type SecretOutcome<Refusal> =
  | { readonly outcome: 'done'; readonly subscription: Subscription; readonly secret: string }
  | Refusal;

export type SendingOutcome =
  | { readonly outcome: 'done'; readonly delivery: DeliveryRecord }
  /** Paused or disabled: it would wait for nobody knows how long. */
  | { readonly outcome: 'inactive' };

export type SubscriptionService = ReturnType<typeof createSubscriptionService>;

/** Where organizations hear of events. A secret leaves here once, when it is made. */
export function createSubscriptionService(deps: {
  platform: Platform;
  database: Database;
  organizations: OrganizationDirectory;
  masterKey: MasterKey;
  clock: Clock;
  targets: TargetPolicy;
}) {
  const { platform, database, organizations, masterKey, clock, targets } = deps;
  const known = new Set([ALL_EVENTS, ...eventsOf(platform).map(({ name }) => name)]);

  function problemsOf({ url, events }: SubscriptionChanges): SubscriptionProblem[] {
    const target = url === undefined ? undefined : targetProblem(url, targets);
    const strange = (events ?? []).filter((name) => !known.has(name));
    const message = `has what cannot be subscribed to: ${strange.join(', ')}`;
    return [
      ...(target ? [{ field: 'url' as const, message: target }] : []),
      ...(strange.length > 0 ? [{ field: 'events' as const, message }] : []),
      ...(events?.length === 0 ? [NO_EVENTS] : []),
    ];
  }

  return {
    /** At most 20 for an organization, whatever the number of callers. */
    async create(
      input: { organizationId: string; url: string; events: readonly string[] },
      tenant: Scope,
      audit: AuditContext,
    ): Promise<SecretOutcome<SubscriptionRefusal | { readonly outcome: 'too_many' }>> {
      const isForeign =
        tenant.organizationId !== null && tenant.organizationId !== input.organizationId;
      if (isForeign || !(await organizations.find(input.organizationId))) {
        return { outcome: 'not_found' };
      }
      const problems = problemsOf(input);
      if (problems.length > 0) return { outcome: 'invalid', problems };
      const now = clock.now();
      const id = newId(now);
      const { text, encrypted } = makeSecret(masterKey, id);
      const secret = { id: newId(now), encrypted };
      const wanted = { id, ...input };
      const made = await insertSubscription(
        database,
        wanted,
        secret,
        MOST_SUBSCRIPTIONS,
        now,
        audit,
      );
      if (!made) return { outcome: 'too_many' };
      return { outcome: 'done', subscription: made, secret: text };
    },

    find: (id: string, tenant: Scope) => findSubscription(database.pool, id, tenant),
    list: (filter: Parameters<typeof listSubscriptions>[1]) =>
      listSubscriptions(database.pool, filter),

    /** With `status` it is paused, or goes on: a disabled one, too. */
    async update(
      id: string,
      changes: SubscriptionChanges,
      tenant: Scope,
      audit: AuditContext,
    ): Promise<SubscriptionOutcome> {
      const problems = problemsOf(changes);
      if (problems.length > 0 && (await findSubscription(database.pool, id, tenant))) {
        return { outcome: 'invalid', problems };
      }
      if (problems.length > 0) return { outcome: 'not_found' };
      const changed = await updateSubscription(database, id, tenant, changes, clock.now(), audit);
      return changed ? { outcome: 'done', subscription: changed } : { outcome: 'not_found' };
    },

    /** False: there is no such subscription. */
    remove: (id: string, tenant: Scope, audit: AuditContext) =>
      deleteSubscription(database, id, tenant, audit),

    /** @param overlapSeconds how long the old secret signs beside the new one; 0 ends it at once */
    async rotate(
      id: string,
      overlapSeconds: number,
      tenant: Scope,
      audit: AuditContext,
    ): Promise<SecretOutcome<{ readonly outcome: 'not_found' }>> {
      const now = clock.now();
      const { text, encrypted } = makeSecret(masterKey, id);
      const secret = { id: newId(now), encrypted };
      const until = new Date(now.getTime() + overlapSeconds * 1000);
      const rotated = await rotateSecret(database, id, tenant, secret, until, now, audit);
      if (!rotated) return { outcome: 'not_found' };
      return { outcome: 'done', subscription: rotated, secret: text };
    },

    /** Sends a `webhook.test` to a subscription, whatever it is for. */
    async test({ id, organizationId }: Subscription): Promise<SendingOutcome> {
      const data = { organization_id: organizationId, webhook_id: id };
      const subscription = { id, organizationId };
      const event = { type: TEST_EVENT, data };
      const made = await deliverTo(database.pool, subscription, event, clock.now());
      if (made === undefined) return { outcome: 'inactive' };
      return { outcome: 'done', delivery: (await findDelivery(database.pool, made, id))! };
    },

    deliveries: (filter: Parameters<typeof listDeliveries>[1]) =>
      listDeliveries(database.pool, filter),
    /** What was given up lately, for the organization to see. */
    givenUp: (organizationId: string) => findGivenUp(database.pool, organizationId, clock.now()),
    delivery: (id: string, subscription: Subscription) =>
      findDelivery(database.pool, id, subscription.id),

    /** Sends once more what was delivered or given up. */
    async redeliver(
      id: string,
      subscription: Subscription,
    ): Promise<SendingOutcome | { readonly outcome: 'not_found' }> {
      const again = await redeliver(database.pool, id, subscription.id, clock.now());
      const delivery = await findDelivery(database.pool, id, subscription.id);
      if (!delivery) return { outcome: 'not_found' };
      return again ? { outcome: 'done', delivery } : { outcome: 'inactive' };
    },
  };
}

const NO_EVENTS: SubscriptionProblem = {
  field: 'events',
  message: 'is empty: name at least one event, or * for all',
};
