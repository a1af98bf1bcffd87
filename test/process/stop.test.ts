import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import t, { type Test } from 'tap';
import { authorizeUrl, newPkce } from '../support/flows.ts';
import { furnish } from '../support/furnished.ts';
import { type GatehouseProcess, launchGatehouse, spawnGatehouse } from '../support/process.ts';
import { createUserAgent } from '../support/user-agent.ts';

/** How long a container has between SIGTERM and SIGKILL: what src/lifecycle.ts promises to stay below. */
const DOCKER_PATIENCE_MS = 10_000;

interface RawConnection {
  socket: Socket;
  read(): string;
  closed: Promise<unknown>;
}

/** A connection that is written to byte by byte. */
async function open(t: Test, { port }: GatehouseProcess): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1');
  t.teardown(async () => void socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (data) => (text += data));
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  return { socket, read: () => text, closed };
}

const hasClosedWithin = async ({ closed }: RawConnection, patienceMs: number) =>
  Promise.race([closed.then(() => true), sleep(patienceMs, false)]);

async function refusesConnections({ port }: GatehouseProcess): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const refused = await Promise.race([
    once(socket, 'connect').then(() => false),
    once(socket, 'error').then(() => true),
  ]).catch(() => true);
  socket.destroy();
  return refused;
}

t.test('SIGTERM finishes what is in flight, and nothing else', async (t) => {
  const { environment, app, service, user } = await furnish(t);
  const gatehouse = await spawnGatehouse(t, { environment });
  const credentials = Buffer.from(`${service.clientId}:${service.secret}`).toString('base64');
  const body = 'grant_type=client_credentials';
  const head = [
    ...['POST /oauth/token HTTP/1.1', `host: 127.0.0.1:${gatehouse.port}`],
    ...['content-type: application/x-www-form-urlencoded', `content-length: ${body.length}`],
    ...[`authorization: Basic ${credentials}`, '', ''],
  ].join('\r\n');

  const slow = await open(t, gatehouse);
  slow.socket.write(head + body.slice(0, 10));
  const idle = await open(t, gatehouse);
  idle.socket.write(head + body);
  while (!idle.read().includes('access_token')) await sleep(10);
  const silent = await open(t, gatehouse);
  const agent = createUserAgent();
  const page = await agent.follow(await agent.get(authorizeUrl(gatehouse, app, newPkce())));
  const form = page.forms.find(({ action }) => action.endsWith('/sign-in'))!;
  const signIn = agent.submit(page, form, { email: user.email, password: user.password });
  await sleep(5);
  const start = performance.now();
  gatehouse.signal('SIGTERM');

  t.match(await signIn, { status: 303 }, 'a password being hashed is finished');
  t.ok(await hasClosedWithin(idle, 1000), 'a connection kept alive is closed');
  t.ok(await hasClosedWithin(silent, 1000), 'so is one that never said anything');
  t.ok(await refusesConnections(gatehouse), 'new connections are refused');
  t.ok(gatehouse.isRunning, 'the process waits for the slow request');
  slow.socket.write(body.slice(10));
  t.equal(await gatehouse.exited, 0);
  t.match(slow.read(), /^HTTP\/1\.1 200 OK[\s\S]*"access_token"/, 'which is answered');
  t.match(slow.read(), /^connection: close\r$/im, 'as the last one there (RFC 9112 §9.6)');
  t.match(idle.read(), /^connection: keep-alive\r$/im, 'unlike those before');
  t.ok(performance.now() - start < 5000, 'and with the last answer it ends');
});

t.test('a request that never comes to its end does not hold the process', async (t) => {
  const { environment } = await furnish(t);
  const gatehouse = await spawnGatehouse(t, { environment });
  const stuck = await open(t, gatehouse);
  stuck.socket.write('POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nab');
  await sleep(100);
  const start = performance.now();
  t.equal(await gatehouse.kill('SIGTERM'), 0);
  const took = performance.now() - start;
  t.ok(took < DOCKER_PATIENCE_MS, 'it ends before Docker would kill it', { took });
});

t.test('a log that nobody reads any more does not hold the end', async (t) => {
  const { environment } = await furnish(t);
  const gatehouse = await spawnGatehouse(t, { environment });
  gatehouse.closeOutput();
  const start = performance.now();
  t.equal(await gatehouse.kill('SIGTERM'), 0);
  const took = performance.now() - start;
  t.ok(took < 2_000, 'at once', { took });
});

t.test('a signal during the start ends it, with all that was begun', async (t) => {
  const { environment } = await furnish(t);
  for (const afterMs of [400, 700, 1000]) {
    const gatehouse = await launchGatehouse(t, { environment });
    await sleep(afterMs);
    const start = performance.now();
    const code = await gatehouse.kill('SIGTERM');
    t.ok(code === 0 || code === null, `after ${afterMs} ms`, { code });
    const took = performance.now() - start;
    t.ok(took < 5000, 'soon', { took, stdout: gatehouse.stdout });
    t.equal(gatehouse.stderr, '');
  }
});

t.test('a signal ends a start that waits for another process to migrate', async (t) => {
  const { environment, connectionString } = await furnish(t);
  const other = new pg.Client({ connectionString });
  await other.connect();
  t.teardown(() => other.end());
  await other.query('SELECT pg_advisory_lock(72707369)');
  const gatehouse = await launchGatehouse(t, { environment });
  const waiting = async () => {
    const { rowCount } = await other.query(
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    return rowCount === 1;
  };
  while (!(await waiting())) await sleep(20);
  const start = performance.now();
  t.equal(await gatehouse.kill('SIGTERM'), 0);
  const took = performance.now() - start;
  t.ok(took < 2_000, 'at once', { took });
});
