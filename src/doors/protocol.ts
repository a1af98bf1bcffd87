import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseUnavailable } from '../database/database.ts';
import type { ProviderHost } from '../oauth/provider-host.ts';
import { createHoldEnd } from './end-together.ts';

/**
 * The protocol door: form bodies, OAuth errors in JSON, no-store, no cookies of ours. What oidc-provider
 * answers gets its body unread; a route of our own registers @fastify/formbody for itself.
 */
export function useProtocolDoor(door: FastifyInstance): void {
  // A log of its own for each request costs more than it says: what is logged here says `requestId` itself.
  door.setChildLoggerFactory((log) => log);
  door.removeAllContentTypeParsers();
  door.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
  door.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
    done();
  });
  door.setErrorHandler(renderOAuthError);
}

/** The error document of RFC 6749 §5.2. Detail and cause go to the log, never to the wire. */
export function renderOAuthError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (isDatabaseUnavailable(error)) {
    request.log.warn({ requestId: request.id, err: error }, 'the database cannot be reached');
    return reply.code(503).header('retry-after', '2').send({
      error: 'temporarily_unavailable',
      error_description: 'the service is temporarily unavailable, try again',
    });
  }
  const status = error.statusCode ?? 500;
  if (status < 500) {
    return reply.code(status).send({ error: 'invalid_request', error_description: error.message });
  }
  request.log.error({ requestId: request.id, err: error }, 'a request failed');
  return reply.code(500).send({
    error: 'server_error',
    error_description: `unexpected error; the operator finds it as request ${request.id}`,
  });
}

/** Any other method on a path that has its own: 405 with Allow (RFC 9110 §15.5.6). */
export function refuseOtherMethods(
  door: FastifyInstance,
  url: string,
  allowed: readonly string[],
): void {
  const answered = new Set([...allowed, 'OPTIONS', 'HEAD']);
  const method = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((name) => !answered.has(name));
  door.route({
    method,
    url,
    handler: async (request, reply) =>
      reply
        .code(405)
        .header('allow', allowed.join(', '))
        .send({
          error: 'invalid_request',
          error_description: `${request.method} is not allowed here; use ${allowed.join(' or ')}`,
        }),
  });
}

/** OPTIONS: what is allowed (RFC 9110 §9.3.7), but for a browser's preflight, which is the library's to answer. */
export function answerOptions(
  door: FastifyInstance,
  url: string,
  allowed: readonly string[],
  preflight: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  door.options(url, async (request, reply) =>
    request.headers['access-control-request-method']
      ? preflight(request, reply)
      : reply.code(204).header('allow', allowed.join(', ')).send(),
  );
}

export interface Forwarding {
  host: ProviderHost;
  issuer: string;
}

/**
 * Hands a request over to oidc-provider, which writes the answer itself.
 *
 * @param reader a program gets its errors in JSON, whatever it accepts (RFC 6749 §5.2); a person, a page
 */
export function createForwarder({ host, issuer }: Forwarding, reader: 'program' | 'person') {
  const { host: authority, protocol } = new URL(issuer);
  const holdEnd = createHoldEnd();

  return function forward(request: FastifyRequest, reply: FastifyReply, body?: string): void {
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    const raw = body === undefined ? request.raw : withBody(request.raw, body);
    pinOrigin(raw, request, authority, protocol.slice(0, -1));
    if (reader === 'program') raw.headers.accept = 'application/json';
    holdEnd(reply.raw);
    host.handle(raw, reply.raw);
  };
}

/**
 * The library derives URLs from Host and X-Forwarded-*; whatever the caller sent there, they say the
 * issuer.
 */
function pinOrigin(
  raw: IncomingMessage,
  request: FastifyRequest,
  authority: string,
  protocol: string,
): void {
  raw.headers.host = authority;
  raw.headers['x-forwarded-host'] = authority;
  raw.headers['x-forwarded-proto'] = protocol;
  raw.headers['x-forwarded-for'] = request.ip;
  raw.headers['x-request-id'] = request.id;
  delete raw.headers[':authority'];
}

/** The same request with another body, for a body that was read to be changed. */
function withBody(raw: IncomingMessage, body: string): IncomingMessage {
  const { method, url, headers, rawHeaders, httpVersion, httpVersionMajor, socket } = raw;
  const length = String(Buffer.byteLength(body));
  return Object.assign(Readable.from([Buffer.from(body)]), {
    method,
    url,
    headers: { ...headers, 'content-length': length, 'transfer-encoding': undefined },
    rawHeaders,
    httpVersion,
    httpVersionMajor,
    socket,
    connection: socket,
  }) as unknown as IncomingMessage;
}
