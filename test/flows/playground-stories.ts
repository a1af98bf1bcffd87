import { becomesTrue } from '../support/browser.ts';
import { createUser, registerClient, registerService } from '../support/gatehouse.ts';
import { signIn } from './person.ts';
import {
  ask,
  authorize,
  fail,
  failAsking,
  newServiceJwt,
  open,
  type PlaygroundStory,
  press,
  step,
  verdicts,
} from './playground-steps.ts';

export const KAIE_STORIES: Readonly<Record<string, PlaygroundStory>> = {
  'the code flow, up to the gate’s verdict, refresh, introspection and revocation': async (
    t,
    stage,
  ) => {
    const { gatehouse, visitor } = stage;
    const user = await createUser(gatehouse);
    const page = await open(stage);
    await visitor.look('code');
    const value = (name: string) => page.locator(`[data-value="${name}"]`);
    t.match(await value('code_verifier').textContent(), /^[\w-]{43}$/);
    const before = await value('state').textContent();
    await page.getByRole('button', { name: 'Make new ones' }).click();
    await becomesTrue(
      page,
      `document.querySelector('[data-value="state"]').textContent !== ${JSON.stringify(before)}`,
    );
    t.ok(
      await step(page, 'redeem').getByRole('button', { name: 'Exchange the code' }).isDisabled(),
    );

    await authorize(page, visitor, user);
    t.equal(new URL(page.url()).search, '', 'no code in the address');
    t.ok(visitor.visited.some((url) => url.includes('/playground/callback?code=')));
    t.match(await press(step(page, 'redeem'), 'Exchange the code'), '"access_token"');
    await page.getByText('The signature is good.').first().waitFor();
    await page.getByText('The nonce is the one that was sent.').waitFor();
    t.match(
      await page.getByRole('timer').first().textContent(),
      /^Expires in (?:\d\d:\d\d|1:00:00)$/,
    );

    const call = step(page, 'ask');
    await ask(call);
    t.same(await verdicts(call), Array(5).fill('Passed'));
    t.match(await call.locator('[data-received]').textContent(), 'ratelimit');
    await visitor.look('code-called');

    t.match(await press(step(page, 'renew'), 'Refresh'), '"refresh_token"');
    const service = await registerService(gatehouse, {
      introspectionAudiences: [gatehouse.platform.api.identifier],
    });
    const check = step(page, 'check');
    await check.getByLabel('Client ID').fill(service.clientId);
    await check.getByLabel('Client secret').fill(service.secret);
    t.match(await press(check, 'Introspect'), '"active": true');
    t.notMatch(await page.content(), service.secret, 'a secret is not shown again');
    await press(step(page, 'revoke'), 'Revoke');
    t.match(await press(check, 'Introspect'), '"active": false');
    const refused = await ask(call, 401);
    t.match(refused, 'INVALID_TOKEN');
    t.same(await verdicts(call), ['Refused', ...Array(4).fill('Not asked')]);
  },

  'an app of one’s own, whose secret is typed in and stays there': async (t, stage) => {
    const { gatehouse, visitor } = stage;
    const { organizationId, ...user } = await createUser(gatehouse);
    const client = await registerClient(gatehouse, {
      ...{ name: 'Back Office', organizationId, scopes: ['workflows:read'] },
      redirectUris: ['https://office.example/callback'],
    });
    const setup = `?client_id=${client.clientId}`;
    const stranger = await open(stage, setup);
    await stranger.getByRole('link', { name: 'Sign in to use an app of yours' }).click();
    await signIn(visitor, user.email, user.password);
    const page = visitor.page;
    await page.getByText('Back Office can’t send people back here yet').waitFor();
    await visitor.look('own-app-missing');
    const long = await registerClient(gatehouse, {
      ...{ name: 'W'.repeat(90), organizationId, redirectUris: ['https://office.example/'] },
    });
    await page.goto(`${gatehouse.issuer}/playground?client_id=${long.clientId}`);
    await page.getByText('can’t send people back here yet').waitFor();
    await visitor.look('own-app-long-name');
    await page.goto(`${gatehouse.issuer}/playground${setup}`);
    const uri = (await page.locator('#redirect-uri').textContent()) ?? '';
    const redirectUris = ['https://office.example/callback', uri];
    const system = { actor: { kind: 'system' } } as const;
    await gatehouse.oauth.clientService.update(client.clientId, { redirectUris }, system);

    await open(stage, setup);
    await page.getByText('Its secret is asked for where the code is exchanged').waitFor();
    await visitor.look('own-app');
    await page.getByRole('checkbox', { name: 'email' }).check();
    await becomesTrue(page, `location.search.includes('email')`);
    t.match(page.url(), client.clientId, 'another setup is still of this app');
    await authorize(page, visitor, undefined, 'Back Office');
    t.match(page.url(), client.clientId);
    const redeem = step(page, 'redeem');
    const exchange = redeem.getByRole('button', { name: 'Exchange the code' });
    t.ok(await exchange.isDisabled(), 'not without the secret');
    await redeem.getByLabel('Secret of your app').fill(client.secret);
    t.match(await press(redeem, 'Exchange the code'), '"access_token"');
    await page.getByText('The signature is good.').first().waitFor();
    t.match(await press(step(page, 'renew'), 'Refresh'), '"refresh_token"');
    await press(step(page, 'revoke'), 'Revoke');
    await ask(step(page, 'ask'), 401);

    t.notMatch(await page.content(), client.secret, 'a secret is not shown');
    const kept = await page.evaluate(
      'JSON.stringify([{ ...sessionStorage }, { ...localStorage }])',
    );
    t.notMatch(kept, client.secret, 'nor kept');
    t.notMatch(visitor.visited.join(' '), client.secret, 'nor in an address');
    t.notMatch(gatehouse.logLines.join(''), client.secret, 'nor in the log');
    t.notMatch(await page.locator('#link').textContent(), client.secret);
  },

  'lessons of the code flow: verifier, replay, scope, refresh, expiry, introspection': async (
    t,
    stage,
  ) => {
    const { gatehouse, visitor } = stage;
    const page = await open(stage);
    await authorize(page, visitor, await createUser(gatehouse));
    const redeem = step(page, 'redeem');
    t.match(await fail(redeem, 'With a wrong verifier', 400), 'invalid_grant');
    t.ok(await redeem.getByRole('button', { name: 'Exchange the code' }).isDisabled(), 'spent');

    await authorize(page, visitor);
    await press(redeem, 'Exchange the code');
    const renew = step(page, 'renew');
    t.match(await fail(renew, 'With a wider scope', 400), 'invalid_scope');
    await press(renew, 'Refresh');
    t.match(await fail(renew, 'With the token before', 400), 'invalid_grant');
    const call = step(page, 'ask');
    t.match(await failAsking(call, 'With an expired token', 401), 'INVALID_TOKEN');
    t.match(await call.locator('[data-found]').first().textContent(), 'reason: expired_token');
    t.match(await fail(step(page, 'check'), 'As a client without a secret', 401), 'invalid_client');
    await ask(call);
    t.match(await fail(redeem, 'With the same code again', 400), 'invalid_grant');
    t.match(await ask(call, 401), 'INVALID_TOKEN', 'and its tokens died');
    await visitor.look('lessons');
  },

  'client credentials, with a secret that stays in the page': async (t, stage) => {
    const { gatehouse, visitor } = stage;
    const user = await createUser(gatehouse);
    const service = await registerService(gatehouse, { organizationId: user.organizationId });
    const page = await open(stage, '?flow=client_credentials');
    const client = step(page, 'client');
    await client.getByLabel('Client ID').fill(service.clientId);
    await client.getByLabel('Client secret').fill(service.secret);
    t.match(await fail(client, 'With a wrong secret', 401), 'invalid_client');
    t.match(await fail(client, 'With a scope that does not exist', 400), 'invalid_scope');
    t.match(await press(client, 'Get a token'), '"access_token"');
    const call = step(page, 'ask');
    await ask(call);
    t.same(await verdicts(call), Array(5).fill('Passed'));
    await visitor.look('client-credentials');
    t.match(await press(step(page, 'check'), 'Introspect'), '"active": true');
    await press(step(page, 'revoke'), 'Revoke');
    t.match(await press(step(page, 'check'), 'Introspect'), '"active": false');

    // Another setup, without leaving the page: what is known stays.
    await page.getByLabel('workflows:write').check();
    await page.locator('#link', { hasText: 'workflows%3Awrite' }).waitFor();
    t.match(page.url(), 'workflows%3Awrite');
    t.match(await press(client, 'Get a token'), 'workflows:write');
    const kept = await page.evaluate(
      `document.documentElement.outerHTML + location.href + JSON.stringify({ ...localStorage, ...sessionStorage })`,
    );
    t.notMatch(kept, service.secret, 'in no link, no storage, nowhere on the page');
  },

  'a service JWT, signed with a key that cannot leave the browser': async (t, stage) => {
    const { visitor } = stage;
    const page = await open(stage, '?flow=service_jwt');
    const sign = await newServiceJwt(page, stage);
    const jwks = await page.locator('[data-value="public_jwks"]').textContent();
    t.notOk(JSON.parse(jwks!).keys[0].d, 'the public half');
    const call = step(page, 'ask');
    await ask(call);
    t.same(await verdicts(call), Array(5).fill('Passed'));
    t.match(await failAsking(call, 'With an expired JWT', 401), 'INVALID_TOKEN');
    t.match(await call.locator('[data-found]').first().textContent(), 'reason: expired_token');
    await sign.getByRole('button', { name: 'Sign' }).click();
    const exchange = step(page, 'exchange');
    t.match(await press(exchange, 'Exchange'), '"access_token"');
    t.match(await fail(exchange, 'With the same JWT again', 400), 'invalid_grant');
    await page.getByText('The signature is good.').waitFor();
    await visitor.look('service-jwt');
  },

  'refresh, from a link that somebody shared': async (t, stage) => {
    const { gatehouse, visitor } = stage;
    const query = new URLSearchParams({
      flow: 'refresh',
      scope: 'workflows:read triggers:read',
      route: 'GET /v1/triggers/*',
    });
    const page = await open(stage, `?${query}`);
    const shared = (await page.locator('#link').getAttribute('href'))!;
    await authorize(page, visitor, await createUser(gatehouse));
    t.equal(page.url(), `${gatehouse.issuer}/playground?${query}`, 'back at the same setup');
    await press(step(page, 'redeem'), 'Exchange the code');
    const renewed = await press(step(page, 'renew'), 'Refresh');
    t.match(renewed, '"scope": "workflows:read triggers:read"');
    await ask(step(page, 'ask'));
    const link = await page.locator('#link').getAttribute('href');
    t.equal(link, shared, 'the link is what it was: nothing that happened is in it');
    await page.goto(link!);
    t.same(
      await page.locator('input[name="scope"]:checked').evaluateAll(
        // In the browser.
        (boxes) => (boxes as unknown as { value: string }[]).map(({ value }) => value),
      ),
      ['workflows:read', 'triggers:read'],
    );
    t.equal(await page.locator('#route').inputValue(), 'GET /v1/triggers/*');
  },

  'an answer that nobody asked for is thrown away': async (t, stage) => {
    const { gatehouse, visitor } = stage;
    const { page } = visitor;
    await page.goto(`${gatehouse.issuer}/playground/callback?code=st0len-c0de&state=forged`);
    await page.getByText('It was thrown away.').waitFor();
    t.notMatch(await page.content(), 'st0len-c0de');
    t.equal(page.url(), `${gatehouse.issuer}/playground`);

    await open(stage);
    await page.evaluate(`sessionStorage.setItem('gatehouse.playground.trip', JSON.stringify({
      values: { STATE: 'mine', CODE_VERIFIER: 'mine', NONCE: 'n', CODE_CHALLENGE: 'c' }, here: 'https://evil.example/' }))`);
    await page.goto(`${gatehouse.issuer}/playground/callback?code=st0len-c0de&state=forged&iss=x`);
    await page.getByText('State or issuer is not the one that was expected.').waitFor();
    t.equal(page.url(), `${gatehouse.issuer}/playground`);
    t.notMatch(await page.content(), 'st0len-c0de');
    t.ok(
      await step(page, 'redeem').getByRole('button', { name: 'Exchange the code' }).isDisabled(),
    );
  },
};

export const KLIQ_STORIES: Readonly<Record<string, PlaygroundStory>> = {
  'the platform’s own token endpoint': async (t, stage) => {
    const { gatehouse, visitor } = stage;
    const user = await createUser(gatehouse);
    const page = await open(stage, '?flow=user_tokens');
    const signInStep = step(page, 'sign_in');
    await signInStep.getByLabel('Email').fill(user.email);
    await signInStep.getByLabel('Password').fill(user.password);
    t.match(await fail(signInStep, 'With a wrong password', 401), 'Unauthorized');
    t.match(await press(signInStep, 'Get tokens'), '"accessToken"');
    t.notMatch(await page.content(), user.password, 'the password is not shown');
    const call = step(page, 'ask');
    await ask(call);
    t.same(await verdicts(call), Array(5).fill('Passed'), 'the organization comes from the token');
    const renew = step(page, 'renew');
    t.match(await press(renew, 'Refresh'), '"refreshToken"');
    t.match(await fail(renew, 'With the token before', 401), 'Unauthorized');
    await visitor.look('user-tokens');
    await press(step(page, 'revoke'), 'Revoke');
    await ask(call, 401);
  },
};

export const KLOAKD_STORIES: Readonly<Record<string, PlaygroundStory>> = {
  'a stranger’s key at one click, until the quota is used up': async (t, stage) => {
    const { visitor } = stage;
    const page = await open(stage, '/keys');
    const key = step(page, 'key');
    await press(key, 'Get a playground key', 201);
    await key.getByText('Your key is ready.').waitFor();
    await visitor.look('keys');
    const call = step(page, 'ask_with_key');
    t.match(await failAsking(call, 'Without a key', 401), 'AuthenticationError');
    t.match(await failAsking(call, 'With one wrong character', 401), 'AuthenticationError');
    let last = await ask(call);
    const sent = (await call.locator('[data-sent]').textContent())!;
    t.match(sent, 'POST /playground/try HTTP/1.1');
    t.match(sent, '{"method":"POST","path":"/api/v1/playground/discoveries"}', 'as it was sent');
    t.match(sent, 'Bearer ••••••••', 'the key is not shown again');
    for (let left = 9; left > 0 && !last.includes('"status": 429'); left -= 1) {
      const more = String.raw`\\"playground_discoveries\\";r=${left - 1}`;
      await call.getByRole('button', { name: 'Ask the gate', exact: true }).click();
      const received = call.locator('[data-received]');
      await received.filter({ hasText: new RegExp(`${more}|"status": 429`) }).waitFor();
      last = (await received.textContent())!;
    }
    last = await ask(call, 429);
    t.match(last, 'RateLimitError');
    t.match(last, 'The quota is used up');
    t.same(await verdicts(call), [...Array(4).fill('Passed'), 'Refused']);
    await visitor.look('keys-used-up');
    const kept = await page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage })');
    t.notMatch(kept, 'sk-test-', 'the key is kept nowhere');
  },
};

export const readWithoutScripts: Readonly<Record<string, PlaygroundStory>> = {
  'reads as a whole, and its setup is a plain form': async (t, stage) => {
    const { gatehouse, visitor } = stage;
    const { page } = visitor;
    await page.goto(`${gatehouse.issuer}/playground`);
    await page.locator('noscript p').waitFor();
    t.equal(await page.locator('[data-run]:visible').count(), 0, 'no button that does nothing');
    await page.getByRole('link', { name: 'Client credentials' }).click();
    await page.getByLabel('workflows:write').check();
    await page.getByLabel('API call to try').selectOption('POST /v1/workflows/*');
    await page.getByRole('button', { name: 'Use this setup' }).click();
    t.match(new URL(page.url()).searchParams.getAll('scope').join(' '), 'workflows:write');
    await page.locator('#step-ask').getByText('This step as code').click();
    await page.locator('#step-ask').getByLabel('Go').check();
    await page.getByText('http.NewRequest("POST", "https://api.kaie.ai/v1/workflows"').waitFor();
    await visitor.look('steps');
    await page.getByRole('link', { name: 'API key' }).click();
    await page.getByText('Paste a key of yours.').waitFor();
    await page.getByRole('link', { name: 'in the documentation, too' }).click();
    await page.getByRole('heading', { name: 'API key authentication' }).waitFor();
    t.equal(page.url(), `${gatehouse.issuer}/docs/authentication`, 'which needs no scripts');
  },
};
