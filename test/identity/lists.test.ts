import t from 'tap';
import type { Page, PageRequest } from '../../src/lib/cursor.ts';
import { InvalidCursorError } from '../../src/lib/cursor.ts';
import { OPERATOR, openHouse } from './house.ts';

type List<Item> = (request: PageRequest) => Promise<Page<Item>>;

/** Reads a list to its end, two at a time. */
async function readAll<Item>(list: List<Item>): Promise<Item[]> {
  const all: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ cursor, limit: 2 });
    all.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return all;
}

/** Two organizations with five members each, one user being in both. */
async function openStreet(t: Parameters<typeof openHouse>[0]) {
  const house = await openHouse(t);
  const { memberships } = house.identity;
  const acme = await house.addOrganization('Acme');
  house.clock.advance(1);
  const bolt = await house.addOrganization('Bolt');
  for (let index = 0; index < 9; index += 1) {
    house.clock.advance(1);
    const userId = (await house.addUser(`User${index}`)).id;
    const place = { userId, role: 'member' as const };
    if (index < 5) await memberships.add({ ...place, organizationId: acme.id }, OPERATOR);
    if (index >= 4) await memberships.add({ ...place, organizationId: bolt.id }, OPERATOR);
  }
  return { ...house, acme, bolt };
}

t.test('pages neither repeat nor skip, newest first', async (t) => {
  const { identity } = await openStreet(t);
  const users = await readAll((request) => identity.users.list(request));
  t.same(
    users.map(({ name }) => name),
    [8, 7, 6, 5, 4, 3, 2, 1, 0].map((index) => `User${index}`),
  );
  const organizations = await readAll((request) => identity.organizations.list(request));
  t.same(
    organizations.map(({ name }) => name),
    ['Bolt', 'Acme'],
  );
  t.equal((await identity.users.list({ limit: 9 })).nextCursor, null, 'exactly one page');
  for (const limit of [0, -5, 1e9, Number.NaN, 1.5]) {
    const { items } = await identity.users.list({ limit });
    t.ok(items.length >= 1 && items.length <= 9);
  }
});

t.test('a list of one organization never shows its neighbour', async (t) => {
  const { identity, acme, bolt } = await openStreet(t);
  const names = async (organizationId: string) =>
    (await readAll((request) => identity.users.list({ ...request, organizationId }))).map(
      ({ name }) => name,
    );
  t.same(await names(acme.id), ['User4', 'User3', 'User2', 'User1', 'User0']);
  t.same(await names(bolt.id), ['User8', 'User7', 'User6', 'User5', 'User4']);
  const members = await readAll((request) =>
    identity.memberships.listOfOrganization(acme.id, request),
  );
  t.equal(members.length, 5);
  t.ok(members.every(({ organizationId }) => organizationId === acme.id));
  const newest = await identity.users.list({ limit: 1, organizationId: bolt.id });
  const crossed = await identity.users.list({
    cursor: newest.nextCursor!,
    organizationId: acme.id,
  });
  t.equal(crossed.items.length, 5, "a neighbour's cursor moves the start, not the fence");
  t.notMatch(crossed.items, [{ name: 'User8' }]);
  for (const organizationId of ['', 'nowhere', "' OR true --", '%', '\0']) {
    t.same(await names(organizationId), [], JSON.stringify(organizationId));
  }
});

t.test('a user sees the memberships that are theirs', async (t) => {
  const { identity, acme, bolt } = await openStreet(t);
  const both = (await identity.users.findByEmail('user4@example.com'))!;
  const one = (await identity.users.findByEmail('user0@example.com'))!;
  t.same(await identity.membershipsOf(both.id), [
    { organizationId: acme.id, organizationName: 'Acme', role: 'member' },
    { organizationId: bolt.id, organizationName: 'Bolt', role: 'member' },
  ]);
  t.equal((await identity.membershipsOf(one.id)).length, 1);
  const paged = await readAll((request) => identity.memberships.listOfUser(both.id, request));
  t.same(
    paged.map(({ organizationId }) => organizationId),
    [bolt.id, acme.id],
  );
  const theirs = await readAll((request) =>
    identity.organizations.list({ ...request, userId: one.id }),
  );
  t.same(
    theirs.map(({ name }) => name),
    ['Acme'],
  );
});

t.test('a forged cursor is refused by its form and never reaches SQL', async (t) => {
  const { identity, acme } = await openStreet(t);
  const forge = (content: unknown) =>
    Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)).toString(
      'base64url',
    );
  const page = await identity.memberships.listOfOrganization(acme.id, { limit: 1 });
  const forged = [
    '',
    'not base64 !',
    "' OR 1=1 --",
    'x'.repeat(100_000),
    forge('not json'),
    forge('null'),
    forge({ list: 'users', position: 'x' }),
    forge(['users']),
    forge(['users', 7]),
    forge(['users', null]),
    forge(['users', { lt: 'x' }]),
    forge(['users', '']),
    forge(['users', "x' OR '1'='1"]),
    forge(['users', '\0']),
    forge(['users', 'a', 'b']),
    forge(['organizations', acme.id]),
    page.nextCursor!,
  ];
  for (const cursor of forged) {
    const label = cursor.slice(0, 40);
    await t.rejects(identity.users.list({ cursor }), InvalidCursorError, label);
    const { memberships } = identity;
    await t.rejects(memberships.listOfUser(acme.id, { cursor }), InvalidCursorError, label);
  }
});
