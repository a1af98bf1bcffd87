import t from 'tap';
import { createTestClock } from '../support/clock.ts';
import { openDesk } from './desk.ts';

const SCOPES = ['can_read_calls', 'can_initiate_calls'];

t.test('Klen: rates and quotas of one request', async (t) => {
  const clock = createTestClock();
  const desk = await openDesk(t, 'klen', { clock });
  const organization = await desk.organization();
  const key = async (limits: Record<string, number>, owner = organization) =>
    (await desk.key(owner, { scopes: SCOPES, limits })).key;
  const call = (secret: string) => desk.bearer('POST', '/v1/calls', secret);

  await t.test('every count is in the headers, the tightest in X-RateLimit', async (t) => {
    const secret = await key({ requests_per_minute_limit: 10, calls_per_day_limit: 4 });
    const { headers } = await call(secret);
    t.match(headers, {
      'ratelimit-policy':
        '"requests_per_minute_limit";q=10;w=60, "calls_per_day_limit";q=4;w=86400',
      ratelimit: /^"requests_per_minute_limit";r=9;t=\d+, "calls_per_day_limit";r=3;t=\d+$/,
      'x-ratelimit-limit': '4',
      'x-ratelimit-remaining': '3',
    });
    const inADay = Math.ceil(clock.now().getTime() / 1000) + 86_400;
    t.ok(Math.abs(Number(headers['x-ratelimit-reset']) - inADay) <= 30);
  });

  await t.test('a request that a rate refuses costs no quota', async (t) => {
    const secret = await key({ requests_per_minute_limit: 2, calls_per_day_limit: 10 });
    const decisions = await Promise.all(Array.from({ length: 20 }, () => call(secret)));
    t.equal(decisions.filter(({ allowed }) => allowed).length, 2);
    // One who was refused among them may have looked before both were charged.
    const refused = await call(secret);
    t.match(refused, { status: 429, reason: 'rate_limited' });
    t.match(
      refused.headers.ratelimit,
      /^"requests_per_minute_limit";r=0;t=\d+, "calls_per_day_limit";r=8;t=\d+$/,
    );
    const wait = Number(refused.headers['retry-after']);
    t.ok(wait > 0 && wait <= 60);
    clock.advance(wait);
    const next = await call(secret);
    t.match(next, { allowed: true }, 'waiting as told helps');
    t.match(next.headers.ratelimit, /"calls_per_day_limit";r=7/, 'the third call of the day');
  });

  await t.test('a request that a quota refuses has cost the rate', async (t) => {
    const secret = await key({ requests_per_minute_limit: 10, calls_per_day_limit: 1 });
    await call(secret);
    const refused = await call(secret);
    t.match(refused, { status: 429, reason: 'quota_exceeded' });
    t.match(
      refused.headers.ratelimit,
      /^"requests_per_minute_limit";r=8;t=\d+, "calls_per_day_limit";r=0;t=\d+$/,
    );
    t.equal(refused.headers['x-ratelimit-remaining'], '0');
  });

  await t.test('a figure that is changed holds from then on, on the same count', async (t) => {
    const made = await desk.key(organization, {
      ...{ scopes: SCOPES, limits: { calls_per_day_limit: 2 } },
    });
    await call(made.key);
    await call(made.key);
    t.match(await call(made.key), { reason: 'quota_exceeded' });
    await desk.call('PATCH', `/manage/v1/api-keys/${made.id}`, {
      limits: { calls_per_day_limit: 3 },
    });
    const deadline = performance.now() + 2000;
    let next = await call(made.key);
    while (!next.allowed && performance.now() < deadline) next = await call(made.key);
    t.match(next, { allowed: true, headers: { 'x-ratelimit-limit': '3' } });
    t.match(await call(made.key), { reason: 'quota_exceeded' });
  });

  await t.test('a neighbour’s requests are none of ours', async (t) => {
    const mine = await key({ requests_per_minute_limit: 1 });
    const theirs = await key({ requests_per_minute_limit: 1 }, await desk.organization());
    t.match(await call(mine), { allowed: true });
    t.match(await call(mine), { reason: 'rate_limited' });
    t.match(await call(theirs), { allowed: true });
  });
});

t.test('a caller who is refused hears how the rates stand, and is charged nothing', async (t) => {
  const desk = await openDesk(t, 'klen');
  const organization = await desk.organization();
  const { key } = await desk.key(organization, { scopes: ['can_read_calls'] });
  await desk.bearer('GET', '/v1/calls', key);
  for (const [path, reason] of [
    ['/v1/agents', 'insufficient_permission'],
    ['/v1/agents/a', 'insufficient_permission'],
  ] as const) {
    const refused = await desk.bearer('GET', path, key);
    t.match(refused, {
      reason,
      headers: {
        'ratelimit-policy': '"requests_per_minute_limit";q=60;w=60',
        ratelimit: /^"requests_per_minute_limit";r=59;t=\d+$/,
        'x-ratelimit-limit': '60',
        'x-ratelimit-remaining': '59',
      },
    });
  }
  const stranger = await desk.bearer('GET', '/v1/calls', 'klen_live_unknown');
  t.notOk(stranger.headers['x-ratelimit-limit'], 'a stranger hears nothing');
});
