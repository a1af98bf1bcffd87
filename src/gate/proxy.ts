import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { DenialReason } from '../platform/denial-reasons.ts';
import type { Platform } from '../platform/platform.ts';
import { type DenialAnswer, rateLimitHeaders } from './answer.ts';
import type { Denial, GateContext, GateRequest } from './context.ts';
import { answerHeaders } from './forwarded-answer.ts';
import { type Caller, createRequestForwarding } from './forwarded-request.ts';
import type { Gate } from './gate.ts';
import { receivedHeaders } from './received-headers.ts';
import { type Exchange, type RelayEnd, relay } from './relay.ts';
import { createTunnelWatch, type StillHolds } from './tunnel-watch.ts';
import { createTunnels, switchingHead, type TunnelEnd } from './tunnels.ts';
import { discardUnread } from './unread-body.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamIdentity } from './upstream-identity.ts';

export interface ProxyDependencies {
  gate: Gate;
  platform: Platform;
  /** A denial in the platform's words. */
  word: (denial: Denial, about: { requestId: string; now: Date }) => DenialAnswer;
  identity: UpstreamIdentity;
  upstream: Upstream;
  clock: Clock;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
}

/** A request at the door, with where it came from. */
export interface Visit extends Exchange {
  readonly caller: Caller;
  /** The address that the gate goes by. */
  readonly address: string;
  /** It waits to be invited before it sends its body (RFC 9110 §10.1.1). */
  readonly awaitsInvitation: boolean;
}

export interface Proxy {
  /** Answers one request in any case, by itself or with the upstream's answer. */
  serve(visit: Visit): Promise<void>;
  /** At the stop: cuts the upgraded connections, which would never end by themselves. */
  closeTunnels(): void;
}

/**
 * The gate as a reverse proxy: decides by the head of a request alone, and only then reads on, invites the
 * body and opens a way to the upstream.
 */
export function createProxy(deps: ProxyDependencies): Proxy {
  const { gate, platform, identity, upstream, clock, log } = deps;
  const forwarded = createRequestForwarding({ platform, identity, basePath: upstream.basePath });
  const watch = createTunnelWatch({ log });
  const tunnels = createTunnels({ timeoutMs: upstream.timeoutMs, watch });

  function answerNo(visit: Visit, denial: Denial): void {
    const { incoming, outgoing, caller } = visit;
    const { requestId } = caller;
    const { status, headers, body } = deps.word(denial, { requestId, now: clock.now() });
    const isText = typeof body === 'string' && !headers['content-type']?.includes('json');
    const text = isText ? body : JSON.stringify(body);
    discardUnread(incoming, outgoing);
    outgoing.writeHead(status, {
      ...headers,
      'x-request-id': requestId,
      'content-length': String(Buffer.byteLength(text)),
      // Without an invitation, nobody can tell whether what comes next is the body.
      ...(visit.awaitsInvitation ? { connection: 'close' } : {}),
    });
    outgoing.end(text);
  }

  async function pass(visit: Visit, asked: GateRequest, context: GateContext): Promise<void> {
    const identityHeaders = await identity.headersFor(context);
    const { incoming, outgoing, caller } = visit;
    if (incoming.socket.destroyed) return;
    const received = { ...asked, rawHeaders: incoming.rawHeaders };
    const request = forwarded(received, caller, identityHeaders);
    const start = clock.now();
    const own = {
      ...rateLimitHeaders(context.counts ?? [], start),
      'x-request-id': caller.requestId,
    };
    const dress = (status: number, raw: readonly string[]) =>
      answerHeaders(status, raw, own, identity);
    if (visit.awaitsInvitation) outgoing.writeContinue();
    const end = await relay(upstream, request, visit, dress);
    if (end.ended === 'unreachable' || end.ended === 'timed_out') {
      const reason: DenialReason =
        end.ended === 'unreachable' ? 'upstream_unreachable' : 'upstream_timeout';
      answerNo({ ...visit, awaitsInvitation: false }, { reason, counts: context.counts ?? [] });
    }
    report(end, asked, context, clock.now().getTime() - start.getTime());
    if (end.ended !== 'switched') return;
    const stillHolds = () => gate.stillHolds(context);
    const closed = await tunnel(visit, end, dress(101, end.rawHeaders), stillHolds);
    log.info({ requestId: asked.requestId, ...closed }, 'tunnel closed');
  }

  async function tunnel(
    { outgoing, upgrade }: Visit,
    { socket }: Extract<RelayEnd, { ended: 'switched' }>,
    headers: readonly string[],
    stillHolds: StillHolds,
  ): Promise<TunnelEnd> {
    const { socket: caller, head } = upgrade!;
    outgoing.detachSocket(caller as never);
    return tunnels.join({ caller, head, upstream: socket }, switchingHead(headers), stillHolds);
  }

  function report(end: RelayEnd, asked: GateRequest, context: GateContext, ms: number): void {
    const line = {
      requestId: asked.requestId,
      method: asked.method,
      route: context.route.route.path,
      credential: context.principal?.kind,
      credentialId: context.principal?.id,
      organizationId: context.organizationId,
      ended: end.ended,
      ...('status' in end ? { status: end.status } : {}),
      ...('cause' in end ? { cause: causeOf(end.cause) } : {}),
      ms,
    };
    const isFailure = ['unreachable', 'timed_out', 'broken_off'].includes(end.ended);
    log[isFailure ? 'warn' : 'info'](line, 'proxied');
  }

  return {
    async serve(visit) {
      const asked = askedOf(visit);
      if (isUnreadable(visit)) return answerNo(visit, { reason: 'malformed_request' });
      try {
        const decision = await gate.decide(asked);
        if (!decision.allowed) return answerNo(visit, decision.denial);
        await pass(visit, asked, decision.context);
      } catch (error) {
        log.error({ err: error, requestId: asked.requestId }, 'a request could not be proxied');
        if (visit.outgoing.headersSent || !visit.outgoing.writable) visit.outgoing.destroy();
        else answerNo(visit, { reason: 'temporarily_unavailable' });
      }
    },
    closeTunnels: () => tunnels.closeAll(),
  };
}

function askedOf({ incoming, address, caller }: Visit): GateRequest {
  const { method = '', url: target = '' } = incoming;
  const { requestId } = caller;
  return { method, target, headers: receivedHeaders(incoming), address, requestId };
}

/**
 * What an upstream could read differently: a target with bytes that belong encoded, and a body in a
 * transfer coding that we would have to undo (RFC 9112 §6.1).
 */
function isUnreadable({ incoming }: Visit): boolean {
  const coding = incoming.headers['transfer-encoding'];
  return (
    !/^[!-~]+$/.test(incoming.url ?? '') ||
    incoming.url!.includes('#') ||
    (coding !== undefined && coding.toLowerCase() !== 'chunked')
  );
}

/** Its code and message, which name the upstream's address and nothing of the request. */
function causeOf(error: (Error & { code?: string }) | undefined): string | undefined {
  return error && (error.code ?? error.name);
}
