import type { Clock } from '../lib/clock.ts';
import type { Admission, Charge, CounterStore } from '../limits/counter-store.ts';
import { CounterStoreUnavailableError } from '../limits/counter-store.ts';
import type { NamedLimit, Plan, Platform, Route } from '../platform/platform.ts';
import {
  denied,
  type GateContext,
  type MeteredCount,
  passed,
  type Refused,
  type Stage,
} from './context.ts';
import type { Principal } from './principal.ts';

/** What a request is charged for: a limit with the figure that holds for this caller. */
export interface Meter extends Charge {
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
  const { platform, rates, quotas } = deps;
  const metersOf = createMeters(platform);
  const charge = createCharge(deps);

  return (context) => {
    const meters = metersOf(context);
    const ofKind = (kind: Meter['kind']) => meters.filter((meter) => meter.kind === kind);
    const done = (counts: readonly MeteredCount[]) => passed({ ...context, counts });
    const chargeQuotas = (counts: readonly MeteredCount[]) =>
      charge(ofKind('quota'), quotas, counts, done);
    return charge(ofKind('rate'), rates, [], chargeQuotas);
  };
}

/** A credential's call is charged, or refused. */
export type CredentialMetering = (
  principal: Principal,
) => Promise<{ readonly passed: true; readonly counts: readonly MeteredCount[] } | Refused>;

/**
 * The rate of a credential's kind by itself, for calls that do not come through the gate. It is one count
 * with what the credential spends there.
 */
export function createCredentialMetering(deps: {
  platform: Platform;
  clock: Clock;
  rates: CounterStore;
}): CredentialMetering {
  const charge = createCharge(deps);
  return async (principal) => {
    const meter = credentialMeter(deps.platform, principal, principal.organizationId);
    const done = (counts: readonly MeteredCount[]) => ({ passed: true, counts }) as const;
    return charge(meter ? [meter] : [], deps.rates, [], done);
  };
}

function createCharge({ platform, clock }: { platform: Platform; clock: Clock }) {
  return function charge<Result>(
    meters: readonly Meter[],
    store: CounterStore,
    earlier: readonly MeteredCount[],
    next: (counts: readonly MeteredCount[]) => Result | Promise<Result>,
  ): Result | Refused | Promise<Result | Refused> {
    if (meters.length === 0) return next(earlier);
    const now = clock.now();
    const conclude = (admission: Admission) => {
      const counts = [...earlier, ...named(meters, admission)];
      return admission.admitted ? next(counts) : refuse(meters, admission, counts, now);
    };
    const away = (error: unknown) => whenAway(platform, error, () => next(earlier));
    const admission = store.admit(meters, now);
    return admission instanceof Promise ? admission.then(conclude, away) : conclude(admission);
  };
}

/**
 * A store does not answer. Of Redis, the platform file says whether its rates then count for nothing or
 * stop everybody; without Postgres, whose quotas are exact, nobody passes.
 */
function whenAway<Result>(
  { limitsStore }: Platform,
  error: unknown,
  uncounted: () => Result | Promise<Result>,
): Result | Refused | Promise<Result> {
  if (!(error instanceof CounterStoreUnavailableError)) throw error;
  if (error.store === 'redis' && limitsStore.whenRedisIsAway === 'allow') return uncounted();
  return denied('temporarily_unavailable', { retryAfterSeconds: 1 });
}

/** What a request is charged for; where it falls under no route, what it would be under any. */
export function createMeters(platform: Platform): (context: GateContext) => Meter[] {
  const limits = new Map(platform.namedLimits.map((limit) => [limit.name, limit]));
  const everywhere = metersOfEvery(platform.routes);

  return (context) => {
    const principal = context.principal!;
    const rate = credentialMeter(platform, principal, context.organizationId);
    const meters = rate ? [rate] : [];
    for (const name of context.route?.route.meters ?? everywhere) {
      const limit = limits.get(name);
      const meter = limit && meterFor(limit, principal, context);
      if (meter) meters.push(meter);
    }
    return meters;
  };
}

const metersOfEvery = ([first, ...others]: readonly Route[]): readonly string[] =>
  first?.meters.filter((name) => others.every(({ meters }) => meters.includes(name))) ?? [];

/** The rate that holds for every credential of a kind; undefined where the platform has none for it. */
function credentialMeter(
  platform: Platform,
  principal: Principal,
  organizationId: string | null | undefined,
): Meter | undefined {
  const rate = platform.credentialRateLimits[principal.kind];
  // Without a name before the kind: no limit of the platform file can share the count.
  const key = `${together(organizationId)}${countedAs(principal)}`;
  return rate && { name: 'requests', kind: 'rate', key, ...rate };
}

/** What a caller is charged for under a limit; undefined when it does not count on it. */
export function meterFor(
  limit: NamedLimit,
  principal: Principal,
  caller: Pick<GateContext, 'organizationId' | 'plan'>,
): Meter | undefined {
  if (!limit.appliesTo.includes(principal.kind)) return undefined;
  const holder = holderOf(limit, principal, caller.organizationId ?? null);
  if (holder === undefined) return undefined;
  const { name, kind, windowSeconds } = limit;
  const figure = figureFor(limit, principal, caller.plan);
  const place = kind === 'rate' ? together(caller.organizationId) : '';
  return { name, kind, windowSeconds, key: `${place}${name}:${holder}`, limit: figure };
}

/** All rates of a request are charged in one place. It stays the same: a credential has one organization. */
const together = (organizationId: string | null | undefined) => `{${organizationId ?? 'none'}}`;

const countedAs = ({ kind, id, countsAs = id }: Principal) => `${kind}:${countsAs}`;

/** The key's own figure, else the plan's, else the platform's. */
function figureFor(limit: NamedLimit, principal: Principal, plan: Plan | undefined): number {
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
      return countedAs(principal);
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
): Refused {
  const { exhausted } = admission;
  const meter = meters.find(({ key }) => key === exhausted.key)!;
  // A limit of nothing has no better moment to wait for.
  const wait =
    exhausted.resetsAt && exhausted.limit > 0
      ? Math.max(1, Math.ceil((exhausted.resetsAt.getTime() - now.getTime()) / 1000))
      : undefined;
  return denied(meter.kind === 'rate' ? 'rate_limited' : 'quota_exceeded', {
    limit: meter.name,
    counts,
    ...(wait === undefined ? {} : { retryAfterSeconds: wait }),
  });
}
