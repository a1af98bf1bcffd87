import t from 'tap';
import { createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';

// What has gathered for years goes in one transaction, however long that takes.

const SYSTEM = { actor: { kind: 'system' } } as const;
const ROWS = 2_000;

const gatehouse = await startGatehouse(t);
const { database, identity, oauth } = gatehouse;

/** Thousands of members, consents, grants and refresh tokens. */
async function furnish() {
  const user = await createUser(gatehouse);
  const client = await registerClient(gatehouse);
  const { organizationId } = user;
  const prefix = `of-${client.clientId}-`;
  await database.largeTransaction(async (tx) => {
    await tx.query(
      `INSERT INTO users (id, email, name)
       SELECT $1 || n, $1 || n || '@example.com', 'Member' FROM generate_series(1, ${ROWS}) AS n`,
      [prefix],
    );
    await tx.query(
      `INSERT INTO memberships (user_id, organization_id, role)
       SELECT $1 || n, $2, 'member' FROM generate_series(1, ${ROWS}) AS n`,
      [prefix, organizationId],
    );
    await tx.query(
      `INSERT INTO grants (id, user_id, client_id, organization_id, details, created_at, expires_at)
       SELECT $1 || n, $2, $3, $4, '{}', now(), now() + interval '1 day'
       FROM generate_series(1, ${ROWS}) AS n`,
      [prefix, user.id, client.clientId, organizationId],
    );
    await tx.query(
      `INSERT INTO refresh_tokens
         (id_hash, grant_id, client_id, user_id, scope, rotations, details, issued_at, expires_at)
       SELECT sha256(($1 || n || 'x' || m)::bytea), $1 || n, $3, $2, '', 0, '{}', now(),
         now() + interval '1 day'
       FROM generate_series(1, ${ROWS}) AS n, generate_series(1, 4) AS m`,
      [prefix, user.id, client.clientId],
    );
  });
  return { user, client, organizationId };
}

/** Makes each deleted grant cost what it does on a server that is busy: 0.4 ms. */
const slowDown = () =>
  database.pool.query(`
    CREATE OR REPLACE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(0.0004); RETURN OLD; END $$;
    CREATE OR REPLACE TRIGGER dawdle BEFORE DELETE ON grants FOR EACH ROW EXECUTE FUNCTION dawdle()`);

async function leftOf(clientId: string, userId: string): Promise<number> {
  const { rows } = await database.pool.query(
    `SELECT (SELECT count(*) FROM grants WHERE client_id = $1 AND user_id = $2)
          + (SELECT count(*) FROM refresh_tokens WHERE client_id = $1) AS left`,
    [clientId, userId],
  );
  return Number(rows[0].left);
}

t.before(slowDown);

t.test('an organization with thousands of members and grants is deleted', async (t) => {
  const { user, client, organizationId } = await furnish();
  const start = performance.now();
  t.equal(await identity.organizations.remove(organizationId, SYSTEM), true);
  t.ok(performance.now() - start > 900, 'longer than a statement may take elsewhere');
  t.equal(await leftOf(client.clientId, user.id), 0);
  const marks = await database.pool.query(`SELECT kind FROM revoked_tokens WHERE value = $1`, [
    organizationId,
  ]);
  t.same(marks.rows, [{ kind: 'organization' }], 'one mark, however many members');
});

t.test('a user with thousands of grants is deleted', async (t) => {
  const { user, client, organizationId } = await furnish();
  await database.pool.query(
    `UPDATE memberships SET role = 'owner' WHERE organization_id = $1 AND user_id LIKE '%-1'`,
    [organizationId],
  );
  t.equal(await identity.users.remove(user.id, SYSTEM), true);
  t.equal(await leftOf(client.clientId, user.id), 0);
});

t.test('a client with thousands of grants is deleted', async (t) => {
  const { user, client } = await furnish();
  const found = (await oauth.clients.find(client.clientId))!;
  t.equal(await oauth.clientService.delete(found, SYSTEM), true);
  t.equal(await leftOf(client.clientId, user.id), 0);
});
