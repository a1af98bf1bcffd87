import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Stop } from './lifecycle.ts';

const SWEEP_MS = 50;

/**
 * How an app that listens is stopped: new connections are refused, requests under way are waited for until
 * it is late. Their answers say that the connection closes (RFC 9112 §9.6), one kept alive is
 * closed as soon as its answer is out, and one that browsers and balancers opened in advance at once, so that
 * nobody sends another request into a closing door.
 *
 * Call it before the app listens.
 */
export function prepareDrain(app: FastifyInstance): Stop {
  /** With the answer that each waits for, or had last. */
  const sockets = new Map<Socket, ServerResponse | undefined>();
  let stopping = false;
  app.server.on('connection', (socket) => {
    sockets.set(socket, undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  app.server.prependListener('request', (request, response) => {
    sockets.set(request.socket, response);
    if (stopping) sayThatItCloses(response);
  });
  const closeIdle = () => {
    app.server.closeIdleConnections();
    // To Node, a connection that has not said anything yet is a busy one.
    for (const socket of sockets.keys()) if (socket.bytesRead === 0) socket.destroy();
  };

  return async (late) => {
    stopping = true;
    for (const response of sockets.values()) if (response) sayThatItCloses(response);
    const sweep = setInterval(closeIdle, SWEEP_MS);
    const cut = () => {
      app.log.warn('requests that took too long were cut off');
      app.server.closeAllConnections();
    };
    late.addEventListener('abort', cut);
    await app.close().finally(() => {
      clearInterval(sweep);
      late.removeEventListener('abort', cut);
    });
  };
}

function sayThatItCloses(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
