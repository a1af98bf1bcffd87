import type { FastifyReply } from 'fastify';
import { looksLikeId } from '../lib/identifier.ts';
import type { Platform } from '../platform/platform.ts';
import type { Subscription } from '../webhooks/webhook.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import { OF_ORGANIZATION } from './area.ts';
import { frameOf } from './frame.ts';
import { managersOnly } from './managers.ts';
import { noticeOf } from './notices.ts';
import { type OrganizationVisit, PageNotFoundError } from './visit.ts';

export interface WebhookPageDependencies {
  webhooks: Pick<Webhooks, 'subscriptions'>;
}

/** The list of webhooks, below which each has its page. */
export const WEBHOOKS = `${OF_ORGANIZATION}/webhooks`;

const NOTICES = [
  ...['hook_updated', 'hook_paused', 'hook_resumed', 'hook_deleted', 'hook_sent_before'],
  ...['hook_test_sent', 'hook_redelivered'],
] as const;

type WebhookNotice = (typeof NOTICES)[number];

/** What stands around a page about webhooks, with what was just done if the address says so. */
export function webhookFrame(visit: OrganizationVisit, platform: Platform) {
  const { csrf } = visit;
  return frameOf(visit, platform, { section: 'webhooks', csrf, ...noticeOf(visit, NOTICES) });
}

/** Whose webhooks are meant. */
export const scopeOf = ({ organization }: OrganizationVisit) => ({
  organizationId: organization.id,
});

/**
 * The webhook that the address names.
 *
 * @throws PageNotFoundError for one that isn't the organization's
 */
export async function webhookOf(
  visit: OrganizationVisit,
  { webhooks }: WebhookPageDependencies,
): Promise<Subscription> {
  const { webhook: id } = visit.request.params as { webhook: string };
  const found = looksLikeId(id) ? await webhooks.subscriptions.find(id, scopeOf(visit)) : undefined;
  if (!found) throw new PageNotFoundError();
  return found;
}

/**
 * The webhook that the address names, to be changed.
 *
 * @throws PageNotFoundError for one that isn't the organization's
 * @throws NotAllowedError for a member
 */
export async function webhookToChange(
  visit: OrganizationVisit,
  deps: WebhookPageDependencies,
): Promise<Subscription> {
  const found = await webhookOf(visit, deps);
  managersOnly(visit);
  return found;
}

/** After a form: to a page, which says what was done. */
export const done = (
  { reply }: OrganizationVisit,
  path: string,
  notice: WebhookNotice,
): FastifyReply => reply.redirect(`${path}?done=${notice}`, 303);
