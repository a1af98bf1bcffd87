import type { Executor } from '../database/executor.ts';

/** How many organizations are on a plan. */
export interface PlanHolders {
  plan: string;
  /** As it was last declared; null for one that never was. */
  title: string | null;
  organizations: number;
}

/** By the plans that organizations are on, declared or not; a plan that none is on is not in it. */
export async function countByPlan(executor: Executor): Promise<PlanHolders[]> {
  const { rows } = await executor.query<PlanHolders>(
    `SELECT held.plan, plans.title, held.organizations
     FROM (SELECT plan, count(*)::integer AS organizations FROM organizations GROUP BY plan) AS held
       LEFT JOIN plans ON plans.name = held.plan
     ORDER BY held.plan`,
  );
  return rows;
}
