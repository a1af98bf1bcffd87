import t from 'tap';
import { proveDelivery } from './kill-proof.ts';

// `npm run prove:webhooks` is the same with 10,000 events.
const EVENTS = 600;

t.setTimeout(120_000);

t.test('nothing is lost to kill -9, and no attempt is made twice', async (t) => {
  const proof = await proveDelivery(t, { events: EVENTS, receivers: 10 });
  t.equal(proof.duplicates, 0, 'no attempt id came twice');
  t.equal(proof.published, EVENTS);
  t.same(proof.lost, [], 'every event came');
  t.equal(proof.kills, 2);
  t.ok(proof.attempts > EVENTS * 1.3, 'failures were met');
  t.comment(`${proof.attempts} attempts, ${proof.died} of them died with their process`);
});
