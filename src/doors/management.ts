import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  type Authenticate,
  mayUse,
  type Nobody,
  type Principal,
  type RouteAccess,
} from '../management/principal.ts';
import {
  PROBLEM_TYPE,
  Problem,
  type ProblemCode,
  ProblemError,
  statusOf,
  titleOf,
  toProblemError,
} from '../management/problems.ts';
import { createRequestValidator } from '../management/validation.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route asks of its caller; no route of the management door goes without. */
    access?: RouteAccess;
    /** Problems the route has beside those of every route. */
    problems?: readonly ProblemCode[];
  }
  interface FastifyRequest {
    /** Who calls, behind the management door; null where anyone may. */
    principal: Principal | null;
  }
}

export interface ManagementDoorDependencies {
  /** An origin: problem types are below it. */
  issuer: string;
  authenticate: Authenticate;
}

const BODY_LIMIT_BYTES = 128 * 1024;
const UNAVAILABLE_SECONDS = 2;

/**
 * The management door: JSON in and out, one credential, problem details (RFC 9457) for whatever goes
 * wrong. A route that does not declare `config.access` is refused when it is registered.
 */
export function useManagementDoor(door: FastifyInstance, deps: ManagementDoorDependencies): void {
  door.removeAllContentTypeParsers();
  const parseJson = door.getDefaultJsonParser('error', 'error');
  door.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES },
    (request, text, done) => {
      if (text === '') return done(null, undefined);
      parseJson(request, text, done);
    },
  );
  door.setErrorHandler((error: FastifyError, request, reply) =>
    renderProblem(error, request, reply, deps.issuer),
  );
  door.addSchema(Problem);
  door.decorateRequest('principal', null);
  const validatorCompiler = createRequestValidator();
  door.addHook('onRoute', (route) => {
    if (route.config?.access === undefined) {
      throw new Error(`${route.method} ${route.url} does not declare what access it asks for`);
    }
    // Set for the door as a whole, it would be forgotten where a resource adds a schema of its own.
    route.validatorCompiler = validatorCompiler;
  });
  door.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    request.principal = await admit(request, deps.authenticate);
  });
}

/** @throws ProblemError unauthenticated or forbidden */
async function admit(
  request: FastifyRequest,
  authenticate: Authenticate,
): Promise<Principal | null> {
  // An unknown path has no declaration: who may not ask isn't told that it is unknown.
  const access = request.is404 ? undefined : request.routeOptions.config.access;
  if (access === 'anyone') return null;
  const principal = await authenticate(request.headers, request.ip);
  if (principal.kind === 'nobody') throw withoutPrincipal(principal);
  if (access === undefined || mayUse(principal, access)) return principal;
  const detail =
    access === 'operator'
      ? 'Only the operator may do this.'
      : `The credential does not include ${access}.`;
  throw new ProblemError('forbidden', detail);
}

function withoutPrincipal({ because }: Nobody): ProblemError {
  switch (because) {
    case 'missing':
      return new ProblemError('unauthenticated', 'Send the header Authorization: Bearer <key>.');
    case 'several':
      return new ProblemError('malformed_request', 'Send exactly one credential, in one header.');
    case 'refused':
      return new ProblemError('unauthenticated', 'The credential is not one that is good here.');
  }
}

/** The one place where this door words an error. Detail and cause go to the log. */
function renderProblem(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  issuer: string,
): FastifyReply {
  const error = toProblemError(thrown);
  const status = statusOf(error.code);
  if (status === 500) request.log.error({ err: thrown }, 'a management request failed');
  if (status === 503) {
    request.log.warn({ err: thrown }, 'a management request could not be served now');
  }
  const { retryAfterSeconds = status === 503 ? UNAVAILABLE_SECONDS : undefined } = error;
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  if (status === 401 || status === 403) {
    reply.header('www-authenticate', challenge(request, status));
  }
  const problem: Problem = {
    type: problemType(issuer, error.code),
    title: titleOf(error.code),
    status,
    code: error.code,
    detail: error.message,
    request_id: request.id,
    ...(error.errors && { errors: [...error.errors] }),
  };
  return reply.code(status).type(PROBLEM_TYPE).send(problem);
}

/** The place in the reference that explains the problem. */
export const problemType = (issuer: string, code: ProblemCode) =>
  `${issuer}/reference#problem-${code}`;

/** No error code for a request that brought no credential at all (RFC 6750 §3.1). */
function challenge({ headers }: FastifyRequest, status: 401 | 403): string {
  const realm = 'Bearer realm="management"';
  if (headers.authorization === undefined) return realm;
  return `${realm}, error="${status === 401 ? 'invalid_token' : 'insufficient_scope'}"`;
}

/**
 * Answers what no route of a prefix does: 405 with Allow where the path has other methods
 * (RFC 9110 §15.5.6), else 404; both to callers with a credential only. Call before routes are added.
 */
export function answerUnknownRequests(api: FastifyInstance): void {
  const paths = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  api.addHook('onRoute', ({ url, method }) => {
    const known = paths.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const each of [method].flat()) known.methods.add(each);
    paths.set(url, known);
  });
  api.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const methods = [...paths.values()].find(({ pattern }) => pattern.test(path))?.methods;
    if (!methods) throw new ProblemError('not_found', 'Nothing answers on this path.');
    const allowed = [...methods].sort().join(', ');
    reply.header('allow', allowed);
    const detail = `${request.method} is not allowed on this path; it has ${allowed}.`;
    throw new ProblemError('method_not_allowed', detail);
  });
}

/** Parameters stand for one segment; everything else in a path of ours stands for itself. */
const patternOf = (url: string) => new RegExp(`^${url.replaceAll(/:[a-z_]+/g, '[^/]+')}$`);
