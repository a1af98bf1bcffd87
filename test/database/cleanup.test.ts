import t from 'tap';
import { createCleanup } from '../../src/database/cleanup.ts';
import { openDatabase } from '../../src/database/database.ts';
import { silentLog } from '../../src/database/log.ts';
import { createTestDatabase } from '../support/postgres.ts';

const NOW = new Date('2030-01-01T00:00:00Z');
const CLEANUP_LOCK = 7_011_985;

/**
 * One expired and one living row of each kind; grant g-held is long expired but has a living refresh token, and
 * access tokens of g-late, a day old, may still be out.
 */
const ROWS = `
  INSERT INTO users (id, email, name) VALUES ('u', 'u@example.com', 'U');
  INSERT INTO clients (client_id, client_name, token_endpoint_auth_method) VALUES ('c', 'C', 'none');
  INSERT INTO grants (id, user_id, client_id, details, expires_at) VALUES
    ('g-old', 'u', 'c', '{}', '2029-12-30'), ('g-held', 'u', 'c', '{}', '2029-12-30'),
    ('g-late', 'u', 'c', '{}', '2029-12-31'), ('g-new', 'u', 'c', '{}', '2030-01-02');
  INSERT INTO refresh_tokens (id_hash, grant_id, client_id, user_id, scope, details, issued_at, expires_at)
    VALUES ('old', 'g-old', 'c', 'u', '', '{}', '2029-01-01', '2029-12-30'),
           ('late', 'g-late', 'c', 'u', '', '{}', '2029-01-01', '2029-12-31'),
           ('new', 'g-held', 'c', 'u', '', '{}', '2029-01-01', '2030-01-02');
  INSERT INTO sessions (id_hash, uid, details, expires_at) VALUES
    ('old', 's-old', '{}', '2029-12-31'), ('new', 's-new', '{}', '2030-01-02');
  INSERT INTO revoked_tokens VALUES
    ('jti', 'old', '2029-01-01', '2029-12-31'), ('jti', 'new', '2029-01-01', '2030-01-02');
  INSERT INTO sign_in_attempts VALUES ('old', 1, '2029-12-31'), ('new', 1, '2030-01-02');
  INSERT INTO usage_counts (hour, organization_id, credential_kind, credential_id, route, outcome, requests)
    VALUES ('2028-11-26 23:00Z', 'o', '', '', 'old', 'allowed', 1),
           ('2028-11-27 00:00Z', 'o', '', '', 'new', 'allowed', 1);
  INSERT INTO limit_counters VALUES ('old', 1, '2029-12-31'), ('new', 1, '2030-01-02'), ('life', 10, NULL);
  INSERT INTO playground_keys (id, hash, hint, identity, expires_at) VALUES
    ('old', 'old', '', '', '2029-12-01'), ('new', 'new', '', '', '2029-12-03');
  INSERT INTO organizations (id, name) VALUES ('o', 'O');
  INSERT INTO invitations (id, organization_id, email, role, hash, invited_by_kind, expires_at) VALUES
    ('old', 'o', 'old@example.com', 'member', 'old', 'admin', '2029-12-01'),
    ('new', 'o', 'new@example.com', 'member', 'new', 'admin', '2029-12-03');
  INSERT INTO usage_batches VALUES ('old', '2029-12-01'), ('new', '2029-12-03');
  INSERT INTO artifacts (kind, id_hash, details, expires_at)
    SELECT 'AuthorizationCode', int4send(n), '{}', '2029-12-31' FROM generate_series(1, 1200) n;
  INSERT INTO artifacts (kind, id_hash, details, expires_at) VALUES
    ('AuthorizationCode', 'new', '{}', '2030-01-02');`;

t.test('removes what has expired, in bounded batches, and nothing else', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const database = openDatabase({ connectionString, log: silentLog });
  t.teardown(() => database.close());
  await database.pool.query(ROWS);
  const batches: number[] = [];
  const observed: typeof database.transaction = async (work) => {
    const removed = await database.transaction(work);
    batches.push(Number(removed));
    return removed;
  };
  const cleanup = createCleanup({
    database: { transaction: observed },
    clock: { now: () => NOW },
    intervalMs: 60_000,
    log: silentLog,
  });

  await database.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [CLEANUP_LOCK]);
    t.equal(await cleanup.runOnce(), 0, 'leaves the work to a process that is at it');
  });
  batches.length = 0;
  t.equal(await cleanup.runOnce(), 1210);
  const full = batches.filter((removed) => removed > 0);
  t.same(full, [500, 500, 200, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  const left = await database.pool.query(
    `SELECT (SELECT array_agg(id ORDER BY id) FROM grants) AS grants,
            (SELECT count(*)::int FROM artifacts) AS artifacts,
            (SELECT count(*)::int FROM refresh_tokens) AS refresh_tokens,
            (SELECT array_agg(uid) FROM sessions) AS sessions,
            (SELECT array_agg(value) FROM revoked_tokens) AS revoked,
            (SELECT array_agg(key) FROM sign_in_attempts) AS attempts,
            (SELECT array_agg(key ORDER BY key) FROM limit_counters) AS counters,
            (SELECT array_agg(id) FROM playground_keys) AS playground_keys,
            (SELECT array_agg(id) FROM invitations) AS invitations,
            (SELECT array_agg(route) FROM usage_counts) AS usage,
            (SELECT array_agg(id) FROM usage_batches) AS batches`,
  );
  t.same(left.rows[0], {
    grants: ['g-held', 'g-late', 'g-new'],
    artifacts: 1,
    refresh_tokens: 2,
    sessions: ['s-new'],
    revoked: ['new'],
    attempts: ['new'],
    counters: ['life', 'new'],
    playground_keys: ['new'],
    invitations: ['new'],
    usage: ['new'],
    batches: ['new'],
  });
  t.equal(await cleanup.runOnce(), 0);
});

t.test('runs by itself, survives a failing run, and stops', async (t) => {
  let runs = 0;
  const transaction = async () => {
    runs += 1;
    throw new Error('the database is away');
  };
  const cleanup = createCleanup({
    database: { transaction },
    clock: { now: () => NOW },
    intervalMs: 10,
    log: silentLog,
    random: () => 0,
  });
  cleanup.start();
  cleanup.start();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await cleanup.stop();
  const done = runs;
  t.ok(done >= 2, 'a failed run does not end the series');
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(runs, done, 'none runs after the stop');
});
