import { decodeJwt } from 'jose';
import t from 'tap';
import { authorizeUrl, newPkce, refresh, token, userinfo } from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  startGatehouse,
} from '../support/gatehouse.ts';
import { rawRequest } from '../support/raw-request.ts';
import { platformWithTwoResources, SEARCH_API } from '../support/relying-party.ts';
import { createSignedIn } from '../support/signed-in.ts';

// A platform with a second API, which knows the scope notes:read only.

const platform = await platformWithTwoResources();
const gatehouse = await startGatehouse(t, { platform });
const { identifier: API } = platform.api;
const client = await registerClient(gatehouse);
const service = await registerService(gatehouse);
const user = await createUser(gatehouse);
const person = createSignedIn(gatehouse, user);
const NOTHING_OF_IT = { status: 400, body: { error: 'invalid_scope' } };

t.test('a service is told that its scope is nothing to the resource (RFC 6749 §5.1)', async (t) => {
  const ask = (resource: string, scope: string | undefined) =>
    token(gatehouse, service, { grant_type: 'client_credentials', resource, scope });
  const refused = await ask(SEARCH_API, 'notes:write');
  t.match(refused, NOTHING_OF_IT);
  t.match(refused.body.error_description, /the resource asked for knows nothing of notes:write/);
  t.equal((await ask(API, 'notes:write')).body.scope, 'notes:write');
  t.equal((await ask(SEARCH_API, undefined)).body.scope, 'notes:read');
  const part = await ask(SEARCH_API, 'notes:read notes:write');
  t.equal(part.status, 200);
  t.equal(part.body.scope, 'notes:read', 'what is left of it is said');
});

t.test('nobody is asked to allow what no token would hold (RFC 8707 §2.1)', async (t) => {
  const scope = 'openid notes:write';
  const url = authorizeUrl(gatehouse, client, newPkce(), { resource: SEARCH_API, scope });
  const { status, headers } = await rawRequest(url, { method: 'GET', headers: {} });
  t.equal(status, 303);
  const back = new URL(String(headers.location));
  t.equal(back.origin + back.pathname, client.redirectUri);
  t.equal(back.searchParams.get('error'), 'invalid_scope');
});

t.test('a refresh that asks for nothing of the resource costs no token', async (t) => {
  const scope = 'openid notes:read notes:write';
  const tokens = await person.tokens(client, { resource: SEARCH_API, scope });
  for (const resource of [SEARCH_API, undefined]) {
    const more = { resource, scope: 'notes:write' };
    t.match(await refresh(gatehouse, client, tokens.refresh_token, more), NOTHING_OF_IT);
  }
  const next = await refresh(gatehouse, client, tokens.refresh_token);
  t.equal(next.status, 200);
  t.equal(decodeJwt(next.body.access_token!).aud, SEARCH_API);
});

t.test('openid opens UserInfo, whichever API of the platform the token is for', async (t) => {
  const tokens = await person.tokens(client, { resource: SEARCH_API, scope: 'openid notes:read' });
  t.equal(decodeJwt(tokens.access_token).aud, SEARCH_API);
  const answer = await userinfo(gatehouse, tokens.access_token);
  t.equal(answer.status, 200);
  t.match(await answer.json(), { sub: user.id });
});
