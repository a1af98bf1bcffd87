import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { pageOf, readCursor } from '../lib/cursor.ts';
import { looksLikeId } from '../lib/identifier.ts';
import type {
  SubscriptionOutcome,
  SubscriptionRefusal,
} from '../webhooks/subscriptions.service.ts';
import { MOST_SUBSCRIPTIONS } from '../webhooks/subscriptions.service.ts';
import type { SubscriptionChanges } from '../webhooks/subscriptions.store.ts';
import { SUBSCRIPTION_STATUSES, type Subscription } from '../webhooks/webhook.ts';
import { auditContextOf } from './audit-context.ts';
import type { ManagementDependencies } from './management.routes.ts';
import { ownerOf } from './owner.ts';
import { narrowedTo, type Principal, tenantOf } from './principal.ts';
import {
  type FieldError,
  invalidFields,
  notFound,
  ProblemError,
  unknownOrganization,
} from './problems.ts';
import * as s from './schemas.ts';

const LIST = 'webhooks';

const properties = {
  id: s.idOf('the webhook'),
  organization_id: s.idOf('the organization whose events it is for'),
  url: Type.String({ description: 'Where events are posted to.' }),
  events: Type.Array(Type.String(), { description: 'Event names, or `*` for all.' }),
  status: s.choice(SUBSCRIPTION_STATUSES, {
    description:
      'paused: events wait. disabled: its receiver failed for days, or is gone; events are not kept for it.',
  }),
  failing_since: s.nullable(s.timestamp('The first failure after the last success')),
  created_at: s.timestamp('When it was made'),
  updated_at: s.timestamp('When it was last changed'),
};

const Webhook = s.closed(properties, {
  $id: 'Webhook',
  description: 'Where an organization hears of events.',
});
const WebhookWithSecret = s.closed(
  {
    ...properties,
    secret: Type.String({
      description: 'What deliveries are signed with, this once: `whsec_` and base64.',
    }),
  },
  {
    $id: 'WebhookWithSecret',
    description: 'A webhook that has just been made or given a new secret.',
  },
);

export const WebhookParams = s.closed({ id: s.idOf('the webhook') });
const writable = {
  url: s.text(1, 2_048, {
    description: 'https, on the public internet. Redirects are not followed.',
  }),
  events: s.list(s.text(1, 100), 100, {
    description: 'Events of Gatehouse and of the platform, or `*` for all.',
  }),
};

export const webhookTags = ['Webhooks'];
const tags = webhookTags;
const answer = { 200: s.ref(Webhook, { description: 'The webhook.' }) };
const LONGEST_OVERLAP_SECONDS = 30 * 86_400;

/** Where organizations hear of events. A secret is shown once. */
export function webhookRoutes(api: s.ManagementApi, deps: ManagementDependencies): void {
  if (!deps.platform.webhooks.enabled) return;
  api.addSchema(Webhook);
  api.addSchema(WebhookWithSecret);
  addReads(api, deps);
  addCreation(api, deps);
  addChanges(api, deps);
  addSwitches(api, deps);
  addEnd(api, deps);
}

function addReads(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.get('/webhooks', {
    config: { access: 'webhooks:read' },
    schema: {
      ...{ tags, operationId: 'listWebhooks', summary: 'List webhooks, newest first' },
      querystring: s.closed({
        ...s.pageQuery,
        organization_id: s.optional(s.idOf('an organization: only its webhooks')),
      }),
      response: { 200: s.pageOf(Webhook, 'A page of webhooks.') },
    },
    handler: async ({ query, principal }) => {
      const { limit = s.DEFAULT_PAGE_SIZE, cursor } = query;
      const subscriptions = await deps.webhooks.subscriptions.list({
        organizationId: narrowedTo(principal, query.organization_id) ?? null,
        beforeId: readCursor(LIST, cursor),
        limit: limit + 1,
      });
      return s.toPage(
        pageOf(LIST, subscriptions, limit, ({ id }) => id),
        toWebhook,
      );
    },
  });

  api.get('/webhooks/:id', {
    config: { access: 'webhooks:read' },
    schema: {
      ...{ tags, operationId: 'getWebhook', summary: 'Read a webhook' },
      params: WebhookParams,
      response: answer,
    },
    handler: async (request) => toWebhook(await webhookOf(request, deps)),
  });
}

function addCreation(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.post('/webhooks', {
    config: { access: 'webhooks:write', problems: ['too_many_webhooks'] },
    schema: {
      ...{ tags, operationId: 'createWebhook', summary: 'Subscribe to events' },
      description: `An organization has at most ${MOST_SUBSCRIPTIONS}.`,
      body: s.closed({ organization_id: s.ownOrganization, ...writable }),
      response: { 201: s.ref(WebhookWithSecret, { description: 'The webhook, with its secret.' }) },
    },
    handler: async (request, reply) => {
      const { body, principal } = request;
      const { url, events } = body;
      const organizationId = ownerOf(principal, body.organization_id);
      if (!looksLikeId(organizationId)) throw unknownOrganization();
      const outcome = await deps.webhooks.subscriptions.create(
        { organizationId, url, events },
        tenantOf(principal),
        auditContextOf(request),
      );
      if (outcome.outcome === 'not_found') throw unknownOrganization();
      if (outcome.outcome === 'too_many') {
        const detail = `An organization has at most ${MOST_SUBSCRIPTIONS} webhooks. Delete one first.`;
        throw new ProblemError('too_many_webhooks', detail);
      }
      if (outcome.outcome !== 'done') throw refusal(outcome);
      const { subscription, secret } = outcome;
      return reply.code(201).send({ ...toWebhook(subscription), secret });
    },
  });

  api.post('/webhooks/:id/rotate', {
    config: { access: 'webhooks:write' },
    schema: {
      ...{ tags, operationId: 'rotateWebhookSecret', summary: 'Give a webhook a new secret' },
      description:
        'Both sign for `overlap_seconds`, each delivery twice; then the old one stops. No more than four old ones sign at a time.',
      params: WebhookParams,
      body: s.closed({
        overlap_seconds: s.optional(
          Type.Integer({ minimum: 0, maximum: LONGEST_OVERLAP_SECONDS, description: 'Default 0.' }),
        ),
      }),
      response: {
        200: s.ref(WebhookWithSecret, { description: 'The webhook, with its new secret.' }),
      },
    },
    handler: async (request) => {
      const { params, body, principal } = request;
      const overlap = body.overlap_seconds ?? 0;
      const audit = auditContextOf(request);
      if (!looksLikeId(params.id)) throw notFound('webhook');
      const outcome = await deps.webhooks.subscriptions.rotate(
        params.id,
        overlap,
        tenantOf(principal),
        audit,
      );
      if (outcome.outcome !== 'done') throw notFound('webhook');
      return { ...toWebhook(outcome.subscription), secret: outcome.secret };
    },
  });
}

function addChanges(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.patch('/webhooks/:id', {
    config: { access: 'webhooks:write' },
    schema: {
      ...{ tags, operationId: 'updateWebhook', summary: 'Change a webhook' },
      description: 'What waits goes to the new URL.',
      params: WebhookParams,
      body: s.closed(
        {
          url: s.optional(writable.url),
          events: s.optional(writable.events),
          status: s.optional(
            s.choice(['active', 'paused'], { description: 'Holds events back, or lets them go.' }),
          ),
        },
        { minProperties: 1 },
      ),
      response: answer,
    },
    handler: async (request) => toWebhook(await change(deps, request, request.body)),
  });
}

function addSwitches(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.post('/webhooks/:id/pause', {
    config: { access: 'webhooks:write' },
    schema: {
      ...{ tags, operationId: 'pauseWebhook', summary: 'Hold events back' },
      params: WebhookParams,
      response: answer,
    },
    handler: async (request) => toWebhook(await change(deps, request, { status: 'paused' })),
  });

  api.post('/webhooks/:id/resume', {
    config: { access: 'webhooks:write' },
    schema: {
      ...{ tags, operationId: 'resumeWebhook', summary: 'Let events go again' },
      description: 'Also of one that was disabled.',
      params: WebhookParams,
      response: answer,
    },
    handler: async (request) => toWebhook(await change(deps, request, { status: 'active' })),
  });
}

function addEnd(api: s.ManagementApi, deps: ManagementDependencies): void {
  api.delete('/webhooks/:id', {
    config: { access: 'webhooks:write' },
    schema: {
      ...{ tags, operationId: 'deleteWebhook', summary: 'Delete a webhook' },
      description: 'What waits for it is not sent.',
      params: WebhookParams,
      response: { 204: s.deleted('The webhook is deleted.') },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const tenant = tenantOf(request.principal);
      const audit = auditContextOf(request);
      const deleted =
        looksLikeId(id) && (await deps.webhooks.subscriptions.remove(id, tenant, audit));
      if (!deleted) throw notFound('webhook');
      return reply.code(204).send(null);
    },
  });
}

/** @throws ProblemError not_found, also for somebody else's */
export async function webhookOf(
  { params, principal }: { params: { id: string }; principal: Principal | null },
  { webhooks }: ManagementDependencies,
): Promise<Subscription> {
  const found = looksLikeId(params.id)
    ? await webhooks.subscriptions.find(params.id, tenantOf(principal))
    : undefined;
  if (!found) throw notFound('webhook');
  return found;
}

async function change(
  { webhooks }: ManagementDependencies,
  request: FastifyRequest<{ Params: { id: string } }>,
  changes: SubscriptionChanges,
): Promise<Subscription> {
  const { id } = request.params;
  if (!looksLikeId(id)) throw notFound('webhook');
  const tenant = tenantOf(request.principal);
  const outcome: SubscriptionOutcome = await webhooks.subscriptions.update(
    id,
    changes,
    tenant,
    auditContextOf(request),
  );
  if (outcome.outcome !== 'done') throw refusal(outcome);
  return outcome.subscription;
}

function refusal(refused: SubscriptionRefusal): ProblemError {
  if (refused.outcome === 'not_found') return notFound('webhook');
  return invalidFields(
    refused.problems.map(
      ({ field, message }): FieldError => ({ in: 'body', path: field, message }),
    ),
  );
}

const toWebhook = (subscription: Subscription): Static<typeof Webhook> => ({
  id: subscription.id,
  organization_id: subscription.organizationId,
  url: subscription.url,
  events: [...subscription.events],
  status: subscription.status,
  failing_since: subscription.failingSince?.toISOString() ?? null,
  created_at: subscription.createdAt.toISOString(),
  updated_at: subscription.updatedAt.toISOString(),
});
