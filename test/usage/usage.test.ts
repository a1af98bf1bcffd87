import t from 'tap';
import { addUsage } from '../../src/usage/usage.store.ts';
import { createUsageRecorder } from '../../src/usage/usage-recorder.ts';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { withClient } from '../support/postgres-server.ts';
import { within } from '../support/two-servers.ts';
import { decide, openUsage, readAll } from './house.ts';

t.test('sums by hour and by day, across midnight UTC', async (t) => {
  const { clock, usage } = await openUsage(t);
  const calls: [string, number][] = [
    ['2030-02-28T22:59:59.999Z', 1],
    ['2030-02-28T23:00:00.000Z', 2],
    ['2030-02-28T23:59:59.999Z', 3],
    ['2030-03-01T00:00:00.000Z', 4],
    ['2030-03-01T23:59:59.999Z', 5],
  ];
  for (const [time, times] of calls) {
    clock.time = time;
    decide(usage, { times });
  }
  const range = { from: new Date('2030-02-28T22:00:00Z'), to: new Date('2030-03-02T00:00:00Z') };
  const show = (items: readonly { start: Date; requests: number }[]) =>
    items.map(({ start, requests }) => [start.toISOString(), requests]);
  t.same(show((await readAll(usage, range)).items), [
    ['2030-02-28T22:00:00.000Z', 1],
    ['2030-02-28T23:00:00.000Z', 5],
    ['2030-03-01T00:00:00.000Z', 4],
    ['2030-03-01T23:00:00.000Z', 5],
  ]);
  t.same(show((await readAll(usage, { ...range, interval: 'day' })).items), [
    ['2030-02-28T00:00:00.000Z', 6],
    ['2030-03-01T00:00:00.000Z', 9],
  ]);

  t.test('takes ranges to whole buckets, the end not included', async (t) => {
    const hours = { from: new Date('2030-02-28T23:30:00Z'), to: new Date('2030-03-01T00:00:00Z') };
    t.same(show((await readAll(usage, hours)).items), [['2030-02-28T23:00:00.000Z', 5]]);
    const longer = { ...hours, to: new Date('2030-03-01T00:00:00.001Z') };
    t.equal((await readAll(usage, longer)).sum, 9);
    t.equal((await readAll(usage, { ...longer, interval: 'day' })).sum, 15);
  });

  t.test('without a range reads the last 24 hours, the one under way included', async (t) => {
    clock.time = '2030-03-01T22:59:59Z';
    t.equal((await readAll(usage)).sum, 9, 'from 23:00 of the day before');
    clock.time = '2030-03-01T23:00:00Z';
    t.equal((await readAll(usage)).sum, 9, 'an hour later, from midnight on');
    t.equal((await readAll(usage, { to: new Date('2030-03-01T00:00:00Z') })).sum, 6);
  });
});

t.test('two processes add to the same hour: a thousand are a thousand', async (t) => {
  const { all, usage } = await openUsage(t, 2);
  const ends = ['allowed', 'rate_limited', 'quota_exceeded'] as const;
  await Promise.all(
    Array.from({ length: 1_000 }, async (_, i) => {
      const denied = ends[i % 3]!;
      await Promise.resolve();
      decide(all[i % 2]!, {
        ...{ credential: `key-${i % 10}`, path: `/v1/${i % 7}` },
        ...(denied === 'allowed' ? {} : { denied }),
      });
      if (i % 20 < 2) await all[i % 2]!.flush();
    }),
  );
  await Promise.all(all.map((one) => one.flush()));
  t.equal((await readAll(usage)).sum, 1_000);
  const { items } = await readAll(usage, { groupBy: ['outcome'] });
  const byOutcome = Object.fromEntries(items.map(({ outcome, requests }) => [outcome, requests]));
  t.same(byOutcome, { allowed: 334, rate_limited: 333, quota_exceeded: 333 });
});

t.test('every process takes the rows in one order, so that none waits in a circle', async (t) => {
  const { all, connectionString } = await openUsage(t, 2);
  const [{ database }, other] = [all[0]!, all[1]!];
  for (const credential of ['a', 'b']) decide(other, { credential });
  await other.flush();
  await withClient(connectionString, async (first) => {
    await first.query('BEGIN');
    await first.query(`SELECT FROM usage_counts WHERE credential_id = 'a' FOR UPDATE`);
    for (const credential of ['b', 'a']) decide(other, { credential });
    const writing = other.flush();
    await within(5_000, async () => {
      const { rows } = await database.pool.query('SELECT FROM pg_locks WHERE NOT granted');
      return rows.length > 0;
    });
    const free = `SELECT FROM usage_counts WHERE credential_id = 'b' FOR UPDATE NOWAIT`;
    t.equal((await database.pool.query(free)).rowCount, 1, 'who waits for a has not taken b');
    await first.query('COMMIT');
    await writing;
  });
  await other.settle(AbortSignal.timeout(20_000));
  t.equal((await readAll(other)).sum, 4);
});

t.test('nothing is lost or counted twice while the database comes and goes', async (t) => {
  const { open, usage, connectionString } = await openUsage(t);
  const proxy = await createFlakyProxy(t, connectionString);
  const cut = open(proxy.connectionString);
  let counted = 0;
  const count = (times: number) => {
    for (let i = 0; i < times; i += 1) decide(cut, { credential: `key-${i}` });
    counted += times;
  };
  count(600);
  await cut.flush();
  const ways = [() => proxy.down(), async () => proxy.freeze(), async () => proxy.reset()];
  for (const takeAway of ways) {
    count(700);
    const under = cut.flush();
    await takeAway();
    await under;
    count(50);
    await cut.flush();
    await proxy.up();
    await cut.settle(AbortSignal.timeout(20_000));
    t.equal((await readAll(usage)).sum, counted);
  }
});

t.test('a batch whose answer was lost counts once, however often it is sent', async (t) => {
  const { open, usage } = await openUsage(t);
  const { database } = open();
  // Every statement works, and the first ten answers never come.
  let lost = 0;
  const now = new Date('2030-03-01T12:30:00Z');
  const recorder = createUsageRecorder({
    clock: { now: () => now },
    log: { warn: () => {}, error: () => {} },
    async write(batch) {
      await Promise.all([1, 2, 3].map(() => addUsage(database.pool, batch, now)));
      if (++lost <= 10) throw new Error('the answer was lost');
    },
  });
  decide(recorder, { times: 42 });
  await recorder.settle(AbortSignal.timeout(20_000));
  t.equal(lost, 11);
  t.equal((await readAll(usage)).sum, 42);
});

t.test('tells apart what it is asked to, and pages without a gap or a repetition', async (t) => {
  const { clock, usage } = await openUsage(t);
  for (const hour of ['09', '10', '11']) {
    clock.time = `2030-03-01T${hour}:15:00Z`;
    for (const organization of ['acme', 'zeta', null]) {
      for (const path of ['/v1/a', '/v1/b', '/v1/c']) {
        decide(usage, { organization, path });
        decide(usage, { organization, path, method: 'POST', times: 2, credential: 'other' });
        decide(usage, { organization, path, denied: 'rate_limited', times: 3 });
      }
    }
  }
  const groupBy = ['route', 'credential', 'outcome'] as const;
  const whole = await readAll(usage, { groupBy });
  t.equal(whole.sum, 3 * 3 * 3 * 6);
  t.same(
    whole.items.map(({ start }) => start.getTime()),
    whole.items.map(({ start }) => start.getTime()).toSorted(),
    'in the order of time',
  );
  const paged = await readAll(usage, { groupBy, limit: 7 });
  t.same(paged.items, whole.items);
  t.ok(paged.pages.slice(0, -1).every((length) => length === 7));
  t.ok(
    whole.items.some(
      ({ organizationId, credentialId }) => !organizationId && credentialId === null,
    ),
  );

  const acme = await readAll(usage, { organizationId: 'acme', groupBy: ['route'] });
  t.equal(acme.sum, 54);
  t.match(acme.items[0], { organizationId: 'acme', credentialId: undefined, outcome: undefined });
  t.ok(acme.items.every(({ route }) => /^(GET|POST) \/v1\/[abc]$/.test(route!)));
  const sumOf = async (query: object) => (await readAll(usage, query)).sum;
  t.equal(await sumOf({ outcome: 'rate_limited' }), 81);
  t.equal(await sumOf({ credentialId: 'other', organizationId: 'zeta' }), 18);
  t.equal(await sumOf({ route: 'POST /v1/b' }), 18);
  t.equal(await sumOf({ route: "' OR true --" }), 0);
  t.equal(await sumOf({ route: 'GET /\0', credentialId: '\0' }), 0);

  t.test('a cursor leads nowhere but on in the list it came from', async (t) => {
    const read = (query: object, tenant: string | null = null) =>
      usage.read({ organizationId: tenant }, { interval: 'hour', groupBy: [], limit: 2, ...query });
    const first = await read({});
    t.ok(first.outcome === 'read' && first.page.nextCursor);
    const cursor = first.outcome === 'read' ? first.page.nextCursor : null;
    await t.rejects(read({ cursor, interval: 'day' }), { code: 'invalid_cursor' });
    await t.rejects(read({ cursor, groupBy: ['route'] }), { code: 'invalid_cursor' });
    t.match(await read({ cursor }, 'nobody'), { page: { items: [], nextCursor: null } });
    const forge = (list: string, position: string) =>
      Buffer.from(JSON.stringify([list, position])).toString('base64url');
    for (const position of ["1-' OR true --", '1', '-1-0', '99999999-0', `1-${'A'.repeat(64)}`]) {
      await t.rejects(read({ cursor: forge('usage 1', position) }), { code: 'invalid_cursor' });
    }
    const middle = new Date('2030-03-01T05:00:00Z').getTime() / 3_600_000;
    const made = forge('usage 24', `${middle}-${'0'.repeat(64)}`);
    const answer = await read({ interval: 'day', cursor: made });
    t.match(answer, { page: { items: [{ start: new Date('2030-03-01T00:00:00Z') }] } });
  });
});

t.test('a year by day is read whole, and in pages, over every slice it is read in', async (t) => {
  const { clock, usage } = await openUsage(t);
  const first = Date.parse('2029-02-01T12:00:00Z');
  for (let day = 0; day < 365; day += 1) {
    clock.time = new Date(first + day * 86_400_000).toISOString();
    decide(usage, { times: day + 1 });
  }
  const year = {
    interval: 'day' as const,
    ...{ from: new Date('2029-02-01T00:00:00Z'), to: new Date('2030-02-01T00:00:00Z') },
  };
  for (const limit of [1_000, 100, 31, 5]) {
    const { items, pages } = await readAll(usage, { ...year, limit });
    t.same(
      items.map(({ requests }) => requests),
      Array.from({ length: 365 }, (_, day) => day + 1),
      `${limit} to a page`,
    );
    t.equal(pages.length, Math.ceil(365 / limit), 'and no page is shorter than it need be');
  }
  t.equal((await readAll(usage, { ...year, organizationId: 'zeta' })).sum, 0);
});

t.test('many who read at once take turns, and too many are turned away', async (t) => {
  const { usage } = await openUsage(t);
  decide(usage);
  const query = { interval: 'hour' as const, groupBy: [], limit: 1 };
  const answers = await Promise.all(
    Array.from({ length: 60 }, () => usage.read({ organizationId: null }, query)),
  );
  const busy = answers.filter(({ outcome }) => outcome === 'busy').length;
  t.ok(busy > 30 && busy < 50, 'two read, twenty wait', { busy });
  t.ok(answers.every((answer) => answer.outcome !== 'read' || answer.page.items.length === 1));
  t.match(await usage.read({ organizationId: null }, query), { outcome: 'read' });
});

t.test('a tenant sees its own, and nothing of neighbours or of nobody', async (t) => {
  const { usage } = await openUsage(t);
  decide(usage, { organization: 'acme', times: 2 });
  decide(usage, { organization: 'zeta', times: 3 });
  decide(usage, { organization: null, denied: 'missing_credential', times: 5 });
  const sumFor = async (tenant: string | null, query: object = {}) =>
    (await readAll(usage, query, tenant)).sum;
  t.equal(await sumFor(null), 10, 'the operator sees all, those without a credential too');
  t.equal(await sumFor('acme'), 2);
  t.equal(await sumFor('acme', { organizationId: 'acme' }), 2);
  t.equal(await sumFor('acme', { organizationId: 'zeta' }), 0);
  t.equal(await sumFor('acme', { organizationId: '' }), 0);
  t.equal(await sumFor('acme', { organizationId: 'nobody-has-it' }), 0);
  t.equal(await sumFor(''), 0, 'a caller without an organization is no organization');
  t.equal(await sumFor('', { organizationId: 'acme' }), 0);
  t.equal(await sumFor('unknown'), 0);
});

t.test('a reader does not wait for a database that swallows what was counted', async (t) => {
  const { open, connectionString } = await openUsage(t);
  const proxy = await createFlakyProxy(t, connectionString);
  const { read, record } = open(proxy.connectionString);
  decide({ record });
  proxy.freeze();
  const start = performance.now();
  await t.rejects(read({ organizationId: null }, { interval: 'hour', groupBy: [], limit: 1 }));
  t.ok(performance.now() - start < 2_000, 'within what the database may take');
  await proxy.up();
});
