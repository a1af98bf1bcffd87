import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Duplex, PassThrough } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { ForwardedRequest } from './forwarded-request.ts';
import { watchSilence, watchTaking } from './silence.ts';
import { discardUnread, hasBody } from './unread-body.ts';
import type { Upstream } from './upstream.ts';

/** A caller's request and the answer to it, neither of them touched yet. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** A request to switch to WebSocket: the caller's connection, and what came on it ahead of the answer. */
  readonly upgrade?: { readonly socket: Duplex; readonly head: Buffer };
}

/** How it went. */
export type RelayEnd =
  | { readonly ended: 'answered'; readonly status: number }
  /** Both ends agreed to speak WebSocket; the caller has not been told yet. */
  | {
      readonly ended: 'switched';
      readonly socket: Duplex;
      readonly rawHeaders: readonly string[];
    }
  /** The caller has heard nothing yet. */
  | { readonly ended: 'unreachable' | 'timed_out'; readonly cause?: Error }
  /** The upstream died within its answer, and the caller's connection was cut: never a false end. */
  | { readonly ended: 'broken_off'; readonly status: number; readonly cause: Error }
  | { readonly ended: 'caller_left' }
  /** The caller stood still amid the answer for too long, and was cut off. */
  | { readonly ended: 'not_taken'; readonly status: number };

/**
 * Sends a request to the upstream and its answer to the caller, both as streams: whoever reads slowly slows
 * the other end down, and a caller who stops reading is let go. When one end goes, so does the other, at once.
 *
 * A GET or HEAD without body is sent a second time when the connection, kept alive, turns out to be dead;
 * nothing else is ever repeated (RFC 9110 §9.2.2).
 *
 * @param dress the headers that the caller gets, from the upstream's
 */
export function relay(
  upstream: Upstream,
  request: ForwardedRequest,
  exchange: Exchange,
  dress: (status: number, rawHeaders: readonly string[]) => string[],
): Promise<RelayEnd> {
  const { incoming, outgoing } = exchange;
  const { promise, resolve } = Promise.withResolvers<RelayEnd>();
  const body = hasBody(incoming) ? incoming.pipe(createBodyPipe()) : null;
  const mayRepeat = body === null && !exchange.upgrade && /^(GET|HEAD)$/.test(request.method);
  let current: Dispatcher.DispatchController | undefined;
  let status: number | undefined;
  let attempts = 0;
  let isOver = false;

  const conclude = (end: RelayEnd) => {
    if (isOver) return;
    isOver = true;
    silence.stop();
    outgoing.off('close', leave);
    if (body) incoming.unpipe(body);
    if (end.ended !== 'answered' && end.ended !== 'switched') current?.abort(new Error(end.ended));
    resolve(end);
  };
  const leave = () => conclude({ ended: 'caller_left' });
  const silence = watchSilence(incoming, body, upstream.timeoutMs, (who) => {
    if (who === 'upstream') return conclude({ ended: 'timed_out' });
    incoming.socket.destroy();
    leave();
  });

  const taking = watchTaking(outgoing, upstream.timeoutMs, () => {
    if (status !== undefined) conclude({ ended: 'not_taken', status });
    // What waits in the kernel for this caller goes, too.
    incoming.socket.resetAndDestroy();
  });

  const finish = () => {
    if (isOver || status === undefined) return;
    conclude({ ended: 'answered', status });
    discardUnread(incoming, outgoing);
    outgoing.end();
    taking.untilFinished();
  };

  const handler = (): Dispatcher.DispatchHandler => ({
    onRequestStart(controller) {
      current = controller;
      if (isOver) controller.abort(new Error('nobody waits for it any more'));
    },
    onRequestUpgrade(controller, _status, _headers, socket) {
      socket.on('error', () => socket.destroy());
      if (isOver) socket.destroy();
      else conclude({ ended: 'switched', socket, rawHeaders: textOf(controller) });
    },
    onResponseStart(controller, code) {
      if (isOver || code < 200) return;
      outgoing.writeHead(code, dress(code, textOf(controller)));
      status = code;
      silence.stop();
      // In one packet with the body where that is there already, without it where it is long in coming.
      process.nextTick(() => outgoing.writableEnded || outgoing.flushHeaders());
    },
    onResponseData(controller, chunk) {
      if (outgoing.write(chunk) || controller.paused) return;
      controller.pause();
      taking.untilDrained(() => controller.resume());
    },
    onResponseEnd: finish,
    onResponseError(_controller, error: Error & { code?: string }) {
      if (isOver) return;
      // Its length is that of a 200 (RFC 9110 §8.6), and undici waits for as many bytes.
      if (status === 304 && error.code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return finish();
      if (status !== undefined) {
        cutOff(exchange);
        conclude({ ended: 'broken_off', status, cause: error });
      } else if (mayRepeat && attempts === 1 && wasKeptAlive(error)) {
        send();
      } else {
        conclude({ ended: 'unreachable', cause: error });
      }
    },
  });
  const send = () => {
    attempts += 1;
    const { method, path, headers } = request;
    upstream.dispatch(
      {
        ...{ method: method as Dispatcher.HttpMethod, path, headers: [...headers], body },
        ...(exchange.upgrade ? { upgrade: 'websocket' } : {}),
      },
      handler(),
    );
  };

  outgoing.on('close', leave);
  send();
  return promise;
}

/** Between the two, because undici destroys a body whose request failed: the caller still gets an answer. */
const createBodyPipe = () => new PassThrough().on('error', () => {});

const textOf = ({ rawHeaders }: Dispatcher.DispatchController): string[] =>
  ((rawHeaders ?? []) as Buffer[]).map((part) => part.toString('latin1'));

/** Closed by the upstream while idle: the request met it on its way. */
function wasKeptAlive(error: Error & { code?: string; socket?: { bytesRead?: number } }): boolean {
  if (error.code === 'UND_ERR_SOCKET') return (error.socket?.bytesRead ?? 0) > 0;
  return error.code === 'ECONNRESET' || error.code === 'EPIPE';
}

/** So that it cannot be taken for the end: an HTTP/1.0 caller would take a plain close for it. */
function cutOff({ incoming, outgoing }: Exchange): void {
  if (incoming.httpVersion === '1.0') incoming.socket.resetAndDestroy();
  outgoing.destroy();
}
