import t from 'tap';
import { OPERATOR, openHouse } from './house.ts';

t.test('whoever is shut out, leaves or is deleted has their consents ended, once', async (t) => {
  const { identity, addUser, addOrganization, ended } = await openHouse(t);
  const ann = await addUser('Ann');
  const bob = await addUser('Bob');
  const acme = await addOrganization('Acme');
  const place = { userId: bob.id, organizationId: acme.id };
  await identity.memberships.add({ ...place, role: 'admin' }, OPERATOR);
  await identity.memberships.changeRole({ ...place, role: 'member' }, OPERATOR);
  t.same(ended, [], 'a lesser role ends none');
  const goings: [() => Promise<unknown>, object][] = [
    [() => identity.users.disable(ann.id, OPERATOR), { reason: 'user_disabled', userId: ann.id }],
    [
      () => identity.memberships.remove(bob.id, acme.id, OPERATOR),
      { reason: 'membership_ended', ...place },
    ],
    [() => identity.users.remove(bob.id, OPERATOR), { reason: 'user_deleted', userId: bob.id }],
    [
      () => identity.organizations.remove(acme.id, OPERATOR),
      { reason: 'organization_deleted', organizationId: acme.id },
    ],
  ];
  for (const [go, end] of goings) {
    await go();
    await go();
    t.same(ended.splice(0), [end]);
  }
});

t.test('when ending consents fails, nothing else has been ended', async (t) => {
  const house = await openHouse(t);
  const ann = await house.addUser('Ann');
  house.breakRevocations();
  await t.rejects(house.identity.users.remove(ann.id, OPERATOR), {
    message: 'the denylist is out of order',
  });
  t.same([house.ended, house.denied], [[], []]);
  t.match(await house.identity.findUser(ann.id), { id: ann.id });
  house.mendRevocations();
  t.equal(await house.identity.users.remove(ann.id, OPERATOR), true);
});
