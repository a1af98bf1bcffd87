import { randomBytes } from 'node:crypto';
import pg from 'pg';
import t, { type Test } from 'tap';
import { Agent, request } from 'undici';
import { createTestDatabase } from '../support/postgres.ts';
import { type GatehouseProcess, spawnGatehouse } from '../support/process.ts';
import { expectRedis, startRedis } from '../support/redis-server.ts';

const ADMIN_KEY = `admin_${randomBytes(24).toString('base64url')}`;
const REQUESTS = 1000;
/** On a machine that is too busy, a caller may hear 503 before it is told yes or no: so often at the most. */
const MOST_BUSY_ANSWERS = 2;

interface Answer {
  allowed: boolean;
  status: number;
  reason: string | null;
  headers: Record<string, string>;
  /** How often it heard 503 before. */
  busy: number;
}

/** Two processes of Klen, with nothing in common but what is behind them. */
async function twoProcesses(t: Test, more: Record<string, string> = {}) {
  const { connectionString } = await createTestDatabase(t);
  const environment = {
    ...{ DATABASE_URL: connectionString, PLATFORM: 'klen', ADMIN_KEY, LOG_LEVEL: 'warn' },
    ...{ MASTER_KEY: randomBytes(32).toString('base64'), ISSUER: 'http://127.0.0.1:3000' },
    ...more,
  };
  const dispatcher = new Agent({ connections: REQUESTS, headersTimeout: 120_000 });
  t.teardown(() => dispatcher.destroy());
  const processes = await Promise.all([1, 2].map(() => spawnGatehouse(t, { environment })));
  const post = async <Body>({ issuer }: GatehouseProcess, path: string, body: object) => {
    const answer = await request(issuer + path, {
      ...{ method: 'POST', dispatcher, body: JSON.stringify(body) },
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    });
    return { status: answer.statusCode, body: (await answer.body.json()) as Body };
  };
  /** A key that may call, with figures of its own. */
  const newKey = async (limits: Record<string, number>) => {
    const [one] = processes;
    const { body: organization } = await post<{ id: string }>(one!, '/manage/v1/organizations', {
      name: 'Acme',
    });
    const { body } = await post<{ key: string }>(one!, '/manage/v1/api-keys', {
      ...{ organization_id: organization.id, name: 'Shared', limits },
      scopes: ['can_initiate_calls', 'can_read_calls'],
    });
    return body.key;
  };
  /** A 503 may have been charged all the same: then one fewer is admitted in the end, and the count is short. */
  const decide = async (i: number, method: string, key: string): Promise<Answer> => {
    for (let busy = 0; ; busy += 1) {
      const { status, body } = await post<Answer>(processes[i % 2]!, '/gate/decision', {
        ...{ method, path: '/v1/calls', headers: { 'x-api-key': key } },
      });
      if (status === 200 && body.status !== 503) return { ...body, busy };
      const isBusy = body.reason === 'temporarily_unavailable' && body.headers['retry-after'];
      if (!isBusy || busy === MOST_BUSY_ANSWERS)
        throw new Error(`${status} ${JSON.stringify(body)}`);
    }
  };
  /** A thousand at once, of a key that both processes know: what is tried is the count, not a cold start. */
  const crowd = async (method: string, key: string) => {
    for (const i of [0, 1]) await decide(i, 'PUT', key);
    const asked = Array.from({ length: REQUESTS }, (_, i) => decide(i, method, key));
    const answers = await Promise.all(asked);
    t.comment(`${answers.reduce((sum, { busy }) => sum + busy, 0)} answers were 503`);
    return answers;
  };
  /** The only count of a limit, as the database has it. */
  const stored = async (name: string): Promise<number> => {
    const client = new pg.Client({ connectionString });
    await client.connect();
    const { rows } = await client.query<{ used: number }>(
      'SELECT used FROM limit_counters WHERE starts_with(key, $1)',
      [name],
    );
    await client.end();
    if (rows.length !== 1) throw new Error(`${rows.length} counts of ${name}`);
    return rows[0]!.used;
  };
  return { processes, newKey, crowd, stored };
}

/**
 * Never more than the figure, whatever happens, and exactly that when nobody heard 503. A request that heard it
 * may have been charged all the same: that is not promised otherwise, and the count says so.
 *
 * @param left what each who was admitted was told
 * @param stored the count in the end
 */
function isFigure(t: Test, answers: readonly Answer[], left: readonly number[], stored: number) {
  const admitted = answers.filter(({ allowed }) => allowed).length;
  const nobodyHeard503 = answers.every(({ busy }) => busy === 0);
  t.ok(admitted <= 100, 'never more', { admitted });
  t.equal(stored, 100, 'the count is full, and not above');
  t.equal(new Set(left).size, admitted, 'each was told how many were left, and no two the same');
  t.ok(left.every((figure) => figure >= 0 && figure < 100));
  if (nobodyHeard503) t.equal(admitted, 100, 'and exactly that, as nobody heard 503');
}

/** Of the limit, what each who was admitted was told. */
const leftOf = (answers: readonly Answer[], name: string): number[] =>
  answers
    .filter(({ allowed }) => allowed)
    .map(({ headers }) => Number(new RegExp(`"${name}";r=(\\d+)`).exec(headers.ratelimit!)?.[1]));

t.test('a daily quota admits exactly its figure to a thousand at two processes', async (t) => {
  const { processes, newKey, crowd, stored } = await twoProcesses(t as Test);
  const key = await newKey({ calls_per_day_limit: 100, requests_per_minute_limit: 1_000_000 });
  const answers = await crowd('POST', key);
  const refused = answers.filter(({ allowed }) => !allowed);
  t.ok(refused.every(({ reason, status }) => reason === 'quota_exceeded' && status === 429));
  t.ok(refused.every(({ headers }) => Number(headers['retry-after']) > 86_000));
  const left = leftOf(answers, 'calls_per_day_limit');
  isFigure(t as Test, answers, left, await stored('calls_per_day_limit'));
  t.same(await Promise.all(processes.map((one) => one.kill())), [0, 0]);
});

t.test('a rate in Redis admits exactly its figure to a thousand at two processes', async (t) => {
  const program = expectRedis(t);
  if (!program) return;
  const redis = await startRedis(t, program, { password: 'counters-of-two' });
  const { processes, newKey, crowd } = await twoProcesses(t as Test, { REDIS_URL: redis.url });
  const key = await newKey({ requests_per_minute_limit: 100 });
  const answers = await crowd('GET', key);
  const [counted] = (await redis.command('KEYS', '*requests_per_minute_limit*')) as string[];
  const stored = Number(await redis.command('HGET', counted!, 'used'));
  isFigure(t as Test, answers, leftOf(answers, 'requests_per_minute_limit'), stored);
  const refused = answers.filter(({ allowed }) => !allowed);
  t.ok(refused.every(({ reason, status }) => reason === 'rate_limited' && status === 429));
  t.match(refused[0]!.headers, { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '0' });
  for (const { stdout } of processes) t.notMatch(stdout, /redis does not answer|counters-of-two/);
  const codes = await Promise.all(processes.map((one) => one.kill()));
  t.same(codes, [0, 0], 'both end in order');
  const clients = String(await redis.command('CLIENT', 'LIST')).trim();
  t.equal(clients.split('\n').length, 1, 'and leave no connection behind');
});
