import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import type { WebhookPage } from '../pages/webhook-models.ts';
import type { Subscription } from '../webhooks/webhook.ts';
import type { Area } from './area.ts';
import { pathOf } from './frame.ts';
import { isManager } from './managers.ts';
import { type OrganizationVisit, PageNotFoundError } from './visit.ts';
import { deliveriesOf } from './webhook-deliveries.routes.ts';
import { askedFor, errorsOf, typedFrom, typedInto } from './webhook-form.ts';
import { sendSecret, sendWebhookForm } from './webhook-pages.ts';
import { deliveryPath, hostOf, toRow, webhookPath } from './webhook-view.ts';
import {
  done,
  scopeOf,
  WEBHOOKS,
  type WebhookPageDependencies,
  webhookFrame,
  webhookOf,
  webhookToChange,
} from './webhook-visit.ts';

const WEBHOOK = `${WEBHOOKS}/:webhook`;

/** How long the secret before goes on signing. */
const OVERLAPS: NonNullable<WebhookPage['manage']>['overlaps'] = [
  { seconds: 86_400, kind: 'day' },
  { seconds: 3_600, kind: 'hour' },
  { seconds: 7 * 86_400, kind: 'week' },
  { seconds: 0, kind: 'none' },
];

/** One webhook: its page, and all that can be done to it. */
export function webhookChangeRoutes(area: Area, deps: WebhookPageDependencies): void {
  const { door, visits } = area;
  door.get(
    WEBHOOK,
    visits.ofOrganization(async (visit) =>
      sendWebhook(visit, area, deps, await webhookOf(visit, deps)),
    ),
  );
  editRoutes(area, deps);
  switchRoutes(area, deps);
  rotationRoute(area, deps);
  testRoute(area, deps);
  removalRoutes(area, deps);
}

async function sendWebhook(
  visit: OrganizationVisit,
  { pages, platform, sentForms }: Area,
  deps: WebhookPageDependencies,
  subscription: Subscription,
  error?: WebhookPage['error'],
): Promise<FastifyReply> {
  const { csrf } = visit;
  const here = webhookPath(subscription);
  const to = (verb: string) => ({ action: `${here}/${verb}`, csrf });
  const isActive = subscription.status === 'active';
  const manage = {
    ...{ editUrl: `${here}/edit`, deleteUrl: `${here}/delete` },
    ...(isActive ? { test: to('test') } : {}),
    toggle: to(isActive ? 'pause' : 'resume'),
    rotate: { ...to('rotate'), token: sentForms.newToken() },
    overlaps: OVERLAPS,
  };
  const html = pages.render('dashboard/webhooks/detail', {
    frame: webhookFrame(visit, platform),
    listUrl: pathOf('webhooks', visit.organization.id),
    webhook: { ...toRow(visit, subscription), since: subscription.createdAt },
    ...(await deliveriesOf(visit, deps, subscription)),
    ...(isManager(visit) ? { manage } : {}),
    ...(error ? { error } : {}),
  });
  return sendPage(visit.reply, html, error ? STATUS_OF[error] : 200);
}

const STATUS_OF = { overlap: 422, inactive: 409 } as const;

function editRoutes(area: Area, deps: WebhookPageDependencies): void {
  const { door, visits } = area;
  door.get(
    `${WEBHOOK}/edit`,
    visits.ofOrganization(async (visit) => {
      const subscription = await webhookToChange(visit, deps);
      return sendWebhookForm(visit, area, typedFrom(subscription), [], subscription);
    }),
  );
  door.post(
    `${WEBHOOK}/edit`,
    visits.ofOrganization(async (visit) => {
      const subscription = await webhookToChange(visit, deps);
      const typed = typedInto(visit.request.body);
      const asked = askedFor(typed);
      if ('errors' in asked) return sendWebhookForm(visit, area, typed, asked.errors, subscription);
      const scope = scopeOf(visit);
      const { update } = deps.webhooks.subscriptions;
      const outcome = await update(subscription.id, asked, scope, visit.audit);
      if (outcome.outcome === 'not_found') throw new PageNotFoundError();
      if (outcome.outcome === 'done') return done(visit, webhookPath(subscription), 'hook_updated');
      return sendWebhookForm(visit, area, typed, errorsOf(outcome.problems), subscription);
    }),
  );
}

function switchRoutes({ door, visits }: Area, deps: WebhookPageDependencies): void {
  const become = (status: 'active' | 'paused', notice: 'hook_resumed' | 'hook_paused') =>
    visits.ofOrganization(async (visit) => {
      const subscription = await webhookToChange(visit, deps);
      const { update } = deps.webhooks.subscriptions;
      const outcome = await update(subscription.id, { status }, scopeOf(visit), visit.audit);
      if (outcome.outcome !== 'done') throw new PageNotFoundError();
      return done(visit, webhookPath(subscription), notice);
    });
  door.post(`${WEBHOOK}/pause`, become('paused', 'hook_paused'));
  door.post(`${WEBHOOK}/resume`, become('active', 'hook_resumed'));
}

function rotationRoute(area: Area, deps: WebhookPageDependencies): void {
  const { door, visits, sentForms, clock } = area;
  door.post(
    `${WEBHOOK}/rotate`,
    visits.ofOrganization(async (visit) => {
      const subscription = await webhookToChange(visit, deps);
      const { form, overlap } = (visit.request.body ?? {}) as Record<string, unknown>;
      const seconds = OVERLAPS.find((one) => String(one.seconds) === overlap)?.seconds;
      if (seconds === undefined) return sendWebhook(visit, area, deps, subscription, 'overlap');
      if (!(await sentForms.claim(visit.user.id, form))) {
        return done(visit, webhookPath(subscription), 'hook_sent_before');
      }
      const scope = scopeOf(visit);
      const { rotate } = deps.webhooks.subscriptions;
      const rotated = await rotate(subscription.id, seconds, scope, visit.audit);
      if (rotated.outcome !== 'done') throw new PageNotFoundError();
      const oldUntil = new Date(clock.now().getTime() + seconds * 1000);
      return sendSecret(visit, area, {
        ...{ subscription, secret: rotated.secret, outcome: 'rotated' },
        ...(seconds > 0 ? { oldUntil } : {}),
      });
    }),
  );
}

function testRoute(area: Area, deps: WebhookPageDependencies): void {
  const { door, visits } = area;
  door.post(
    `${WEBHOOK}/test`,
    visits.ofOrganization(async (visit) => {
      const subscription = await webhookToChange(visit, deps);
      const sent = await deps.webhooks.subscriptions.test(subscription);
      if (sent.outcome === 'inactive') {
        return sendWebhook(visit, area, deps, await webhookOf(visit, deps), 'inactive');
      }
      return done(visit, deliveryPath(subscription, sent.delivery), 'hook_test_sent');
    }),
  );
}

function removalRoutes(area: Area, deps: WebhookPageDependencies): void {
  const { door, visits, pages, platform } = area;
  door.get(
    `${WEBHOOK}/delete`,
    visits.ofOrganization(async (visit) => {
      const subscription = await webhookToChange(visit, deps);
      const cancelUrl = webhookPath(subscription);
      const html = pages.render('dashboard/webhooks/delete', {
        ...{ frame: webhookFrame(visit, platform), host: hostOf(subscription) },
        ...{ action: `${cancelUrl}/delete`, csrf: visit.csrf, cancelUrl },
      });
      return sendPage(visit.reply, html);
    }),
  );
  door.post(
    `${WEBHOOK}/delete`,
    visits.ofOrganization(async (visit) => {
      const { id } = await webhookToChange(visit, deps);
      await deps.webhooks.subscriptions.remove(id, scopeOf(visit), visit.audit);
      return done(visit, pathOf('webhooks', visit.organization.id), 'hook_deleted');
    }),
  );
}
