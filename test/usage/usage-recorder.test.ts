import t from 'tap';
import { silentLog } from '../../src/database/log.ts';
import type { GateContext, GateRequest } from '../../src/gate/context.ts';
import type { Decision } from '../../src/gate/gate.ts';
import {
  createUsageRecorder,
  type UsageBatch,
  type UsageCount,
} from '../../src/usage/usage-recorder.ts';

const NOW = new Date('2030-01-01T10:20:30Z');
const HOUR = NOW.getTime() / 3_600_000;
const clock = { now: () => NOW };

const request: GateRequest = {
  ...{ method: 'GET', target: '/v1/notes/7', headers: {}, address: '192.0.2.1', requestId: 'r' },
};

const contextOf = (id: string, organizationId: string | null) =>
  ({
    request,
    route: { route: { path: '/v1/notes/*' }, parameters: {} },
    principal: { kind: 'api_key', id, organizationId },
  }) as unknown as GateContext;

const allowed = (id = 'k', organizationId: string | null = 'o'): Decision => ({
  allowed: true,
  context: contextOf(id, organizationId),
});

/** A database that takes each id once, and can be told to fail before or after it has taken one. */
function createLedger() {
  const taken = new Map<string, readonly UsageCount[]>();
  const ledger = {
    failing: undefined as 'before' | 'after' | undefined,
    async write({ id, counts }: UsageBatch) {
      await Promise.resolve();
      if (ledger.failing === 'before') throw new Error('the database is away');
      if (!taken.has(id)) taken.set(id, structuredClone(counts));
      if (ledger.failing === 'after') throw new Error('the answer was lost');
    },
    all: () => [...taken.values()].flat(),
    sum: () => ledger.all().reduce((sum, { requests }) => sum + requests, 0),
  };
  return ledger;
}

const open = (maxKeys?: number) => {
  const ledger = createLedger();
  const usage = createUsageRecorder({
    ...{ clock, log: silentLog, write: ledger.write },
    ...(maxKeys ? { maxKeys } : {}),
  });
  return { ledger, usage };
};

t.test('counts by hour, organization, credential, route and outcome', async (t) => {
  const { ledger, usage } = open();
  const context = contextOf('k', 'o');
  usage.record(request, allowed());
  usage.record({ ...request, target: '/v1/notes/8' }, allowed());
  usage.record(request, { allowed: false, denial: { reason: 'rate_limited' }, context });
  usage.record(request, {
    allowed: false,
    denial: { reason: 'invalid_api_key', credentialKind: 'api_key' },
    context: { route: context.route },
  });
  usage.record(
    { ...request, method: 'MADE-UP' },
    { allowed: false, denial: { reason: 'malformed_request' }, context: {} },
  );
  await usage.flush();
  const known = { hour: Math.floor(HOUR), organizationId: 'o', credentialKind: 'api_key' };
  const nobody = { hour: Math.floor(HOUR), organizationId: '', credentialId: '' };
  const route = 'GET /v1/notes/*';
  t.same(ledger.all(), [
    { ...known, credentialId: 'k', route, outcome: 'allowed', requests: 2 },
    { ...known, credentialId: 'k', route, outcome: 'rate_limited', requests: 1 },
    { ...nobody, credentialKind: 'api_key', route, outcome: 'invalid_api_key', requests: 1 },
    { ...nobody, credentialKind: '', route: '', outcome: 'malformed_request', requests: 1 },
  ]);
});

t.test('keeps what could not be written, and adds it once', async (t) => {
  for (const failing of ['before', 'after'] as const) {
    const { ledger, usage } = open();
    for (let i = 0; i < 1_200; i += 1) usage.record(request, allowed(`k${i}`));
    ledger.failing = failing;
    for (let turn = 0; turn < 3; turn += 1) {
      await usage.flush();
      usage.record(request, allowed('k0'));
    }
    ledger.failing = undefined;
    await usage.flush();
    t.equal(ledger.sum(), 1_203, `failing ${failing} the write`);
    await usage.flush();
    t.equal(ledger.sum(), 1_203, 'nothing is left to write');
  }
});

t.test(
  'flushes at once write nothing twice, and each sees what was counted before it',
  async (t) => {
    const { ledger, usage } = open();
    let counted = 0;
    const flushes = Array.from({ length: 50 }, async () => {
      usage.record(request, allowed());
      const before = ++counted;
      await usage.flush();
      t.ok(ledger.sum() >= before);
    });
    await Promise.all(flushes);
    t.equal(ledger.sum(), 50);
  },
);

t.test('memory is bounded, and totals stay right', async (t) => {
  const { ledger, usage } = open(100);
  for (let i = 0; i < 1_000; i += 1) usage.record(request, allowed(`k${i}`, `o${i}`));
  for (let i = 0; i < 1_000; i += 1) usage.record(request, allowed(`k${i}`, `o${i}`));
  await usage.flush();
  t.equal(ledger.sum(), 2_000);
  const counts = ledger.all();
  t.equal(counts.length, 201);
  const of = (credentialId: string, organizationId: string) =>
    counts.find((one) => one.credentialId === credentialId && one.organizationId === organizationId)
      ?.requests;
  t.equal(of('k0', 'o0'), 2, 'the first hundred are told apart');
  t.equal(of('', 'o100'), 2, 'the next count for their organization');
  t.equal(of('', ''), 1_600, 'the others for the platform');

  usage.record(request, allowed('k999', 'o999'));
  await usage.flush();
  t.match(ledger.all().at(-1), { credentialId: 'k999', requests: 1 }, 'a flush makes room');
});

t.test('settles: tries again until it is through, or late', async (t) => {
  const { ledger, usage } = open();
  usage.record(request, allowed());
  ledger.failing = 'before';
  setTimeout(() => {
    ledger.failing = undefined;
  }, 150);
  await usage.settle(AbortSignal.timeout(10_000));
  t.equal(ledger.sum(), 1);

  ledger.failing = 'before';
  usage.record(request, allowed());
  const errors: unknown[] = [];
  const doomed = createUsageRecorder({
    clock,
    log: { ...silentLog, error: (...words: unknown[]) => void errors.push(words) },
    write: ledger.write,
  });
  doomed.record(request, allowed());
  await doomed.settle(AbortSignal.timeout(50));
  t.match(errors, [[{ requests: 1 }]], 'what is lost is said');
});
