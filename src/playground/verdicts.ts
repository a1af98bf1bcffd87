import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { isFromElsewhere } from '../doors/browser.ts';
import { explain } from '../gate/explain.ts';
import { VERDICTS_HEADER } from '../gate/forwarded-request.ts';
import type { Decision, Gate } from '../gate/gate.ts';
import type { Clock } from '../lib/clock.ts';
import type { Platform } from '../platform/platform.ts';

/**
 * Has the calls that the playground's page sends to the API answered with the verdicts of the stages beside
 * what comes: those of this very call, which is decided and counted once.
 *
 * @param door of the proxy, before its own hooks
 * @returns the gate that the proxy asks
 */
export function tellVerdicts(
  door: FastifyInstance,
  deps: { gate: Gate; platform: Platform; issuer: string; clock: Clock },
): Gate {
  const { gate, platform, issuer, clock } = deps;
  if (!platform.oauth.playgroundEnabled) return gate;
  /** By the request's id, while nobody has decided. */
  const answers = new Map<string, ServerResponse>();

  door.addHook('onRequest', (request, reply, done) => {
    const { headers } = request;
    // Not of a handshake: whether its answer is ever closed is for the tunnel to say.
    const wantsVerdicts = headers[VERDICTS_HEADER] !== undefined && headers.upgrade === undefined;
    if (wantsVerdicts && !isFromElsewhere(request, issuer)) {
      answers.set(request.id, reply.raw);
      reply.raw.once('close', () => answers.delete(request.id));
    }
    done();
  });

  function tell(answer: ServerResponse, decision: Decision): Decision {
    const text = JSON.stringify(explain(decision, clock.now()));
    if (!answer.headersSent) answer.setHeader(VERDICTS_HEADER, inAscii(text));
    return decision;
  }

  return {
    ...gate,
    decide(request) {
      const answer = answers.get(request.requestId);
      answers.delete(request.requestId);
      const decision = gate.decide(request);
      if (!answer) return decision;
      return Promise.resolve(decision).then((decided) => tell(answer, decided));
    },
  };
}

/** What JSON may hold and a header may not, in JSON's own escapes. */
const inAscii = (json: string): string =>
  json.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
