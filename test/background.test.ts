import t from 'tap';
import { startBackground } from '../src/background.ts';
import { createTestClock } from './support/clock.ts';
import { createUser, registerClient, type TestGatehouse } from './support/gatehouse.ts';
import { createSignedIn } from './support/signed-in.ts';
import { startTwoServers, within } from './support/two-servers.ts';

// What happens without anybody asking for it. That src/main.ts starts it, test/process/webhooks.test.ts tells.

const OFTEN_MS = { signingKeys: 50, lastUses: 50, sessionUses: 50, usage: 50, cleanup: 50 };
const PATIENCE_MS = 10_000;

const clock = createTestClock();
const { first, second } = await startTwoServers(t, { clock });
const { database } = first;
const user = await createUser(first);
const person = createSignedIn(first, user);
const app = await registerClient(first);
const looks = [first, second].map(countLooks);
for (const gatehouse of [first, second]) {
  const { platform, database } = gatehouse;
  const stop = startBackground({ gatehouse, platform, database, clock, intervalsMs: OFTEN_MS });
  t.teardown(() => stop(AbortSignal.timeout(1_000)));
}

/** Counts how often a server has looked whether its key is old. */
function countLooks({ oauth }: TestGatehouse): () => number {
  const { signingKeys } = oauth;
  const { rotateIfDue } = signingKeys;
  let count = 0;
  signingKeys.rotateIfDue = async () => {
    await rotateIfDue();
    count += 1;
  };
  return () => count;
}

async function oneValue<Value>(text: string, values: unknown[] = []): Promise<Value> {
  const { rows } = await database.pool.query<{ value: Value }>(text, values);
  return rows[0]!.value;
}

const rotations = () =>
  oneValue<number>(
    `SELECT count(*)::int AS value FROM audit_events WHERE type = 'signing_key.rotated'`,
  );
const kidsOf = async ({ address }: TestGatehouse): Promise<string[]> => {
  const jwks = (await (await fetch(`${address}/oauth/jwks`)).json()) as { keys: { kid: string }[] };
  return jwks.keys.map(({ kid }) => kid);
};

t.test('what a server has seen used is written: keys, sessions, usage', async (t) => {
  const manage = async (path: string, body: object) => {
    const { address, adminKey } = first;
    const response = await fetch(`${address}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as Record<string, unknown>;
  };
  const organization_id = user.organizationId;
  const scopes = [first.platform.scopes.find(({ access }) => access === 'read')?.name];
  const body = { organization_id, name: 'A key', scopes };
  const { id, key } = await manage('/manage/v1/api-keys', body);
  const headers = { authorization: `Bearer ${key}` };
  const call = { method: 'GET', path: '/', headers, address: '192.0.2.1' };
  t.match(await manage('/gate/decision', call), { principal: { id } });
  await within(PATIENCE_MS, () =>
    oneValue('SELECT last_used_at IS NOT NULL AS value FROM api_keys WHERE id = $1', [id]),
  );
  await within(PATIENCE_MS, () =>
    oneValue('SELECT count(*) = 1 AS value FROM usage_counts WHERE credential_id = $1', [id]),
  );

  await person.code(app);
  clock.advance(3_700);
  const from = clock.now();
  await person.code(app);
  await within(PATIENCE_MS, () =>
    oneValue('SELECT last_seen_at >= $2 AS value FROM sessions WHERE user_id = $1', [
      user.id,
      from,
    ]),
  );
});

t.test('what a disabled client still had is ended', async (t) => {
  await person.tokens(app);
  const SYSTEM = { actor: { kind: 'system' } } as const;
  await first.oauth.clientService.update(app.clientId, { disabled: true }, SYSTEM);
  const living = `SELECT count(*)::int AS value FROM grants WHERE client_id = $1 AND revoked_at IS NULL`;
  await within(PATIENCE_MS, async () => (await oneValue(living, [app.clientId])) === 0);
  const reasons = `SELECT array_agg(DISTINCT revoked_reason) AS value FROM grants WHERE client_id = $1`;
  t.same(await oneValue(reasons, [app.clientId]), ['client_disabled']);
});

t.test('a key that is old is replaced once, and an artifact that has expired goes', async (t) => {
  const { signingKeyRotationSeconds } = first.platform.oauth;
  const [old, coming] = await kidsOf(first);
  const before = await rotations();
  await database.pool.query(
    `INSERT INTO artifacts (kind, id_hash, details, expires_at)
     VALUES ('AuthorizationCode', 'old', '{}', $1), ('AuthorizationCode', 'new', '{}', $2)`,
    [60, 2 * signingKeyRotationSeconds].map(
      (seconds) => new Date(clock.now().getTime() + seconds * 1000),
    ),
  );
  const lookedAt = looks.map((count) => count());
  await within(PATIENCE_MS, () => looks.every((count, at) => count() > lookedAt[at]! + 1));
  t.equal(await rotations(), before, 'not before its time');
  t.equal(await artifacts(), 'new old');

  clock.advance(signingKeyRotationSeconds);
  await within(PATIENCE_MS, async () => (await artifacts()) === 'new');
  for (const server of [first, second]) {
    await within(PATIENCE_MS, async () => (await kidsOf(server)).length === 3);
    const [current, , previous] = await kidsOf(server);
    t.same(
      [current, previous],
      [coming, old],
      'the next key signs, the old one is still published',
    );
  }
  const rotatedAt = looks.map((count) => count());
  await within(PATIENCE_MS, () => looks.every((count, at) => count() > rotatedAt[at]! + 1));
  t.equal(await rotations(), before + 1, 'once, however often both look');
  t.equal(await artifacts(), 'new', 'what is in force stays');
});

const artifacts = () =>
  oneValue<string>(
    `SELECT string_agg(convert_from(id_hash, 'UTF8'), ' ' ORDER BY id_hash) AS value FROM artifacts
     WHERE id_hash IN ('old', 'new')`,
  );
