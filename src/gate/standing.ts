import { isDatabaseUnavailable } from '../database/database.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import {
  type Count,
  type CounterStore,
  CounterStoreUnavailableError,
} from '../limits/counter-store.ts';
import { createGatheredReads } from '../limits/gathered-reads.ts';
import { answered, TooLateError } from '../limits/patience.ts';
import type { Platform } from '../platform/platform.ts';
import type { Denial, GateContext, MeteredCount } from './context.ts';
import { createMeters, type Meter } from './metering.ts';
import type { PlanOf } from './organization.ts';

/** For the plan; the counts, which are asked for then, have as much of their own. */
const PATIENCE = { turns: 5, turnMs: 50 };

/**
 * How the limits stand that apply to a request which was refused, without charging it: what the denial
 * knows of them already, and the others as they are now. Without waiting where the denial knows them all.
 */
export type Standing = (
  context: GateContext,
  denial: Denial,
) => readonly MeteredCount[] | Promise<readonly MeteredCount[]>;

/**
 * For the answer to a request that any stage refused: its caller hears what the next answer would tell.
 * Refusals cost their senders nothing, so all of a moment share one reading of the quotas. A limit whose
 * store is away is left out: no number is better than one that may be false. After a reading of the quotas
 * that failed or was late they are left out for a second, of every refusal of this process.
 *
 * Never fails, for the refusal holds whatever is known of the limits: an error is logged, and its limits are
 * left out.
 */
export function createStanding(deps: {
  platform: Platform;
  clock: Clock;
  log: Pick<Log, 'error'>;
  planOf: PlanOf;
  rates: CounterStore;
  quotas: CounterStore;
}): Standing {
  const { clock, log, planOf, rates } = deps;
  const metersOf = createMeters(deps.platform);
  const readQuotas = createGatheredReads(deps.quotas);

  async function complete(context: GateContext, denial: Denial): Promise<readonly MeteredCount[]> {
    const { counts: known = [] } = denial;
    // While something does not answer, only what is close by is asked.
    const isDown = denial.reason === 'temporarily_unavailable';
    if (isDown && !context.plan) return known;
    const caller = await withPlan(context, planOf);
    if (!caller) return known;
    const meters = metersOf(caller);
    const now = clock.now();
    const stand = (kind: Meter['kind'], read: CounterStore['read']) => {
      const ofKind = meters.filter((meter) => meter.kind === kind);
      const doWithout = (error: unknown) => {
        noteUnlessAway(context, error);
        return known.filter(isOneOf(ofKind));
      };
      return standOf(ofKind, known, read, now).catch(doWithout);
    };
    const counts = [stand('rate', rates.read), isDown ? [] : stand('quota', readQuotas)];
    return (await Promise.all(counts)).flat();
  }

  /** A store or a database that is away is no news here. */
  function noteUnlessAway({ request: { requestId } }: GateContext, error: unknown): void {
    if (error instanceof CounterStoreUnavailableError || error instanceof TooLateError) return;
    if (isDatabaseUnavailable(error)) return;
    log.error({ requestId, err: error }, 'a refusal goes without its limits');
  }

  return (context, denial) => {
    const { counts = [] } = denial;
    if (denial.counts && counts.length === metersOf(context).length) return counts;
    return complete(context, denial).catch((error: unknown) => {
      noteUnlessAway(context, error);
      return counts;
    });
  };
}

/**
 * A figure may be the plan's, which a request refused early was not asked for; undefined: nobody has one.
 *
 * @throws TooLateError after 250 milliseconds
 */
async function withPlan(context: GateContext, planOf: PlanOf): Promise<GateContext | undefined> {
  if (context.plan) return context;
  const { organizationId } = context.principal!;
  const found = planOf(context.principal!);
  const plan = found instanceof Promise ? await answered(found, PATIENCE) : found;
  return plan && { ...context, organizationId, plan };
}

/** In the order of the meters; those that are not known are read. */
async function standOf(
  meters: readonly Meter[],
  known: readonly MeteredCount[],
  read: CounterStore['read'],
  now: Date,
): Promise<readonly MeteredCount[]> {
  const knownOf = ({ key }: Meter) => known.find((count) => count.key === key);
  const unknown = meters.flatMap((meter) => (knownOf(meter) ? [] : meter.key));
  const counts = unknown.length === 0 ? [] : await read(unknown, now);
  return meters.map((meter) => {
    const begun = counts.find(({ key }) => key === meter.key);
    return knownOf(meter) ?? toMetered(meter, begun, now);
  });
}

const isOneOf = (meters: readonly Meter[]) => (count: MeteredCount) =>
  meters.some(({ key }) => key === count.key);

/** As its next charge would find it: a window that has not begun would begin now. */
function toMetered(
  { key, name, limit, windowSeconds }: Meter,
  begun: Count | undefined,
  now: Date,
): MeteredCount {
  // A limit of nothing never begins one.
  const fresh = limit === 0 ? null : endOfWindow(now, windowSeconds);
  const resetsAt = begun ? begun.resetsAt : fresh;
  return { key, name, limit, windowSeconds, resetsAt, used: begun?.used ?? 0 };
}

const endOfWindow = (now: Date, windowSeconds: number | null): Date | null =>
  windowSeconds === null ? null : new Date(now.getTime() + windowSeconds * 1000);
