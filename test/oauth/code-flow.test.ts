import { decodeJwt, decodeProtectedHeader } from 'jose';
import t from 'tap';
import {
  authorize,
  authorizeUrl,
  newPkce,
  obtainTokens,
  redeem,
  refresh,
  userinfo,
} from '../support/flows.ts';
import { createUser, registerClient, startGatehouse } from '../support/gatehouse.ts';
import { createUserAgent } from '../support/user-agent.ts';

t.test('authorization code flow', async (t) => {
  const gatehouse = await startGatehouse(t);
  const client = await registerClient(gatehouse);
  const user = await createUser(gatehouse);

  await t.test('leads through sign-in and consent to a code, state and iss', async (t) => {
    const agent = createUserAgent();
    const pkce = newPkce();
    const back = await authorize(agent, authorizeUrl(gatehouse, client, pkce), user);
    t.equal(back.origin + back.pathname, client.redirectUri);
    t.equal(back.searchParams.get('state'), 'a state');
    t.equal(back.searchParams.get('iss'), gatehouse.issuer);
    const answer = await redeem(gatehouse, client, back.searchParams.get('code')!, pkce);
    t.equal(answer.status, 200);
    t.equal(answer.body.expires_in, 3600);
    t.equal(answer.body.scope, 'openid notes:read');
    const header = decodeProtectedHeader(answer.body.access_token!);
    t.match(header, { alg: 'ES256', typ: 'at+jwt', kid: String });
    t.match(decodeJwt(answer.body.access_token!), {
      iss: gatehouse.issuer,
      aud: gatehouse.platform.api.identifier,
      sub: user.id,
      client_id: client.clientId,
      org_id: user.organizationId,
      scope: 'openid notes:read',
    });
    const info = await userinfo(gatehouse, answer.body.access_token!);
    t.equal(info.status, 200);
    t.same(await info.json(), { sub: user.id });
  });

  await t.test('refreshes with rotation', async (t) => {
    const tokens = await obtainTokens(gatehouse, client, user);
    const next = await refresh(gatehouse, client, tokens.refresh_token);
    t.equal(next.status, 200);
    t.not(next.body.refresh_token, tokens.refresh_token);
    const again = await refresh(gatehouse, client, next.body.refresh_token!);
    t.equal(again.status, 200);
  });
});
