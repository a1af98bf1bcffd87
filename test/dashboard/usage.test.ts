import t from 'tap';
import { listApiKeys } from '../../src/credentials/api-keys/api-keys.store.ts';
import { chartOf } from '../../src/dashboard/usage-report.ts';
import type { Executor } from '../../src/database/executor.ts';
import { decide } from '../usage/house.ts';
import { openKeyDesk } from './key-desk.ts';

const NOW = '2030-03-10T12:30:00Z';

t.test('usage is counted by hour and by day, narrowed to a key and a route', async (t) => {
  const clock = { time: NOW, now: () => new Date(clock.time) };
  const desk = await openKeyDesk(t, { clock });
  const ada = await desk.owner();
  const { usage } = desk.gatehouse;
  const organization = ada.user.organizationId;
  const [one, other] = [await ada.make({ name: 'One' }), await ada.make({ name: 'Other' })];
  const path = '/v1/workflows/*';
  clock.time = '2030-02-20T09:00:00Z';
  decide(usage, { organization, credential: one.id, path, times: 40 });
  clock.time = '2030-03-10T09:59:59Z';
  decide(usage, { organization, credential: one.id, path, times: 3 });
  decide(usage, { organization, credential: one.id, path, denied: 'rate_limited', times: 2 });
  clock.time = NOW;
  decide(usage, { organization, credential: other.id, path: '/v1/triggers/*', times: 5 });
  decide(usage, { organization, credential: other.id, path, denied: 'invalid_token' });
  decide(usage, { organization: 'neighbour', credential: one.id, path, times: 1_000 });

  const day = await ada.open('/usage');
  t.match(day.body, 'Last 24 hours: 11 requests, 8 allowed and 3 refused.');
  t.equal(day.body.match(/<g class="column">/g)?.length, 24);
  t.match(day.body, /10 Mar, 09:00<\/time><\/th><td class="number">3<\/td><td class="number">2</);
  t.match(day.body, 'Too many requests in a short time');
  t.match(day.body, /<code[^>]*>rate_limited<\/code><\/th><td class="number">2</);
  t.match(day.body, /<code[^>]*>invalid_token<\/code><\/th><td class="number">1</);
  const month = await ada.open('/usage?range=month');
  t.match(month.body, 'Last 30 days: 51 requests, 48 allowed and 3 refused.');
  t.equal(month.body.match(/<g class="column">/g)?.length, 30);
  t.match(month.body, /20 Feb<\/time><\/th><td class="number">40</);
  t.equal((await ada.open('/usage?range=week')).body.match(/<g class="column">/g)?.length, 7);

  t.match((await ada.open(`/usage?key=${one.id}`)).body, '5 requests, 3 allowed and 2 refused');
  const route = encodeURIComponent(`GET ${path}`);
  t.match((await ada.open(`/usage?route=${route}`)).body, '6 requests, 3 allowed and 3 refused');
  const both = await ada.open(`/usage?key=${other.id}&route=${route}`);
  t.match(both.body, '1 request, 0 allowed and 1 refused');
  t.match(both.body, 'Show everything');
  const key = await ada.open(`/keys/${one.id}`);
  t.match(key.body, 'Last 24 hours: 5 requests, 3 allowed and 2 refused.');
  t.match(key.body, 'Last 30 days: 45 requests, 43 allowed and 2 refused.');

  const max = await desk.colleague(ada, 'member');
  t.equal((await max.open('/usage')).status, 200, 'members look on');
  const eve = await desk.owner();
  t.match((await ada.open('')).body, 'Last 24 hours: 11 requests', 'so does the overview');
  t.notMatch((await eve.open('')).body, 'Last 24 hours');
  const holding = await desk.gatehouse.database.pool.connect();
  await holding.query('BEGIN; LOCK TABLE usage_counts IN ACCESS EXCLUSIVE MODE');
  const without = await ada.open('');
  await holding.query('ROLLBACK');
  holding.release();
  t.equal(without.status, 200, 'the overview does without what the database cannot tell in time');
  t.notMatch(without.body, 'Last 24 hours');
  t.match((await eve.open('/usage')).body, 'No requests in this time.');
  t.equal((await eve.open('/usage', organization)).status, 404);
  for (const odd of ['range=year', 'route=GET%20/nowhere', 'key=a&key=b', 'key=%00', 'route=%00']) {
    t.equal((await ada.open(`/usage?${odd}`)).status, 404, odd);
  }
});

t.test('a chart has its bars within its frame, and a round figure at its top', async (t) => {
  const start = new Date(NOW);
  for (const [requests, top] of [
    [0, 4],
    [3, 4],
    [5, 6],
    [6, 6],
    [9, 10],
    [21, 30],
    [60, 60],
    [101, 200],
    [1_000, 1_000],
    [1_001, 2_000],
  ] as const) {
    const refused = { start, outcome: 'rate_limited', requests: Math.floor(requests / 3) } as const;
    const allowed = { start, outcome: 'allowed', requests: requests - refused.requests } as const;
    const chart = chartOf('day', [start], [allowed, refused]);
    t.equal(chart.top, top, `${requests}`);
    t.ok(Number.isInteger(chart.top / 2), 'the line in the middle has a whole figure');
    const [bar] = chart.bars;
    t.ok(bar!.allowedHeight + bar!.refusedHeight <= 100.01);
    t.ok(bar!.x >= 0 && bar!.x + bar!.width <= 100);
  }
});

t.test('a page of ten thousand keys costs what a page of ten does', async (t) => {
  const desk = await openKeyDesk(t);
  const [ada, eve, max] = [await desk.owner(), await desk.owner(), await desk.owner()];
  const { pool } = desk.gatehouse.database;
  const insertSome = (organizationId: string, [from, until]: [number, number], living: number) =>
    pool.query(
      `INSERT INTO api_keys (id, organization_id, name, environment, scopes, allowed_addresses,
         created_by_kind, revoked_at)
       SELECT lpad(n::text, 6, '0') || '-' || $1::text, $1, 'Key ' || n, 'live', '{}', '{}', 'system',
         CASE WHEN n > $2::int THEN now() END
       FROM generate_series($3::int, $4::int) AS numbers(n)`,
      [organizationId, living, from, until],
    );
  // Each statement has its limit: a slow machine would not make all of them in one.
  const insert = async (organizationId: string, revoked: number, living: number) => {
    for (let from = 1; from <= living + revoked; from += 1_000) {
      const until = Math.min(from + 999, living + revoked);
      await insertSome(organizationId, [from, until], living);
    }
  };
  await insert(ada.user.organizationId, 10_000, 10_000);
  await insert(eve.user.organizationId, 0, 10);
  await insert(max.user.organizationId, 0, 20_000);
  await pool.query('ANALYZE api_keys');

  for (const includeRevoked of [false, true]) {
    const explained: { rows: number }[] = [];
    const explaining: Executor = {
      async query(text: unknown, values?: unknown[]) {
        const plan = await pool.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values);
        explained.push({ rows: rowsOf(plan.rows[0]['QUERY PLAN'][0].Plan) });
        return { rows: [] } as never;
      },
    };
    const organizationId = ada.user.organizationId;
    await listApiKeys(explaining, { organizationId, includeRevoked, limit: 51 });
    const beforeId = `005000-${organizationId}`;
    await listApiKeys(explaining, { organizationId, includeRevoked, beforeId, limit: 51 });
    // Where half of all keys are theirs, Postgres may pass over as many others.
    for (const { rows } of explained) t.ok(rows <= 150, `${rows} keys are read`);
    t.equal(explained.length, 2);
  }

  const [first, few] = [await ada.open('/keys'), await eve.open('/keys')];
  const count = (body: string) => body.match(/<th scope="row">/g)?.length;
  t.equal(count(first.body), 50);
  t.equal(count(few.body), 10);
  t.match(first.body, '>Key 10000<');
  t.match(first.body, '>Key 9951<');
  const next = /href="([^"]*cursor=[^"]*)"/.exec(first.body)![1]!.replaceAll('&amp;', '&');
  const second = await ada.agent.get(new URL(next, first.url).href);
  t.equal(count(second.body), 50);
  t.match(second.body, '>Key 9950<');
  t.match(second.body, 'Newest keys');
  t.notMatch(few.body, 'cursor=');
  t.ok((await ada.open('/usage')).body.length < 60_000, 'usage offers the newest');
});

/** The most rows that a scan of the keys gave, or gave up. */
function rowsOf(plan: Record<string, unknown>): number {
  const inner = (plan.Plans ?? []) as Record<string, unknown>[];
  const own =
    plan['Relation Name'] === 'api_keys'
      ? Number(plan['Actual Rows']) + Number(plan['Rows Removed by Filter'] ?? 0)
      : 0;
  return Math.max(own, ...inner.map(rowsOf));
}
