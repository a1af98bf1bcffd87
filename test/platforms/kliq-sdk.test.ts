import t from 'tap';
import { startEcho } from '../../sdk/live/echo.ts';
import { KliqClient } from '../../sdk/typescript/src/index.ts';
import { openDesk } from '../gate/desk.ts';
import { failureOf } from '../sdk/typescript-fakes.ts';
import { createTestClock } from '../support/clock.ts';
import { createUser } from '../support/gatehouse.ts';
import { newClient } from './caller.ts';

// What KLIQ's page says of its SDK: AuthConfig, row by row, and its example, against a live server that is
// the API's proxy. Names of tests are its words.

const clock = createTestClock();
const desk = await openDesk(t, 'kliq', { clock, environment: { UPSTREAM: await startEcho(t) } });
const { gatehouse } = desk;
const baseUrl = gatehouse.address;
const user = await createUser(gatehouse);
const path = `/v1/tenants/${user.organizationId}/observations`;
const { key: apiKey } = await desk.key(user.organizationId, { scopes: ['observations:read'] });
const { clientId, secret: clientSecret } = await newClient(desk, {
  ...{ organization_id: user.organizationId, grant_types: ['client_credentials'] },
  scope: 'observations:read',
});
const runtime = { env: {} };

interface Echo {
  headers: Record<string, string>;
}

/** As what the API behind the gate hears of the caller. */
const heardAs = async (kliq: KliqClient) =>
  (await kliq.get<Echo>(path)).data.headers['x-gatehouse-credential'];

const pair = () =>
  new KliqClient({ apiKey, baseUrl, runtime }).auth.getToken({
    ...{ email: user.email, password: user.password },
  });

t.test('AuthConfig', async (t) => {
  await t.test('apiKey | string | No | API key for simple authentication', async (t) => {
    t.equal(await heardAs(new KliqClient({ apiKey, baseUrl, runtime })), 'api_key');
  });

  await t.test('accessToken | string | No | JWT access token', async (t) => {
    const { accessToken } = await pair();
    t.equal(await heardAs(new KliqClient({ accessToken, baseUrl, runtime })), 'access_token');
  });

  await t.test('clientId, clientSecret | string | No | OAuth2 client ID, secret', async (t) => {
    const kliq = new KliqClient({ clientId, clientSecret, baseUrl, runtime });
    t.equal(await heardAs(kliq), 'access_token');
    const halves = [{ clientId }, { clientSecret }];
    for (const half of halves) {
      t.throws(() => new KliqClient({ ...half, runtime }), { name: 'ConfigurationError' });
    }
    const wrong = new KliqClient({ clientId, clientSecret: 'guessed', baseUrl, runtime });
    t.match(await failureOf(wrong.get(path)), { name: 'AuthenticationError' });
  });

  await t.test('baseUrl | string | No | API base URL (defaults to production)', async (t) => {
    t.equal(new KliqClient({ apiKey, runtime }).baseUrl, 'https://api.kliqpulse.com');
    t.equal(new KliqClient({ apiKey, baseUrl, runtime }).baseUrl, baseUrl);
  });

  await t.test('Required: No, as long as the environment says who calls', async (t) => {
    const env = { KLIQ_API_KEY: apiKey, KLIQ_BASE_URL: baseUrl };
    t.equal(await heardAs(new KliqClient({ runtime: { env } })), 'api_key');
    t.throws(() => new KliqClient({ runtime }), { name: 'ConfigurationError' });
  });
});

t.test('Exchange credentials, use the token, refresh when expired', async (t) => {
  const kliq = new KliqClient({ apiKey, baseUrl, runtime });
  const { accessToken, refreshToken } = await pair();
  const kliqAuth = new KliqClient({ accessToken, baseUrl, runtime });
  t.equal(await heardAs(kliqAuth), 'access_token');
  clock.advance(3601);
  t.match(await failureOf(kliqAuth.get(path)), { name: 'AuthenticationError', status: 401 });
  const newTokens = await kliq.auth.refresh(refreshToken);
  const { accessToken: renewed } = newTokens;
  t.equal(
    await heardAs(new KliqClient({ accessToken: renewed, baseUrl, runtime })),
    'access_token',
  );
});

t.test('The SDK handles token acquisition and refresh automatically', async (t) => {
  const kliq = new KliqClient({ clientId, clientSecret, baseUrl, runtime });
  t.equal(await heardAs(kliq), 'access_token');
  clock.advance(3601);
  t.equal(await heardAs(kliq), 'access_token', 'though the token has expired at the server');
});
