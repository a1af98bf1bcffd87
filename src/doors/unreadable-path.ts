import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { CHECK_PATH } from '../gate/forward-auth.routes.ts';
import { type GateDoorDependencies, renderGateError } from './gate.ts';

/**
 * 400 for a path that the router cannot decode. It stands before every door, so this says which one the
 * caller meant: the gate's, through Envoy, in the platform's dialect; else a problem document (RFC 9457).
 */
export const refuseUnreadablePaths =
  (deps: GateDoorDependencies) =>
  (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    reply.header('x-request-id', request.id);
    if (request.raw.url?.startsWith(`${CHECK_PATH}/`)) {
      void renderGateError(error, request, reply, deps);
      return;
    }
    void reply
      .code(error.statusCode ?? 400)
      .type('application/problem+json')
      .send({
        type: 'about:blank',
        title: 'Bad Request',
        status: error.statusCode ?? 400,
        detail: 'The path cannot be decoded: encode it as RFC 3986 §2.1 says.',
      });
  };
