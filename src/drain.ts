import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Stop } from './lifecycle.ts';

const SWEEP_MS = 50;

/**
 * How an app that listens is stopped: new connections are refused, requests under way are waited for until
 * it is late. A connection kept alive is closed as soon as its answer is out, and one that browsers and balancers opened
 * in advance at once, so that nobody sends another request into a closing door.
 *
 * Call it before the app listens.
 */
export function prepareDrain(app: FastifyInstance): Stop {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const closeIdle = () => {
    app.server.closeIdleConnections();
    // To Node, a connection that has not said anything yet is a busy one.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };

  return async (late) => {
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
