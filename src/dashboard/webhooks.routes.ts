import { sendPage } from '../doors/browser.ts';
import { MOST_SUBSCRIPTIONS } from '../webhooks/subscriptions.service.ts';
import type { Area } from './area.ts';
import { pathOf } from './frame.ts';
import { isManager, managersOnly } from './managers.ts';
import { PageNotFoundError } from './visit.ts';
import { webhookChangeRoutes } from './webhook-changes.routes.ts';
import { webhookDeliveryRoutes } from './webhook-deliveries.routes.ts';
import { askedFor, errorsOf, typedInto, UNTOUCHED } from './webhook-form.ts';
import { sendSecret, sendWebhookForm } from './webhook-pages.ts';
import { toRow } from './webhook-view.ts';
import {
  done,
  scopeOf,
  WEBHOOKS,
  type WebhookPageDependencies,
  webhookFrame,
} from './webhook-visit.ts';

/** Where the organization hears of events, where the platform has webhooks. */
export function webhookRoutes(area: Area, deps: WebhookPageDependencies): void {
  if (!area.platform.webhooks.enabled) return;
  listRoute(area, deps);
  creationRoutes(area, deps);
  webhookChangeRoutes(area, deps);
  webhookDeliveryRoutes(area, deps);
}

function listRoute({ door, visits, pages, platform }: Area, deps: WebhookPageDependencies): void {
  const { subscriptions } = deps.webhooks;
  door.get(
    WEBHOOKS,
    visits.ofOrganization(async (visit) => {
      const rows = await subscriptions.list({ ...scopeOf(visit), limit: MOST_SUBSCRIPTIONS });
      const html = pages.render('dashboard/webhooks/list', {
        frame: webhookFrame(visit, platform),
        webhooks: rows.map((each) => toRow(visit, each)),
        ...(isManager(visit) ? { newUrl: `${pathOf('webhooks', visit.organization.id)}/new` } : {}),
      });
      return sendPage(visit.reply, html);
    }),
  );
}

function creationRoutes(area: Area, deps: WebhookPageDependencies): void {
  const { door, visits, sentForms } = area;
  door.get(
    `${WEBHOOKS}/new`,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      return sendWebhookForm(visit, area, UNTOUCHED);
    }),
  );
  door.post(
    WEBHOOKS,
    visits.ofOrganization(async (visit) => {
      managersOnly(visit);
      const typed = typedInto(visit.request.body);
      const asked = askedFor(typed);
      if ('errors' in asked) return sendWebhookForm(visit, area, typed, asked.errors);
      const { form } = visit.request.body as Record<string, unknown>;
      if (!(await sentForms.claim(visit.user.id, form))) {
        return done(visit, pathOf('webhooks', visit.organization.id), 'hook_sent_before');
      }
      const scope = scopeOf(visit);
      const wanted = { ...asked, ...scope };
      const made = await deps.webhooks.subscriptions.create(wanted, scope, visit.audit);
      if (made.outcome === 'not_found') throw new PageNotFoundError();
      if (made.outcome === 'too_many') return sendWebhookForm(visit, area, typed, [TOO_MANY]);
      if (made.outcome !== 'done') {
        return sendWebhookForm(visit, area, typed, errorsOf(made.problems));
      }
      return sendSecret(visit, area, { ...made, outcome: 'created' });
    }),
  );
}

const TOO_MANY = { field: 'form', error: 'too_many', most: MOST_SUBSCRIPTIONS } as const;
