import { type Static, Type } from 'typebox';
import { pageOf, readCursor } from '../lib/cursor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import {
  ATTEMPT_ERRORS,
  type Attempt,
  attemptIdOf,
  DELIVERY_STATUSES,
  type DeliveryRecord,
  type Delivery as WebhookDelivery,
} from '../webhooks/webhook.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { ownerOf } from './owner.ts';
import { mayPublish, tenantOf } from './principal.ts';
import { invalidField, notFound, ProblemError, unknownOrganization } from './problems.ts';
import * as s from './schemas.ts';
import { webhookTags as tags, WebhookParams, webhookOf } from './webhooks.routes.ts';

const LIST = 'webhook-deliveries';

const properties = {
  id: s.idOf('the delivery'),
  webhook_id: s.idOf('the webhook'),
  event_id: Type.String({ description: 'As in the header `webhook-id`, at every attempt.' }),
  type: Type.String({ description: 'Of the event.' }),
  status: s.choice(DELIVERY_STATUSES, { description: 'dead: given up after a day of attempts.' }),
  attempts: Type.Integer({ description: 'How many were begun.' }),
  next_attempt_at: s.nullable(s.timestamp('When it is due again')),
  finished_at: s.nullable(s.timestamp('When it was delivered or given up')),
  created_at: s.timestamp('When it was made'),
};

const Delivery = s.closed(properties, {
  $id: 'WebhookDelivery',
  description: 'One event for one webhook.',
});

const AttemptMade = s.closed({
  id: Type.String({ description: 'As in the header `webhook-attempt-id`.' }),
  number: Type.Integer(),
  started_at: s.timestamp('When it began'),
  duration_ms: s.nullable(Type.Integer(), {
    description: 'Null: under way, or its process ended first.',
  }),
  response_status: s.nullable(Type.Integer()),
  response_body: s.nullable(Type.String(), { description: 'How it began, at most 4 KiB.' }),
  error: s.nullable(s.choice(ATTEMPT_ERRORS), { description: 'Null: it was taken.' }),
});

const DeliveryWithAttempts = s.closed(
  {
    ...properties,
    body: Type.String({ description: 'What is sent, byte for byte.' }),
    history: Type.Array(AttemptMade, { description: 'Every attempt, the first one first.' }),
  },
  { $id: 'WebhookDeliveryWithAttempts', description: 'A delivery, and how it went.' },
);

const DeliveryParams = s.closed({
  id: s.idOf('the webhook'),
  delivery_id: s.idOf('the delivery'),
});

const Event = s.closed(
  {
    id: Type.String({ description: 'As receivers see it in the header `webhook-id`.' }),
    organization_id: s.idOf('the organization it is for'),
    type: Type.String(),
    timestamp: s.timestamp('When it was published'),
  },
  {
    $id: 'PublishedEvent',
    description: 'An event that is on its way to whoever subscribed to it.',
  },
);

/** What was sent to webhooks and what came back; trying one out; events of the upstream API. */
export function webhookDeliveryRoutes(api: s.ManagementApi, deps: ManagementDependencies): void {
  if (!deps.platform.webhooks.enabled) return;
  for (const schema of [Delivery, DeliveryWithAttempts, Event]) api.addSchema(schema);
  addReads(api, deps);
  addSendings(api, deps);
  addPublication(api, deps);
}

function addReads(api: s.ManagementApi, deps: ManagementDependencies): void {
  const { subscriptions } = deps.webhooks;

  api.get('/webhooks/:id/deliveries', {
    config: { access: 'webhooks:read' },
    schema: {
      ...{ tags, operationId: 'listWebhookDeliveries', summary: 'List deliveries, newest first' },
      description: 'They are kept for 30 days.',
      params: WebhookParams,
      querystring: s.closed({
        ...s.pageQuery,
        status: s.optional(s.choice(DELIVERY_STATUSES, { description: 'Only those.' })),
      }),
      response: { 200: s.pageOf(Delivery, 'A page of deliveries.') },
    },
    handler: async (request) => {
      const { limit = s.DEFAULT_PAGE_SIZE, cursor, status } = request.query;
      const beforeId = readCursor(LIST, cursor);
      const { id: subscriptionId } = await webhookOf(request, deps);
      const filter = { subscriptionId, status, beforeId, limit: limit + 1 };
      const deliveries = await subscriptions.deliveries(filter);
      return s.toPage(
        pageOf(LIST, deliveries, limit, ({ id }) => id),
        toDelivery,
      );
    },
  });

  api.get('/webhooks/:id/deliveries/:delivery_id', {
    config: { access: 'webhooks:read' },
    schema: {
      ...{ tags, operationId: 'getWebhookDelivery', summary: 'Read a delivery and its attempts' },
      params: DeliveryParams,
      response: { 200: s.ref(DeliveryWithAttempts, { description: 'The delivery.' }) },
    },
    handler: async (request) => {
      const { delivery_id: id } = request.params;
      const subscription = await webhookOf(request, deps);
      const found = looksLikeId(id) ? await subscriptions.delivery(id, subscription) : undefined;
      if (!found) throw notFound('delivery');
      return toRecord(found);
    },
  });
}

function addSendings(api: s.ManagementApi, deps: ManagementDependencies): void {
  const { subscriptions } = deps.webhooks;
  const response = {
    202: s.ref(DeliveryWithAttempts, { description: 'The delivery, on its way.' }),
  };

  api.post('/webhooks/:id/deliveries/:delivery_id/redeliver', {
    config: { access: 'webhooks:write', problems: ['webhook_inactive'] },
    schema: {
      ...{ tags, operationId: 'redeliverWebhook', summary: 'Send a delivery once more' },
      description:
        'The same event, with another day of attempts if it takes them. Only of an active webhook.',
      params: DeliveryParams,
      response,
    },
    handler: async (request, reply) => {
      const { delivery_id: id } = request.params;
      const subscription = await webhookOf(request, deps);
      if (!looksLikeId(id)) throw notFound('delivery');
      const sent = await subscriptions.redeliver(id, subscription);
      if (sent.outcome === 'not_found') throw notFound('delivery');
      if (sent.outcome === 'inactive') throw inactive();
      return reply.code(202).send(toRecord(sent.delivery));
    },
  });

  api.post('/webhooks/:id/test', {
    config: { access: 'webhooks:write', problems: ['webhook_inactive'] },
    schema: {
      ...{ tags, operationId: 'testWebhook', summary: 'Send a test event' },
      description: 'A `webhook.test`, whatever events the webhook is for. Only to an active one.',
      params: WebhookParams,
      response,
    },
    handler: async (request, reply) => {
      const sent = await subscriptions.test(await webhookOf(request, deps));
      if (sent.outcome === 'inactive') throw inactive();
      return reply.code(202).send(toRecord(sent.delivery));
    },
  });
}

function addPublication(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.post('/events', {
    config: { access: 'events:publish', problems: ['idempotency_key_reused'] },
    schema: {
      ...{ tags, operationId: 'publishEvent', summary: 'Publish an event of your API' },
      description:
        'For the API behind the gate, with a key that holds `events:publish`: for any organization. Whoever manages webhooks may publish for their own. Where the answer may get lost, send an `idempotency_key`: however often you try again, receivers are told once.',
      body: s.closed({
        organization_id: s.ownOrganization,
        type: s.text(1, 100, { description: 'One that the platform file declares.' }),
        data: Type.Record(Type.String(), Type.Unknown(), {
          description: 'What receivers are told, as it is.',
        }),
        idempotency_key: s.optional(
          s.text(1, 255, {
            description:
              'Yours, for this event of this organization: within 30 days the same key with the same content is the same event, answered with the same id. Without one, every call is an event of its own.',
          }),
        ),
      }),
      response: { 202: s.ref(Event, { description: 'The event.' }) },
    },
    handler: async (request, reply) => {
      const { body, principal } = request;
      const { type, data, idempotency_key: key } = body;
      const organizationId = ownerOf(principal, body.organization_id);
      const { organizationId: publisherId } = tenantOf(principal);
      const isTheirs =
        publisherId === organizationId || (principal !== null && mayPublish(principal));
      if (!isTheirs || !looksLikeId(organizationId)) throw unknownOrganization();
      const retry = key === undefined ? undefined : { publisherId, key };
      const outcome = await deps.webhooks.publish(organizationId, { type, data }, retry);
      if (outcome.outcome === 'not_found') throw unknownOrganization();
      if (outcome.outcome === 'key_reused') throw keyReused();
      if (outcome.outcome === 'unknown_event') {
        const known = outcome.known.join(', ') || 'none are declared';
        throw invalidField('type', `is not an event that this platform publishes (${known})`);
      }
      const { id, occurredAt } = outcome;
      const timestamp = occurredAt.toISOString();
      return reply.code(202).send({ id, organization_id: organizationId, type, timestamp });
    },
  });
}

const inactive = () => {
  const detail = 'The webhook is paused or disabled, so nothing was sent. Resume it first.';
  return new ProblemError('webhook_inactive', detail);
};

const keyReused = () => {
  const message = 'was sent with another type or other data before; take a new one for a new event';
  return new ProblemError('idempotency_key_reused', `The idempotency_key ${message}.`, {
    errors: [{ in: 'body', path: 'idempotency_key', message }],
  });
};

const toDelivery = (delivery: WebhookDelivery): Static<typeof Delivery> => ({
  id: delivery.id,
  webhook_id: delivery.subscriptionId,
  event_id: delivery.eventId,
  type: delivery.type,
  status: delivery.status,
  attempts: delivery.attempts,
  next_attempt_at: delivery.nextAttemptAt?.toISOString() ?? null,
  finished_at: delivery.finishedAt?.toISOString() ?? null,
  created_at: delivery.createdAt.toISOString(),
});

const toRecord = (record: DeliveryRecord): Static<typeof DeliveryWithAttempts> => ({
  ...toDelivery(record),
  body: record.body,
  history: record.made.map((attempt) => toAttempt(record.id, attempt)),
});

const toAttempt = (deliveryId: string, attempt: Attempt): Static<typeof AttemptMade> => ({
  id: attemptIdOf(deliveryId, attempt.number),
  number: attempt.number,
  started_at: attempt.startedAt.toISOString(),
  duration_ms: attempt.durationMs ?? null,
  response_status: attempt.status ?? null,
  response_body: attempt.body ?? null,
  error: attempt.error ?? null,
});
