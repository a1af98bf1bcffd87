import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import t, { type Test } from 'tap';
import { KliqClient } from '../../sdk/typescript/src/index.ts';
import { failureOf } from './typescript-fakes.ts';

// @gatehouse/client over real connections, to servers that behave badly.

const KEY = 'kliq_live_hush';

/** Where a server listens that is gone after the test. */
async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ask = (baseUrl: string, timeoutSeconds = 5) =>
  failureOf(
    new KliqClient({ apiKey: KEY, baseUrl, timeoutSeconds, maxRetries: 0 }).get('/x', {
      query: { q: 'quiet' },
    }),
  );

t.test('a redirect is not followed', async (t) => {
  let followed = 0;
  const elsewhere = await serve(t as Test, (_request, response) => {
    followed += 1;
    response.end();
  });
  const address = await serve(t as Test, (_request, response) => {
    response.writeHead(307, { location: elsewhere }).end();
  });
  t.match(await ask(address), { name: 'GatehouseError', status: 307 });
  t.equal(followed, 0);
});

t.test('a server that says nothing is a timeout', async (t) => {
  const address = await serve(t as Test, () => {});
  t.match(await ask(address, 0.2), { name: 'TimeoutError' });
});

t.test('the timeout covers the body, however it drips', async (t) => {
  const address = await serve(t as Test, (_request, response) => {
    const dripping = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(dripping));
  });
  t.match(await ask(address, 0.3), { name: 'TimeoutError' });
});

t.test('an answer that breaks off is a connection error', async (t) => {
  const address = await serve(t as Test, (_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{', () => response.destroy());
  });
  t.match(await ask(address), { name: 'ConnectionError' });
});

t.test('nobody there is a connection error, without the key or the query', async (t) => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const error = await ask(`http://127.0.0.1:${port}`);
  t.equal(error.name, 'ConnectionError');
  t.notMatch(inspect(error, { depth: 9 }), /hush|quiet/);
});
