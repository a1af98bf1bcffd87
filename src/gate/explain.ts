import { rateLimitHeaders } from './answer.ts';
import type { Denial, GateContext, MeteredCount } from './context.ts';
import type { Decision, GateStages } from './gate.ts';

export const STAGES = [
  'authenticate',
  'organization',
  'ownership',
  'entitlement',
  'metering',
] as const satisfies (keyof GateStages)[];

/** What one stage said of a request. */
export interface StageVerdict {
  readonly stage: (typeof STAGES)[number];
  /** `not_asked`: somebody before it had said no. */
  readonly verdict: 'passed' | 'refused' | 'not_asked';
  /** In words of the platform file; empty where there is nothing to tell. */
  readonly found: Readonly<Record<string, string>>;
}

/**
 * A decision, stage by stage: for whoever holds the credential, and nobody else. It says what is theirs, and
 * of what is not what the denial says.
 */
export function explain(decision: Decision, now: Date): StageVerdict[] {
  const refusedBy = decision.allowed ? undefined : decision.refusedBy;
  const known = decision.allowed ? STAGES.length : passedBefore(refusedBy);
  return STAGES.map((stage, i) => {
    if (i < known) {
      return {
        stage,
        verdict: 'passed',
        found: FINDINGS[stage](decision.context as GateContext, now),
      };
    }
    if (!decision.allowed && stage === refusedBy) {
      return { stage, verdict: 'refused', found: objection(decision.denial, now) };
    }
    return { stage, verdict: 'not_asked', found: {} };
  });
}

/** How many stages had said yes. */
function passedBefore(refusedBy: (Decision & { allowed: false })['refusedBy']): number {
  if (refusedBy === undefined) return 0;
  return refusedBy === 'route' ? 1 : STAGES.indexOf(refusedBy);
}

const FINDINGS: Record<
  StageVerdict['stage'],
  (context: GateContext, now: Date) => Record<string, string>
> = {
  authenticate: ({ principal }) => ({ credential: principal!.kind, subject: principal!.subject }),
  organization: ({ organizationId, plan }) => ({
    organization: organizationId ?? 'none',
    plan: plan?.name ?? 'none',
  }),
  ownership: ({ route: { route, parameters } }) =>
    route.organizationParam === undefined
      ? {}
      : { [route.organizationParam]: parameters[route.organizationParam] ?? '' },
  entitlement: ({ route: { route } }) => ({
    ...(route.scope ? { scope: route.scope } : {}),
    ...(route.module ? { module: route.module } : {}),
  }),
  metering: ({ counts = [] }, now) => limits(counts, now),
};

const objection = (denial: Denial, now: Date): Record<string, string> => ({
  reason: denial.reason,
  ...(denial.requiredScope ? { scope: denial.requiredScope } : {}),
  ...(denial.requiredModule ? { module: denial.requiredModule } : {}),
  ...(denial.limit ? { limit: denial.limit } : {}),
  ...limits(denial.counts ?? [], now),
});

/** As its caller reads them in the headers. */
function limits(counts: readonly MeteredCount[], now: Date): Record<string, string> {
  const { ratelimit } = rateLimitHeaders(counts, now);
  return ratelimit ? { ratelimit } : {};
}
