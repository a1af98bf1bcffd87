import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { CHECK_PATH } from '../gate/forward-auth.routes.ts';
import type { OwnPaths } from '../gate/own-paths.ts';
import { discardUnread } from '../gate/unread-body.ts';
import type { Pages } from '../pages/render.ts';
import { type GateDoorDependencies, sendDenial, worded } from './gate.ts';
import { pageHeaders } from './headers.ts';
import { inReadersLanguage, languageHeaders } from './language.ts';

export interface UnreadablePathDependencies extends GateDoorDependencies {
  ownPaths: OwnPaths;
  /** What Gatehouse has no route for goes to the gate, and upstream. */
  isProxy: boolean;
  pages: Pages;
}

/**
 * 400 for a path that the router cannot decode, 414 for one with an identifier that is none for its length. It
 * stands before every door, so this says which one the caller meant: the gate's, through Envoy or as a proxy,
 * in the platform's dialect; else a page for people, a problem document (RFC 9457) for programs.
 */
export function refuseUnreadablePaths(deps: UnreadablePathDependencies) {
  const isForGate = (target: string) =>
    target.startsWith(`${CHECK_PATH}/`) ||
    (deps.isProxy && !deps.ownPaths.includesUndecodable(target));

  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    reply.header('x-request-id', request.id);
    if (isForGate(request.raw.url ?? '')) denyAtGate(request, reply, deps);
    else if (request.headers.accept?.includes('text/html')) {
      answerPage(error, request, reply, deps.pages);
    } else answerProblem(error, reply);
  };
}

/** In the words for a path that nobody answers, see unknown-path.ts: to a reader it is a typo all the same. */
function answerPage(
  { statusCode = 400 }: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  pages: Pages,
): void {
  const page = { kind: 'not_found', code: 'bad_request', homeUrl: '/' } as const;
  void inReadersLanguage(request, () =>
    reply
      .code(statusCode)
      .headers({ ...pageHeaders(), ...languageHeaders() })
      .type('text/html; charset=utf-8')
      .send(pages.render('error', { ...page, requestId: request.id })),
  );
}

function answerProblem({ code, statusCode = 400 }: FastifyError, reply: FastifyReply): void {
  const isTooLong = code === 'FST_ERR_MAX_PARAM_LENGTH';
  void reply
    .code(statusCode)
    .type('application/problem+json')
    .send({
      type: 'about:blank',
      title: isTooLong ? 'URI Too Long' : 'Bad Request',
      status: statusCode,
      detail: isTooLong
        ? 'An identifier in the path is too long.'
        : 'The path cannot be decoded: encode it as RFC 3986 §2.1 says.',
    });
}

function denyAtGate(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: GateDoorDependencies,
): void {
  const { id: requestId, method, raw } = request;
  const denial = { reason: 'malformed_request' } as const;
  // Not the request's log, which says `requestId` by itself here.
  request.server.log.info({ requestId, ...denial, method }, 'denied at the gate');
  discardUnread(raw, reply.raw);
  // Without an invitation (RFC 9110 §10.1.1), nobody can tell whether what comes next is the body.
  if (raw.headers.expect !== undefined) reply.header('connection', 'close');
  sendDenial(reply, worded(denial, { requestId, now: deps.clock.now() }, deps));
}
