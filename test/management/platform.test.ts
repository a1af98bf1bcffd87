import t from 'tap';
import { grantConsent } from '../../src/oauth/consents/consents.store.ts';
import { openHouse } from './house.ts';

const house = await openHouse(t, { platform: 'kloakd' });
const { get, post, delete: remove, platform, gatehouse, database } = house;

t.test('shows what the platform file declares', async (t) => {
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);
  const scopes = await get('/scopes');
  t.strictSame(names(scopes.body.data), names(platform.scopes));
  t.ok(scopes.body.data[0].resources.includes(platform.api.identifier));
  const sets = await get('/permission-sets');
  t.strictSame(names(sets.body.data), names(platform.permissionSets));
  const { data: plans } = (await get('/plans')).body;
  t.strictSame(names(plans), names(platform.plans));
  t.strictSame(
    plans.filter((plan: { is_default: boolean }) => plan.is_default).length,
    1,
    'one plan is for newcomers',
  );
  for (const plan of platform.plans) {
    const shown = plans.find((each: { name: string }) => each.name === plan.name);
    t.strictSame(shown.modules, plan.modules);
    t.strictSame(Object.keys(shown.limits), Object.keys(plan.limits));
  }
});

t.test('signing keys rotate, and show nothing of their private parts', async (t) => {
  const before = (await get('/signing-keys')).body.data;
  t.same(
    before.map((key: { status: string }) => key.status),
    ['current', 'next'],
  );
  const wait = { 'retry-after': /^[1-9]\d*$/ };
  const early = { status: 409, headers: wait, body: { code: 'next_key_too_young' } };
  t.match(await post('/signing-keys/rotate'), early);
  t.match(await post('/signing-keys/rotate', { force: false }), early);
  const rotated = await post('/signing-keys/rotate', { force: true });
  t.equal(rotated.status, 201);
  const [current, next, previous] = rotated.body.data;
  t.equal(current.kid, before[1].kid, 'the next key signs now');
  t.equal(previous.kid, before[0].kid);
  t.ok(Date.parse(previous.retires_at) > Date.now());
  const jwks = (await gatehouse.app.inject('/oauth/jwks')).json();
  const published = jwks.keys.map((key: { kid: string }) => key.kid);
  t.same(published.sort(), [current.kid, next.kid, previous.kid].sort());
});

t.test("a user's consents are listed, and revoked by nobody else's id", async (t) => {
  const user = (await post('/users', { email: 'ann@example.com' })).body;
  const client = (await post('/clients', { name: 'App' })).body;
  const organization = (await post('/organizations', { name: 'Acme' })).body;
  const place = { organization_id: organization.id, user_id: user.id, role: 'owner' };
  t.equal((await post('/memberships', place)).status, 201);
  const scopes = platform.scopes.slice(0, 2).map(({ name }) => name);
  const own = { userId: user.id, clientId: client.client_id, scopes, refused: [] };
  const consent = { id: 'consent-1', organizationId: organization.id, ...own };
  await grantConsent(database, consent, new Date(), { actor: { kind: 'user', id: user.id } });
  const list = await get(`/consents?user_id=${user.id}`);
  const [shown] = list.body.data;
  t.match(shown, {
    id: 'consent-1',
    organization_id: organization.id,
    client_id: client.client_id,
  });
  t.same(shown.scopes, scopes);
  t.equal((await remove('/consents/consent-1?user_id=somebody')).status, 404);
  t.equal((await remove('/consents/consent-1')).status, 400);
  t.equal((await remove(`/consents/consent-1?user_id=${user.id}`)).status, 204);
  t.equal((await remove(`/consents/consent-1?user_id=${user.id}`)).status, 404);
  t.same((await get(`/consents?user_id=${user.id}`)).body.data, []);
});

t.test('the audit log says who did what from where, newest first', async (t) => {
  const { body, headers } = await post('/organizations', { name: 'Acme' });
  const log = await get(`/audit?organization_id=${body.id}`);
  t.match(log.body.data, [
    {
      type: 'organization.created',
      actor: { kind: 'admin', id: null },
      organization_id: body.id,
      target: { kind: 'organization', id: body.id },
      address: '127.0.0.1',
      request_id: /^req_/,
      details: { plan: platform.defaultPlan },
    },
  ]);
  t.equal(headers['content-type'], 'application/json; charset=utf-8');
  const typed = await get('/audit?type=organization.created&limit=1');
  t.equal(typed.body.data[0].id, log.body.data[0].id);
  const next = await get(`/audit?limit=1&cursor=${typed.body.next_cursor}`);
  t.ok(Number(next.body.data[0].id) < Number(typed.body.data[0].id));
  t.match(await get('/audit?type=organization.create'), {
    ...{ status: 400, body: { errors: [{ hint: 'Did you mean "organization.created"?' }] } },
  });
});
