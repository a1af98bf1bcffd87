import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { dial, eventually, startFront } from './front.ts';

// Ends of an open tunnel that stop reading, read slowly, or have nothing to say for a while.

const TIMEOUT_SECONDS = 1;
const LONG_ENOUGH_MS = 2_200;
const MEGABYTE = 1024 * 1024;
/** More than the kernel keeps for a connection, on this machine or any other. */
const FLOOD = 100 * MEGABYTE;
const CHUNK = Buffer.alloc(64 * 1024, 'x');
/** The upstream's ends of the tunnels, last opened last; nothing is read of them until a test does. */
const ends: Socket[] = [];
const upstream = createServer();
upstream.on('upgrade', (_request: IncomingMessage, socket: Socket) => {
  socket.on('error', () => {});
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  );
  ends.push(socket);
});

const front = await startFront(t, upstream, { timeoutSeconds: TIMEOUT_SECONDS });

/** Both ends of a tunnel, both paused, and what the log says of its end. */
async function openTunnel(t: Test) {
  const { socket: caller, ...connection } = await dial(t, front.port);
  connection.send(
    ...['GET /v1/socket HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket'],
    ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
    `Authorization: ${front.bearer.authorization}`,
  );
  const head = await connection.until(/^HTTP\/1\.1 101 [\s\S]*\r\n\r\n/);
  const id = /x-request-id: (\S+)/i.exec(head)?.[1];
  caller.removeAllListeners('data').pause();
  const api = ends.at(-1)!;
  t.teardown(async () => void api.destroy());
  const ended = () =>
    front.gatehouse.logLines
      .map((line) => JSON.parse(line))
      .find(({ requestId, msg }) => requestId === id && msg === 'tunnel closed')?.ended;
  return { caller, api, ended };
}

/** As much as it is let, for as long as it is. @returns how much was taken, by the other end and on the way */
async function pour(from: Socket, bytes: number): Promise<number> {
  let written = 0;
  for (; written < bytes && !from.destroyed; written += CHUNK.length) {
    if (from.write(CHUNK)) continue;
    await Promise.race([once(from, 'drain'), once(from, 'close')]).catch(() => {});
  }
  return written;
}

const isClosed = (socket: Socket) => () => socket.destroyed;

for (const [who, reads] of [
  ['a caller', 'caller'],
  ['an upstream', 'upstream'],
] as const) {
  const openEnds = async (t: Test) => {
    const { caller, api, ended } = await openTunnel(t);
    const [reader, writer] = reads === 'caller' ? [caller, api] : [api, caller];
    return { reader, writer, ended };
  };

  t.test(
    `${who} who takes nothing of what waits is cut off, and the other end let go`,
    async (t) => {
      const { reader, writer, ended } = await openEnds(t);
      const poured = await pour(writer, FLOOD);
      t.ok(poured < FLOOD, 'the other end was slowed down before');
      await eventually(isClosed(writer), 'it hears of it');
      const broken = once(reader, 'error');
      reader.resume();
      t.match(await broken, [{ code: 'ECONNRESET' }], 'nothing ends as if it were whole');
      await eventually(() => ended() === `not_taken_by_${reads}`, 'the log says so');
    },
  );

  t.test(`so is ${who} who goes on sending`, async (t) => {
    const { reader, writer, ended } = await openEnds(t);
    writer.resume();
    const sends = setInterval(() => reader.write('x'), 100);
    t.teardown(() => clearInterval(sends));
    await pour(writer, FLOOD);
    await eventually(isClosed(writer), 'the other end hears of it');
    await eventually(() => ended() === `not_taken_by_${reads}`, 'the log says so');
  });

  t.test(`${who} who reads slowly gets all of it`, async (t) => {
    const { reader, writer, ended } = await openEnds(t);
    let read = 0;
    reader.on('data', (data) => {
      read += data.length;
      if (read % (20 * MEGABYTE) > data.length) return;
      reader.pause();
      setTimeout(() => reader.resume(), (TIMEOUT_SECONDS * 1_000) / 2);
    });
    reader.resume();
    const poured = await pour(writer, FLOOD);
    await eventually(() => read === poured, 'all of it');
    t.equal(ended(), undefined, 'and the tunnel is open');
  });
}

t.test('a tunnel in which nothing waits stays open, also after much has passed', async (t) => {
  const { caller, api, ended } = await openTunnel(t);
  let read = 0;
  caller.on('data', (data) => {
    read += data.length;
  });
  caller.resume();
  await sleep(LONG_ENOUGH_MS);
  const poured = await pour(api, 10 * MEGABYTE);
  await eventually(() => read === poured, 'all of it');
  await sleep(LONG_ENOUGH_MS);
  api.write('late');
  await eventually(() => read === poured + 4, 'a late word');
  t.equal(ended(), undefined);
});
