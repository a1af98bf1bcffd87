import type { Clock } from '../lib/clock.ts';
import type { Admission, Charge, CounterStore } from '../limits/counter-store.ts';
import { CounterStoreUnavailableError } from '../limits/counter-store.ts';
import type { NamedLimit, Platform } from '../platform/platform.ts';
import {
  denied,
  type GateContext,
  type MeteredCount,
  passed,
  type Stage,
  type StageResult,
} from './context.ts';
import type { Principal } from './principal.ts';

/** What a request is charged for: a limit with the figure that holds for this caller. */
interface Meter extends Charge {
  readonly name: string;
  readonly kind: 'rate' | 'quota';
}

/**
 * Stage 5: within which limits? Rates are charged first, where they are kept close by; quotas then, where
 * they are exact. A request that a rate refuses costs no quota.
 */
export function createMetering(deps: {
  platform: Platform;
  clock: Clock;
  rates: CounterStore;
  quotas: CounterStore;
}): Stage {
  const { platform, clock, rates, quotas } = deps;
  const limits = new Map(platform.namedLimits.map((limit) => [limit.name, limit]));

  function charge(
    meters: readonly Meter[],
    store: CounterStore,
    earlier: readonly MeteredCount[],
    next: (counts: readonly MeteredCount[]) => StageResult | Promise<StageResult>,
  ): StageResult | Promise<StageResult> {
    if (meters.length === 0) return next(earlier);
    const now = clock.now();
    const conclude = (admission: Admission) => {
      const counts = [...earlier, ...named(meters, admission)];
      return admission.admitted ? next(counts) : refuse(meters, admission, counts, now);
    };
    const admission = store.admit(meters, now);
    return admission instanceof Promise ? admission.then(conclude) : conclude(admission);
  }

  return (context) => {
    const meters = metersOf(platform, limits, context);
    const ofKind = (kind: Meter['kind']) => meters.filter((meter) => meter.kind === kind);
    const done = (counts: readonly MeteredCount[]) => passed({ ...context, counts });
    const chargeQuotas = (counts: readonly MeteredCount[]) =>
      charge(ofKind('quota'), quotas, counts, done);
    return whenAway(platform, chargeQuotas, () => charge(ofKind('rate'), rates, [], chargeQuotas));
  };
}

/** Redis does not answer: the platform file says whether rates then count for nothing or stop everybody. */
function whenAway(
  { limitsStore }: Platform,
  withoutRates: (counts: readonly MeteredCount[]) => StageResult | Promise<StageResult>,
  attempt: () => StageResult | Promise<StageResult>,
): StageResult | Promise<StageResult> {
  const recover = (error: unknown) => {
    if (!(error instanceof CounterStoreUnavailableError)) throw error;
    if (error.store === 'redis' && limitsStore.whenRedisIsAway === 'allow') return withoutRates([]);
    return denied('temporarily_unavailable', { retryAfterSeconds: 1 });
  };
  const result = attempt();
  return result instanceof Promise ? result.catch(recover) : result;
}

function metersOf(
  platform: Platform,
  limits: ReadonlyMap<string, NamedLimit>,
  context: GateContext,
): Meter[] {
  const principal = context.principal!;
  const meters: Meter[] = [];
  const rate = platform.credentialRateLimits[principal.kind];
  if (rate) {
    const key = `rate:${principal.kind}:${principal.id}`;
    meters.push({ name: 'requests', kind: 'rate', key, ...rate });
  }
  for (const name of context.route.route.meters) {
    const limit = limits.get(name);
    if (!limit?.appliesTo.includes(principal.kind)) continue;
    const holder = holderOf(limit, principal, context.organizationId ?? null);
    if (holder === undefined) continue;
    const figure = figureFor(limit, principal, context);
    const { kind, windowSeconds } = limit;
    meters.push({ name, kind, windowSeconds, key: `${name}:${holder}`, limit: figure });
  }
  return meters;
}

/** The key's own figure, else the plan's, else the platform's. */
function figureFor(limit: NamedLimit, principal: Principal, { plan }: GateContext): number {
  const own = limit.settablePerKey ? principal.limits[limit.name] : undefined;
  return own ?? plan?.limits[limit.name]?.limit ?? limit.limit;
}

/** Who shares the count. */
function holderOf(
  limit: NamedLimit,
  principal: Principal,
  organizationId: string | null,
): string | undefined {
  switch (limit.per) {
    case 'credential':
      return `${principal.kind}:${principal.id}`;
    case 'organization':
      return organizationId === null ? undefined : `organization:${organizationId}`;
    case 'identity':
      return principal.identity === null ? undefined : `identity:${principal.identity}`;
  }
}

const named = (meters: readonly Meter[], { counts }: Admission): MeteredCount[] =>
  counts.map((count, i) => ({
    ...count,
    name: meters[i]!.name,
    windowSeconds: meters[i]!.windowSeconds,
  }));

function refuse(
  meters: readonly Meter[],
  admission: Extract<Admission, { admitted: false }>,
  counts: readonly MeteredCount[],
  now: Date,
): StageResult {
  const { exhausted } = admission;
  const meter = meters.find(({ key }) => key === exhausted.key)!;
  const wait = exhausted.resetsAt
    ? Math.max(1, Math.ceil((exhausted.resetsAt.getTime() - now.getTime()) / 1000))
    : undefined;
  return denied(meter.kind === 'rate' ? 'rate_limited' : 'quota_exceeded', {
    limit: meter.name,
    counts,
    ...(wait === undefined ? {} : { retryAfterSeconds: wait }),
  });
}
