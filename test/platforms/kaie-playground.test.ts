import t from 'tap';
import type { DescribedRequest } from '../../src/snippets/described-request.ts';
import { openDesk } from '../gate/desk.ts';
import { consent, newPkce, post, signIn } from '../support/flows.ts';
import { createUser } from '../support/gatehouse.ts';
import { createUserAgent } from '../support/user-agent.ts';
import { ask, bearer } from './caller.ts';

// “Testing Authentication” of Kaie's page: its playground, whose requests are sent as its page would send
// them. In a real browser: test/flows/playground.test.ts. Names of tests are its words.

const desk = await openDesk(t, 'kaie');
const { gatehouse } = desk;
const { issuer } = gatehouse;
const user = await createUser(gatehouse);

/** The request that a button of the page makes, with what stands for its variables. */
function requestOf(html: string, run: string, variables: Record<string, string>) {
  const found = new RegExp(`data-run="${run}" data-request="([^"]*)"`).exec(html)?.[1] ?? 'null';
  const text = found
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll(/\$\{([A-Z_]+)\}/g, (_, name: string) => variables[name] ?? '');
  return JSON.parse(text) as DescribedRequest & { body: { form: [string, string][] } };
}

t.test('Test Your API Key', async (t) => {
  const { key } = await desk.key(user.organizationId, { permission_set: 'read_only' });
  const attempt = async (method: string, credential: string) => {
    const response = await fetch(`${issuer}/playground/try`, {
      method: 'POST',
      headers: { ...bearer(credential), 'content-type': 'application/json', origin: issuer },
      body: JSON.stringify({ method, path: '/v1/workflows' }),
    });
    return response.json();
  };
  t.match(await attempt('GET', key), { allowed: true, status: 200 });
  t.match(await attempt('POST', key), { allowed: false, reason: 'insufficient_permission' });
  t.match(await attempt('GET', `${key}x`), { allowed: false, reason: 'invalid_api_key' });
});

t.test('Test OAuth Flow: Use the OAuth playground to test your OAuth implementation', async (t) => {
  const agent = createUserAgent();
  const { body } = await agent.get(`${issuer}/playground?flow=code&scope=workflows:read`);
  const { verifier, challenge } = newPkce();
  const begun = requestOf(body, 'authorize', {
    ...{ STATE: 'a-state', NONCE: 'a-nonce', CODE_CHALLENGE: challenge },
  });
  const asked = await signIn(agent, await agent.follow(await agent.get(begun.url)), user);
  const back = new URL((await consent(agent, asked)).url);
  t.equal(back.origin + back.pathname, `${issuer}/playground/callback`);
  t.equal(back.searchParams.get('state'), 'a-state');

  const redeem = requestOf(body, 'redeem', {
    ...{ CODE: back.searchParams.get('code') ?? '', CODE_VERIFIER: verifier },
  });
  const tokens = await post(redeem.url, Object.fromEntries(redeem.body.form));
  t.match(tokens, { status: 200, body: { access_token: String, scope: 'workflows:read' } });
  const call = () => ask(desk, 'GET', '/v1/workflows', bearer(tokens.body.access_token!));
  t.equal((await call()).status, 200, 'a token that the API takes');

  const revoke = requestOf(body, 'revoke', { ACCESS_TOKEN: tokens.body.access_token! });
  t.equal((await post(revoke.url, Object.fromEntries(revoke.body.form))).status, 200);
  t.match(await call(), { status: 401, body: { error: { code: 'INVALID_TOKEN' } } });
});
