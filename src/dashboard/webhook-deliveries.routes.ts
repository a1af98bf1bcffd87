import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import { InvalidCursorError, pageOf, readCursor } from '../lib/cursor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import type { DeliveryRecord, Subscription } from '../webhooks/webhook.ts';
import type { Area } from './area.ts';
import { isManager } from './managers.ts';
import { type OrganizationVisit, PageNotFoundError } from './visit.ts';
import { deliveryPath, hostOf, toAttempt, toDeliveryRow, webhookPath } from './webhook-view.ts';
import {
  done,
  WEBHOOKS,
  type WebhookPageDependencies,
  webhookFrame,
  webhookOf,
  webhookToChange,
} from './webhook-visit.ts';

const LIST = 'webhook-deliveries';
const PAGE_SIZE = 25;

const DELIVERY = `${WEBHOOKS}/:webhook/deliveries/:delivery`;

/** The deliveries on a webhook's page, newest first. */
export async function deliveriesOf(
  visit: OrganizationVisit,
  { webhooks }: WebhookPageDependencies,
  subscription: Subscription,
) {
  const here = webhookPath(subscription);
  const beforeId = positionIn(visit);
  const filter = { subscriptionId: subscription.id, beforeId, limit: PAGE_SIZE + 1 };
  const rows = await webhooks.subscriptions.deliveries(filter);
  const { items, nextCursor } = pageOf(LIST, rows, PAGE_SIZE, ({ id }) => id);
  return {
    deliveries: items.map((each) => toDeliveryRow(subscription, each)),
    ...(beforeId ? { firstUrl: here } : {}),
    ...(nextCursor ? { nextUrl: `${here}?cursor=${nextCursor}` } : {}),
  };
}

/** @throws PageNotFoundError for a cursor that the list has not given out */
function positionIn({ request }: OrganizationVisit): string | undefined {
  const { cursor } = request.query as { cursor?: unknown };
  try {
    return readCursor(LIST, cursor === undefined ? undefined : String(cursor));
  } catch (error) {
    throw error instanceof InvalidCursorError ? new PageNotFoundError() : error;
  }
}

/** One delivery: what was sent and what came back, and sending it once more. */
export function webhookDeliveryRoutes(area: Area, deps: WebhookPageDependencies): void {
  const { door, visits } = area;
  door.get(
    DELIVERY,
    visits.ofOrganization(async (visit) =>
      sendDelivery(visit, area, deps, await webhookOf(visit, deps)),
    ),
  );
  door.post(
    `${DELIVERY}/redeliver`,
    visits.ofOrganization(async (visit) => {
      const subscription = await webhookToChange(visit, deps);
      const { delivery: id } = visit.request.params as { delivery: string };
      if (!looksLikeId(id)) throw new PageNotFoundError();
      const sent = await deps.webhooks.subscriptions.redeliver(id, subscription);
      if (sent.outcome === 'not_found') throw new PageNotFoundError();
      if (sent.outcome === 'inactive') {
        return sendDelivery(visit, area, deps, await webhookOf(visit, deps), 'refused');
      }
      return done(visit, deliveryPath(subscription, sent.delivery), 'hook_redelivered');
    }),
  );
}

/** @throws PageNotFoundError for one that isn't this webhook's */
async function sendDelivery(
  visit: OrganizationVisit,
  { pages, platform }: Area,
  deps: WebhookPageDependencies,
  subscription: Subscription,
  refused?: 'refused',
): Promise<FastifyReply> {
  const delivery = await deliveryOf(visit, deps, subscription);
  const action = `${deliveryPath(subscription, delivery)}/redeliver`;
  const isActive = subscription.status === 'active';
  const html = pages.render('dashboard/webhooks/delivery', {
    frame: webhookFrame(visit, platform),
    webhook: { host: hostOf(subscription), href: webhookPath(subscription) },
    delivery: { ...toDeliveryRow(subscription, delivery), eventId: delivery.eventId },
    body: delivery.body,
    made: delivery.made.map((each) => toAttempt(visit, each)).reverse(),
    ...(isManager(visit) && isActive && delivery.attempts > 0
      ? { redeliver: { action, csrf: visit.csrf } }
      : {}),
    ...(isManager(visit) && !isActive ? { inactive: refused ?? 'told' } : {}),
  });
  return sendPage(visit.reply, html, refused ? 409 : 200);
}

/** @throws PageNotFoundError for one that isn't this webhook's */
async function deliveryOf(
  { request }: OrganizationVisit,
  { webhooks }: WebhookPageDependencies,
  subscription: Subscription,
): Promise<DeliveryRecord> {
  const { delivery: id } = request.params as { delivery: string };
  const found = looksLikeId(id)
    ? await webhooks.subscriptions.delivery(id, subscription)
    : undefined;
  if (!found) throw new PageNotFoundError();
  return found;
}
