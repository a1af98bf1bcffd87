import type { FastifyReply, FastifyRequest } from 'fastify';
import { DPOP_ALGORITHMS } from './dpop.ts';

/** Why an access token was refused, in the words of RFC 6750 §3.1 and RFC 9449 §7.1. */
export interface BearerProblem {
  readonly status: number;
  /** Absent when the request carried no token at all. */
  readonly error: string | undefined;
  readonly description: string;
  readonly scope?: string;
  /** The scheme whose challenge says so. Default Bearer */
  readonly scheme?: AccessTokenScheme;
}

/** DPoP: the token is bound to a key, and a proof of that key comes with it. */
export type AccessTokenScheme = 'Bearer' | 'DPoP';

/**
 * The token of a request: in the Authorization header, or in a form body (as Bearer only); in exactly one
 * of them, and never in the query, where it would be logged.
 *
 * @see RFC 6750 §2, RFC 9449 §7.1, RFC 9700 §4.3.2
 */
export function readAccessToken(
  request: FastifyRequest,
): { token: string; scheme: AccessTokenScheme } | BearerProblem {
  const header = request.headers.authorization;
  const form = (request.body ?? {}) as Record<string, unknown>;
  const [, word = '', ofHeader] = /^(Bearer|DPoP) +([\w.~+/-]+=*)$/i.exec(header ?? '') ?? [];
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
  if (typeof token === 'string' && token !== '') {
    return { token, scheme: word.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer' };
  }
  if (header !== undefined && /^(Bearer|DPoP)/i.test(header)) {
    return problem(
      400,
      'invalid_request',
      'the Authorization header is malformed; expected: Bearer <token>, or DPoP <token>',
    );
  }
  return { status: 401, error: undefined, description: 'no access token was given' };
}

const problem = (status: number, error: string, description: string): BearerProblem => ({
  status,
  error,
  description,
});

/** The answer with its challenge; a 401 names both schemes (RFC 6750 §3, RFC 9449 §7.1). */
export function refuseBearer(reply: FastifyReply, refusal: BearerProblem): FastifyReply {
  const { status, error, description, scope, scheme = 'Bearer' } = refusal;
  const parameters = [
    ...(error ? [`error="${error}"`, `error_description="${description}"`] : []),
    ...(scope ? [`scope="${scope}"`] : []),
  ];
  const algorithms = `algs="${DPOP_ALGORITHMS.join(' ')}"`;
  const challenges =
    scheme === 'DPoP'
      ? [challenge('DPoP', [...parameters, algorithms])]
      : [
          challenge('Bearer', parameters),
          ...(status === 401 ? [challenge('DPoP', [algorithms])] : []),
        ];
  reply.code(status).header('www-authenticate', challenges.join(', '));
  return reply.send({
    error: error ?? 'invalid_token',
    error_description: description,
    ...(scope ? { scope } : {}),
  });
}

const challenge = (scheme: AccessTokenScheme, parameters: readonly string[]) =>
  [scheme, parameters.join(', ')].filter(Boolean).join(' ');
