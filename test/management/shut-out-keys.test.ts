import t from 'tap';
import { listApiKeys } from '../../src/credentials/api-keys/api-keys.store.ts';
import { MOST_GENERATIONS } from '../../src/credentials/api-keys/lineage.store.ts';
import type { Executor } from '../../src/database/executor.ts';
import { type Key, openTenancy } from './tenancy.ts';

// A key that the gate refuses because of one above it is not shown as if nothing were the matter.

const house = await openTenancy(t);
const { key, as, use, get, patch, database } = house;

async function child(of: Key, more: object = {}): Promise<Key> {
  const answer = await as(of.key, 'POST', '/api-keys', { name: 'Child', scopes: ['all'], ...more });
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body;
}

/** As the gate has it, and as it is shown by itself and in the list. */
async function standing(one: Key) {
  const { status, shut_out_by } = (await get(`/api-keys/${one.id}`)).body;
  const list = (await as(house.adminKey, 'GET', `/api-keys?organization_id=${one.organization_id}`))
    .body.data;
  const listed = list.find(({ id }: Key) => id === one.id);
  if (listed && JSON.stringify(listed.shut_out_by) !== JSON.stringify(shut_out_by)) {
    throw new Error(`listed otherwise: ${JSON.stringify(listed)}`);
  }
  return { allowed: (await use(one.key)).allowed as boolean, status, shut_out_by };
}

const FREE = { allowed: true, status: 'active', shut_out_by: null };
const shutBy = ({ id }: Key, status: string) => ({
  ...{ allowed: false, status: 'active', shut_out_by: { id, status } },
});

t.test('a key says that one above it is disabled, until that one is enabled', async (t) => {
  const first = await key();
  const below = await child(first);
  const last = await child(below);
  for (const each of [first, below, last]) t.strictSame(await standing(each), FREE);

  await house.post(`/api-keys/${first.id}/disable`);
  t.match(await standing(first), { status: 'disabled', shut_out_by: null });
  t.strictSame(await standing(below), shutBy(first, 'disabled'));
  t.strictSame(await standing(last), shutBy(first, 'disabled'), 'and so does a grandchild');

  await patch(`/api-keys/${below.id}`, { disabled: true });
  t.strictSame(await standing(last), shutBy(below, 'disabled'), 'of several it names the nearest');
  t.match(await standing(below), { status: 'disabled', shut_out_by: { id: first.id } });

  const changed = await patch(`/api-keys/${first.id}`, { disabled: false });
  t.equal(changed.body.shut_out_by, null);
  t.equal((await patch(`/api-keys/${below.id}`, { disabled: false })).body.shut_out_by, null);
  for (const each of [first, below, last]) t.strictSame(await standing(each), FREE);
});

t.test('a key says that one above it has expired, whatever its own expiry', async (t) => {
  const first = await key();
  const below = await child(first);
  const last = await child(below);
  await database.pool.query(
    `UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1`,
    [first.id],
  );
  await patch(`/api-keys/${first.id}`, { name: 'Expired' });
  t.match(await standing(first), { status: 'expired', shut_out_by: null });
  for (const each of [below, last]) t.strictSame(await standing(each), shutBy(first, 'expired'));
  await patch(`/api-keys/${first.id}`, { expires_at: null });
  for (const each of [first, below, last]) t.strictSame(await standing(each), FREE);
});

t.test('a key that has ended says so itself, and nothing of those above it', async (t) => {
  const first = await key();
  const below = await child(first);
  await house.delete(`/api-keys/${first.id}`);
  t.match(await standing(below), { status: 'revoked', shut_out_by: null });
});

t.test('what answers a change or a rotation says it, too', async (t) => {
  const first = await key();
  const below = await child(first);
  await house.post(`/api-keys/${first.id}/disable`);
  const by = { shut_out_by: { id: first.id, status: 'disabled' } };
  t.match((await patch(`/api-keys/${below.id}`, { name: 'Renamed' })).body, by);
  t.match((await house.post(`/api-keys/${below.id}/rotate`, {})).body, by);
});

t.test('of another organization’s key above it nobody learns which it is', async (t) => {
  const mine = await key();
  const theirs = await key({ organization_id: await house.organization() });
  // Nothing makes such a line, so a restored or edited table must.
  await database.pool.query(
    `UPDATE api_keys SET created_by_kind = 'api_key', created_by_id = $2, disabled_at = NULL
     WHERE id = $1`,
    [mine.id, theirs.id],
  );
  await house.post(`/api-keys/${theirs.id}/disable`);
  t.match(await standing(mine), { shut_out_by: { id: null, status: 'disabled' } });
  const other = await key();
  const list = await as(other.key, 'GET', '/api-keys?limit=100');
  const listed = list.body.data.find(({ id }: Key) => id === mine.id);
  t.match(listed, { shut_out_by: { id: null, status: 'disabled' } });
  for (const shown of [
    listed,
    (await get(`/api-keys/${mine.id}`)).body,
    (await as(other.key, 'PATCH', `/api-keys/${mine.id}`, { name: 'Renamed' })).body,
  ]) {
    t.strictSame(shown.created_by, { kind: 'api_key', id: null }, 'nor by whom it was made');
    t.notMatch(JSON.stringify(shown), theirs.id);
  }
  const below = await child(other);
  t.match(below, { created_by: { kind: 'api_key', id: other.id } }, 'one’s own is named');
});

t.test('a page of ten thousand keys is one statement that reads its own lines alone', async (t) => {
  const organizationId = await house.organization();
  const { pool } = database;
  // Lines of ten generations each, the longest there are.
  await pool.query(
    `INSERT INTO api_keys (id, organization_id, name, environment, scopes, allowed_addresses,
       created_by_kind, created_by_id, disabled_at)
     SELECT 'line-' || lpad(n::text, 6, '0'), $1, 'Key ' || n, 'live', '{}', '{}',
       CASE WHEN n % $2 = 0 THEN 'system' ELSE 'api_key' END,
       CASE WHEN n % $2 > 0 THEN 'line-' || lpad((n - 1)::text, 6, '0') END,
       CASE WHEN n % $2 = 0 THEN now() END
     FROM generate_series(0, 9999) AS numbers(n)`,
    [organizationId, MOST_GENERATIONS],
  );
  await pool.query('ANALYZE api_keys');
  const plans: object[] = [];
  const explaining: Executor = {
    async query(text: unknown, values?: unknown[]) {
      const plan = await pool.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values);
      plans.push(plan.rows[0]['QUERY PLAN'][0].Plan);
      return { rows: [] } as never;
    },
  };
  const filter = { organizationId, includeRevoked: false, limit: 51 };
  await listApiKeys(explaining, filter);
  t.equal(plans.length, 1);
  const read = rowsOf(plans[0] as Plan);
  t.ok(read <= 51 * MOST_GENERATIONS + 51, `${read} keys are read`);
  const page = await listApiKeys(pool, filter);
  t.equal(page[0]!.above.length, MOST_GENERATIONS - 1);
});

interface Plan {
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

/** The rows of keys that were looked at, over all rounds. */
function rowsOf(plan: Plan): number {
  const inner = (plan.Plans ?? []).reduce((sum, each) => sum + rowsOf(each), 0);
  if (plan['Relation Name'] !== 'api_keys') return inner;
  const each = plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0);
  return inner + each * plan['Actual Loops'];
}
