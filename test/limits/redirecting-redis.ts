import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** One node of a cluster: it sends whoever asks for a count that it doesn't have to another. */
export interface RedirectingRedis {
  readonly url: string;
  /** How many connections were made. */
  readonly connections: number;
  /** Ends every connection and refuses new ones. */
  stop(): void;
}

/**
 * Speaks as much of the protocol (RESP2) as counters use.
 *
 * @param has whether this node has a count, by its key
 */
export async function startRedirectingRedis(
  t: { teardown(work: () => Promise<void>): unknown },
  has: (key: string) => boolean,
): Promise<RedirectingRedis> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    let unread = '';
    socket.on('data', (data) => {
      unread += data;
      for (;;) {
        const command = readCommand(unread);
        if (!command) return;
        unread = unread.slice(command.length);
        socket.write(answer(command.words, has));
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  t.teardown(async () => stop());
  const { port } = server.address() as AddressInfo;
  return {
    url: `redis://:password-of-the-node@127.0.0.1:${port}`,
    get connections() {
      return connections;
    },
    stop,
  };
}

/** An array of bulk strings; undefined while its end has not come. */
function readCommand(text: string): { words: string[]; length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (!head) return undefined;
  const words: string[] = [];
  let at = head[0].length;
  while (words.length < Number(head[1])) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at));
    if (!size) return undefined;
    const start = at + size[0].length;
    at = start + Number(size[1]) + 2;
    if (text.length < at) return undefined;
    words.push(text.slice(start, at - 2));
  }
  return { words, length: at };
}

function answer([verb = '', ...words]: string[], has: (key: string) => boolean): string {
  const key = /^EVAL/i.test(verb) ? words[2] : words[0];
  if (!/^(EVAL|EVALSHA|HMGET|DEL)$/i.test(verb)) return '+OK\r\n';
  if (!has(key ?? '')) return '-MOVED 5798 192.0.2.7:6379\r\n';
  // Admitted as the first of its window.
  return `*3\r\n:1\r\n:1\r\n$13\r\n${Date.now() + 60_000}\r\n`;
}
