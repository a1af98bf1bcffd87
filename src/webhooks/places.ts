import type { Candidate, Claim } from './claims.store.ts';

/** Attempts of this process at once. */
export const PLACES = 100;

/** Receivers that never took anything, fail or are slow have at most half of the places. */
const UNTRUSTED_PLACES = PLACES / 2;

/** Of one organization, also while nobody else waits: whoever comes next does not wait for it to end. */
const PLACES_OF_ORGANIZATION = PLACES / 4;

/** An answer that takes longer than these milliseconds, if only a good one, is slow. */
const SLOW_MS = 1_000;

/** How many are remembered: as slow, and as served. Those forgotten were served longest ago. */
const MOST_REMEMBERED = 20_000;

export type Places = ReturnType<typeof createPlaces>;

/**
 * Who gets the places of this process when more waits than there are. How much an organization has waiting,
 * and for how long, does not count.
 */
export function createPlaces() {
  const taken = new Set<Claim>();
  /** By organization and by subscription, who was served last comes last. */
  const served = new Map<string, number>();
  const slow = new Set<string>();
  let turns = 0;

  function serve(share: Share): void {
    turns += 1;
    share.held += 1;
    share.served = turns;
    served.delete(share.id);
    served.set(share.id, turns);
    forgetBeyond(served);
  }

  const shareOf = (id: string, claims: readonly Claim[]): Share => ({
    ...{ id, held: claims.length, served: served.get(id) ?? 0 },
  });

  /** What waits, by organization and by subscription, each with its share so far. */
  function sharesOf(waiting: readonly Candidate[]): OrganizationShare[] {
    const claims = [...taken];
    const organizations = Map.groupBy(waiting, ({ organizationId }) => organizationId);
    return Array.from(organizations, ([organizationId, theirs]) => {
      const own = claims.filter((claim) => claim.organizationId === organizationId);
      const subscriptions = Map.groupBy(theirs, ({ subscriptionId }) => subscriptionId);
      return {
        ...shareOf(organizationId, own),
        subscriptions: Array.from(subscriptions, ([id, queue]) => ({
          ...shareOf(
            id,
            own.filter(({ subscriptionId }) => subscriptionId === id),
          ),
          ...{ queue: [...queue], trusted: queue[0]!.trusted },
        })),
      };
    });
  }

  return {
    hasFree: () => taken.size < PLACES,

    /** Whether the receiver's last answer took long: then it is not sent several things at once. */
    isSlow: (subscriptionId: string) => slow.has(subscriptionId),

    /**
     * Those that go now: each place to the organization that has the fewest, then to the one served longest
     * ago, and within it likewise among its subscriptions.
     *
     * @param waiting of each subscription in its order
     */
    next(waiting: readonly Candidate[]): Candidate[] {
      const organizations = sharesOf(waiting);
      let untrusted = UNTRUSTED_PLACES - [...taken].filter(({ trusted }) => !trusted).length;
      const mayGo = ({ queue, trusted }: SubscriptionShare) =>
        queue.length > 0 && (trusted || untrusted > 0);
      const chosen: Candidate[] = [];
      while (taken.size + chosen.length < PLACES) {
        const organization = firstOf(
          organizations.filter(
            ({ held, subscriptions }) => held < PLACES_OF_ORGANIZATION && subscriptions.some(mayGo),
          ),
        );
        const subscription = firstOf(organization?.subscriptions.filter(mayGo) ?? []);
        if (!organization || !subscription) break;
        chosen.push(subscription.queue.shift()!);
        if (!subscription.trusted) untrusted -= 1;
        serve(organization);
        serve(subscription);
      }
      return chosen;
    },

    take: (claim: Claim) => void taken.add(claim),
    leave: (claim: Claim) => void taken.delete(claim),

    /** @param durationMs until the receiver had answered, or the attempt ended without that */
    noteDuration({ subscriptionId }: Claim, durationMs: number): void {
      slow.delete(subscriptionId);
      if (durationMs <= SLOW_MS) return;
      slow.add(subscriptionId);
      forgetBeyond(slow);
    },
  };
}

interface Share {
  readonly id: string;
  /** Places. */
  held: number;
  /** The turn in which it got the last one; 0: never. */
  served: number;
}

interface SubscriptionShare extends Share {
  readonly queue: Candidate[];
  readonly trusted: boolean;
}

interface OrganizationShare extends Share {
  readonly subscriptions: readonly SubscriptionShare[];
}

const firstOf = <Each extends Share>(shares: readonly Each[]): Each | undefined =>
  shares.reduce<Each | undefined>(
    (first, each) =>
      first && (first.held - each.held || first.served - each.served) <= 0 ? first : each,
    undefined,
  );

/** The oldest go first, in the order in which they were put there. */
function forgetBeyond(remembered: Map<string, unknown> | Set<string>): void {
  for (const oldest of remembered.keys()) {
    if (remembered.size <= MOST_REMEMBERED) return;
    remembered.delete(oldest);
  }
}
