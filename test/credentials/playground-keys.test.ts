import { randomBytes } from 'node:crypto';
import t from 'tap';
import { isWellFormedKey, newKey } from '../../src/credentials/key-format.ts';
import { createCleanup } from '../../src/database/cleanup.ts';
import { silentLog } from '../../src/database/log.ts';
import { openDesk } from '../gate/desk.ts';
import { createTestClock } from '../support/clock.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import {
  askForKey,
  BEHIND_PROXY,
  DISCOVERIES,
  KEYS_PATH,
  limitOf,
  newFingerprint,
  unhurriedKloakd,
} from './stranger.ts';

const DAY = 24 * 60 * 60;
const HOUR = 60 * 60;

t.test('a key for whoever asks', async (t) => {
  const clock = createTestClock();
  const desk = await openDesk(t, 'kloakd', { ...BEHIND_PROXY, clock });
  const { gatehouse } = desk;
  let nextAddress = 0;
  /** Each from an address of its own, so that none uses up the issue rate of another. */
  const ask = (body?: unknown) => {
    nextAddress += 1;
    return askForKey(gatehouse, body, { from: `198.51.100.${nextAddress}` });
  };

  await t.test('is shown once, says what it is good for, and is stored nowhere', async (t) => {
    const answer = await ask();
    t.equal(answer.status, 201);
    t.equal(answer.headers.get('cache-control'), 'no-store');
    const { key, hint, expires_at, organization_id } = answer.body;
    t.ok(isWellFormedKey(key, 'sk-test-'));
    t.equal(hint, `sk-test-…${key.slice(-4)}`);
    t.equal(organization_id, 'playground');
    const lifetime = Date.parse(expires_at) - clock.now().getTime();
    t.ok(Math.abs(lifetime - 30 * DAY * 1_000) < 60_000);
    t.strictSame(answer.body.limits, [
      {
        ...{ name: 'playground_discoveries', title: 'Free discoveries', limit: 10, used: 0 },
        ...{ remaining: 10, window_seconds: null },
      },
      {
        ...{ name: 'playground_requests_per_minute', title: 'Playground requests per minute' },
        ...{ limit: 20, used: 0, remaining: 20, window_seconds: 60 },
      },
    ]);
    await desk.bearer('POST', DISCOVERIES, key);
    t.notMatch(JSON.stringify(gatehouse.logLines), key);
    const { rows } = await gatehouse.database.pool.query('SELECT * FROM playground_keys');
    t.notMatch(JSON.stringify(rows), key.slice(8));
    t.notMatch(rows.map(({ hash }) => hash.toString('latin1')).join(), key.slice(8));
  });

  await t.test(
    'names its stranger to nobody: neither fingerprint nor address is kept',
    async (t) => {
      const fingerprint = newFingerprint();
      const { body } = await askForKey(gatehouse, { fingerprint }, { from: '203.0.113.77' });
      await desk.bearer('POST', DISCOVERIES, body.key);
      for (const table of ['playground_keys', 'playground_strangers', 'limit_counters']) {
        const { rows } = await gatehouse.database.pool.query(`SELECT * FROM ${table}`);
        const bytes = rows.flatMap(Object.values).map((value) => String(value));
        t.notMatch(bytes.join('\n'), fingerprint, table);
        t.notMatch(bytes.join('\n'), '203.0.113.77', table);
      }
      t.notMatch(JSON.stringify(gatehouse.logLines), fingerprint);
    },
  );

  await t.test('is ten discoveries, and then none, for life', async (t) => {
    const fingerprint = newFingerprint();
    const { body } = await ask({ fingerprint });
    for (let used = 1; used <= 10; used += 1) {
      const decided = await desk.bearer('POST', DISCOVERIES, body.key);
      t.match(decided, { allowed: true, headers: { 'x-ratelimit-remaining': `${10 - used}` } });
    }
    const refused = await desk.bearer('POST', DISCOVERIES, body.key);
    t.match(refused, { allowed: false, status: 429, reason: 'quota_exceeded' });
    t.strictSame(refused.body, { error: 'RateLimitError', message: 'The quota is used up' });
    t.notOk('retry-after' in refused.headers, 'waiting does not help');
    clock.advance(400 * DAY);
    const again = await ask({ fingerprint });
    t.match(limitOf(again), { used: 10, remaining: 0 });
    const later = await desk.bearer('POST', DISCOVERIES, again.body.key);
    t.match(later, { status: 429, reason: 'quota_exceeded' });
    t.match(await desk.bearer('GET', `${DISCOVERIES}/1`, again.body.key), { allowed: true });
  });

  await t.test('is twenty requests a minute', async (t) => {
    const { body } = await ask();
    for (let used = 1; used <= 20; used += 1) {
      t.match(await desk.bearer('GET', DISCOVERIES, body.key), { allowed: true });
    }
    const refused = await desk.bearer('GET', DISCOVERIES, body.key);
    t.match(refused, { status: 429, reason: 'rate_limited', body: { error: 'RateLimitError' } });
    t.ok(Number(refused.headers['retry-after']) <= 60);
    const denied = await desk.bearer('POST', DISCOVERIES, body.key);
    t.match(denied, { status: 429, reason: 'rate_limited' });
    clock.advance(60);
    const allowed = await desk.bearer('POST', DISCOVERIES, body.key);
    t.match(allowed, { allowed: true, headers: { 'x-ratelimit-remaining': '9' } });
  });

  await t.test('reads sample data, and writes nothing but discoveries', async (t) => {
    const { body } = await ask();
    const use = (method: string, path: string, headers = {}) =>
      desk.bearer(method, path, body.key, headers);
    const own = '/api/v1/organizations/playground/discoveries';
    const seen = await use('GET', `${own}/1`);
    t.match(seen, {
      ...{ allowed: true },
      principal: {
        ...{ kind: 'playground_key', organization_id: 'playground', environment: 'test' },
        ...{ scopes: [], plan: 'playground' },
      },
    });
    t.match(await use('GET', own, { 'x-kloakd-organization': 'playground' }), { allowed: true });
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const refused = await use(method, own);
      t.match(refused, { status: 403, reason: 'insufficient_permission' }, method);
      t.match(refused.body, { error: 'ForbiddenError' });
    }
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const refused = await use(method, DISCOVERIES);
      t.match(refused, { status: 404, reason: 'route_not_found' }, method);
    }
    const monitors = await use('GET', '/api/v1/organizations/playground/monitors');
    t.match(monitors, { status: 403, reason: 'not_entitled' }, 'the plan has discoveries only');
  });

  await t.test('sees no customer', async (t) => {
    const { body } = await ask();
    const customer = await desk.organization('enterprise');
    const path = `/api/v1/organizations/${customer}/discoveries`;
    const foreign = { status: 403, reason: 'organization_mismatch' };
    t.match(await desk.bearer('GET', path, body.key), foreign);
    const header = { 'x-kloakd-organization': customer };
    t.match(await desk.bearer('GET', path, body.key, header), foreign);
    t.match(await desk.bearer('GET', DISCOVERIES, body.key, header), foreign);
    const live = await desk.key(customer);
    const sample = '/api/v1/organizations/playground/discoveries';
    t.match(await desk.bearer('GET', sample, live.key, header), foreign, 'nor a customer samples');
  });

  await t.test('manages nothing', async (t) => {
    const { body } = await ask();
    const bearer = `Bearer ${body.key}`;
    t.equal((await desk.call('GET', '/manage/v1/organizations', undefined, bearer)).status, 401);
    const question = { method: 'GET', path: DISCOVERIES };
    t.equal((await desk.call('POST', '/gate/decision', question, bearer)).status, 401);
  });

  await t.test('is the same stranger from wherever it is used', async (t) => {
    const { body } = await ask();
    const authorization = `Bearer ${body.key}`;
    const from = (address: string) => desk.decide('GET', DISCOVERIES, { authorization }, address);
    const [here, there] = [await from('192.0.2.1'), await from('2001:db8::7')];
    t.ok(here.principal!.id);
    t.equal(there.principal!.id, here.principal!.id);
  });

  await t.test('expires, says so for a month, and is then forgotten', async (t) => {
    const { body } = await ask();
    const cleanup = createCleanup({
      ...{ database: gatehouse.database, clock, intervalMs: 60_000, log: silentLog },
    });
    clock.advance(29 * DAY);
    t.match(await desk.bearer('GET', DISCOVERIES, body.key), { allowed: true });
    clock.advance(DAY + 1);
    const expired = { status: 401, reason: 'expired_credential' };
    t.match(await desk.bearer('GET', DISCOVERIES, body.key), expired);
    await cleanup.runOnce();
    const { connectionString, config, issuer } = gatehouse;
    const fresh = () =>
      startGatehouse(t, {
        ...{ platform: 'kloakd', connectionString, masterKey: config.masterKey, issuer, clock },
      });
    const decide = async ({ gate }: Pick<typeof gatehouse, 'gate'>) =>
      gate.decide({
        ...{ method: 'GET', target: DISCOVERIES, address: '192.0.2.1', requestId: 'test' },
        headers: { authorization: `Bearer ${body.key}` },
      });
    t.match(await decide(await fresh()), { denial: { reason: 'expired_credential' } });
    clock.advance(30 * DAY);
    t.ok((await cleanup.runOnce()) > 0);
    t.match(await decide(await fresh()), { denial: { reason: 'invalid_api_key' } });
    const { rows } = await gatehouse.database.pool.query(
      'SELECT count(*)::int AS n FROM playground_keys',
    );
    t.equal(rows[0].n, 0);
  });

  await t.test('is not had by guessing', async (t) => {
    const { body } = await ask();
    const unknown = { status: 401, reason: 'invalid_api_key' };
    for (const key of [
      newKey('sk-test-'),
      `${body.key.slice(0, -1)}${body.key.endsWith('x') ? 'y' : 'x'}`,
      body.key.slice(0, -1),
      `${body.key}A`,
      body.key.replace('sk-test-', 'sk-live-'),
      'sk-test-',
    ]) {
      const refused = await desk.bearer('GET', DISCOVERIES, key);
      t.match(refused, unknown);
      t.match(await desk.bearer('GET', DISCOVERIES, key), unknown, 'and again');
      t.match(refused.body, { error: 'AuthenticationError' });
    }
  });
});

t.test(
  'the quota holds against two hundred requests at once, two servers and many keys',
  async (t) => {
    const platform = await unhurriedKloakd();
    const masterKey = randomBytes(32);
    const first = await startGatehouse(t, { ...BEHIND_PROXY, platform, masterKey });
    const { connectionString, issuer } = first;
    const another = () =>
      startGatehouse(t, { ...BEHIND_PROXY, platform, masterKey, connectionString, issuer });
    const second = await another();
    const fingerprint = newFingerprint();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => askForKey([first, second][i % 2]!, { fingerprint })),
    );
    const keys = answers.map(({ body }) => body.key);
    const use = ({ gate }: Pick<typeof first, 'gate'>, key: string) =>
      gate.decide({
        ...{ method: 'POST', target: DISCOVERIES, address: '192.0.2.1', requestId: 'test' },
        headers: { authorization: `Bearer ${key}` },
      });
    const decisions = await Promise.all(
      Array.from({ length: 200 }, (_, i) => use([first, second][i % 2]!, keys[i % keys.length]!)),
    );
    t.equal(decisions.filter(({ allowed }) => allowed).length, 10);

    await first.stop();
    await second.stop();
    const third = await another();
    const anew = await askForKey(third, { fingerprint });
    t.match(limitOf(anew), { limit: 10, used: 10, remaining: 0 });
    for (const key of [anew.body.key, keys[0]!]) {
      const refused = await use(third, key);
      t.match(refused, { allowed: false, denial: { reason: 'quota_exceeded' } }, 'after a restart');
    }
  },
);

t.test(
  'one address asks for ten keys an hour, however many ask at once and at which server',
  async (t) => {
    const clock = createTestClock();
    const options = { ...BEHIND_PROXY, platform: 'kloakd', clock };
    const first = await startGatehouse(t, options);
    const { connectionString, issuer } = first;
    const second = await startGatehouse(t, { ...options, connectionString, issuer });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => askForKey([first, second][i % 2]!)),
    );
    t.equal(answers.filter(({ status }) => status === 201).length, 10);
    const refused = answers.filter(({ status }) => status === 429);
    t.equal(refused.length, 40);
    const { headers, body } = refused[0]!;
    t.match(body, { error: 'RateLimitError', retry_after: Number });
    t.ok(body.retry_after! > HOUR - 60 && body.retry_after! <= HOUR);
    t.equal(headers.get('retry-after'), String(body.retry_after));
    t.match(headers.get('ratelimit-policy'), '"playground_keys";q=10;w=3600');
    t.equal(headers.get('access-control-allow-origin'), '*', 'the page can read why');

    await second.stop();
    const third = await startGatehouse(t, { ...options, connectionString, issuer });
    t.equal((await askForKey(third)).status, 429, 'a restart is no fresh start');
    t.equal((await askForKey(third, undefined, { from: '192.0.2.2' })).status, 201);
    const ipv6 = (host: number) => askForKey(third, undefined, { from: `2001:db8::${host}` });
    for (let host = 1; host <= 10; host += 1) t.equal((await ipv6(host)).status, 201);
    t.equal((await ipv6(11)).status, 429, 'an IPv6 address stands for its /64');
    clock.advance(HOUR);
    t.equal((await askForKey(third)).status, 201);
  },
);

t.test('what a browser must send', async (t) => {
  const gatehouse = await startGatehouse(t, { ...BEHIND_PROXY, platform: await unhurriedKloakd() });

  await t.test('is a fingerprint; whoever sends another hears how to make one', async (t) => {
    for (const body of [
      ...[{}, { fingerprint: 'short' }, { fingerprint: 'x'.repeat(201) }, { fingerprint: 12 }],
      ...[{ fingerprint: null }, { fingerprint: ['a'.repeat(20)] }, [], 'null', '"text"', ''],
    ]) {
      const answer = await askForKey(gatehouse, body);
      t.equal(answer.status, 400, JSON.stringify(body));
      t.match(answer.body, { error: 'BadRequestError', message: /16 to 200.*randomUUID/ });
      t.equal(answer.headers.get('cache-control'), 'no-store');
      t.equal(answer.headers.get('access-control-allow-origin'), '*');
    }
    for (const length of [16, 200]) {
      t.equal((await askForKey(gatehouse, { fingerprint: 'f'.repeat(length) })).status, 201);
    }
    const odd = await askForKey(gatehouse, { fingerprint: `\0\ud800${'\u{1f600}'.repeat(20)}` });
    t.equal(odd.status, 201, 'whatever the text is made of');
    t.equal((await askForKey(gatehouse, { fingerprint: newFingerprint(), more: 1 })).status, 201);
  });

  await t.test('is JSON, and little of it', async (t) => {
    const broken = await askForKey(gatehouse, '{"fingerprint": ');
    t.match(broken, { status: 400, body: { error: 'BadRequestError', message: /JSON/ } });
    const poisoned = await askForKey(
      gatehouse,
      `{"__proto__":{"fingerprint":"${'a'.repeat(20)}"}}`,
    );
    t.equal(poisoned.status, 400);
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    const wrongType = await askForKey(gatehouse, `fingerprint=${newFingerprint()}`, form);
    t.match(wrongType, { status: 415, body: { message: /Content-Type: application\/json/ } });
    const large = await askForKey(gatehouse, { fingerprint: 'x'.repeat(5_000) });
    t.match(large, { status: 413, body: { error: 'BadRequestError', message: /4096 bytes/ } });
  });

  await t.test('is a POST', async (t) => {
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
      const body = method === 'PUT' ? { body: 'no JSON' } : {};
      const answer = await fetch(gatehouse.address + KEYS_PATH, { method, ...body });
      t.equal(answer.status, 405, method);
      t.equal(answer.headers.get('allow'), 'POST');
    }
  });

  await t.test('may come from any page, without what the browser holds of its own', async (t) => {
    const url = gatehouse.address + KEYS_PATH;
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://www.example.com',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    t.equal(preflight.status, 204);
    t.equal(preflight.headers.get('access-control-allow-origin'), '*');
    t.equal(preflight.headers.get('access-control-allow-methods'), 'POST');
    t.equal(preflight.headers.get('access-control-allow-headers'), 'content-type');
    const answer = await askForKey(gatehouse, undefined, {
      headers: { origin: 'https://www.example.com' },
    });
    t.equal(answer.headers.get('access-control-allow-origin'), '*');
    for (const { headers } of [preflight, answer]) {
      t.notOk(headers.has('access-control-allow-credentials'));
      t.notOk(headers.has('set-cookie'));
    }
    const elsewhere = await fetch(`${gatehouse.address}/manage/v1/organizations`);
    t.notOk(elsewhere.headers.has('access-control-allow-origin'), 'this path only');
  });
});

t.test('an address that nobody vouches for is not believed', async (t) => {
  const gatehouse = await startGatehouse(t, { platform: 'kloakd' });
  const statuses = [];
  for (let i = 1; i <= 11; i += 1) {
    const answer = await askForKey(gatehouse, undefined, { from: `192.0.2.${i}` });
    statuses.push(answer.status);
  }
  t.strictSame(statuses, [...new Array(10).fill(201), 429]);
});

t.test('a platform without playground keys has no such path, and takes no such key', async (t) => {
  for (const platform of ['kliq', 'kaie', 'klen', 'example']) {
    const gatehouse = await startGatehouse(t, { platform });
    for (const path of [KEYS_PATH, '/v1/playground/keys']) {
      const answer = await fetch(gatehouse.address + path, { method: 'POST' });
      t.equal(answer.status, 404, `${platform} ${path}`);
    }
    t.notOk(gatehouse.credentials.playgroundKeyVerifier.recognises(newKey('sk-test-')));
  }
});

t.test('without a database there is no key, and the answer says to try again', async (t) => {
  const gatehouse = await startGatehouse(t, { platform: 'kloakd' });
  await gatehouse.database.pool.query('ALTER TABLE playground_keys RENAME TO gone');
  const broken = await askForKey(gatehouse);
  t.match(broken, { status: 503, body: { error: 'ServiceUnavailableError', retry_after: 2 } });
  t.notMatch(broken.text, /playground_keys|relation|at .*\.ts/, 'the cause is in the log only');
  t.match(gatehouse.logLines.join(''), 'a request for a playground key failed');
  await gatehouse.database.close();
  const away = await askForKey(gatehouse);
  t.match(away, { status: 503, body: { error: 'ServiceUnavailableError', retry_after: 2 } });
  t.equal(away.headers.get('retry-after'), '2');
});
