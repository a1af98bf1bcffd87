import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import type { WebhookFormError, WebhookSecretPage } from '../pages/webhook-models.ts';
import type { Subscription } from '../webhooks/webhook.ts';
import type { Area } from './area.ts';
import { pathOf } from './frame.ts';
import type { OrganizationVisit } from './visit.ts';
import { formFields, type TypedWebhook } from './webhook-form.ts';
import { hostOf, webhookPath } from './webhook-view.ts';
import { webhookFrame } from './webhook-visit.ts';

/**
 * A new webhook's form has each time a token of its own: one that was sent is used up.
 *
 * @param changed the webhook that is there already
 */
export function sendWebhookForm(
  visit: OrganizationVisit,
  { pages, platform, sentForms }: Area,
  typed: TypedWebhook,
  errors: readonly WebhookFormError[] = [],
  changed?: Subscription,
): FastifyReply {
  const list = pathOf('webhooks', visit.organization.id);
  const place = changed
    ? {
        ...{ host: hostOf(changed), action: `${webhookPath(changed)}/edit` },
        cancelUrl: webhookPath(changed),
      }
    : { token: sentForms.newToken(), action: list, cancelUrl: list };
  const html = pages.render('dashboard/webhooks/form', {
    ...{ frame: webhookFrame(visit, platform), csrf: visit.csrf, errors },
    ...place,
    ...formFields(platform, typed),
  });
  return sendPage(visit.reply, html, errors.length > 0 ? 422 : 200);
}

/** The secret, this once. */
export function sendSecret(
  visit: OrganizationVisit,
  { pages, platform }: Area,
  made: Pick<WebhookSecretPage, 'outcome' | 'secret' | 'oldUntil'> & {
    subscription: Subscription;
  },
): FastifyReply {
  const { subscription, outcome, secret, oldUntil } = made;
  const html = pages.render('dashboard/webhooks/secret', {
    ...{ frame: webhookFrame(visit, platform), outcome, secret, host: hostOf(subscription) },
    ...{ header: platform.webhooks.signatureHeader, docsUrl: pathOf('docs', '') },
    webhookUrl: webhookPath(subscription),
    ...(oldUntil ? { oldUntil } : {}),
  });
  return sendPage(visit.reply, html, outcome === 'created' ? 201 : 200);
}
