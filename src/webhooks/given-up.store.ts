import type { Executor } from '../database/executor.ts';

/** What of a subscription's deliveries was given up lately. */
export interface GivenUp {
  readonly subscriptionId: string;
  readonly url: string;
  /** Counted up to `MOST_COUNTED`. */
  readonly deliveries: number;
  /** When the last one was. */
  readonly lastAt: Date;
}

/** So long its organization is told, unless it is sent again before: milliseconds. */
const TOLD_MS = 7 * 86_400_000;

/** A receiver that stayed broken must not make the page that says so slow. */
export const MOST_COUNTED = 1_000;

/** What the organization is to be told now, by subscription, the latest first. */
export async function findGivenUp(
  executor: Executor,
  organizationId: string,
  now: Date,
): Promise<GivenUp[]> {
  const { rows } = await executor.query<GivenUp>({
    name: 'find_given_up_webhooks',
    text: `SELECT s.id AS "subscriptionId", s.url, dead.deliveries, dead.last_at AS "lastAt"
           FROM webhook_subscriptions s CROSS JOIN LATERAL (
             SELECT count(*)::int AS deliveries, max(latest.finished_at) AS last_at FROM (
               SELECT d.finished_at FROM webhook_deliveries d WHERE d.subscription_id = s.id
                 AND d.status = 'dead' AND d.finished_at > $2
               ORDER BY d.finished_at DESC LIMIT $3) AS latest) AS dead
           WHERE s.organization_id = $1 AND dead.deliveries > 0
           ORDER BY dead.last_at DESC, s.id`,
    values: [organizationId, new Date(now.getTime() - TOLD_MS), MOST_COUNTED],
  });
  return rows;
}
