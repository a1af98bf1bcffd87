import t from 'tap';
import { newSigner } from '../credentials/signer.ts';
import { type Key, openTenancy } from './tenancy.ts';

// Service accounts and clients say who made them, and are found by that, as keys are.

const house = await openTenancy(t);
const { key, as, adminKey } = house;
const { publicJwk } = await newSigner();

const account = async (by: string, more: object = {}) => {
  const body = { name: 'Nightly job', scopes: ['apps'], jwks: { keys: [publicJwk] }, ...more };
  const made = await as(by, 'POST', '/service-accounts', body);
  if (made.status !== 201) throw new Error(made.text);
  return made.body;
};
const client = async (by: string, more: object = {}) => {
  const made = await as(by, 'POST', '/clients', { name: 'An app', ...more });
  if (made.status !== 201) throw new Error(made.text);
  return made.body;
};
const idsOf = async (path: string, by: string, id: string, more = '') => {
  const { body } = await as(by, 'GET', `${path}?created_by=${id}${more}`);
  return body.data.map((each: { id?: string; client_id?: string }) => each.id ?? each.client_id);
};

for (const { path, idOf, make } of [
  { path: '/service-accounts', idOf: ({ id }: { id: string }) => id, make: account },
  { path: '/clients', idOf: ({ client_id }: { client_id: string }) => client_id, make: client },
]) {
  t.test(`${path} say who made them, whatever changes them later`, async (t) => {
    const maker = await key();
    const made = await make(maker.key);
    t.strictSame(made.created_by, { kind: 'api_key', id: maker.id });
    const own = `${path}/${idOf(made)}`;
    const changed = await as(adminKey, 'PATCH', own, { name: 'Renamed' });
    t.strictSame(changed.body.created_by, made.created_by);
    t.strictSame((await as(adminKey, 'GET', own)).body, changed.body);
    t.equal((await as(adminKey, 'PATCH', own, { created_by: null })).status, 400, 'read-only');
    t.equal((await as(adminKey, 'DELETE', `/api-keys/${maker.id}`)).status, 204);
    t.strictSame((await as(adminKey, 'GET', own)).body, changed.body, 'and outlive their maker');

    const byRoot = await make(adminKey, { organization_id: house.tenant });
    t.strictSame(byRoot.created_by, { kind: 'admin', id: null });
  });

  t.test(`${path} are found by who made them, page by page, by nobody else`, async (t) => {
    const maker: Key = await key();
    const [first, second] = [await make(maker.key), await make(maker.key)].map(idOf);
    await make((await key()).key);
    t.strictSame(await idsOf(path, adminKey, maker.id), [second, first], 'newest first');
    t.strictSame(await idsOf(path, maker.key, maker.id), [second, first]);
    const page = await as(adminKey, 'GET', `${path}?created_by=${maker.id}&limit=1`);
    t.strictSame(page.body.data.map(idOf), [second]);
    const cursor = `&cursor=${page.body.next_cursor}`;
    t.strictSame(await idsOf(path, adminKey, maker.id, cursor), [first]);
    t.strictSame(await idsOf(path, adminKey, 'nobody'), []);
    const neighbour = await key({ organization_id: await house.organization() });
    t.strictSame(await idsOf(path, neighbour.key, maker.id), [], 'a neighbour sees nothing of it');
  });
}

t.test(
  'a client that a process of before made has no maker, neither shown nor to the list',
  async (t) => {
    const maker = await key();
    const [kept, older] = [await client(maker.key), await client(maker.key)];
    await house.database.pool.query(
      'UPDATE clients SET created_by_kind = NULL WHERE client_id = $1',
      [older.client_id],
    );
    for (const by of [adminKey, maker.key]) {
      t.strictSame(await idsOf('/clients', by, maker.id), [kept.client_id]);
    }
    const { body } = await as(adminKey, 'GET', '/clients?limit=100');
    const listed = body.data.find(
      (each: { client_id: string }) => each.client_id === older.client_id,
    );
    t.equal(listed.created_by, null);
  },
);

t.test('the lists by maker read an index, not the table', async (t) => {
  const { rows } = await house.database.pool.query(
    `SELECT indexdef FROM pg_indexes WHERE tablename IN ('clients', 'service_accounts')`,
  );
  const indexes = rows.map(({ indexdef }) => indexdef).join('\n');
  t.match(indexes, '(created_by, created_at)');
  t.match(indexes, '(created_by_id, id)');
});
