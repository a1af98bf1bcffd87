import { decodeJwt } from 'jose';
import t from 'tap';
import { introspect, refresh, revoke, token, userinfo } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  startGatehouse,
} from '../support/gatehouse.ts';
import { within } from '../support/two-servers.ts';

const gatehouse = await startGatehouse(t);
const { identifier } = gatehouse.platform.api;
const service = await registerService(gatehouse);
const GRANT = { grant_type: 'client_credentials' };

t.test('gives an access token and no refresh token (RFC 6749 §4.4.3)', async (t) => {
  const both = await registerClient(gatehouse, {
    name: 'App and Service',
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
  });
  for (const client of [service, both]) {
    const { status, headers, body } = await token(gatehouse, client, GRANT);
    t.equal(status, 200);
    t.equal(headers.get('cache-control'), 'no-store');
    t.equal(headers.get('content-type'), 'application/json; charset=utf-8');
    t.same(Object.keys(body).sort(), ['access_token', 'expires_in', 'scope', 'token_type']);
    t.match(body, { token_type: 'Bearer', expires_in: 3600 });
  }
});

t.test('the token speaks for the client and its organization (RFC 9068 §2.2)', async (t) => {
  const { organizationId } = await createUser(gatehouse);
  const owned = await registerService(gatehouse, { name: 'Owned Service', organizationId });
  const answer = await token(gatehouse, owned, { ...GRANT, scope: 'notes:read' });
  const claims = decodeJwt(answer.body.access_token!);
  t.match(claims, {
    iss: gatehouse.issuer,
    aud: identifier,
    sub: owned.clientId,
    client_id: owned.clientId,
    org_id: organizationId,
    scope: 'notes:read',
  });
  t.notOk('grant_id' in claims);
  const free = decodeJwt((await token(gatehouse, service, GRANT)).body.access_token!);
  t.notOk('org_id' in free, "the operator's own client acts for no tenant");
});

t.test('gives every registered scope when none is named (RFC 6749 §3.3)', async (t) => {
  const scopes = ['notes:read', 'notes:write'];
  const narrow = await registerService(gatehouse, { name: 'Narrow Service', scopes });
  const answer = await token(gatehouse, narrow, GRANT);
  t.equal(answer.body.scope, 'notes:read notes:write');
  t.equal((await token(gatehouse, narrow, { ...GRANT, scope: '' })).body.scope, answer.body.scope);
});

t.test('gives no scope but registered ones (RFC 6749 §3.3)', async (t) => {
  const narrow = await registerService(gatehouse, {
    name: 'Narrow Service',
    scopes: ['notes:read'],
  });
  const wrong = ['notes:write', 'notes:read notes:write', 'unknown', 'notes:*', '*', 'NOTES:READ'];
  const personal = ['openid', 'profile', 'email', 'offline_access', 'notes:read openid'];
  const malformed = ['notes:read\tnotes:write', 'notes:read\0', '"notes:read"', 'nötes'];
  for (const scope of [...wrong, ...personal, ...malformed]) {
    const answer = await token(gatehouse, narrow, { ...GRANT, scope });
    t.match(answer, { status: 400, body: { error: 'invalid_scope' } }, JSON.stringify(scope));
    t.equal(answer.headers.get('cache-control'), 'no-store');
  }
});

t.test('knows its own resource only (RFC 8707 §2.2)', async (t) => {
  t.equal((await token(gatehouse, service, { ...GRANT, resource: identifier })).status, 200);
  for (const resource of [`${identifier}/`, 'https://else.example', 'x', `${identifier}#a`]) {
    const answer = await token(gatehouse, service, { ...GRANT, resource });
    t.match(answer, { status: 400, body: { error: 'invalid_target' } }, resource);
  }
});

t.test('refuses a public client, and cannot register one (RFC 6749 §4.4)', async (t) => {
  const native = await registerClient(gatehouse, { tokenEndpointAuthMethod: 'none' });
  const answer = await token(gatehouse, native, GRANT);
  t.match(answer, { status: 400, body: { error: 'unauthorized_client' } });
  const registered = await gatehouse.oauth.clientService.create(
    { name: 'Wrong', grantTypes: ['client_credentials'], tokenEndpointAuthMethod: 'none' },
    { actor: { kind: 'system' } },
  );
  t.match(registered, { outcome: 'invalid', problems: [{ field: 'grant_types' }] });
});

t.test('a client keeps to its grant types (RFC 6749 §5.2)', async (t) => {
  const app = await registerClient(gatehouse);
  const wrong = { status: 400, body: { error: 'unauthorized_client' } };
  t.match(await token(gatehouse, app, GRANT), wrong);
  t.match(await refresh(gatehouse, service, 'x'), wrong);
  const code = { grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://a.example' };
  t.match(await token(gatehouse, service, code), wrong);
});

t.test('there is no grant but these; no passwords here (RFC 9700 §2.4)', async (t) => {
  const user = await createUser(gatehouse);
  const password = { username: user.email, password: user.password };
  for (const grant_type of ['password', 'implicit', 'none', '__proto__', 'constructor', 'x\0y']) {
    const answer = await token(gatehouse, service, { grant_type, ...password });
    t.match(
      answer,
      { status: 400, body: { error: 'unsupported_grant_type' } },
      grant_type.slice(0, 1),
    );
  }
  const missing = await token(gatehouse, service, {});
  t.match(missing, { status: 400, body: { error: 'invalid_request' } });
});

t.test('the token is introspected and revoked like any other (RFC 7662, RFC 7009)', async (t) => {
  const one = await token(gatehouse, service, GRANT);
  const other = await token(gatehouse, service, GRANT);
  const active = await introspect(gatehouse, service, one.body.access_token!);
  t.match(active.body, { active: true, sub: service.clientId, client_id: service.clientId });
  t.equal((await revoke(gatehouse, service, one.body.access_token!)).status, 200);
  await within(1000, async () => {
    const { body } = await introspect(gatehouse, service, one.body.access_token!);
    return body.active === false;
  });
  t.equal((await introspect(gatehouse, service, other.body.access_token!)).body.active, true);
});

t.test('a disabled client gets nothing, and its tokens die', async () => {
  const client = await registerService(gatehouse, { name: 'Leaving Service' });
  const answer = await token(gatehouse, client, GRANT);
  const { clientService } = gatehouse.oauth;
  await clientService.update(client.clientId, { disabled: true }, { actor: { kind: 'system' } });
  await Promise.all([
    within(1000, async () => (await token(gatehouse, client, GRANT)).status === 401),
    within(1000, async () => (await userinfo(gatehouse, answer.body.access_token!)).status === 401),
  ]);
});
