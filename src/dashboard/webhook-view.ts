import type { AttemptMade, DeliveryRow, WebhookRow } from '../pages/webhook-models.ts';
import { ALL_EVENTS } from '../webhooks/events.ts';
import type { Attempt, Delivery, Subscription } from '../webhooks/webhook.ts';
import { pathOf } from './frame.ts';
import { isManager } from './managers.ts';
import type { OrganizationVisit } from './visit.ts';

export const webhookPath = ({ organizationId, id }: Subscription): string =>
  `${pathOf('webhooks', organizationId)}/${id}`;

export const deliveryPath = (subscription: Subscription, { id }: Pick<Delivery, 'id'>): string =>
  `${webhookPath(subscription)}/deliveries/${id}`;

export const hostOf = ({ url }: Subscription): string => new URL(url).host;

export function toRow(visit: OrganizationVisit, subscription: Subscription): WebhookRow {
  const { url, events, status, failingSince } = subscription;
  const all = events.includes(ALL_EVENTS);
  return {
    ...{ host: hostOf(subscription), href: webhookPath(subscription), status, all },
    url: isManager(visit) ? url : withoutPath(url),
    events: all ? [] : events,
    ...(failingSince ? { failing: failingSince } : {}),
  };
}

function withoutPath(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return pathname === '/' && search === '' ? origin : `${origin}/…`;
}

export function toDeliveryRow(subscription: Subscription, delivery: Delivery): DeliveryRow {
  const { type, status, attempts, createdAt, nextAttemptAt } = delivery;
  return {
    ...{ href: deliveryPath(subscription, delivery), type, status, attempts, created: createdAt },
    ...(nextAttemptAt ? { next: nextAttemptAt } : {}),
  };
}

/** An answer may repeat the path it was sent to, so it is kept from members like the path. */
export function toAttempt(visit: OrganizationVisit, attempt: Attempt): AttemptMade {
  const { number, startedAt, durationMs, status, body, error } = attempt;
  return {
    ...{ number, started: startedAt },
    outcome: durationMs === undefined ? 'open' : (error ?? 'taken'),
    ...(durationMs === undefined ? {} : { took: durationMs }),
    ...(typeof status === 'number' ? { answered: status } : {}),
    ...(body && isManager(visit) ? { answer: body } : {}),
  };
}
