import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseUnavailable } from '../database/database.ts';
import { answerDenial, type DenialAnswer } from '../gate/answer.ts';
import type { Denial } from '../gate/context.ts';
import { PROTECTED_RESOURCE_PATH } from '../gate/protected-resource.routes.ts';
import type { Clock } from '../lib/clock.ts';
import type { Platform } from '../platform/platform.ts';

export interface GateDoorDependencies {
  platform: Platform;
  issuer: string;
  clock: Clock;
}

/**
 * The gate door: what callers of the upstream API come through. Bodies stay unread in the stream,
 * credentials are the gate's stages to judge, and whatever goes wrong is said in the platform's dialect.
 */
export function useGateDoor(door: FastifyInstance, deps: GateDoorDependencies): void {
  // A log of each request's own would cost a decision a twentieth: lines of this door say `requestId` themselves.
  door.setChildLoggerFactory((log) => log);
  door.removeAllContentTypeParsers();
  door.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
  door.addHook('onRequest', (request, _reply, done) => {
    // Fastify would refuse a type that it cannot read; it is the upstream's to judge.
    delete request.raw.headers['content-type'];
    done();
  });
  door.setErrorHandler((error: FastifyError, request, reply) =>
    renderGateError(error, request, reply, deps),
  );
}

/** The platform's words for a denial of a request. */
export function worded(
  denial: Denial,
  about: { requestId: string; now: Date },
  { platform, issuer }: Pick<GateDoorDependencies, 'platform' | 'issuer'>,
): DenialAnswer {
  const resourceMetadataUrl = issuer + PROTECTED_RESOURCE_PATH;
  return answerDenial(platform, denial, { ...about, resourceMetadataUrl });
}

/** A dialect's body is JSON, unless its content type says that it is text. */
export function sendDenial(reply: FastifyReply, { status, headers, body }: DenialAnswer) {
  const isText = typeof body === 'string' && !headers['content-type']?.includes('json');
  return reply
    .code(status)
    .headers(headers)
    .send(isText ? body : JSON.stringify(body));
}

/** Nobody passes on an error. Detail and cause go to the log, never to the wire. */
export function renderGateError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  deps: GateDoorDependencies,
): FastifyReply {
  const about = { requestId: request.id, now: deps.clock.now() };
  return sendDenial(reply, worded(denialFor(error, request), about, deps));
}

function denialFor(error: FastifyError, { log, id: requestId }: FastifyRequest): Denial {
  if (isDatabaseUnavailable(error)) {
    log.warn({ requestId, err: error }, 'the database cannot be reached');
    return { reason: 'temporarily_unavailable', retryAfterSeconds: 2 };
  }
  if ((error.statusCode ?? 500) < 500) {
    log.info({ requestId, reason: 'malformed_request' }, 'denied at the gate');
    return { reason: 'malformed_request' };
  }
  log.error({ requestId, err: error }, 'a request at the gate failed');
  return { reason: 'temporarily_unavailable' };
}
