import { randomBytes } from 'node:crypto';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import t from 'tap';
import { LONGEST_SIGNED_TOKEN_SECONDS } from '../../src/platform/checks/lifetimes.ts';
import { createTestClock } from '../support/clock.ts';
import { introspect, token } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  startGatehouse,
  type TestGatehouse,
} from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { startTwoServers, within } from '../support/two-servers.ts';

const SYSTEM = { kind: 'system' } as const;
const GRANT = { grant_type: 'client_credentials' };
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

type Published = JSONWebKeySet & { keys: { kid: string }[] };

async function jwksOf({ address }: TestGatehouse): Promise<Published> {
  const response = await fetch(`${address}/oauth/jwks`);
  return (await response.json()) as Published;
}
const kidsOf = async (server: TestGatehouse) => (await jwksOf(server)).keys.map(({ kid }) => kid);
const kidOf = (accessToken: string) => decodeProtectedHeader(accessToken).kid;
const statusesOf = ({ oauth }: TestGatehouse) => oauth.signingKeys.all.map(({ status }) => status);
const currentOf = ({ oauth }: TestGatehouse) => oauth.signingKeys.all[0]!.kid;

t.test('publishes public members only, and unique kids (RFC 7517 §5, RFC 8414 §2)', async (t) => {
  const gatehouse = await startGatehouse(t);
  await gatehouse.oauth.signingKeys.rotate(SYSTEM, { force: true });
  const { keys } = await jwksOf(gatehouse);
  t.equal(keys.length, 3, 'current, next and previous');
  t.equal(new Set(keys.map(({ kid }) => kid)).size, 3);
  t.same(statusesOf(gatehouse), ['current', 'next', 'previous']);
  for (const key of keys) {
    t.match(key, { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid: /^[\w-]{43}$/ });
    for (const member of PRIVATE) t.notOk(member in key, member);
  }
  const { rows } = await gatehouse.database.pool.query<{ private_encrypted: Buffer }>(
    'SELECT * FROM signing_keys',
  );
  for (const { privateJwk } of gatehouse.oauth.signingKeys.all) {
    const everything = JSON.stringify(rows) + gatehouse.logLines.join('\n');
    t.notOk(everything.includes(privateJwk.d!));
    for (const row of rows) t.notOk(row.private_encrypted.includes(privateJwk.d!));
  }
});

t.test('by command: the next key signs, old tokens stay good (RFC 7517 §5)', async (t) => {
  const { first, second } = await startTwoServers(t);
  const service = await registerService(first);
  const [old, coming] = first.oauth.signingKeys.all;
  const before = (await token(first, service, GRANT)).body.access_token!;
  t.equal(kidOf(before), old!.kid);
  t.same(await kidsOf(second), await kidsOf(first), 'two starters made one set of keys');

  await first.oauth.signingKeys.rotate(SYSTEM, { force: true });
  t.equal(currentOf(first), coming!.kid, 'what was announced');
  const after = (await token(first, service, GRANT)).body.access_token!;
  t.equal(kidOf(after), coming!.kid);
  await within(1000, () => currentOf(second) === coming!.kid);
  const there = (await token({ issuer: second.address }, service, GRANT)).body.access_token!;
  t.equal(kidOf(there), coming!.kid, 'the second server signs with it as well');
  for (const { address, oauth } of [first, second]) {
    for (const value of [before, after, there]) {
      const { body } = await introspect({ issuer: address }, service, value);
      t.equal(body.active, true);
      t.ok(await oauth.verifier.verify(value));
    }
  }
  for (const server of [first, second]) {
    const published = createLocalJWKSet(await jwksOf(server));
    for (const value of [before, after, there]) {
      await t.resolves(jwtVerify(value, published, { issuer: first.issuer }));
    }
  }
});

t.test('ID tokens follow the same key (OpenID Connect Core §10.1)', async (t) => {
  const gatehouse = await startGatehouse(t);
  const client = await registerClient(gatehouse);
  const person = createSignedIn(gatehouse, await createUser(gatehouse));
  const before = await person.tokens(client);
  await gatehouse.oauth.signingKeys.rotate(SYSTEM, { force: true });
  const after = await person.tokens(client);
  t.not(kidOf(after.id_token!), kidOf(before.id_token!));
  const published = createLocalJWKSet(await jwksOf(gatehouse));
  for (const { id_token } of [before, after]) {
    await t.resolves(jwtVerify(id_token!, published, { audience: client.clientId }));
  }
});

t.test('by schedule: when the key is old, once for all processes', async (t) => {
  const clock = createTestClock();
  const { first, second } = await startTwoServers(t, { clock });
  const { signingKeyRotationSeconds } = first.platform.oauth;
  const kids = await kidsOf(first);
  await first.oauth.signingKeys.rotateIfDue();
  clock.advance(signingKeyRotationSeconds - 60);
  await first.oauth.signingKeys.rotateIfDue();
  t.same(await kidsOf(first), kids, 'not before its time');

  clock.advance(120);
  const servers = [first, second, first, second, first, second];
  await Promise.all(servers.map(({ oauth }) => oauth.signingKeys.rotateIfDue()));
  await within(1000, async () => (await kidsOf(second)).length === 3);
  t.same(await kidsOf(second), await kidsOf(first));
  t.equal(currentOf(first), kids[1], 'one step, though six asked');
  t.same(statusesOf(first), ['current', 'next', 'previous']);
});

t.test('forgets a key when the last token it signed has expired', async (t) => {
  const clock = createTestClock();
  const { first, second } = await startTwoServers(t, { clock });
  const [old] = await kidsOf(first);
  await first.oauth.signingKeys.rotate(SYSTEM, { force: true });
  clock.advance(LONGEST_SIGNED_TOKEN_SECONDS);
  await first.oauth.signingKeys.rotateIfDue();
  t.ok((await kidsOf(first)).includes(old!), 'a token may just have expired');
  clock.advance(301);
  await first.oauth.signingKeys.rotateIfDue();
  t.notOk((await kidsOf(first)).includes(old!));
  await within(1000, async () => !(await kidsOf(second)).includes(old!));
  t.same(statusesOf(first), ['current', 'next']);
});

t.test('no key signs that caches of the JWKS may not know, unless by force', async (t) => {
  const clock = createTestClock();
  const { first, second } = await startTwoServers(t, { clock });
  const response = await fetch(`${first.address}/oauth/jwks`);
  const maxAge = Number(/max-age=(\d+)/.exec(response.headers.get('cache-control')!)![1]);
  const [current, next] = await kidsOf(first);
  const rotate = (options?: { force: boolean }) => second.oauth.signingKeys.rotate(SYSTEM, options);
  clock.advance(maxAge);
  const refused = await rotate();
  t.match(refused, { outcome: 'next_key_too_young', retryAfterSeconds: Number });
  const { retryAfterSeconds = 0 } = refused as { retryAfterSeconds?: number };
  t.ok(retryAfterSeconds > 0 && retryAfterSeconds <= 30, 'what the other process may take to hear');
  t.same(await kidsOf(second), [current, next], 'and nothing has changed');
  clock.advance(retryAfterSeconds);
  t.same(await rotate(), { outcome: 'rotated' });
  t.equal(currentOf(second), next);
  t.match(await rotate(), { outcome: 'next_key_too_young' }, 'there is a new next one');
  t.same(await rotate({ force: true }), { outcome: 'rotated' });
  await within(1000, async () => (await kidsOf(first)).length === 4);
});

t.test('six parallel rotations leave one current and one next key', async (t) => {
  const { first, second } = await startTwoServers(t);
  const rotations = Array.from({ length: 6 }, (_, index) =>
    (index % 2 ? first : second).oauth.signingKeys.rotate(SYSTEM, { force: true }),
  );
  await Promise.all(rotations);
  await within(1000, async () => {
    const [here, there] = [await kidsOf(first), await kidsOf(second)];
    return here.length === 8 && here.slice(0, 2).join() === there.slice(0, 2).join();
  });
  t.same(statusesOf(first).slice(0, 3), ['current', 'next', 'previous']);
  const service = await registerService(first);
  for (const { address } of [first, second]) {
    const { body } = await token({ issuer: address }, service, GRANT);
    t.equal(kidOf(body.access_token!), currentOf(first));
  }
});

t.test('requests under way survive a rotation', async (t) => {
  const gatehouse = await startGatehouse(t);
  const service = await registerService(gatehouse);
  const asked = Array.from({ length: 40 }, () => token(gatehouse, service, GRANT));
  await gatehouse.oauth.signingKeys.rotate(SYSTEM, { force: true });
  for (const { status, body } of await Promise.all(asked)) {
    t.equal(status, 200);
    t.ok(await gatehouse.oauth.verifier.verify(body.access_token!));
  }
});

t.test('a rotation is in the audit log', async (t) => {
  const gatehouse = await startGatehouse(t);
  await gatehouse.oauth.signingKeys.rotate({ kind: 'admin', id: 'root' }, { force: true });
  const { rows } = await gatehouse.database.pool.query(
    `SELECT actor_kind, target_id FROM audit_events WHERE type = 'signing_key.rotated' ORDER BY id`,
  );
  t.match(rows.at(-1), { actor_kind: 'admin', target_id: currentOf(gatehouse) });
});

t.test('a wrong MASTER_KEY is a clear refusal to start', async (t) => {
  const gatehouse = await startGatehouse(t);
  const { connectionString } = gatehouse;
  const wrong = startGatehouse(t, { connectionString, masterKey: randomBytes(32) });
  await t.rejects(wrong, {
    message: /MASTER_KEY is not the one this database was used with/,
  });
  const right = await startGatehouse(t, { connectionString, issuer: gatehouse.issuer });
  t.same(await kidsOf(right), await kidsOf(gatehouse), 'and nothing was changed');
});

t.test('keys survive a restart', async (t) => {
  const gatehouse = await startGatehouse(t);
  const service = await registerService(gatehouse);
  const { body } = await token(gatehouse, service, GRANT);
  await gatehouse.oauth.signingKeys.rotate(SYSTEM, { force: true });
  const { connectionString, issuer } = gatehouse;
  await gatehouse.stop();
  const restarted = await startGatehouse(t, { connectionString, issuer });
  t.ok(await restarted.oauth.verifier.verify(body.access_token!));
});
