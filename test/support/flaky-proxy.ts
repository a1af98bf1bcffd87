import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy before a database, to take it away in the ways networks and machines do. */
export interface FlakyProxy {
  /** The given connection string, through the proxy. */
  connectionString: string;
  /** Ends every connection and refuses new ones: the database is down. */
  down(): Promise<void>;
  /** Takes connections and says nothing, and is silent on those it has: packets are lost. */
  freeze(): void;
  /** Takes connections and resets them at once: a load balancer without a database behind it. */
  reset(): void;
  up(): Promise<void>;
}

export async function createFlakyProxy(
  t: { teardown(work: () => Promise<void>): unknown },
  target: string,
): Promise<FlakyProxy> {
  const url = new URL(target);
  const to = { host: url.hostname, port: Number(url.port || 5432) };
  const sockets = new Set<Socket>();
  let frozen = false;
  let resetting = false;
  let port = 0;

  const join = (from: Socket): void => {
    sockets.add(from);
    from.on('error', () => {}).on('close', () => sockets.delete(from));
    if (frozen) return;
    if (resetting) {
      from.resetAndDestroy();
      return;
    }
    const onward = connect(to);
    sockets.add(onward);
    onward.on('error', () => {}).on('close', () => sockets.delete(onward));
    from.on('data', (data) => frozen || onward.write(data)).on('close', () => onward.destroy());
    onward.on('data', (data) => frozen || from.write(data)).on('close', () => from.destroy());
  };
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  let server: Server | null = null;
  const proxy: FlakyProxy = {
    connectionString: '',
    async down() {
      server?.close();
      server = null;
      destroyAll();
    },
    freeze() {
      frozen = true;
    },
    reset() {
      resetting = true;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async up() {
      if (frozen) destroyAll();
      frozen = false;
      resetting = false;
      if (server) return;
      server = createServer(join).listen(port, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      if (typeof address === 'object' && address) port = address.port;
    },
  };
  await proxy.up();
  url.host = `127.0.0.1:${port}`;
  proxy.connectionString = url.href;
  t.teardown(() => proxy.down());
  return proxy;
}
