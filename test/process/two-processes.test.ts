import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeProtectedHeader } from 'jose';
import t from 'tap';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { introspect, obtainTokens, refresh, revoke, token, userinfo } from '../support/flows.ts';
import { furnish } from '../support/furnished.ts';
import { freePort, startGatehouse, type TestGatehouse } from '../support/gatehouse.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { withClient } from '../support/postgres-server.ts';
import { spawnGatehouse } from '../support/process.ts';

/** What the design promises for a change made by another process: milliseconds. */
const EVERYWHERE_MS = 1000;

t.test('two processes on one database', async (t) => {
  const furnished = await furnish(t);
  const { app, service, user, environment } = furnished;
  const proxy = await createFlakyProxy(t, furnished.connectionString);
  // One origin, as behind a load balancer; the second has a road of its own to the database.
  const port = await freePort();
  const shared = { ...environment, ISSUER: `http://127.0.0.1:${port}` };
  const [one, two] = await Promise.all([
    spawnGatehouse(t, { environment: { ...shared, PORT: String(port) } }),
    spawnGatehouse(t, { environment: { ...shared, DATABASE_URL: proxy.connectionString } }),
  ]);
  const tokensOfUser = () => obtainTokens(one as unknown as TestGatehouse, app, user);
  const isActive = async (target: { issuer: string }, accessToken: string) => {
    const { status, body } = await introspect(target, app, accessToken);
    return status === 200 ? (body.active as boolean) : undefined;
  };
  /** How long until the second process says something else than `active`. */
  const timeUntilRefused = async (accessToken: string) => {
    const start = performance.now();
    while ((await isActive(two, accessToken)) === true) await sleep(10);
    return performance.now() - start;
  };

  await t.test('what one ends, the other refuses within a second', async (t) => {
    const tokens = await tokensOfUser();
    t.equal(await isActive(two, tokens.access_token), true);
    await revoke(one, app, tokens.access_token);
    t.ok((await timeUntilRefused(tokens.access_token)) < EVERYWHERE_MS, 'an access token');
    t.equal((await userinfo(two, tokens.access_token)).status, 401);

    const next = await refresh(two, app, tokens.refresh_token);
    t.equal(next.status, 200);
    await revoke(one, app, next.body.refresh_token!);
    t.match(await refresh(two, app, next.body.refresh_token!), {
      body: { error: 'invalid_grant' },
    });
    t.ok((await timeUntilRefused(next.body.access_token!)) < EVERYWHERE_MS, 'a whole grant');
  });

  await t.test('keys rotate, and no valid token is ever refused', async (t) => {
    const operator = await startGatehouse(t, {
      connectionString: furnished.connectionString,
      masterKey: Buffer.from(environment.MASTER_KEY!, 'base64'),
      issuer: one.issuer,
    });
    const kids = new Set<string>();
    const verdicts = new Set<boolean | undefined>();
    let over = false;
    const issueAndCheck = async (from: { issuer: string }, at: { issuer: string }) => {
      while (!over) {
        const { body } = await token(from, service, { grant_type: 'client_credentials' });
        kids.add(decodeProtectedHeader(body.access_token!).kid!);
        const seen = await introspect(at, service, body.access_token!);
        verdicts.add(seen.body.active as boolean);
      }
    };
    const before = await tokensOfUser();
    const work = [issueAndCheck(one, two), issueAndCheck(two, one)];
    for (let rotation = 0; rotation < 2; rotation += 1) {
      await sleep(200);
      await operator.oauth.signingKeys.rotate({ kind: 'system' }, { force: true });
      await sleep(EVERYWHERE_MS);
      const current = operator.oauth.signingKeys.all[0]!.kid;
      for (const target of [one, two]) {
        const { body } = await token(target, service, { grant_type: 'client_credentials' });
        t.equal(decodeProtectedHeader(body.access_token!).kid, current, 'the new key signs');
      }
    }
    over = true;
    await Promise.all(work);
    t.equal(kids.size, 3);
    t.same([...verdicts], [true]);
    for (const target of [one, two]) t.equal(await isActive(target, before.access_token), true);
    const jwks = [one, two].map(async (at) => (await fetch(`${at.issuer}/oauth/jwks`)).text());
    const [ofOne, ofTwo] = await Promise.all(jwks);
    t.equal(ofOne, ofTwo);
  });

  await t.test('what one ended while the other was cut off is never valid again', async (t) => {
    const { access_token } = await tokensOfUser();
    t.equal(await isActive(two, access_token), true);
    proxy.freeze();
    await sleep(EVERYWHERE_MS);
    await revoke(one, app, access_token);
    t.equal(await isActive(two, access_token), undefined, 'it cannot tell, and says so');
    await proxy.up();
    const answers = new Set<boolean | undefined>();
    const end = performance.now() + 2500;
    while (performance.now() < end) answers.add(await isActive(two, access_token));
    t.notOk(answers.has(true), 'from the first moment on');
    t.ok(answers.has(false), 'and soon it knows');
  });
});

t.test('a start waits for a lock that others hold for long', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const held = [7_270_737, 7_270_738];
  await withClient(connectionString, async (client) => {
    await client.query('SELECT pg_advisory_lock(key) FROM unnest($1::bigint[]) AS key', [held]);
    const starting = startGatehouse(t, { connectionString });
    await sleep(2500);
    await client.query('SELECT pg_advisory_unlock_all()');
    const gatehouse = await starting;
    t.equal((await fetch(`${gatehouse.issuer}/readyz`)).status, 200);
  });
});

t.test('eight processes that start at once on an empty database all come up', async (t) => {
  const { connectionString } = await createTestDatabase(t, { migrated: false });
  const environment = {
    DATABASE_URL: connectionString,
    MASTER_KEY: randomBytes(32).toString('base64'),
    DATABASE_POOL_SIZE: '3',
  };
  const start = performance.now();
  const processes = await Promise.all(
    Array.from({ length: 8 }, () => spawnGatehouse(t, { environment })),
  );
  t.comment(`all up after ${Math.round(performance.now() - start)} ms`);
  const keys = await Promise.all(
    processes.map(async ({ issuer }) => (await fetch(`${issuer}/oauth/jwks`)).text()),
  );
  t.equal(new Set(keys).size, 1, 'with the same keys');
  const codes = await Promise.all(processes.map((one) => one.kill()));
  t.same(new Set(codes), new Set([0]));
});
