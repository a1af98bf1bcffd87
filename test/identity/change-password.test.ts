import t from 'tap';
import { GOOD_PASSWORD, OPERATOR, openHouse } from './house.ts';

const HERE = { address: '192.0.2.1' };
const NEXT = 'eight dry herons read';

t.test('a changed password replaces the old one and ends what was issued under it', async (t) => {
  const { identity, addUser, denied, audited } = await openHouse(t);
  const ann = await addUser('Ann', GOOD_PASSWORD);
  const change = { userId: ann.id, currentPassword: GOOD_PASSWORD, newPassword: NEXT, ...HERE };
  t.same(await identity.changePassword(change), { outcome: 'changed' });
  t.same(denied, [['subject', ann.id]]);
  t.ok((await audited()).includes('password.changed'));
  const attempt = (password: string) => identity.signIn({ email: ann.email, password, ...HERE });
  t.match(await attempt(GOOD_PASSWORD), { outcome: 'rejected' });
  t.match(await attempt(NEXT), { outcome: 'signed_in' });
});

t.test('guesses at the current password count as sign-in attempts', async (t) => {
  const { identity, addUser, verified, denied, audited } = await openHouse(t);
  const ann = await addUser('Ann', GOOD_PASSWORD);
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      identity.changePassword({
        userId: ann.id,
        currentPassword: `guess ${index}`,
        newPassword: NEXT,
        ...HERE,
      }),
    ),
  );
  t.equal(outcomes.filter(({ outcome }) => outcome === 'rejected').length, 10);
  t.equal(verified.length, 10);
  t.same(denied, []);
  t.equal((await audited()).filter((type) => type === 'sign_in.throttled').length, 1);
  const attempt = { email: ann.email, password: GOOD_PASSWORD, ...HERE };
  t.match(await identity.signIn(attempt), { outcome: 'throttled' });
});

t.test('of two changes at once, one wins', async (t) => {
  const { identity, addUser } = await openHouse(t);
  const ann = await addUser('Ann', GOOD_PASSWORD);
  const outcomes = await Promise.all(
    [NEXT, 'nine old badgers hum'].map((newPassword) =>
      identity.changePassword({
        userId: ann.id,
        currentPassword: GOOD_PASSWORD,
        newPassword,
        ...HERE,
      }),
    ),
  );
  t.same(outcomes.map(({ outcome }) => outcome).sort(), ['changed', 'rejected']);
});

t.test('a poor new password is refused before the current one is looked at', async (t) => {
  const { identity, addUser, verified } = await openHouse(t);
  const ann = await addUser('Ann', GOOD_PASSWORD);
  const change = { userId: ann.id, currentPassword: GOOD_PASSWORD, ...HERE };
  t.same(await identity.changePassword({ ...change, newPassword: 'ann@example.com' }), {
    outcome: 'invalid',
    problems: [{ field: 'newPassword', code: 'too_common' }],
  });
  t.same(verified, []);
});

t.test(
  'nobody changes the password of a disabled user, of no user, or of one without',
  async (t) => {
    const { identity, addUser } = await openHouse(t);
    const eve = await addUser('Eve', GOOD_PASSWORD);
    await identity.users.disable(eve.id, OPERATOR);
    const bob = await addUser('Bob');
    for (const userId of [eve.id, bob.id, 'nobody', "' OR true --", '\0']) {
      const change = { userId, currentPassword: GOOD_PASSWORD, newPassword: NEXT, ...HERE };
      t.same(await identity.changePassword(change), { outcome: 'rejected' });
    }
  },
);

t.test('an operator changes all of a user that was asked for, or nothing', async (t) => {
  const house = await openHouse(t);
  const { identity, database } = house;
  const bob = await house.addUser('Bob', GOOD_PASSWORD);
  const before = await house.audited();
  const everything = { name: 'Rob', emailVerified: true, password: NEXT, disabled: true };
  const change = () => identity.changeUser(bob.id, everything, OPERATOR);

  house.breakRevocations();
  await t.rejects(change(), { message: 'the denylist is out of order' });
  t.same(await house.audited(), before);
  t.same(await identity.findUser(bob.id), bob);
  t.ok(
    await house.passwords.verify((await identity.users.findPasswordHash(bob.id))!, GOOD_PASSWORD),
  );
  house.mendRevocations();

  const transactions = t.capture(database, 'largeTransaction', database.largeTransaction);
  t.match(await change(), {
    outcome: 'changed',
    user: { name: 'Rob', emailVerified: true, disabled: true },
  });
  t.equal(transactions().length, 1);
  t.same((await house.audited()).slice(before.length), [
    ...['password.changed', 'user.updated', 'user.disabled'],
  ]);
});

t.test('an operator sets a password, even a first one', async (t) => {
  const { identity, addUser, denied } = await openHouse(t);
  const bob = await addUser('Bob');
  const set = (userId: string, newPassword: string) =>
    identity.changeUser(userId, { password: newPassword }, OPERATOR);
  t.match(await set(bob.id, NEXT), { outcome: 'changed', user: { id: bob.id } });
  t.same(denied, [['subject', bob.id]]);
  t.match(await set(bob.id, 'short'), { outcome: 'invalid' });
  t.same(await set('nobody', NEXT), { outcome: 'not_found' });
  const attempt = { email: bob.email, password: NEXT, ...HERE };
  t.match(await identity.signIn(attempt), { outcome: 'signed_in' });
});
