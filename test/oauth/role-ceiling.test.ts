import t from 'tap';

import { createUser, registerClient, startGatehouse, type TestUser } from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';

const SYSTEM = { actor: { kind: 'system' } } as const;
const ASKED = 'openid notes:read notes:write notes:delete';

// In the example platform, members may do what is not `access: admin`: all but notes:delete.
const gatehouse = await startGatehouse(t);
const { identity } = gatehouse;
const app = await registerClient(gatehouse);

let people = 0;

/** A user of an organization that somebody else owns. */
async function colleague(role: 'admin' | 'member'): Promise<TestUser> {
  const { organizationId } = await createUser(gatehouse);
  const [email, password] = [`colleague-${++people}@example.com`, 'correct horse battery'];
  const input = { email, password, name: 'Colleague', organizationId, role };
  const outcome = await identity.createUser(input, SYSTEM);
  if (outcome.outcome !== 'created') throw new Error(outcome.outcome);
  return { id: outcome.user.id, email, password, organizationId };
}

t.test('a user grants no scope above their role, whatever they tick', async (t) => {
  const member = createSignedIn(gatehouse, await colleague('member'));
  t.equal((await member.tokens(app, { scope: ASKED })).scope, 'openid notes:read notes:write');
  const again = await member.tokens(app, { scope: ASKED });
  t.equal(again.scope, 'openid notes:read notes:write', 'nor when they are asked again');
  const admin = createSignedIn(gatehouse, await colleague('admin'));
  t.equal((await admin.tokens(app, { scope: ASKED })).scope, ASKED);
});

t.test('a consent that stands gives less to a lesser role', async (t) => {
  const user = await colleague('admin');
  const { organizationId } = user;
  const signedIn = createSignedIn(gatehouse, user);
  t.equal((await signedIn.tokens(app, { scope: ASKED })).scope, ASKED);
  await identity.memberships.changeRole(
    { userId: user.id, organizationId, role: 'member' },
    SYSTEM,
  );
  const after = await signedIn.tokens(app, { scope: ASKED });
  t.equal(after.scope, 'openid notes:read notes:write');
});
