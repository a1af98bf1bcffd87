import type { FastifyReply, FastifyRequest } from 'fastify';

/** Why a bearer token was refused, in the words of RFC 6750 §3.1. */
export interface BearerProblem {
  readonly status: number;
  /** Absent when the request carried no token at all. */
  readonly error: string | undefined;
  readonly description: string;
  readonly scope?: string;
}

/**
 * The token of a request: in the Authorization header, or in a form body; in exactly one of them, and
 * never in the query, where it would be logged.
 *
 * @see RFC 6750 §2, RFC 9700 §4.3.2
 */
export function readBearerToken(request: FastifyRequest): { token: string } | BearerProblem {
  const header = request.headers.authorization;
  const form = (request.body ?? {}) as Record<string, unknown>;
  const ofHeader = header === undefined ? undefined : /^Bearer +([\w.~+/-]+=*)$/i.exec(header)?.[1];
  if ((request.query as Record<string, unknown>).access_token !== undefined) {
    return problem(
      400,
      'invalid_request',
      'an access token in the query is refused; use the Authorization header',
    );
  }
  if (header !== undefined && form.access_token !== undefined) {
    return problem(400, 'invalid_request', 'the token is given in two ways at once; use one');
  }
  if (form.access_token !== undefined && typeof form.access_token !== 'string') {
    return problem(400, 'invalid_request', 'access_token is given more than once');
  }
  const token = ofHeader ?? form.access_token;
  if (typeof token === 'string' && token !== '') return { token };
  if (header !== undefined && /^Bearer/i.test(header)) {
    return problem(
      400,
      'invalid_request',
      'the Authorization header is malformed; expected: Bearer <token>',
    );
  }
  return { status: 401, error: undefined, description: 'no access token was given' };
}

const problem = (status: number, error: string, description: string): BearerProblem => ({
  status,
  error,
  description,
});

/** The answer with its challenge (RFC 6750 §3). */
export function refuseBearer(reply: FastifyReply, refusal: BearerProblem): FastifyReply {
  const { status, error, description, scope } = refusal;
  const parameters = [
    ...(error ? [`error="${error}"`, `error_description="${description}"`] : []),
    ...(scope ? [`scope="${scope}"`] : []),
  ];
  const challenge = parameters.length > 0 ? `Bearer ${parameters.join(', ')}` : 'Bearer';
  reply.code(status).header('www-authenticate', challenge);
  return reply.send({
    error: error ?? 'invalid_token',
    error_description: description,
    ...(scope ? { scope } : {}),
  });
}
