import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createEndTogether } from '../doors/end-together.ts';
import { type GateDoorDependencies, sendDenial, worded } from '../doors/gate.ts';
import type { MasterKey } from '../lib/master-key.ts';
import type { Denial, GateRequest } from './context.ts';
import {
  type AskedAbout,
  askedInHeaders,
  askedInPath,
  type CheckOutcome,
  createForwardAuth,
  type Leave,
} from './forward-auth.ts';
import type { Gate } from './gate.ts';
import { receivedHeaders } from './received-headers.ts';
import { createDenialSeal } from './sealed-denial.ts';
import type { UpstreamIdentity } from './upstream-identity.ts';

/** Where proxies ask. What follows it and a slash is the target Envoy asks about. */
export const CHECK_PATH = '/gate/check';

/** Where a denial waits for the one request that asks for its words. */
const DENIAL_HEADER = 'x-gatehouse-denial';

export interface ForwardAuthDependencies extends GateDoorDependencies {
  gate: Gate;
  upstreamIdentity: UpstreamIdentity;
  masterKey: MasterKey;
}

/**
 * Forward-auth: a proxy asks before it forwards, and puts the x-gatehouse-* headers of a 200 onto the
 * request. Open to anybody, since an answer is about nothing but the credential in the question.
 * Configurations are in deploy/; each clears what a caller could slip in.
 *
 * nginx's auth_request knows yes, 401 and 403 only. At /gate/nginx every denial is a 403 that carries the
 * denial sealed; nginx hands that to /gate/denial, whose answer is the caller's: status, headers, body.
 */
export async function forwardAuthRoutes(door: FastifyInstance, deps: ForwardAuthDependencies) {
  const { clock } = deps;
  const forwardAuth = createForwardAuth(deps);
  const denialSeal = createDenialSeal(deps);
  const end = createEndTogether();

  const check = (request: FastifyRequest, asked: AskedAbout, headers: GateRequest['headers']) =>
    forwardAuth.check({ ...asked, headers, address: request.ip, requestId: request.id });

  const refuse = (request: FastifyRequest, reply: FastifyReply, denial: Denial) =>
    sendDenial(reply, worded(denial, { requestId: request.id, now: clock.now() }, deps));

  /** nginx takes no other refusal than 401 and 403. */
  const refuseNginx = (request: FastifyRequest, reply: FastifyReply, denial: Denial) => {
    const sealed = denialSeal.seal({ denial, requestId: request.id, deniedAt: clock.now() });
    const headers = { [DENIAL_HEADER]: sealed, 'cache-control': 'no-store' };
    return reply.code(403).headers(headers).send();
  };

  /** Past Fastify, which would handle each of a dozen headers several times. */
  const letThrough = (
    request: FastifyRequest,
    reply: FastifyReply,
    { identity, limits }: Leave,
  ) => {
    const headers = [
      'x-request-id',
      request.id,
      'cache-control',
      'no-store',
      'content-length',
      '0',
    ];
    for (const name in limits) headers.push(name, limits[name]!);
    for (const name in identity) headers.push(name, identity[name]!);
    reply.hijack();
    end(reply.raw.writeHead(200, headers));
    return reply;
  };

  door.all(CHECK_PATH, (request, reply) => {
    const headers = receivedHeaders(request.raw);
    const asked = askedInHeaders(headers, ['forwarded', 'original']);
    return answer(request, reply, check(request, asked, headers), { letThrough, refuse });
  });

  door.all(`${CHECK_PATH}/*`, (request, reply) => {
    const headers = receivedHeaders(request.raw);
    // Never request.params: they are decoded, and the gate must read what the upstream will. The router
    // knows the path by other spellings too; no proxy sends those.
    const { url = '' } = request.raw;
    const target = url.startsWith(`${CHECK_PATH}/`) ? url.slice(CHECK_PATH.length) : '';
    const asked = askedInPath(headers, request.method, target);
    return answer(request, reply, check(request, asked, headers), { letThrough, refuse });
  });

  door.all('/gate/nginx', (request, reply) => {
    const headers = receivedHeaders(request.raw);
    const asked = askedInHeaders(headers, ['original']);
    return answer(request, reply, check(request, asked, headers), {
      letThrough,
      refuse: refuseNginx,
    });
  });

  door.get('/gate/denial', async (request, reply) => {
    const sealed = request.headers[DENIAL_HEADER];
    const opened = typeof sealed === 'string' ? denialSeal.open(sealed) : undefined;
    if (!opened) return reply.callNotFound();
    const { denial, requestId, deniedAt } = opened;
    const words = worded(denial, { requestId, now: deniedAt }, deps);
    return sendDenial(reply.header('x-request-id', requestId), words);
  });
}

interface Answers {
  letThrough(request: FastifyRequest, reply: FastifyReply, leave: Leave): FastifyReply;
  refuse(request: FastifyRequest, reply: FastifyReply, denial: Denial): FastifyReply;
}

/** Without a promise where the outcome is none: most answers take as long as one costs. */
function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  outcome: CheckOutcome | Promise<CheckOutcome>,
  answers: Answers,
): FastifyReply | Promise<FastifyReply> {
  if (outcome instanceof Promise) {
    return outcome.then((later) => answer(request, reply, later, answers));
  }
  return outcome.allowed
    ? answers.letThrough(request, reply, outcome)
    : answers.refuse(request, reply, outcome.denial);
}
