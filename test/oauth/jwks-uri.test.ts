import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import t from 'tap';
import { post } from '../support/flows.ts';
import { registerService, startGatehouse, type TestGatehouse } from '../support/gatehouse.ts';

// A client names the address of its keys, and the server fetches it: server-side request forgery.

const keys = await generateKeyPair('ES256');
const published = JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one' }] });

let visits = 0;
let location: string | undefined;
const host = createServer((request, response) => {
  visits += 1;
  if (location !== undefined && request.url === '/moved') {
    response.writeHead(302, { location }).end();
    return;
  }
  response.setHeader('content-type', 'application/json');
  response.end(request.url === '/huge' ? 'x'.repeat(10_000_000) : published);
});
host.listen(0, '127.0.0.1');
await once(host, 'listening');
t.teardown(() => {
  host.closeAllConnections();
  host.close();
});
const { port } = host.address() as AddressInfo;

async function prove(gatehouse: TestGatehouse, jwksUri: string) {
  const { clientId } = await registerService(gatehouse, {
    tokenEndpointAuthMethod: 'private_key_jwt',
    jwksUri,
  });
  const assertion = await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(gatehouse.issuer)
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(keys.privateKey);
  return post(`${gatehouse.issuer}/oauth/token`, {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  });
}

const REFUSED = { status: 401, body: { error: 'invalid_client' } };

t.test('jwks_uri leads to no private address (RFC 9700 §4.14)', async (t) => {
  const gatehouse = await startGatehouse(t);
  const hosts = [
    '127.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    'localhost',
    '169.254.169.254',
    '2130706433',
  ];
  for (const name of hosts) {
    for (const scheme of ['https', 'http']) {
      const answer = await prove(gatehouse, `${scheme}://${name}:${port}/jwks`).catch(
        (error: Error) => error.message,
      );
      // Some are refused at registration already.
      if (typeof answer === 'string') t.match(answer, /jwks_uri/, name);
      else t.match(answer, REFUSED, name);
    }
  }
  t.equal(visits, 0);
});

t.test('an operator may allow it; redirects and floods are refused still', async (t) => {
  const gatehouse = await startGatehouse(t, { environment: { ALLOW_PRIVATE_TARGETS: '1' } });
  const base = `http://127.0.0.1:${port}`;
  t.equal((await prove(gatehouse, `${base}/jwks`)).status, 200);
  location = `${base}/jwks`;
  t.match(await prove(gatehouse, `${base}/moved`), REFUSED, 'redirect');
  t.match(await prove(gatehouse, `${base}/huge`), REFUSED, 'ten megabytes');
  t.match(await prove(gatehouse, 'http://127.0.0.1:1/jwks'), REFUSED, 'nobody there');
});
