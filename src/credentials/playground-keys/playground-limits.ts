import { meterFor } from '../../gate/metering.ts';
import type { Clock } from '../../lib/clock.ts';
import { type CounterStore, CounterStoreUnavailableError } from '../../limits/counter-store.ts';
import type { NamedLimit, Platform } from '../../platform/platform.ts';
import { type PlaygroundPolicy, playgroundPrincipal } from './playground-key.ts';

/** Where a stranger stands with one limit. */
export interface PlaygroundLimit {
  readonly name: string;
  readonly title: string;
  readonly limit: number;
  readonly used: number;
  /** Null: for life. */
  readonly windowSeconds: number | null;
}

/**
 * Where strangers stand with the limits of the routes that are open to them; the gate counts.
 *
 * @returns a function of the identity. Rates are left out while their store is away.
 */
export function createPlaygroundLimits(deps: {
  platform: Platform;
  policy: PlaygroundPolicy;
  clock: Clock;
  rates: CounterStore;
  quotas: CounterStore;
}): (identity: string) => Promise<PlaygroundLimit[]> {
  const { platform, policy, clock, rates, quotas } = deps;
  const { organizationId } = policy;
  const plan = platform.plans.find(({ name }) => name === policy.plan)!;
  const open = platform.routes.filter((route) => route.playground);
  const metered = new Set(open.flatMap((route) => route.meters));
  const limits = platform.namedLimits.filter(({ name }) => metered.has(name));

  async function read(kind: NamedLimit['kind'], store: CounterStore, identity: string) {
    const principal = playgroundPrincipal(policy, identity);
    const meters = limits
      .filter((limit) => limit.kind === kind)
      .flatMap((limit) => {
        const meter = meterFor(limit, principal, { organizationId, plan });
        return meter ? [{ ...meter, title: limit.title }] : [];
      });
    if (meters.length === 0) return [];
    const counts = await store.read(
      meters.map(({ key }) => key),
      clock.now(),
    );
    const used = new Map(counts.map((count) => [count.key, count.used]));
    return meters.map(({ name, title, limit, windowSeconds, key }) => ({
      ...{ name, title, limit, windowSeconds },
      used: used.get(key) ?? 0,
    }));
  }

  return async (identity) => {
    const [lasting, passing] = await Promise.all([
      read('quota', quotas, identity),
      read('rate', rates, identity).catch(nothingWhenAway),
    ]);
    return [...lasting, ...passing];
  };
}

/** A stranger gets the key all the same: the gate knows what to do without the rates. */
function nothingWhenAway(error: unknown): PlaygroundLimit[] {
  if (error instanceof CounterStoreUnavailableError && error.store === 'redis') return [];
  throw error;
}
