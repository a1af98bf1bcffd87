import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { useGateDoor, worded } from '../doors/gate.ts';
import type { Log } from '../lib/log.ts';
import type { OwnPaths } from './own-paths.ts';
import { createProxy, type ProxyDependencies } from './proxy.ts';

export interface ProxyRouteDependencies extends Omit<ProxyDependencies, 'log' | 'word'> {
  issuer: string;
  ownPaths: OwnPaths;
  /** Answers what is nobody's, on Gatehouse's own paths. */
  answerUnknown: (request: FastifyRequest, reply: FastifyReply) => unknown;
}

type Upgrade = { readonly socket: Duplex; readonly head: Buffer };

/**
 * Whatever Gatehouse has no route for goes to the gate, and with its leave upstream. All of it happens
 * before Fastify looks at a body: of a request that is refused none is read.
 */
export async function proxyRoutes(door: FastifyInstance, deps: ProxyRouteDependencies) {
  const { ownPaths, upstream } = deps;
  const word: ProxyDependencies['word'] = (denial, about) => worded(denial, about, deps);
  const proxy = createProxy({ ...deps, word, log: door.log as Log });
  const upgrades = new WeakMap<IncomingMessage, Upgrade>();
  const uninvited = new WeakSet<IncomingMessage>();

  useGateDoor(door, deps);
  door.addHook('onRequest', async (request, reply) => {
    if (ownPaths.includes(request.url)) return;
    reply.hijack();
    const upgrade = upgrades.get(request.raw);
    await proxy.serve({
      incoming: request.raw,
      outgoing: reply.raw,
      ...(upgrade ? { upgrade } : {}),
      awaitsInvitation: uninvited.has(request.raw),
      ...originOf(request),
    });
  });
  door.setNotFoundHandler((request, reply) => deps.answerUnknown(request, reply));

  door.server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (ownPaths.includes(incoming.url ?? '')) outgoing.writeContinue();
    else uninvited.add(incoming);
    door.routing(incoming, outgoing);
  });
  door.server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    upgrades.set(incoming, { socket, head });
    const outgoing = plainAnswerOn(socket, incoming);
    if (outgoing) door.routing(incoming, outgoing);
  });
  door.addHook('preClose', async () => proxy.closeTunnels());
  door.addHook('onClose', () => upstream.close());
}

/**
 * Which requests Node hands over as upgrades: WebSocket handshakes. Every other protocol is not switched to,
 * as RFC 9110 §7.8 allows; above all not h2c, within which requests would pass the gate unseen.
 */
export const asksForTunnel = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' &&
  headers.upgrade?.toLowerCase() === 'websocket' &&
  headers['transfer-encoding'] === undefined &&
  Number(headers['content-length'] ?? 0) === 0;

/** An upgrade that is refused, or that meets a plain route, is answered like any request, and then closed. */
function plainAnswerOn(socket: Socket, incoming: IncomingMessage): ServerResponse | undefined {
  socket.on('error', () => socket.destroy());
  const outgoing = new ServerResponse(incoming);
  outgoing.shouldKeepAlive = false;
  try {
    outgoing.assignSocket(socket);
  } catch {
    // An earlier request on this connection has not been answered yet.
    socket.destroy();
    return undefined;
  }
  // What Node does for connections that it does not hand over: without it a long answer would stand still.
  socket.on('drain', () => outgoing.writableNeedDrain && outgoing.emit('drain'));
  socket.on('timeout', () => outgoing.emit('timeout'));
  outgoing.once('finish', () => {
    outgoing.detachSocket(socket);
    socket.destroySoon();
  });
  return outgoing;
}

function originOf(request: FastifyRequest) {
  const address = request.ip ?? '';
  return {
    address,
    caller: {
      addresses: request.ips ? [...request.ips].reverse() : [address],
      protocol: request.protocol,
      host: request.host,
      requestId: request.id,
    },
  };
}
