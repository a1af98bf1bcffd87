import pg from 'pg';
import t from 'tap';
import { createTestDatabase } from '../support/postgres.ts';
import { withClient } from '../support/postgres-server.ts';

// What prisma/migrations adds by hand, beyond what schema.prisma can say and the drift check can see.

const UNIQUE = { code: '23505' };
const CHECK = { code: '23514' };

t.test('the database keeps its own invariants', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const db = new pg.Client({ connectionString });
  await db.connect();
  t.teardown(() => db.end());
  const user = (id: string, email: string) =>
    db.query('INSERT INTO users (id, email, name) VALUES ($1, $2, $1)', [id, email]);
  await user('u1', 'ada@example.com');
  await db.query(`INSERT INTO organizations (id, name) VALUES ('o1', 'One'), ('o2', 'Two')`);
  const client = (id: string, method: string, pkce: boolean) =>
    db.query(
      `INSERT INTO clients (client_id, client_name, token_endpoint_auth_method, require_pkce)
       VALUES ($1, $1, $2, $3)`,
      [id, method, pkce],
    );
  await client('c1', 'client_secret_basic', false);

  const key = (kid: string, status: string) =>
    db.query(
      `INSERT INTO signing_keys (kid, algorithm, status, public_jwk, private_encrypted)
       VALUES ($1, 'ES256', $2, '{}', '')`,
      [kid, status],
    );
  await key('k1', 'current');
  await key('k2', 'previous');
  await key('k3', 'previous');
  await t.rejects(key('k4', 'current'), UNIQUE, 'at most one signing key is current');
  await t.rejects(key('k5', 'lost'), CHECK, 'a signing key has a known status');

  const consent = (id: string, organization: string | null, revoked = false) =>
    db.query(
      `INSERT INTO consents (id, user_id, client_id, organization_id, revoked_at)
       VALUES ($1, 'u1', 'c1', $2, CASE WHEN $3 THEN now() END)`,
      [id, organization, revoked],
    );
  await consent('s1', 'o1');
  await consent('s2', 'o2');
  await consent('s3', null);
  await consent('s4', 'o1', true);
  await t.rejects(consent('s5', 'o1'), UNIQUE, 'one living consent per organization');
  await t.rejects(consent('s6', null), UNIQUE, 'one living consent without organization');

  await t.rejects(user('u2', 'Ada@example.com'), CHECK, 'an email is stored in lower case');
  await t.rejects(user('u3', ' bob@example.com'), CHECK, 'an email is stored trimmed');
  await t.rejects(client('c2', 'none', false), CHECK, 'a public client always needs PKCE');
  const member = db.query(`INSERT INTO memberships VALUES ('u1', 'o1', 'emperor')`);
  await t.rejects(member, CHECK, 'a membership has a known role');

  const invitation = (id: string, email: string, role = 'member', end = 'NULL, NULL, NULL') =>
    db.query(
      `INSERT INTO invitations (id, organization_id, email, role, hash, invited_by_kind, expires_at,
         accepted_at, accepted_by_id, revoked_at)
       VALUES ($1, 'o1', $2, $3, decode(md5($1), 'hex'), 'admin', now(), ${end})`,
      [id, email, role],
    );
  await invitation('i1', 'bob@example.com');
  await invitation('i2', 'bob@example.com', 'member', `NULL, NULL, now()`);
  await t.rejects(invitation('i3', 'bob@example.com'), UNIQUE, 'one open invitation per address');
  await t.rejects(invitation('i4', 'Bob@example.com'), CHECK, 'of an address in lower case');
  await t.rejects(invitation('i5', 'eve@example.com', 'emperor'), CHECK, 'for a known role');
  const both = invitation('i6', 'eve@example.com', 'member', `now(), 'u1', now()`);
  await t.rejects(both, CHECK, 'it is accepted or revoked, never both');
  const byNobody = invitation('i7', 'eve@example.com', 'member', 'now(), NULL, NULL');
  await t.rejects(byNobody, CHECK, 'it is accepted by somebody');
});

t.test('the database keeps the invariants of webhooks', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  const db = new pg.Client({ connectionString });
  await db.connect();
  t.teardown(() => db.end());
  await db.query(`INSERT INTO organizations (id, name) VALUES ('o1', 'One')`);
  await db.query(`INSERT INTO outbox (id, topic, payload) VALUES ('e1', 'webhook', '{}')`);

  const subscription = (id: string, status: string) =>
    db.query(
      `INSERT INTO webhook_subscriptions (id, organization_id, url, events, status, created_by_kind)
       VALUES ($1, 'o1', 'https://receiver.example.com', '{*}', $2, 'admin')`,
      [id, status],
    );
  for (const status of ['active', 'paused', 'disabled']) await subscription(status, status);
  const subscriptionUnknown = { ...CHECK, constraint: 'webhook_subscriptions_status_known' };
  for (const status of ['lost', 'Active', '']) {
    const strange = subscription('strange', status);
    await t.rejects(strange, subscriptionUnknown, 'a subscription has a known status');
  }

  const delivery = (id: string, status: string, subscriptionId: string) =>
    db.query(
      `INSERT INTO webhook_deliveries (id, subscription_id, event_id, status, next_attempt_at)
       VALUES ($1, $3, 'e1', $2, now())`,
      [id, status, subscriptionId],
    );
  const deliveryUnknown = { ...CHECK, constraint: 'webhook_deliveries_status_known' };
  for (const status of ['lost', 'failed', 'Pending', '']) {
    const strange = delivery('strange', status, 'active');
    await t.rejects(strange, deliveryUnknown, 'a delivery has a known status');
  }
  await delivery('d1', 'pending', 'active');
  await delivery('d2', 'delivered', 'paused');
  await delivery('d3', 'dead', 'disabled');
  await t.rejects(delivery('d4', 'pending', 'active'), UNIQUE, 'an event comes once to each');
  const changed = db.query(`UPDATE webhook_deliveries SET status = 'lost' WHERE id = 'd1'`);
  await t.rejects(changed, deliveryUnknown, 'nor is it changed to an unknown one');

  const attempt = () =>
    db.query(`INSERT INTO webhook_attempts (delivery_id, number, started_at)
      VALUES ('d1', 1, now())`);
  await attempt();
  await t.rejects(attempt(), UNIQUE, 'no attempt has the number of another');
  await db.query(`DELETE FROM organizations WHERE id = 'o1'`);
  const { rows } = await db.query(
    'SELECT FROM webhook_deliveries UNION ALL SELECT FROM webhook_attempts',
  );
  t.equal(rows.length, 0, 'deliveries and attempts go with the organization');
});

const INDEXES_OF_SOME_ROWS = {
  api_keys_living: 'api_keys (organization_id, id) WHERE revoked_at IS NULL',
  audit_events_by_actor:
    'audit_events (organization_id, actor_id, id) WHERE organization_id IS NOT NULL',
  audit_events_by_day:
    'audit_events (organization_id, occurred_at) WHERE organization_id IS NOT NULL',
  audit_events_by_type:
    'audit_events (organization_id, type, id) WHERE organization_id IS NOT NULL',
  grants_living: 'grants (client_id) WHERE revoked_at IS NULL',
  outbox_waiting:
    "outbox (organization_id, available_at) WHERE delivered_at IS NULL AND topic = 'webhook'",
  sign_in_attempts_refusal: 'unique sign_in_attempts (refusal_id) WHERE refusal_id IS NOT NULL',
  webhook_deliveries_given_up:
    "webhook_deliveries (subscription_id, finished_at) WHERE status = 'dead'",
  webhook_deliveries_leased:
    "webhook_deliveries (subscription_id) WHERE status = 'pending' AND leased_until IS NOT NULL",
  webhook_deliveries_waiting:
    "webhook_deliveries (subscription_id, next_attempt_at) WHERE status = 'pending'",
  consents_one_active:
    "unique consents (user_id, client_id, COALESCE(organization_id, '')) WHERE revoked_at IS NULL",
  invitations_open:
    'unique invitations (organization_id, email) WHERE accepted_at IS NULL AND revoked_at IS NULL',
  signing_keys_one_current: "unique signing_keys (status) WHERE status = 'current'",
};

t.test('the indexes of some rows are there, each for the rows it is about', async (t) => {
  const { connectionString } = await createTestDatabase(t);
  await withClient(connectionString, async (client) => {
    const { rows } = await client.query<{ name: string; is_valid: boolean; definition: string }>(
      `SELECT i.relname AS name, indisvalid AS is_valid, pg_get_indexdef(indexrelid) AS definition
       FROM pg_index JOIN pg_class i ON i.oid = indexrelid
       WHERE indpred IS NOT NULL AND i.relnamespace = 'public'::regnamespace`,
    );
    t.ok(rows.every(({ is_valid }) => is_valid));
    t.same(
      Object.fromEntries(rows.map(({ name, definition }) => [name, inShort(definition)])),
      INDEXES_OF_SOME_ROWS,
    );
  });
});

/** A definition without what Postgres says of all of them, casts and brackets around a condition. */
function inShort(definition: string): string {
  const [of = '', condition = ''] = definition.replaceAll('::text', '').split(' WHERE ');
  const table = of.replace(/^CREATE (UNIQUE )?INDEX \S+ ON public\.(\w+) USING btree/, '$1$2');
  return `${table.replace('UNIQUE', 'unique')} WHERE ${condition.replaceAll(/[()]/g, '')}`;
}
