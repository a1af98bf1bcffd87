import t from 'tap';
import { newSigner, sign } from '../credentials/signer.ts';
import { token } from '../support/flows.ts';
import { registerClient, registerService } from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { openTenancy } from './tenancy.ts';

const house = await openTenancy(t);
const { tenant, key, as, call, get, post, patch, member, gatehouse } = house;
const admin = await key();
const neighbour = await house.organization();
const [theirKey, theirClient] = [
  await key({ organization_id: neighbour }),
  (await post('/clients', { name: 'Theirs', organization_id: neighbour })).body,
];

const client = async (more: object = {}) =>
  (await post('/clients', { name: 'Ours', organization_id: tenant, ...more })).body;

t.test('a scope manages what the platform file says, and nothing beside it', async (t) => {
  const reads = ['api-keys', 'clients', 'memberships', 'organizations', 'audit', 'usage'];
  const readable = async (scopes: string[]) => {
    const { key: text } = await key({ scopes });
    const answers = await Promise.all(reads.map((path) => as(text, 'GET', `/${path}`)));
    return reads.filter((_, index) => answers[index]!.status === 200);
  };
  t.strictSame(await readable([]), []);
  t.strictSame(await readable(['notes:delete', 'gate:decide']), []);
  t.strictSame(await readable(['keys']), ['api-keys']);
  t.strictSame(await readable(['keys', 'people']), ['api-keys', 'memberships']);
  t.strictSame(await readable(['all']), reads);
});

t.test('what the platform declares is read by whoever manages anything', async (t) => {
  for (const [scopes, status] of [
    [['notes:delete'], 403],
    [['hooks'], 200],
  ] as const) {
    const { key: text } = await key({ scopes });
    for (const path of ['/scopes', '/permission-sets', '/plans']) {
      t.equal((await as(text, 'GET', path)).status, status, path);
    }
  }
  const { data } = (await as(admin.key, 'GET', '/scopes')).body;
  const hooks = data.find((scope: { name: string }) => scope.name === 'hooks');
  t.strictSame(hooks.manages, ['webhooks']);
});

t.test('a key comes as bearer or in the platform’s header, and never in both', async (t) => {
  const inHeader = (value: string, authorization: string | null = null) =>
    call('GET', '/api-keys', undefined, { authorization, headers: { 'x-api-key': value } });
  t.equal((await inHeader(admin.key)).status, 200);
  t.equal((await as(admin.key, 'GET', '/api-keys')).status, 200);
  t.equal((await inHeader('')).status, 401, 'an empty header is none');
  const twice = { status: 400, body: { code: 'malformed_request' } };
  t.match(await inHeader(admin.key, `Bearer ${admin.key}`), twice);
  t.match(await inHeader(admin.key, `Bearer ${house.adminKey}`), twice);
  t.match(await inHeader('nonsense', `Bearer ${house.adminKey}`), twice);
  t.equal((await inHeader(house.adminKey)).status, 401, 'ADMIN_KEY is a bearer alone');
});

t.test('a key is good from its addresses only, here as at the gate', async (t) => {
  const elsewhere = await key({ allowed_addresses: ['192.0.2.0/24'] });
  t.equal((await as(elsewhere.key, 'GET', '/api-keys')).status, 401);
  const here = await key({ allowed_addresses: ['127.0.0.0/8'] });
  t.equal((await as(here.key, 'GET', '/api-keys')).status, 200);
});

t.test('a tenant sees and renames itself; its plan is the operator’s', async (t) => {
  const list = await as(admin.key, 'GET', '/organizations');
  t.strictSame(
    list.body.data.map(({ id }: { id: string }) => id),
    [tenant],
  );
  t.match(await as(admin.key, 'PATCH', `/organizations/${tenant}`, { name: 'New name' }), {
    ...{ status: 200, body: { name: 'New name' } },
  });
  const plan = { status: 403, body: { code: 'forbidden', errors: [{ path: 'plan' }] } };
  for (const id of [tenant, neighbour, 'unknown']) {
    t.match(await as(admin.key, 'PATCH', `/organizations/${id}`, { plan: 'pro' }), plan);
    t.match(await as(admin.key, 'PATCH', `/organizations/${id}`, { plan: 'pro', name: 'x' }), plan);
  }
  t.match((await get(`/organizations/${tenant}`)).body, { plan: 'free' });
});

t.test('a tenant’s clients are its own, without the operator’s settings', async (t) => {
  const mine = await as(admin.key, 'POST', '/clients', { name: 'Mine', scope: 'notes:read' });
  t.match(mine, { status: 201, body: { organization_id: tenant } });
  const [operators, theirs] = [(await post('/clients', { name: 'Operator’s' })).body, theirClient];
  for (const { client_id } of [operators, theirs]) {
    t.equal((await as(admin.key, 'GET', `/clients/${client_id}`)).status, 404);
    t.equal((await as(admin.key, 'DELETE', `/clients/${client_id}`)).status, 404);
    t.equal((await as(admin.key, 'PATCH', `/clients/${client_id}`, { name: 'x' })).status, 404);
    const rotation = await as(admin.key, 'POST', `/clients/${client_id}/rotate-secret`);
    t.equal(rotation.status, 404);
  }
  const listed = (await as(admin.key, 'GET', '/clients')).body.data;
  t.ok(listed.every((one: { organization_id: string }) => one.organization_id === tenant));

  for (const field of [
    { organization_id: null },
    { require_pkce: false },
    { introspection_audiences: ['https://api.acme.example'] },
  ]) {
    const refused = { status: 403, body: { errors: [{ path: Object.keys(field)[0] }] } };
    t.match(await as(admin.key, 'POST', '/clients', { name: 'x', ...field }), refused);
    if ('organization_id' in field) continue;
    const { client_id } = mine.body;
    t.match(await as(admin.key, 'PATCH', `/clients/${client_id}`, field), refused);
  }
});

t.test('a client never may ask for more than whoever makes or takes it over', async (t) => {
  const wide = await client({ scope: 'all', redirect_uris: ['https://app.example.com/cb'] });
  const { key: less } = await key({ scopes: ['apps'] });
  const refused = { status: 403, body: { code: 'forbidden', errors: [{ path: 'scope' }] } };
  t.match(await as(less, 'POST', '/clients', { name: 'x', scope: 'all' }), refused);
  t.match(await as(less, 'POST', '/clients', { name: 'x', scope: 'notes:read' }), refused);
  const plain = await as(less, 'POST', '/clients', { name: 'x', scope: 'openid' });
  t.equal(plain.status, 201, 'who somebody is, is nobody’s to hold');
  const path = `/clients/${wide.client_id}`;
  t.match(await as(less, 'POST', `${path}/rotate-secret`), refused);
  t.match(await as(less, 'PATCH', path, { redirect_uris: ['https://evil.example/cb'] }), refused);
  t.match(await as(less, 'PATCH', path, { name: 'x', disabled: true }), refused);
  t.equal((await as(less, 'PATCH', path, { disabled: true })).status, 200);
  t.match(await as(less, 'PATCH', path, { disabled: false }), refused);
  t.equal((await as(less, 'DELETE', path)).status, 204);
});

t.test('a key that is held back makes no client, which would not be', async (t) => {
  const bounds = [
    { expires_at: new Date(Date.now() + 3_600_000).toISOString() },
    { allowed_addresses: ['127.0.0.0/8'] },
    { limits: { calls: 5 } },
    { environment: 'test' },
  ];
  for (const bound of bounds) {
    const held = await key(bound);
    const { client_id } = await client();
    t.match(await as(held.key, 'POST', '/clients', { name: 'x' }), { status: 403 });
    t.match(await as(held.key, 'POST', `/clients/${client_id}/rotate-secret`), { status: 403 });
    const disabled = await as(held.key, 'PATCH', `/clients/${client_id}`, { disabled: true });
    t.equal(disabled.status, 200);
    t.equal((await as(held.key, 'DELETE', `/clients/${client_id}`)).status, 204);
  }
});

t.test('members: nobody is made an owner, or given more than the giver holds', async (t) => {
  const owner = await member('owner');
  const [ann, ben] = [await member('member'), await member('admin')];
  const less = await key({ scopes: ['people'] });
  const path = (user: string, organization = tenant) => `/memberships/${organization}/${user}`;
  const role = (by: string, user: string, wanted: string) =>
    as(by, 'PATCH', path(user), { role: wanted });
  t.equal((await role(admin.key, ann, 'owner')).status, 403);
  t.equal((await role(admin.key, owner, 'member')).status, 403);
  t.equal((await as(admin.key, 'DELETE', path(owner))).status, 403);
  t.equal((await role(less.key, ann, 'admin')).status, 403, 'an admin may do more than it can');
  t.equal((await role(less.key, ben, 'member')).status, 200, 'less power may be given');
  t.equal((await role(less.key, ben, 'admin')).status, 403);
  const held = await key({ expires_at: new Date(Date.now() + 3_600_000).toISOString() });
  t.equal((await role(held.key, ben, 'admin')).status, 403, 'an admin would outlive the key');
  t.equal((await role(admin.key, ben, 'admin')).status, 200);
  t.equal((await as(less.key, 'DELETE', path(ben))).status, 204);
  t.match((await get(path(owner))).body, { role: 'owner' });

  const list = (query: string) => as(admin.key, 'GET', `/memberships${query}`);
  const stranger = (await post('/users', { email: 'x@example.com', organization_id: neighbour }))
    .body.id;
  t.strictSame((await list(`?user_id=${stranger}`)).body.data, []);
  t.strictSame((await list(`?user_id=${ann}&organization_id=${neighbour}`)).body.data, []);
  t.equal((await list(`?user_id=${ann}`)).body.data.length, 1);
  t.equal((await as(admin.key, 'DELETE', path(stranger, neighbour))).status, 404);
  t.equal((await role(admin.key, stranger, 'member')).status, 404);
  t.equal((await as(admin.key, 'PATCH', path(stranger, neighbour), { role: 'owner' })).status, 404);
  const added = { user_id: stranger, organization_id: tenant, role: 'member' };
  t.equal((await as(admin.key, 'POST', '/memberships', added)).status, 403);
});

t.test('keys of a neighbour are not there, in any way', async (t) => {
  const path = `/api-keys/${theirKey.id}`;
  for (const [method, suffix, body] of [
    ['GET', '', undefined],
    ['PATCH', '', { disabled: true }],
    ['PATCH', '', { scopes: ['all'] }],
    ['POST', '/rotate', {}],
    ['POST', '/disable', undefined],
    ['DELETE', '', undefined],
  ] as const) {
    t.equal((await as(admin.key, method, path + suffix, body)).status, 404, method + suffix);
  }
  t.match((await get(path)).body, { status: 'active' });
  // A position in somebody else's list moves one's own, and shows nothing of theirs.
  const { next_cursor } = (await get('/api-keys?limit=1')).body;
  const page = await as(admin.key, 'GET', `/api-keys?cursor=${next_cursor}&limit=100`);
  t.notMatch(page.text, neighbour);
});

t.test('the log says which credential acted', async (t) => {
  const newest = async (organization = tenant) =>
    (await get(`/audit?organization_id=${organization}&limit=1`)).body.data[0];
  const rename = (by: string) => as(by, 'PATCH', `/organizations/${tenant}`, { name: 'Again' });
  await rename(admin.key);
  t.match(await newest(), { actor: { kind: 'api_key', id: admin.id } });

  const service = await registerService(gatehouse, { organizationId: tenant, scopes: ['all'] });
  const parameters = { grant_type: 'client_credentials', scope: 'all' };
  t.equal(
    (await rename((await token(gatehouse, service, parameters)).body.access_token!)).status,
    200,
  );
  t.match(await newest(), { actor: { kind: 'client', id: service.clientId } });

  const signer = await newSigner();
  const made = await post('/service-accounts', {
    ...{ organization_id: tenant, name: 'Job', scopes: ['all'] },
    jwks: { keys: [signer.publicJwk] },
  });
  const jwt = await sign(signer, made.body, house.platform.api.identifier);
  t.equal((await rename(jwt)).status, 200);
  t.match(await newest(), { actor: { kind: 'service_account', id: made.body.id } });

  const [email, password] = ['owner@example.com', 'correct horse battery'];
  const body = { email, password, organization_id: tenant, role: 'owner' };
  const { id } = (await post('/users', body)).body;
  const app = await registerClient(gatehouse);
  const user = { id, email, password, organizationId: tenant };
  const tokens = await createSignedIn(gatehouse, user).tokens(app, { scope: 'openid all' });
  t.equal((await rename(tokens.access_token)).status, 200);
  t.match(await newest(), { actor: { kind: 'user', id } });

  const child = await as(tokens.access_token, 'POST', '/api-keys', { name: 'x', scopes: ['all'] });
  t.match(child, { status: 201, body: { organization_id: tenant } });

  // Less power ends what was issued under the former.
  await post('/users', { email: 'second@example.com', organization_id: tenant, role: 'owner' });
  await patch(`/memberships/${tenant}/${id}`, { role: 'member' });
  const deadline = Date.now() + 1_000;
  let { status } = await rename(tokens.access_token);
  while (status !== 401 && Date.now() < deadline) {
    ({ status } = await rename(tokens.access_token));
  }
  t.equal(status, 401, 'within a second');
});

t.test('a credential without an organization manages nothing', async (t) => {
  const service = await registerService(gatehouse, { organizationId: null, scopes: ['all'] });
  const parameters = { grant_type: 'client_credentials', scope: 'all' };
  const { access_token: text } = (await token(gatehouse, service, parameters)).body;
  for (const path of ['/organizations', '/api-keys', '/clients', '/audit', '/scopes']) {
    t.equal((await as(text!, 'GET', path)).status, 403, path);
  }
});

t.test('other tokens of this server are no credentials here', async (t) => {
  const user = { email: 'id@example.com', password: 'correct horse battery' };
  const { id } = (await post('/users', { ...user, organization_id: tenant, role: 'owner' })).body;
  const app = await registerClient(gatehouse);
  const signedIn = createSignedIn(gatehouse, { ...user, id, organizationId: tenant });
  const tokens = await signedIn.tokens(app, { scope: 'openid all' });
  for (const text of [tokens.id_token!, tokens.refresh_token, `${tokens.access_token}x`]) {
    t.equal((await as(text, 'GET', '/api-keys')).status, 401);
  }
});
