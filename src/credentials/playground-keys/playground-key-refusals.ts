import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseUnavailable } from '../../database/database.ts';
import { type GateDoorDependencies, sendDenial, worded } from '../../doors/gate.ts';
import type { Denial, MeteredCount } from '../../gate/context.ts';
import { CounterStoreUnavailableError } from '../../limits/counter-store.ts';
import type { Platform } from '../../platform/platform.ts';

/** How a request for a playground key is refused: in the platform's dialect, as the gate refuses. */
export function createRefusals({ platform, issuer, clock }: GateDoorDependencies) {
  function refuse(
    request: FastifyRequest,
    reply: FastifyReply,
    denial: Denial,
    words: Platform = platform,
  ): FastifyReply {
    const about = { requestId: request.id, now: clock.now() };
    return sendDenial(reply, worded(denial, about, { platform: words, issuer }));
  }

  /** The dialect's `malformed_request`, with words for the occasion. */
  function wrong(request: FastifyRequest, reply: FastifyReply, status: number, message: string) {
    const { dialect } = platform;
    const { malformed_request: usual } = dialect.denials;
    const denials = { ...dialect.denials, malformed_request: { ...usual, status, message } };
    const words = { ...platform, dialect: { ...dialect, denials } };
    return refuse(request, reply, { reason: 'malformed_request' }, words);
  }

  return {
    wrong,
    /** @param counts the issue rate, used up */
    tooMany(request: FastifyRequest, reply: FastifyReply, counts: readonly [MeteredCount]) {
      const [{ name, resetsAt }] = counts;
      const leftMs = resetsAt!.getTime() - clock.now().getTime();
      const retryAfterSeconds = Math.max(1, Math.ceil(leftMs / 1000));
      const denial: Denial = { reason: 'rate_limited', limit: name, counts, retryAfterSeconds };
      return refuse(request, reply, denial);
    },
    /** What was thrown. Detail and cause go to the log, never to the wire. */
    failed(error: FastifyError, request: FastifyRequest, reply: FastifyReply, bodyLimit: number) {
      switch (error.statusCode) {
        case 400:
          return wrong(request, reply, 400, 'The body is not well-formed JSON.');
        case 413:
          return wrong(
            request,
            reply,
            413,
            `The body is too large: send ${bodyLimit} bytes at most.`,
          );
        case 415:
          return wrong(request, reply, 415, 'Send JSON, with Content-Type: application/json.');
      }
      const isAway = isDatabaseUnavailable(error) || error instanceof CounterStoreUnavailableError;
      if (isAway) request.log.warn({ err: error }, 'a playground key could not be issued now');
      else request.log.error({ err: error }, 'a request for a playground key failed');
      return refuse(request, reply, { reason: 'temporarily_unavailable', retryAfterSeconds: 2 });
    },
  };
}
