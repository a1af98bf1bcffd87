import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import pino, { type Logger } from 'pino';

export type LogStream = { write(line: string): void };

/** For the app: structured lines on standard output, or on a stream of the caller's. */
export const loggerOptions = (level: string, stream?: LogStream) => ({
  level,
  ...(stream ? { stream } : {}),
});

/** For what happens before there is an app: the same lines, on the same stream. */
export const startupLog = (output: LogStream): Logger => pino({ level: 'info' }, output);

/**
 * One line for each answer. Queries are left out, because they carry codes, hints and, on some
 * platforms, keys; headers and bodies are left out altogether. It needs no log of the request's own.
 */
export function logAnswers(app: FastifyInstance): void {
  app.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    app.log.info(
      {
        requestId: request.id,
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

/** Where a sign-in in progress has its identifier, in a path that fits no route. */
const OPEN_INTERACTION = /^(\/interaction|\/oauth\/authorize)\/[^/]+/;
/** Where an invitation has its token, likewise. */
const INVITATION = /^(\/invitations)\/[^/]+/;

/**
 * Whoever has the identifier of a sign-in in progress is a step into it, and whoever has the token of an
 * invitation too: their names stand in for them.
 */
function pathOf(request: FastifyRequest): string {
  const route = request.routeOptions.url;
  if (route?.includes('/:uid') || route?.includes('/:token')) return route;
  const { url } = request;
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  if (!/^\/[io]/.test(path)) return path;
  return path.replace(OPEN_INTERACTION, '$1/:uid').replace(INVITATION, '$1/:token');
}
