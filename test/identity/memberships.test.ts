import t from 'tap';
import type { Role } from '../../src/identity/identity.ts';
import { OPERATOR, openHouse } from './house.ts';

t.test('a user is a member once, of what exists', async (t) => {
  const { identity, addUser, addOrganization } = await openHouse(t);
  const { memberships } = identity;
  const place = {
    userId: (await addUser('Ann')).id,
    organizationId: (await addOrganization('A')).id,
  };
  const added = await memberships.add({ ...place, role: 'member' }, OPERATOR);
  t.same(await memberships.find(place.userId, place.organizationId), added);
  const refused = (other: object, code: string) =>
    t.rejects(memberships.add({ ...place, role: 'owner', ...other }, OPERATOR), { code });
  await refused({}, 'already_member');
  for (const id of ['nobody', "'; --", '\0']) {
    await refused({ userId: id }, 'user_not_found');
    await refused({ organizationId: id }, 'organization_not_found');
    t.equal(await memberships.remove(id, place.organizationId, OPERATOR), false);
    t.equal(await memberships.find(place.userId, id), undefined);
    t.same(await memberships.namedOf(id), []);
  }
});

t.test('the last owner stays, though all leave at the same moment', async (t) => {
  const { identity, addUser, addOrganization } = await openHouse(t);
  const { memberships } = identity;
  const acme = await addOrganization('Acme');
  const owners = await Promise.all(
    ['Ann', 'Bob', 'Cyd', 'Dan', 'Eve'].map((name) => addUser(name)),
  );
  for (const { id } of owners) {
    const place = { userId: id, organizationId: acme.id, role: 'owner' as const };
    await memberships.add(place, OPERATOR);
  }
  const outcomes = await Promise.allSettled(
    owners.map(({ id }, index) =>
      index % 2 === 0
        ? memberships.remove(id, acme.id, OPERATOR)
        : memberships.changeRole({ userId: id, organizationId: acme.id, role: 'member' }, OPERATOR),
    ),
  );
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  t.match(refused, [{ reason: { name: 'IdentityError', code: 'last_owner' } }]);
  const { items } = await memberships.listOfOrganization(acme.id, {});
  t.equal(items.filter(({ role }) => role === 'owner').length, 1);
});

t.test('leaving and losing power revoke; gaining power does not', async (t) => {
  const { identity, addUser, addOrganization, denied, audited } = await openHouse(t);
  const { memberships } = identity;
  const place = {
    userId: (await addUser('Ann')).id,
    organizationId: (await addOrganization('A')).id,
  };
  const mark = ['membership', place.userId, place.organizationId];
  const change = (role: Role) => memberships.changeRole({ ...place, role }, OPERATOR);
  t.equal(await change('admin'), undefined, 'no member yet');
  await memberships.add({ ...place, role: 'member' }, OPERATOR);
  t.match(await change('admin'), { role: 'admin' });
  t.match(await change('admin'), { role: 'admin' });
  t.same(denied, []);
  t.match(await change('member'), { role: 'member' });
  t.same(denied, [mark]);
  t.equal(await memberships.remove(place.userId, place.organizationId, OPERATOR), true);
  t.equal(await memberships.remove(place.userId, place.organizationId, OPERATOR), false);
  t.same(denied, [mark, mark]);
  t.same((await audited()).slice(2), [
    'membership.created',
    'membership.updated',
    'membership.updated',
    'membership.deleted',
  ]);
});

t.test('deleting an organization revokes all that was issued for it; its users stay', async (t) => {
  const { identity, addUser, addOrganization, denied, audited } = await openHouse(t);
  const acme = await addOrganization('Acme');
  const ann = await addUser('Ann');
  const place = { userId: ann.id, organizationId: acme.id, role: 'owner' as const };
  await identity.memberships.add(place, OPERATOR);
  t.match(await identity.organizations.update(acme.id, { plan: 'pro' }, OPERATOR), {
    name: 'Acme',
    plan: 'pro',
  });
  t.equal(await identity.organizations.remove(acme.id, OPERATOR), true);
  t.same(denied, [['organization', acme.id]]);
  t.equal(await identity.organizations.find(acme.id), undefined);
  t.same(await identity.membershipsOf(ann.id), []);
  t.match(await identity.findUser(ann.id), { id: ann.id });
  t.equal((await audited()).at(-1), 'organization.deleted');
  t.equal(await identity.organizations.remove(acme.id, OPERATOR), false);
  t.equal(await identity.organizations.update(acme.id, { name: 'x' }, OPERATOR), undefined);
});
