import t from 'tap';
import type { Candidate, Claim } from '../../src/webhooks/claims.store.ts';
import { createPlaces } from '../../src/webhooks/places.ts';

let made = 0;

/** What waits for one subscription. */
const waiting = (organization: string, name: string, count: number, trusted = true): Candidate[] =>
  Array.from({ length: count }, () => {
    made += 1;
    const subscriptionId = `${organization}/${name}`;
    return { deliveryId: `${made}`, subscriptionId, organizationId: organization, trusted };
  });

/** A claim is what was chosen, with more to it. */
const claimOf = (candidate: Candidate) => candidate as Claim;

function openPlaces() {
  const places = createPlaces();
  const go = (candidates: readonly Candidate[]) => {
    const claims = places.next(candidates).map(claimOf);
    for (const claim of claims) places.take(claim);
    return claims;
  };
  return { places, go };
}

const tally = (claims: readonly Claim[], by: 'organizationId' | 'subscriptionId') =>
  Object.fromEntries(
    Array.from(
      Map.groupBy(claims, (claim) => claim[by]),
      ([id, { length }]) => [id, length],
    ),
  );

/** So many organizations, each with more than it can have. */
const floods = (count: number, trusted = true) =>
  Array.from({ length: count }, (_, i) =>
    Array.from({ length: 20 }, (_, k) => waiting(`flood-${i}`, `${k}`, 4, trusted)),
  ).flat(2);

t.test('an organization has a quarter of the places, however much waits for it', async (t) => {
  const { go } = openPlaces();
  const claims = go(floods(1));
  t.equal(claims.length, 25);
  const each = Object.values(tally(claims, 'subscriptionId'));
  t.same([Math.min(...each), Math.max(...each)], [1, 2], 'its subscriptions take turns');
  t.same(go(floods(1)), []);
  t.equal(go(waiting('other', 'a', 4)).length, 4);
});

t.test('places are shared alike, not by who has more subscriptions or waits longer', async (t) => {
  const { go } = openPlaces();
  const small = [...waiting('small', 'a', 4), ...waiting('small', 'b', 4)];
  const claims = go([...floods(6), ...small]);
  t.equal(claims.length, 100);
  t.equal(tally(claims, 'organizationId').small, 8, 'all of what the small one has');
  for (const [id, count] of Object.entries(tally(claims, 'organizationId'))) {
    if (id !== 'small') t.ok(count === 15 || count === 16, `${id}: ${count}`);
  }
});

t.test('each place that comes free goes to the one served longest ago', async (t) => {
  const { places, go } = openPlaces();
  const held = go(floods(4));
  t.equal(held.length, 100);
  t.notOk(places.hasFree());
  t.same(go(waiting('newcomer', 'a', 1)), []);
  const backlog = () => [...floods(4), ...waiting('newcomer', 'a', 4)];
  places.leave(held[0]!);
  const [first] = go(backlog());
  t.equal(first?.organizationId, 'newcomer');
  places.leave(first!);
  t.equal(go(backlog())[0]?.organizationId, 'newcomer', 'who holds none goes before who holds 24');
});

t.test('of those who hold as many, everybody has one turn before anybody has two', async (t) => {
  const { places, go } = openPlaces();
  const names = ['a', 'b', 'c'].flatMap((name) => waiting(name, 'a', 4));
  const order: string[] = [];
  let [last] = go(floods(4));
  for (let i = 0; i < 6; i += 1) {
    places.leave(last!);
    [last] = go(names);
    order.push(last!.organizationId);
  }
  t.same(order, ['a', 'b', 'c', 'a', 'b', 'c']);
});

t.test(
  'the untrusted have half of the places, and those that are full hold up nobody',
  async (t) => {
    const { go } = openPlaces();
    t.equal(go(floods(4, false)).length, 50);
    t.same(go(waiting('new', 'a', 1, false)), []);
    t.equal(go([...floods(4, false), ...waiting('known', 'a', 4)]).length, 4);
  },
);

t.test('slow is who answered slowly last', async (t) => {
  const { places } = openPlaces();
  const claim = claimOf(waiting('one', 'a', 1)[0]!);
  t.notOk(places.isSlow(claim.subscriptionId));
  places.noteDuration(claim, 1_001);
  t.ok(places.isSlow(claim.subscriptionId));
  t.notOk(places.isSlow('one/b'));
  places.noteDuration(claim, 1_000);
  t.notOk(places.isSlow(claim.subscriptionId));
});
