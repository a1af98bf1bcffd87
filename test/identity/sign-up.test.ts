import t from 'tap';
import { createPasswords, PasswordQueueFullError } from '../../src/identity/passwords.ts';
import { GOOD_PASSWORD, OPERATOR, openHouse } from './house.ts';

const FORM = {
  email: 'Ann@Example.com',
  password: GOOD_PASSWORD,
  name: ' Ann ',
  address: '192.0.2.1',
};

t.test('signing up makes a user who owns an organization and can sign in', async (t) => {
  const { identity, audited } = await openHouse(t);
  const made = await identity.signUp(FORM);
  t.match(made, {
    outcome: 'created',
    user: { email: 'ann@example.com', name: 'Ann', emailVerified: false, disabled: false },
    organization: { name: "Ann's organization", plan: 'default' },
  });
  if (made.outcome !== 'created') return;
  t.same(await identity.membershipsOf(made.user.id), [
    { organizationId: made.organization.id, organizationName: "Ann's organization", role: 'owner' },
  ]);
  t.same(await identity.findUser(made.user.id), made.user);
  t.same(await identity.findActiveUser(made.user.id), made.user);
  t.match(await identity.signIn({ ...FORM, email: 'ann@example.com' }), { outcome: 'signed_in' });
  t.same((await audited()).slice(0, 3), [
    'user.created',
    'organization.created',
    'membership.created',
  ]);
});

t.test('of ten who sign up with one address at once, one gets it', async (t) => {
  const { identity, database } = await openHouse(t);
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => identity.signUp(FORM)));
  t.same(outcomes.map(({ outcome }) => outcome).sort(), [
    'created',
    ...Array(9).fill('email_taken'),
  ]);
  const { rows } = await database.pool.query(
    `SELECT (SELECT count(*)::int FROM users) AS users,
       (SELECT count(*)::int FROM organizations) AS organizations,
       (SELECT count(*)::int FROM audit_events) AS events`,
  );
  t.same(rows, [{ users: 1, organizations: 1, events: 3 }], 'the others leave nothing behind');
});

t.test('every field that is wrong is named at once', async (t) => {
  const { identity } = await openHouse(t);
  const problems = async (fields: object) => {
    const outcome = await identity.signUp({ ...FORM, ...fields });
    return outcome.outcome === 'invalid' ? outcome.problems : outcome.outcome;
  };
  t.same(await problems({ email: '', name: ' ', password: 'short', organizationName: 'a\0b' }), [
    { field: 'email', code: 'required' },
    { field: 'name', code: 'required' },
    { field: 'password', code: 'too_short' },
    { field: 'organizationName', code: 'invalid' },
  ]);
  t.same(await problems({ email: 'ann', name: 'x'.repeat(201), password: 'x'.repeat(257) }), [
    { field: 'email', code: 'invalid' },
    { field: 'name', code: 'too_long' },
    { field: 'password', code: 'too_long' },
  ]);
  t.same(await problems({ password: 'kaie-kaie-kaie' }), [
    { field: 'password', code: 'too_common' },
  ]);
  t.same(await problems({ name: '\ud800' }), [{ field: 'name', code: 'invalid' }]);
  t.same(await problems({ name: 'ann\nbcc' }), [{ field: 'name', code: 'invalid' }]);
});

t.test('SQL in a form is text', async (t) => {
  const { identity } = await openHouse(t);
  const name = "Robert'); DROP TABLE users;--";
  const made = await identity.signUp({ ...FORM, name, organizationName: '$1; "x" \\' });
  t.match(made, { outcome: 'created', user: { name }, organization: { name: '$1; "x" \\' } });
});

t.test('the twenty-first sign-up of an address within an hour waits', async (t) => {
  const { identity, audited } = await openHouse(t, { throttle: { signUpsPerAddress: 2 } });
  const signUp = (name: string) => identity.signUp({ ...FORM, email: `${name}@example.com` });
  await signUp('one');
  t.match(await identity.signUp({ ...FORM, password: 'short' }), { outcome: 'invalid' });
  t.match(await signUp('one'), { outcome: 'email_taken' }, 'asking who is here counts');
  t.same(await signUp('three'), { outcome: 'throttled', retryAfterSeconds: 3600 });
  await signUp('four');
  const throttled = (await audited()).filter((type) => type === 'sign_up.throttled');
  t.equal(throttled.length, 1, 'the audit log hears of it once');
});

t.test('overload is no sign-up: the attempt is given back', async (t) => {
  const passwords = createPasswords();
  let busy = true;
  const hash: typeof passwords.hash = (password) =>
    busy ? Promise.reject(new PasswordQueueFullError(3)) : passwords.hash(password);
  const { identity } = await openHouse(t, {
    passwords: { ...passwords, hash },
    throttle: { signUpsPerAddress: 1 },
  });
  for (let round = 0; round < 3; round += 1) {
    t.same(await identity.signUp(FORM), { outcome: 'overloaded', retryAfterSeconds: 3 });
  }
  const account = { email: 'bob@example.com', name: 'Bob', password: GOOD_PASSWORD };
  t.match(await identity.createUser(account, OPERATOR), { outcome: 'overloaded' });
  busy = false;
  t.match(await identity.signUp(FORM), { outcome: 'created' });
});

t.test('an operator makes a user with a place in an organization, or none at all', async (t) => {
  const { identity, addOrganization, audited } = await openHouse(t);
  const acme = await addOrganization('Acme');
  const account = { email: 'ann@example.com', name: 'Ann', organizationId: acme.id };
  t.match(await identity.createUser({ ...account, role: 'admin' }, OPERATOR), {
    outcome: 'created',
    user: { email: 'ann@example.com' },
    membership: { organizationId: acme.id, role: 'admin' },
  });
  t.same(await identity.createUser(account, OPERATOR), { outcome: 'email_taken' });
  const before = await audited();
  for (const organizationId of ['nowhere', "'; --", '\0']) {
    const lost = { email: 'bob@example.com', name: 'Bob', organizationId };
    t.same(await identity.createUser(lost, OPERATOR), { outcome: 'organization_not_found' });
  }
  t.equal(await identity.users.findByEmail('bob@example.com'), undefined);
  t.same(await audited(), before, 'and no event tells of it');
  const alone = { email: 'eve@example.com', name: 'Eve', emailVerified: true };
  t.match(await identity.createUser(alone, OPERATOR), {
    outcome: 'created',
    user: { emailVerified: true },
    membership: undefined,
  });
});
