import type { FastifyInstance, FastifyRequest } from 'fastify';
import { EVENTS_PUBLISH, GATE_DECIDE } from '../credentials/scope-policy.ts';
import { rateLimitHeaders } from '../gate/answer.ts';
import type { Denial } from '../gate/context.ts';
import { createCredentialMetering } from '../gate/metering.ts';
import type { Clock } from '../lib/clock.ts';
import type { CounterStore } from '../limits/counter-store.ts';
import type { Platform } from '../platform/platform.ts';
import { mayPublish, type Principal, type RouteAccess } from './principal.ts';
import { ProblemError } from './problems.ts';

/**
 * Charges every call of these routes to the rate of the credential that makes it, in one count with what it
 * spends at the gate. The operator is not counted: neither ADMIN_KEY, nor a key of theirs that publishes
 * events for anybody. Nor is a call that the door refuses, nor one that ends something: whoever shares a leaked
 * key with a thief can end it though the thief has spent its rate.
 */
export function chargeCalls(
  api: FastifyInstance,
  deps: { platform: Platform; clock: Clock; rates: CounterStore },
): void {
  const charge = createCredentialMetering(deps);
  api.addHook('onRequest', async (request, reply) => {
    const credential = chargedOf(request);
    if (!credential) return;
    const charged = await charge(credential);
    const counts = charged.passed ? charged.counts : charged.denial.counts;
    reply.headers(rateLimitHeaders(counts ?? [], deps.clock.now()));
    if (!charged.passed) throw refusal(charged.denial);
  });
}

/** Whether there are callers whom a route of this access charges. */
export const mayCharge = (access: RouteAccess | undefined): boolean =>
  access !== 'anyone' && access !== 'operator' && access !== GATE_DECIDE;

function chargedOf(request: FastifyRequest) {
  const { principal, routeOptions } = request;
  if (principal?.kind !== 'caller' || isEnding(request)) return undefined;
  return isOperatorsProgram(principal, routeOptions.config.access)
    ? undefined
    : principal.credential;
}

const isEnding = ({ method, routeOptions }: FastifyRequest) =>
  method === 'DELETE' || Boolean(routeOptions.url?.endsWith('/disable'));

const isOperatorsProgram = (principal: Principal, access: RouteAccess | undefined) =>
  access === EVENTS_PUBLISH && mayPublish(principal);

function refusal({ reason, retryAfterSeconds, counts = [] }: Denial): ProblemError {
  const options = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  if (reason === 'temporarily_unavailable') {
    return new ProblemError('unavailable', 'Requests cannot be counted now. Try again.', options);
  }
  const { limit, windowSeconds } = counts[0]!;
  const most = `This credential has made the ${limit} requests that it may in ${windowSeconds} seconds`;
  const wait = retryAfterSeconds === undefined ? '' : ` Try again in ${retryAfterSeconds} seconds.`;
  return new ProblemError('throttled', `${most}, here and at the API.${wait}`, options);
}
