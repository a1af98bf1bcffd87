import type { IncomingMessage, ServerResponse } from 'node:http';

const PATIENCE_MS = 1_000;
const PATIENCE_BYTES = 1024 * 1024;

/**
 * For an answer that goes out before all of the request has come in. What is still on its way is thrown
 * away for a moment, so that a caller who is sending gets to read the answer and not a reset; whoever goes
 * on for longer is cut off. Nothing of it is ever taken for the next request.
 *
 * @see RFC 9112 §9.6
 */
export function discardUnread(incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (!hasBody(incoming) || incoming.readableEnded) return;
  const { socket } = incoming;
  let bytes = 0;
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > PATIENCE_BYTES) socket.destroy();
  });
  incoming.resume();
  outgoing.once('finish', () => {
    if (incoming.complete) return;
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    incoming.once('end', () => clearTimeout(timer));
    socket.once('close', () => clearTimeout(timer));
  });
}

/** RFC 9112 §6.3: a request has a body where one of these says so. */
export const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
