import { decodeJwt } from 'jose';
import t from 'tap';
import {
  authorize,
  authorizeUrl,
  consent,
  newPkce,
  redeem,
  refresh,
  signIn,
} from '../support/flows.ts';
import { createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { createUserAgent, locationOf, type Page } from '../support/user-agent.ts';

const gatehouse = await startGatehouse(t);
const SCOPE = 'openid email notes:read notes:write';

const scopesAsked = (page: Page) =>
  page.forms.flatMap(({ fields }) => fields.filter(([name]) => name === 'scope')).map(([, v]) => v);

t.test('asks only for what was added, and says nothing twice', async (t) => {
  const client = await registerClient(gatehouse);
  const user = await createUser(gatehouse);
  const agent = createUserAgent();
  const first = authorizeUrl(gatehouse, client, newPkce(), { scope: 'openid notes:read' });
  const page = await signIn(agent, await agent.follow(await agent.get(first)), user);
  t.same(scopesAsked(page), ['notes:read']);
  t.match(page.body, 'Know who you are');
  t.match(page.body, 'Keep access when you are not here');
  await consent(agent, page);

  const wider = authorizeUrl(gatehouse, client, newPkce(), { scope: SCOPE });
  const again = await agent.follow(await agent.get(wider));
  t.same(scopesAsked(again), ['notes:write']);
  t.match(again.body, 'See your email address');
  t.notMatch(again.body, 'Know who you are');
  t.notMatch(again.body, 'Keep access when you are not here');
  t.match(again.body, 'Already allowed');
});

t.test('asks an app that could be any program about everything (RFC 8252 §8.6)', async (t) => {
  const client = await registerClient(gatehouse, {
    redirectUris: ['http://127.0.0.1/callback'],
    tokenEndpointAuthMethod: 'none',
  });
  const user = await createUser(gatehouse);
  const agent = createUserAgent();
  await authorize(agent, authorizeUrl(gatehouse, client, newPkce(), { scope: SCOPE }), user);

  const pkce = newPkce();
  const url = authorizeUrl(gatehouse, client, pkce, { scope: SCOPE });
  const page = await agent.follow(await agent.get(url));
  t.same(scopesAsked(page), ['notes:read', 'notes:write'], 'though nothing was added');
  t.match(page.body, 'Know who you are');
  const back = locationOf(await consent(agent, page, { scope: ['notes:read'] }));
  const answer = await redeem(gatehouse, client, back.searchParams.get('code')!, pkce);
  t.equal(answer.body.scope, 'openid email notes:read', 'what is unticked now is taken back');
});

t.test('what is unticked on a later visit is taken from older tokens too', async (t) => {
  const client = await registerClient(gatehouse);
  const user = await createUser(gatehouse);
  const person = createSignedIn(gatehouse, user);
  const older = await person.tokens(client, { scope: SCOPE });
  const narrow = await person.tokens(client, { scope: 'notes:write' });
  t.equal(older.scope, SCOPE);

  const agent = createUserAgent();
  const url = authorizeUrl(gatehouse, client, newPkce(), { scope: SCOPE, prompt: 'consent' });
  const page = await signIn(agent, await agent.follow(await agent.get(url)), user);
  await consent(agent, page, { scope: ['notes:read'] });

  const next = await refresh(gatehouse, client, older.refresh_token);
  t.equal(next.body.scope, 'openid email notes:read', 'at the next refresh');
  t.equal(decodeJwt(next.body.access_token!).scope, 'openid email notes:read');
  const empty = await refresh(gatehouse, client, narrow.refresh_token);
  t.match(empty, { status: 400, body: { error: 'invalid_grant' } }, 'nothing is left of this one');
});
