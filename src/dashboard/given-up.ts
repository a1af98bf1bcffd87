import type { GivenUpView } from '../pages/webhook-models.ts';
import { MOST_COUNTED } from '../webhooks/given-up.store.ts';
import type { Area } from './area.ts';
import { pathOf } from './frame.ts';
import type { OrganizationVisit } from './visit.ts';
import type { WebhookPageDependencies } from './webhook-visit.ts';

/** What the organization's first page says of webhook deliveries that were given up. */
export async function givenUpOf(
  visit: OrganizationVisit,
  { platform }: Pick<Area, 'platform'>,
  { webhooks }: WebhookPageDependencies,
): Promise<GivenUpView[]> {
  if (!platform.webhooks.enabled) return [];
  const { id: organizationId } = visit.organization;
  const givenUp = await webhooks.subscriptions.givenUp(organizationId);
  return givenUp.map(({ subscriptionId, url, deliveries, lastAt }) => ({
    ...{ host: new URL(url).host, href: `${pathOf('webhooks', organizationId)}/${subscriptionId}` },
    ...{ count: deliveries, isMore: deliveries >= MOST_COUNTED, date: lastAt },
  }));
}
