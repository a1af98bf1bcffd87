import { proveDelivery } from './kill-proof.ts';

// `npm run prove:webhooks [events] [receivers]`: whether 10,000 events reach 100 receivers, three in ten of which
// fail, each at least once and by no attempt twice, while two workers are killed. Fails if not.

const [events = 10_000, receivers = 100] = process.argv.slice(2).map(Number);
if (!Number.isInteger(events) || !Number.isInteger(receivers) || events < 100 || receivers < 10) {
  console.error('Give the number of events (100 or more) and of receivers (10 or more).');
  process.exit(1);
}

const steps: (() => unknown)[] = [];
try {
  const t = { teardown: (step: () => unknown) => steps.unshift(step) };
  const proof = await proveDelivery(t, { events, receivers });
  const seconds = proof.durationMs / 1000;
  console.table({
    'events published': proof.published,
    'events lost': proof.lost.length,
    'receivers, 30 % of them failing': receivers,
    'workers killed': proof.kills,
    'attempts received': proof.attempts,
    'attempts with an id that came before': proof.duplicates,
    'attempts that died with their process': proof.died,
    'duration, s': Number(seconds.toFixed(1)),
    'events/s': Number((events / seconds).toFixed(1)),
    'attempts/s': Number((proof.attempts / seconds).toFixed(1)),
  });
  if (proof.lost.length > 0 || proof.duplicates > 0) process.exitCode = 1;
} finally {
  for (const step of steps) await step();
}
