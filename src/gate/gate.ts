import { isDatabaseUnavailable } from '../database/database.ts';
import type { Platform } from '../platform/platform.ts';
import { findRoute } from '../platform/routes.ts';
import {
  type Denial,
  denied,
  type GateContext,
  type GateRequest,
  type Stage,
  type StageResult,
} from './context.ts';
import { readPath } from './request-target.ts';
import type { Standing } from './standing.ts';

/** The gate's word on one request. */
export type Decision =
  | { readonly allowed: true; readonly context: GateContext }
  | {
      readonly allowed: false;
      readonly denial: Denial;
      readonly context: Partial<GateContext>;
      /** Absent: the path cannot be read, and nobody was asked. */
      readonly refusedBy?: GateStep;
    };

/** The five stages, and the look at the routes that comes after the first. */
export type GateStep = keyof GateStages | 'route';

export interface GateStages {
  readonly authenticate: Stage;
  readonly organization: Stage;
  readonly ownership: Stage;
  readonly entitlement: Stage;
  readonly metering: Stage;
}

export interface Gate {
  /** Decides, and has the decision recorded. Without waiting where every answer is in a cache. */
  decide(request: GateRequest): Decision | Promise<Decision>;
  /**
   * Whether what was allowed would be, still: stages 1 to 4 anew, from the caches. Nothing is counted or
   * recorded, and a credential that may come only once is not refused for having come.
   *
   * @param context of the decision that allowed it
   * @returns the denial; undefined: it would be. `temporarily_unavailable`: it can't be told now
   */
  stillHolds(context: GateContext): Denial | undefined | Promise<Denial | undefined>;
}

/** Told of every decision, rejections included. Must not wait. */
export type DecisionRecorder = (request: GateRequest, decision: Decision) => void;

/** The five stages in their order; the first no is the answer. */
export function createGate(deps: {
  platform: Platform;
  stages: GateStages;
  /** The first stage, of a credential that was let in before. */
  authenticateAgain: Stage;
  standing: Standing;
  record: DecisionRecorder;
}): Gate {
  const { platform, record, standing } = deps;
  const { authenticate, organization, ownership, entitlement, metering } = deps.stages;
  const steps: Steps = [
    ['authenticate', authenticate],
    ['route', locate],
    ['organization', organization],
    ['ownership', ownership],
    ['entitlement', entitlement],
    ['metering', metering],
  ];
  const lasting: Steps = [
    ['authenticate', deps.authenticateAgain],
    ['organization', organization],
    ['ownership', ownership],
    ['entitlement', entitlement],
  ];

  /** A caller who is known hears how the limits stand, whichever stage refuses. */
  function withStanding(decided: Decision): Decision | Promise<Decision> {
    if (decided.allowed || !decided.context.principal) return decided;
    const counts = standing(decided.context as GateContext, decided.denial);
    return counts instanceof Promise
      ? counts.then((later) => ({ ...decided, denial: { ...decided.denial, counts: later } }))
      : decided;
  }

  return {
    decide(request) {
      const path = readPath(request.target);
      const route =
        path === undefined ? undefined : findRoute(platform.routes, request.method, path);
      const start = { request, route } as GateContext;
      const decision: Decision | Promise<Decision> =
        path === undefined
          ? { allowed: false, denial: { reason: 'malformed_request' }, context: { request } }
          : advance(steps, start, 0);
      const conclude = (decided: Decision) => {
        record(request, decided);
        return withStanding(decided);
      };
      return decision instanceof Promise ? decision.then(conclude) : conclude(decision);
    },
    stillHolds({ request, route }) {
      const decision = advance(lasting, { request, route }, 0);
      return decision instanceof Promise ? decision.then(denialOf) : denialOf(decision);
    },
  };
}

const denialOf = (decision: Decision) => (decision.allowed ? undefined : decision.denial);

type Steps = readonly (readonly [GateStep, Stage])[];

function advance(steps: Steps, context: GateContext, from: number): Decision | Promise<Decision> {
  let here = context;
  for (let i = from; i < steps.length; i += 1) {
    const [name, stage] = steps[i]!;
    const result = stage(here);
    if (result instanceof Promise) {
      return result.then((later) => proceed(steps, here, later, i), away(here, name));
    }
    if (!result.passed) return refuse(name, result.denial, here);
    here = result.context;
  }
  return { allowed: true, context: here };
}

const proceed = (steps: Steps, before: GateContext, result: StageResult, at: number) =>
  result.passed
    ? advance(steps, result.context, at + 1)
    : refuse(steps[at]![0], result.denial, before);

/** Only a caller who is known hears whether a route exists. */
const locate: Stage = (context) =>
  context.route === undefined ? denied('route_not_found') : { passed: true, context };

const refuse = (refusedBy: GateStep, denial: Denial, context: GateContext): Decision => ({
  allowed: false,
  denial,
  context,
  refusedBy,
});

/** What a stage needs does not answer: nobody passes on a guess. */
const away =
  (context: GateContext, step: GateStep) =>
  (error: unknown): Decision => {
    if (!isDatabaseUnavailable(error)) throw error;
    return refuse(step, { reason: 'temporarily_unavailable', retryAfterSeconds: 2 }, context);
  };
