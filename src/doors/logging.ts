import type { FastifyRequest } from 'fastify';
import pino, { type Logger } from 'pino';

/**
 * One line for each request and answer. Queries are left out, because they carry codes, hints and, on
 * some platforms, keys; headers are left out altogether.
 */
export function loggerOptions(level: string) {
  return {
    level,
    serializers: {
      req: (request: FastifyRequest) => ({
        method: request.method,
        path: request.url.split('?', 1)[0],
        address: request.ip,
      }),
    },
  };
}

/** For what happens before there is an app: the same lines, on the same stream. */
export const startupLog = (): Logger => pino({ level: 'info' });
