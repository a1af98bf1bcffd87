import t from 'tap';
import type { Executor } from '../../src/database/executor.ts';
import { type Consent, grantConsent } from '../../src/oauth/consents/consents.store.ts';
import { authorizeUrl, consent, newPkce, signIn } from '../support/flows.ts';
import { createUser, registerClient, startGatehouse, type TestUser } from '../support/gatehouse.ts';
import { within } from '../support/two-servers.ts';
import { createUserAgent, locationOf } from '../support/user-agent.ts';

// No consent begins on what has ended, and none outlives it.

const SYSTEM = { actor: { kind: 'system' } } as const;
const gatehouse = await startGatehouse(t);
const { database, identity, oauth } = gatehouse;

const livingOf = async (userId: string) =>
  (
    await database.pool.query(
      'SELECT client_id FROM consents WHERE user_id = $1 AND revoked_at IS NULL',
      [userId],
    )
  ).rows;

async function isConsentWaiting(): Promise<boolean> {
  const { rows } = await database.pool.query(
    `SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INTO consents%'`,
  );
  return rows.length > 0;
}

const endings: [name: string, end: (tx: Executor, user: TestUser) => Promise<unknown>][] = [
  [
    'the user is disabled',
    (tx, { id }) => tx.query('UPDATE users SET disabled_at = now() WHERE id = $1', [id]),
  ],
  ['the user is deleted', (tx, { id }) => tx.query('DELETE FROM users WHERE id = $1', [id])],
  [
    'the membership ends',
    (tx, { id }) => tx.query('DELETE FROM memberships WHERE user_id = $1', [id]),
  ],
  [
    'the organization is deleted',
    (tx, { organizationId }) =>
      tx.query('DELETE FROM organizations WHERE id = $1', [organizationId]),
  ],
];

for (const [name, end] of endings) {
  t.test(`${name} while the user agrees: the app is refused, and no consent is left`, async (t) => {
    const user = await createUser(gatehouse);
    const neighbour = await createUser(gatehouse);
    const client = await registerClient(gatehouse);
    const agent = createUserAgent();
    const url = authorizeUrl(gatehouse, client, newPkce(), { scope: 'notes:read' });
    const question = await signIn(agent, await agent.follow(await agent.get(url)), user);
    const { answer } = await database.transaction(async (tx) => {
      await end(tx, user);
      const answer = consent(agent, question);
      await within(700, isConsentWaiting);
      t.ok(await grant(neighbour, client.clientId), 'nobody else waits');
      return { answer };
    });
    const page = await answer;
    // Whoever is signed in no more has no way back to the app.
    if (name.startsWith('the user')) t.equal(page.status, 400);
    else t.equal(locationOf(page).searchParams.get('error'), 'access_denied');
    t.same(await livingOf(user.id), []);
    t.same(await livingOf(neighbour.id), [{ client_id: client.clientId }]);
  });
}

let made = 0;

const grant = (
  { id, organizationId }: TestUser,
  clientId: string,
): Promise<Consent | undefined> => {
  made += 1;
  const about = { id: `consent-${made}`, userId: id, clientId, organizationId };
  const given = { ...about, scopes: ['notes:read'], refused: [] };
  return grantConsent(database, given, new Date(), { actor: { kind: 'user', id } });
};

const ends: [name: string, end: (user: TestUser, clientId: string) => Promise<unknown>][] = [
  ['a user who is disabled', ({ id }) => identity.users.disable(id, SYSTEM)],
  ['a user who is deleted', ({ id }) => identity.users.remove(id, SYSTEM)],
  [
    'a membership',
    ({ id, organizationId }) => identity.memberships.remove(id, organizationId, SYSTEM),
  ],
  [
    'an organization',
    ({ organizationId }) => identity.organizations.remove(organizationId, SYSTEM),
  ],
  [
    'a client',
    async (_user, id) => oauth.clientService.delete((await oauth.clients.find(id))!, SYSTEM),
  ],
];

for (const [name, end] of ends) {
  t.test(`consents that are given while ${name} ends: each is told of, none is left`, async (t) => {
    for (let round = 0; round < 5; round += 1) {
      const owner = await createUser(gatehouse);
      const { organizationId } = owner;
      const user = await createUser(gatehouse);
      const place = { userId: user.id, organizationId, role: 'member' } as const;
      await identity.memberships.add(place, SYSTEM);
      const member = { ...user, organizationId };
      const { clientId } = await registerClient(gatehouse);
      await grant(member, clientId);
      const early = Array.from({ length: 3 }, () => grant(member, clientId));
      const ending = end(member, clientId);
      const late = Array.from({ length: 3 }, () => grant(member, clientId));
      await Promise.all([...early, ending, ...late]);
      t.equal(await grant(member, clientId), undefined, 'and none begins');
      t.same(await livingOf(user.id), []);
      if (name === 'an organization') continue;
      const { rows } = await database.pool.query(
        `SELECT FROM audit_events
         WHERE type = 'consent.revoked' AND organization_id = $1 AND details->>'user_id' = $2`,
        [organizationId, user.id],
      );
      t.equal(rows.length, 1);
    }
  });
}
