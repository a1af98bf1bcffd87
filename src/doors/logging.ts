import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import pino, { type Logger } from 'pino';

export type LogStream = { write(line: string): void };

export interface LogOutput extends LogStream {
  /** Writes what has gathered; resolves also when nobody reads it any more, and when it takes too long. */
  settle(): Promise<void>;
}

/** A line is written by then at the latest; kill -9 takes no more than this from the log. */
const FLUSH_MS = 50;
/** What a reader who is slow may hold up an exit. */
const SETTLE_MS = 300;
/** Some sixty answers: beyond, what has gathered is written at once. */
const GATHERED_CHARACTERS = 16_384;

/**
 * Standard output, to which lines are written together: written one by one, they were a seventh of a profile
 * of the gate's decisions. They gather here and not in pino's stream, which measures all that has gathered
 * anew for each line. Whatever ends the process but a kill, what has gathered is written first.
 */
export function createLogOutput(): LogOutput {
  // Its flush tells when all is written only if it waits for at least something.
  const output = pino.destination({ dest: 1, sync: false, minLength: 1 });
  let gathered = '';
  let timer: NodeJS.Timeout | undefined;
  const handOver = (to = output) => {
    clearTimeout(timer);
    timer = undefined;
    const lines = gathered;
    gathered = '';
    if (lines !== '') to.write(lines);
  };
  // What the stream has, it has written by then; what begins to be written now must not wait for anything.
  process.once('exit', () => handOver(pino.destination({ dest: 1, sync: true })));
  return {
    write(line) {
      gathered += line;
      if (gathered.length >= GATHERED_CHARACTERS) handOver();
      else timer ??= setTimeout(() => handOver(), FLUSH_MS).unref();
    },
    // At its exit a process writes without waiting, again and again where the reader is gone (EPIPE): only
    // an ordinary write finds that out.
    settle: () =>
      new Promise((resolve) => {
        const patience = setTimeout(resolve, SETTLE_MS);
        handOver();
        output.flush(() => {
          clearTimeout(patience);
          resolve();
        });
      }),
  };
}

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
