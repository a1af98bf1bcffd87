import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseUnavailable } from '../database/database.ts';
import { isFromElsewhere } from '../doors/browser.ts';
import { worded } from '../doors/gate.ts';
import { rateLimitHeaders } from '../gate/answer.ts';
import type { GateRequest } from '../gate/context.ts';
import { explain } from '../gate/explain.ts';
import type { Decision, Gate } from '../gate/gate.ts';
import { receivedHeaders } from '../gate/received-headers.ts';
import { readPath } from '../gate/request-target.ts';
import type { Clock } from '../lib/clock.ts';
import type { SigningKeys } from '../oauth/signing-keys/signing-keys.ts';
import type { Platform } from '../platform/platform.ts';
import { findRoute } from '../platform/routes.ts';
import { createExpiredToken } from './expired-token.ts';

export interface TryDependencies {
  platform: Platform;
  issuer: string;
  clock: Clock;
  gate: Gate;
  signingKeys: SigningKeys;
}

const BODY_LIMIT_BYTES = 16 * 1024;

/**
 * What the playground's page asks by script: the gate, about a call to the platform's API which is not made;
 * and a token that has expired. Problems are problem documents (RFC 9457). There are no cookies at this
 * door, so nobody who is signed in can be made to do anything by it.
 */
export async function tryRoutes(door: FastifyInstance, deps: TryDependencies) {
  const { platform, issuer, gate, clock } = deps;
  if (!platform.oauth.playgroundEnabled) return;
  useTryDoor(door, issuer);
  const expiredToken = createExpiredToken(deps);

  door.post('/playground/try', async (request, reply) => {
    const call = readCall(request.body);
    if ('mistake' in call) return refuse(reply, 400, call.mistake);
    const path = readPath(call.path);
    if (path === undefined || !findRoute(platform.routes, call.method, path)) {
      return refuse(
        reply,
        422,
        `${call.method} ${path ?? 'that path'} is not in the platform file.`,
      );
    }
    const asked: GateRequest = {
      method: call.method,
      target: call.path,
      headers: credentialHeaders(request, platform),
      address: request.ip,
      requestId: request.id,
    };
    return toAnswer(await gate.decide(asked), asked);
  });

  door.post('/playground/expired-token', async () => ({ access_token: await expiredToken() }));

  function toAnswer(decision: Decision, { requestId }: GateRequest) {
    const now = clock.now();
    const stages = explain(decision, now);
    if (decision.allowed) {
      const headers = rateLimitHeaders(decision.context.counts ?? [], now);
      return { allowed: true, status: 200, reason: null, stages, headers, body: null };
    }
    const { denial } = decision;
    const { status, headers, body } = worded(denial, { requestId, now }, deps);
    return { allowed: false, status, reason: denial.reason, stages, headers, body };
  }
}

/** JSON in and out, from our own page alone. */
function useTryDoor(door: FastifyInstance, issuer: string): void {
  door.removeAllContentTypeParsers();
  const parseJson = door.getDefaultJsonParser('error', 'error');
  door.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES },
    (request, text, done) => parseJson(request, text, done),
  );
  door.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    if (isFromElsewhere(request, issuer)) {
      return refuse(reply, 403, 'Only the playground’s own page may ask here.');
    }
  });
  door.setErrorHandler((error: FastifyError, request, reply) => {
    if (isDatabaseUnavailable(error)) {
      reply.header('retry-after', '2');
      return refuse(reply, 503, 'The database does not answer. Try again in a moment.');
    }
    const status = error.statusCode ?? 500;
    if (status < 500) return refuse(reply, status, 'Send a JSON object with method and path.');
    request.log.error({ err: error }, 'a request of the playground failed');
    return refuse(reply, 500, 'Something went wrong here. Try again.');
  });
}

const refuse = (reply: FastifyReply, status: number, detail: string) =>
  reply
    .code(status)
    .type('application/problem+json')
    .send({ type: 'about:blank', title: STATUS_CODES[status], status, detail });

function readCall(body: unknown): { method: string; path: string } | { mistake: string } {
  const { method, path } = (body ?? {}) as Record<string, unknown>;
  if (typeof method !== 'string' || typeof path !== 'string') {
    return { mistake: 'Send a JSON object with method and path, both text.' };
  }
  return { method: method.toUpperCase(), path };
}

/** Where the platform looks for a credential and its organization; the browser's own headers stay here. */
function credentialHeaders({ raw }: FastifyRequest, platform: Platform): GateRequest['headers'] {
  const names = new Set([
    'authorization',
    ...platform.presentations.flatMap((one) => (one.in === 'header' ? [one.name] : [])),
    ...(platform.organizationHeader ? [platform.organizationHeader.name] : []),
  ]);
  const received = Object.entries(receivedHeaders(raw));
  return Object.fromEntries(received.filter(([name]) => names.has(name)));
}
