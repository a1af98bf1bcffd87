import { STATUS_CODES } from 'node:http';
import formbody from '@fastify/formbody';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseUnavailable } from '../database/database.ts';
import type { DenialReason } from '../platform/denial-reasons.ts';
import type { Platform } from '../platform/platform.ts';
import { type GateDoorDependencies, sendDenial, worded } from './gate.ts';

/** A no at this door: a canonical reason, for the dialect, and what is told beside it. */
export interface TokenRefusal {
  readonly reason: DenialReason;
  /** One sentence of ours. Default: the dialect's own. */
  readonly message?: string;
  /** For what the dialect has no reason for. Default: the dialect's. */
  readonly status?: number;
  readonly retryAfterSeconds?: number;
}

export type Refuse = (
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: TokenRefusal,
) => FastifyReply;

const BODY_LIMIT_BYTES = 16 * 1024;

/**
 * The door of the platform's own token endpoints: JSON or a form in, errors in the platform's dialect,
 * no-store, no cookies, no CORS. The body of a request never gets into an answer or the log.
 *
 * @returns how to say no
 */
export async function usePlatformTokenDoor(
  door: FastifyInstance,
  deps: GateDoorDependencies,
): Promise<Refuse> {
  door.removeAllContentTypeParsers();
  const parseJson = door.getDefaultJsonParser('error', 'error');
  door.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES },
    (request, text, done) => (text === '' ? done(null) : parseJson(request, text, done)),
  );
  await door.register(formbody, { bodyLimit: BODY_LIMIT_BYTES });
  door.addHook('onRequest', (_request, reply, done) => {
    reply.headers({
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'x-content-type-options': 'nosniff',
    });
    done();
  });
  const refuse = createRefuse(deps);
  door.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = refusalOf(error, request);
    if (refusal.reason === 'temporarily_unavailable') {
      const level = refusal.status === 500 ? 'error' : 'warn';
      request.log[level]({ err: error }, 'a token request could not be served');
    }
    return refuse(request, reply, refusal);
  });
  return refuse;
}

/** Every other method on a path of this door: 405 with Allow (RFC 9110 §15.5.6). */
export function refuseMethodsBesidePost(door: FastifyInstance, url: string, refuse: Refuse): void {
  door.route({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url,
    // Before the body is read: it is not what is wrong.
    onRequest: async (request, reply) => {
      const message = `${request.method} is not allowed here. Use POST.`;
      const refusal = { reason: 'malformed_request', status: 405, message } as const;
      return refuse(request, reply.header('allow', 'POST'), refusal);
    },
    handler: async (_request, reply) => reply,
  });
}

function createRefuse({ platform, issuer, clock }: GateDoorDependencies): Refuse {
  return (request, reply, refusal) => {
    const { retryAfterSeconds, reason } = refusal;
    const denial = { reason, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
    const about = { requestId: request.id, now: clock.now() };
    return sendDenial(
      reply,
      worded(denial, about, { platform: reworded(platform, refusal), issuer }),
    );
  };
}

function reworded(platform: Platform, { reason, message, status }: TokenRefusal): Platform {
  const { dialect } = platform;
  const own = dialect.denials[reason];
  const denial = {
    ...own,
    ...(message === undefined ? {} : { message }),
    ...(status === undefined ? {} : { status, code: codeFor(status, own) }),
  };
  return {
    ...platform,
    dialect: { ...dialect, denials: { ...dialect.denials, [reason]: denial } },
  };
}

/** A dialect whose codes are HTTP's own phrases goes on speaking them. */
const codeFor = (status: number, own: { status: number; code: string }) =>
  own.code === STATUS_CODES[own.status] ? (STATUS_CODES[status] ?? own.code) : own.code;

function refusalOf(error: FastifyError, request: FastifyRequest): TokenRefusal {
  if (isDatabaseUnavailable(error) || error.statusCode === 503) {
    return { reason: 'temporarily_unavailable', retryAfterSeconds: 2 };
  }
  const status = error.statusCode ?? 500;
  if (status >= 500) {
    const message = `Unexpected error. The operator finds it as request ${request.id}.`;
    return { reason: 'temporarily_unavailable', status: 500, message };
  }
  const message = MESSAGES[status] ?? 'The body could not be read. Send a JSON object.';
  const isKnown = MESSAGES[status] !== undefined;
  return { reason: 'malformed_request', message, ...(isKnown ? { status } : {}) };
}

const MESSAGES: Readonly<Record<number, string>> = {
  413: `The body is longer than ${BODY_LIMIT_BYTES / 1024} KiB.`,
  415: 'Send the body as application/json or application/x-www-form-urlencoded.',
};
