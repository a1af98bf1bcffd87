import t from 'tap';
import { GOOD_PASSWORD, OPERATOR, openHouse } from './house.ts';

t.test('a user is found by id and by address, however written', async (t) => {
  const { identity, addUser } = await openHouse(t);
  const ann = await addUser('Ann', GOOD_PASSWORD);
  t.same(await identity.findUser(ann.id), ann);
  t.same(await identity.users.findByEmail(' ANN@EXAMPLE.com '), ann);
  t.notMatch(JSON.stringify(ann), /argon2/, 'the hash stays in the store');
  for (const id of ['nobody', '', '\0', "' OR true --", 'x'.repeat(100_000)]) {
    t.equal(await identity.findUser(id), undefined);
    t.equal(await identity.findActiveUser(id), undefined);
    t.equal(await identity.users.disable(id, OPERATOR), undefined);
    t.equal(await identity.users.update(id, { name: 'x' }, OPERATOR), undefined);
    t.equal(await identity.users.remove(id, OPERATOR), false);
  }
});

t.test('an address belongs to one user, whoever asks for it how', async (t) => {
  const { identity, addUser } = await openHouse(t);
  await addUser('Ann');
  const bob = await addUser('Bob');
  const twin = { email: 'ANN@example.com', name: 'Twin', passwordHash: null };
  await t.rejects(identity.users.create(twin, OPERATOR), { code: 'email_taken' });
  const change = { email: 'Ann@example.com' };
  await t.rejects(identity.users.update(bob.id, change, OPERATOR), { code: 'email_taken' });
});

t.test('an update changes what it names; a new address is unverified', async (t) => {
  const { identity, addUser, clock } = await openHouse(t);
  const ann = await addUser('Ann');
  clock.advance(60);
  const update = (changes: object) => identity.users.update(ann.id, changes, OPERATOR);
  t.match(await update({ emailVerified: true }), { emailVerified: true, name: 'Ann' });
  t.match(await update({ name: 'Anna' }), { emailVerified: true, name: 'Anna' });
  t.match(await update({ email: 'ANN@example.com' }), { emailVerified: true }, 'the same address');
  t.match(await update({ email: 'anna@example.com' }), {
    email: 'anna@example.com',
    emailVerified: false,
    updatedAt: clock.now(),
  });
  t.match(await update({ email: 'a@example.com', emailVerified: true }), { emailVerified: true });
  t.match(await update({ emailVerified: false }), { emailVerified: false });
});

t.test('disabling revokes in the same transaction, and only the first time', async (t) => {
  const { identity, addUser, denied, audited } = await openHouse(t);
  const ann = await addUser('Ann');
  t.match(await identity.users.disable(ann.id, OPERATOR), { disabled: true });
  t.match(await identity.users.disable(ann.id, OPERATOR), { disabled: true });
  t.same(denied, [['subject', ann.id]]);
  t.equal(await identity.findActiveUser(ann.id), undefined);
  t.match(await identity.findUser(ann.id), { disabled: true });
  t.match(await identity.users.enable(ann.id, OPERATOR), { disabled: false });
  t.match(await identity.findActiveUser(ann.id), { id: ann.id });
  t.same(await audited(), ['user.created', 'user.disabled', 'user.enabled']);
});

t.test('when revoking fails, nothing has happened and nothing is recorded', async (t) => {
  const house = await openHouse(t);
  const { identity } = house;
  const ann = await house.addUser('Ann');
  const bob = await house.addUser('Bob');
  const acme = await house.addOrganization('Acme');
  const place = { organizationId: acme.id };
  await identity.memberships.add({ ...place, userId: ann.id, role: 'owner' }, OPERATOR);
  await identity.memberships.add({ ...place, userId: bob.id, role: 'admin' }, OPERATOR);
  const before = await house.audited();
  house.breakRevocations();
  const outOfOrder = { message: 'the denylist is out of order' };
  await t.rejects(identity.users.disable(ann.id, OPERATOR), outOfOrder);
  await t.rejects(identity.users.remove(bob.id, OPERATOR), outOfOrder);
  await t.rejects(identity.memberships.remove(bob.id, acme.id, OPERATOR), outOfOrder);
  const demotion = { ...place, userId: bob.id, role: 'member' as const };
  await t.rejects(identity.memberships.changeRole(demotion, OPERATOR), outOfOrder);
  await t.rejects(identity.organizations.remove(acme.id, OPERATOR), outOfOrder);
  t.match(await identity.findUser(ann.id), { disabled: false });
  t.match(await identity.membershipsOf(bob.id), [{ role: 'admin' }]);
  t.same(await house.audited(), before);
});

t.test('deleting a user takes memberships along and tells their organizations', async (t) => {
  const { identity, addUser, addOrganization, denied, database } = await openHouse(t);
  const ann = await addUser('Ann');
  const acme = await addOrganization('Acme');
  const place = { userId: ann.id, organizationId: acme.id, role: 'owner' as const };
  await identity.memberships.add(place, OPERATOR);
  t.equal(await identity.users.remove(ann.id, OPERATOR), true);
  t.same(denied, [['subject', ann.id]]);
  t.equal(await identity.findUser(ann.id), undefined);
  t.same((await identity.memberships.listOfOrganization(acme.id, {})).items, []);
  const { rows } = await database.pool.query(
    "SELECT type, target_id FROM audit_events WHERE organization_id = $1 AND type LIKE '%deleted'",
    [acme.id],
  );
  t.same(rows, [{ type: 'membership.deleted', target_id: ann.id }]);
  t.equal(await identity.users.remove(ann.id, OPERATOR), false);
});

t.test(
  'the only owner among several members is not deleted, not even by parallel calls',
  async (t) => {
    const { identity, addUser, addOrganization } = await openHouse(t);
    const acme = await addOrganization('Acme');
    const place = { organizationId: acme.id };
    const owners = await Promise.all(['Ann', 'Bob', 'Cyd', 'Dan'].map((name) => addUser(name)));
    const eve = await addUser('Eve');
    for (const { id } of owners) {
      await identity.memberships.add({ ...place, userId: id, role: 'owner' }, OPERATOR);
    }
    await identity.memberships.add({ ...place, userId: eve.id, role: 'member' }, OPERATOR);
    const outcomes = await Promise.allSettled(
      owners.map(({ id }) => identity.users.remove(id, OPERATOR)),
    );
    t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 3);
    t.match(
      outcomes.find(({ status }) => status === 'rejected'),
      { reason: { code: 'last_owner' } },
    );
    t.equal(await identity.users.remove(eve.id, OPERATOR), true);
    const { items } = await identity.memberships.listOfOrganization(acme.id, {});
    t.equal(await identity.users.remove(items[0]!.userId, OPERATOR), true, 'alone, nobody is left');
  },
);
