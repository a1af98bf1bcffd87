import { OPERATOR } from '../../src/credentials/maker.ts';
import { createUser, registerService, type TestGatehouse } from '../support/gatehouse.ts';
import {
  ask,
  fail,
  failAsking,
  newServiceJwt,
  open,
  type PlaygroundStory,
  press,
  step,
  verdicts,
} from './playground-steps.ts';

const SYSTEM = { actor: { kind: 'system' } } as const;
const ALL_PASSED = Array(5).fill('Passed');
const NONE = Array(5).fill('');

/** A key of Klen's that may call once a day. */
async function makeKey(gatehouse: TestGatehouse): Promise<string> {
  const { organizationId } = await createUser(gatehouse);
  const made = await gatehouse.credentials.apiKeys.create(
    {
      ...{ organizationId, name: 'Mine', scopes: ['can_read_calls', 'can_initiate_calls'] },
      limits: { calls_per_day_limit: 1, requests_per_minute_limit: 100 },
    },
    OPERATOR,
    SYSTEM,
  );
  if (made.outcome !== 'done') throw new Error(made.outcome);
  return made.secret;
}

/** Klen, whose API is behind this very server. */
export const KLEN_CALLS: Readonly<Record<string, PlaygroundStory>> = {
  'a key of one’s own, wherever it goes: the call reaches the API, and is shown as it was': async (
    t,
    stage,
  ) => {
    const { gatehouse, visitor, received } = stage;
    const key = await makeKey(gatehouse);
    for (const [way, place] of [
      ['bearer', 'Authorization: Bearer ••••••••'],
      ['header:x-api-key', 'X-API-Key: ••••••••'],
      ['query:api_key', 'GET /v1/calls?api_key=•••••••• HTTP/1.1'],
    ] as const) {
      const query = new URLSearchParams({ way, route: 'GET /v1/calls/*' });
      const page = await open(stage, `/keys?${query}`);
      await step(page, 'key').getByLabel('API key').fill(key);
      const call = step(page, 'call_with_key');
      const before = received.length;
      const answer = await press(call, 'Call');
      t.match(answer, '"from": "the API"', way);
      t.match(answer, /^ratelimit: /m, 'with what the gate adds');
      t.same(await verdicts(call), ALL_PASSED);
      await call.getByText('The gate let this call through').waitFor();
      const sent = (await call.locator('[data-sent]').textContent()) ?? '';
      t.match(sent, place);
      t.match(sent, /^GET \/v1\/calls/);
      t.equal(received.length, before + 1, 'once');
      t.match(received.at(-1), { method: 'GET', url: '/v1/calls' });
      t.notMatch(JSON.stringify(received.at(-1)), key, 'the key stays at the gate');
      t.notMatch(await page.content(), key);
      await visitor.look(`called-${way.split(':')[0]}`);
    }
  },

  'a call is decided and counted once, and what the gate refuses does not reach the API': async (
    t,
    stage,
  ) => {
    const { gatehouse, received } = stage;
    const page = await open(stage, `/keys?${new URLSearchParams({ route: 'POST /v1/calls' })}`);
    await step(page, 'key')
      .getByLabel('API key')
      .fill(await makeKey(gatehouse));
    const call = step(page, 'call_with_key');
    const before = received.length;
    await press(call, 'Call');
    t.same(await verdicts(call), ALL_PASSED, 'the one call of this day');
    t.equal(received.length, before + 1);
    await press(call, 'Call', 429);
    t.same(await verdicts(call), [...Array(4).fill('Passed'), 'Refused']);
    await fail(call, 'With the key in two places', 401);
    t.match(await call.locator('[data-found]').first().textContent(), 'ambiguous_credential');
    await fail(call, 'With one wrong character', 401);
    await fail(call, 'Without a key', 401);
    await call.getByText('The gate refused this call: 401.').waitFor();
    t.same(await verdicts(call), ['Refused', ...Array(4).fill('Not asked')]);
    t.equal(received.length, before + 1, 'of all these, one arrived');
  },

  'an API that sends elsewhere, and one that says no itself': async (t, stage) => {
    const { gatehouse, received } = stage;
    const page = await open(stage, `/keys?${new URLSearchParams({ route: 'GET /v1/agents/*' })}`);
    await step(page, 'key')
      .getByLabel('API key')
      .fill(await makeKey(gatehouse));
    const call = step(page, 'call_with_key');
    await press(call, 'Call', 403);
    t.same((await verdicts(call)).at(-2), 'Refused', 'a scope that it lacks');
    await page.locator('#route').selectOption('GET /v1/calls/*');
    await page.locator('#link', { hasText: 'calls' }).waitFor();
    received.answerNext({ status: 302, location: '/v1/calls/elsewhere' });
    await call.getByRole('button', { name: 'Call', exact: true }).click();
    await call.getByText('The answer is a redirect').waitFor();
    t.same(await verdicts(call), NONE, 'those of before are gone');
    t.equal(received.at(-1)!.url, '/v1/calls', 'and nobody follows');
    received.answerNext({ status: 404 });
    await press(call, 'Call', 404);
    t.same(await verdicts(call), ALL_PASSED, 'the no is the API’s');
  },
};

/** Kaie, whose API is behind this very server. */
export const KAIE_CALLS: Readonly<Record<string, PlaygroundStory>> = {
  'a service JWT, which is good once, is good for the call': async (t, stage) => {
    const { received } = stage;
    const page = await open(stage, '?flow=service_jwt');
    await newServiceJwt(page, stage);
    const call = step(page, 'call');
    const before = received.length;
    t.match(await press(call, 'Call'), '"from": "the API"');
    t.same(await verdicts(call), ALL_PASSED);
    t.match(await fail(call, 'With an expired JWT', 401), 'INVALID_TOKEN');
    t.equal(received.length, before + 1);
  },
};

/** KLOAKD, whose API is elsewhere: the gate is asked. */
export const KLOAKD_MISTAKES: Readonly<Record<string, PlaygroundStory>> = {
  'verdicts do not outlive their call, and a key that no header can carry is named': async (
    t,
    stage,
  ) => {
    const page = await open(stage, '/keys');
    const key = step(page, 'key');
    const call = step(page, 'ask_with_key');
    const asked: string[] = [];
    page.on('request', (request) => void asked.push(new URL(request.url()).pathname));
    const questions = () => asked.filter((path) => path === '/playground/try').length;
    await press(key, 'Get a playground key', 201);
    await ask(call);
    t.same(await verdicts(call), ALL_PASSED);

    await key.getByLabel('API key').fill('€€');
    const button = call.getByRole('button', { name: 'Ask the gate', exact: true });
    await button.click();
    await call.getByText('API key: there is a character in it').waitFor();
    t.same(await verdicts(call), NONE);
    t.equal(await call.locator('[data-received]').isVisible(), false, 'nor the answer');
    const lessons = call.locator('details:has(.lessons)');
    await lessons.locator('summary').click();
    await lessons.getByRole('button', { name: 'Try it With one wrong character' }).click();
    await call.getByText('API key: there is a character in it').waitFor();
    t.equal(questions(), 1, 'nothing was sent');

    await failAsking(call, 'Without a key', 401);
    t.same(await verdicts(call), ['Refused', ...Array(4).fill('Not asked')]);
    await page.route('**/playground/try', (route) =>
      route.fulfill({ status: 422, json: { detail: 'That is not in the platform file.' } }),
    );
    await lessons.getByRole('button', { name: 'Try it Without a key' }).click();
    await call.locator('[data-said]', { hasText: 'not in the platform file' }).waitFor();
    t.same(await verdicts(call), NONE);
    await page.unroute('**/playground/try');
    await failAsking(call, 'Without a key', 401);
    await page.route('**/playground/try', (route) => route.abort());
    await lessons.getByRole('button', { name: 'Try it Without a key' }).click();
    await call.getByText('The server could not be reached.').waitFor();
    t.same(await verdicts(call), NONE);
    t.match(stage.visitor.problems.splice(0), [/ERR_FAILED/], 'as the browser says, too');
  },

  'a client’s id and secret are form-encoded before they are Basic (RFC 6749 §2.3.1)': async (
    t,
    stage,
  ) => {
    const { clientId } = await registerService(stage.gatehouse);
    const page = await open(stage, '?flow=client_credentials');
    const client = step(page, 'client');
    await client.getByLabel('Client ID').fill(clientId);
    await client.getByLabel('Client secret').fill('a b:c+d%e&f');
    const request = page.waitForRequest('**/oauth/token');
    t.match(await press(client, 'Get a token', 401), 'invalid_client');
    const { authorization = '' } = (await request).headers();
    t.equal(atob(authorization.slice('Basic '.length)), `${clientId}:a+b%3Ac%2Bd%25e%26f`);
    const sent = (await client.locator('[data-sent]').textContent()) ?? '';
    t.match(sent, `Authorization: Basic base64(${clientId}:••••••••)`);
    t.equal(sent.split('\n\n')[1], (await request).postData(), 'the body as it was sent');
    t.match(sent, 'grant_type=client_credentials&scope=', 'percent-encoded');
    t.match(await client.locator('[data-fields]').textContent(), /^scope = \S+:\S+/m);

    await client.getByLabel('Client secret').fill('ключ');
    await client.getByRole('button', { name: 'Get a token' }).click();
    await client.getByText('Client secret: there is a character in it').waitFor();
  },
};
