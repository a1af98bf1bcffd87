import { randomUUID } from 'node:crypto';
import t from 'tap';
import { JWT_BEARER } from '../../src/oauth/grants/jwt-bearer.ts';
import { openDesk } from '../gate/desk.ts';
import { createFlakyProxy } from '../support/flaky-proxy.ts';
import { post } from '../support/flows.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import { within } from '../support/two-servers.ts';
import { newAccount, newSigner, sign } from './signer.ts';

t.test('while the database is away nobody passes on a guess', async (t) => {
  const desk = await openDesk(t, 'kaie');
  const { connectionString, config, issuer, platform } = desk.gatehouse;
  const proxy = await createFlakyProxy(t, connectionString);
  const server = await startGatehouse(t, {
    ...{ platform: 'kaie', masterKey: config.masterKey, issuer },
    connectionString: proxy.connectionString,
  });
  const signer = await newSigner();
  const account = await newAccount(desk, await desk.organization(), [signer]);
  const make = (aud: string, claims = {}) => sign(signer, account, aud, { claims });
  const use = async (jwt: string) =>
    server.gate.decide({
      ...{ method: 'GET', target: '/v1/workflows', address: '192.0.2.1', requestId: 'test' },
      headers: { authorization: `Bearer ${jwt}` },
    });
  const trade = (assertion: string) =>
    post(`${server.address}/oauth/token`, { grant_type: JWT_BEARER, assertion });

  const jwt = await make(platform.api.identifier);
  const once = await make(platform.api.identifier, { jti: randomUUID() });
  const assertion = await make(issuer, { jti: randomUUID() });
  t.match(await use(jwt), { allowed: true });
  await proxy.down();
  const away = { allowed: false, denial: { reason: 'temporarily_unavailable' } };
  await within(2000, async () => !(await use(jwt)).allowed);
  t.match(
    await use(jwt),
    away,
    'also one that was good a moment ago: its account may have changed',
  );
  t.match(await use(once), away);
  const refused = await trade(assertion);
  t.match(refused, { status: 503, body: { error: 'temporarily_unavailable' } });
  t.ok(Number(refused.headers.get('retry-after')) > 0);
  t.equal(refused.headers.get('cache-control'), 'no-store');

  await proxy.up();
  await within(5000, async () => (await use(jwt)).allowed);
  t.match(await use(once), { allowed: true }, 'what could not be asked was not used up');
  t.equal((await trade(assertion)).status, 200);
});
