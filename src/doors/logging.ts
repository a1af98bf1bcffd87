import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import pino, { type Logger } from 'pino';

export type LogStream = { write(line: string): void };

/** For the app: structured lines on standard output, or on a stream of the caller's. */
export const loggerOptions = (level: string, stream?: LogStream) => ({
  level,
  ...(stream ? { stream } : {}),
});

/** For what happens before there is an app: the same lines, on the same stream. */
export const startupLog = (): Logger => pino({ level: 'info' });

/**
 * One line for each answer. Queries are left out, because they carry codes, hints and, on some
 * platforms, keys; headers and bodies are left out altogether.
 */
export function logAnswers(app: FastifyInstance): void {
  app.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    request.log.info(
      {
        method: request.method,
        path: pathOf(request),
        // Of the raw answer: oidc-provider writes its own.
        status: reply.raw.statusCode,
        address: request.ip,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      'answered',
    );
    done();
  });
}

/** Interaction identifiers open a sign-in in progress: the route stands in for the path. */
function pathOf(request: FastifyRequest): string {
  const path = request.url.split('?', 1)[0]!;
  return path.startsWith('/interaction/') ? (request.routeOptions.url ?? '/interaction') : path;
}
