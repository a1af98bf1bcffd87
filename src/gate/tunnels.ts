import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { DenialReason } from '../platform/denial-reasons.ts';
import { watchStandstill } from './silence.ts';
import type { StillHolds, TunnelWatch } from './tunnel-watch.ts';

/** How long one direction may stay open when the other one has ended. */
const HALF_OPEN_MS = 30_000;

/**
 * How it went: an end left, or stood still while something waited for it, and was cut off; or what was allowed
 * is not any more, and both were.
 */
export type TunnelEnd =
  | { readonly ended: 'left' | 'not_taken_by_caller' | 'not_taken_by_upstream' }
  | { readonly ended: 'no_longer_allowed'; readonly reason: DenialReason };

export interface TunnelEnds {
  readonly caller: Duplex;
  /** What the caller sent ahead. */
  readonly head: Buffer;
  readonly upstream: Duplex;
}

/** The upgraded connections: from then on bytes go both ways, unread. */
export interface Tunnels {
  /**
   * Tells the caller that the protocols were switched, and joins both ends until one of them leaves. Whoever
   * reads slowly slows the other end down; a tunnel in which nothing waits stays open.
   *
   * @param stillHolds asked again and again; at a no both ends are closed, and what waits for them is lost: no
   *   closing frame, which could come to stand within one of theirs
   * @returns when both ends are closed
   */
  join(ends: TunnelEnds, answerHead: string, stillHolds: StillHolds): Promise<TunnelEnd>;
  /** At the stop: cuts all, those included that are only just being made. */
  closeAll(): void;
}

/** @param options.timeoutMs how long an end may take nothing of what waits for it; up to twice that passes */
export function createTunnels(options: { timeoutMs: number; watch: TunnelWatch }): Tunnels {
  const { timeoutMs, watch } = options;
  const open = new Set<() => void>();
  let closing = false;
  return {
    async join({ caller, head, upstream }, answerHead, stillHolds) {
      let end: TunnelEnd = { ended: 'left' };
      const cut = () => {
        caller.destroy();
        upstream.destroy();
      };
      if (closing || caller.destroyed || upstream.destroyed) {
        cut();
        return end;
      }
      const cutOff =
        (slow: Duplex, ended: 'not_taken_by_caller' | 'not_taken_by_upstream') => () => {
          end = { ended };
          reset(slow);
          cut();
        };
      const closed = Promise.all([follow(caller, upstream), follow(upstream, caller)]);
      const watches = [
        watchStandstill(upstream, caller, timeoutMs, cutOff(caller, 'not_taken_by_caller')),
        watchStandstill(caller, upstream, timeoutMs, cutOff(upstream, 'not_taken_by_upstream')),
        watch.watch(stillHolds, (reason) => {
          end = { ended: 'no_longer_allowed', reason };
          cut();
        }),
      ];
      open.add(cut);
      caller.write(answerHead, 'latin1');
      if (head.length > 0) upstream.write(head);
      caller.pipe(upstream);
      upstream.pipe(caller);
      await closed;
      for (const one of watches) one.stop();
      open.delete(cut);
      return end;
    },
    closeAll() {
      closing = true;
      for (const cut of open) cut();
    },
  };
}

/** What waits in the kernel for this end goes, too, where that can be had: not through TLS. */
function reset(end: Duplex): void {
  if (end instanceof Socket && !(end instanceof TLSSocket)) end.resetAndDestroy();
  else end.destroy();
}

/** When this end is gone, so is the other; when it has only finished, the other may say the rest. */
function follow(end: Duplex, other: Duplex): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  const hurry = () => {
    timer ??= setTimeout(() => other.destroy(), HALF_OPEN_MS);
  };
  other.once('close', () => clearTimeout(timer));
  end.on('error', () => end.destroy());
  end.once('end', hurry);
  end.once('close', () => {
    if (end.readableEnded && !other.destroyed) {
      other.end();
      hurry();
    } else {
      other.destroy();
    }
    resolve();
  });
  return promise;
}

/** The 101 as the caller gets it: the upstream's, with the upgrade that it agreed to (RFC 9110 §7.8). */
export function switchingHead(raw: readonly string[]): string {
  const lines = ['connection: Upgrade', 'upgrade: websocket'];
  for (let i = 0; i + 1 < raw.length; i += 2) lines.push(`${raw[i]}: ${raw[i + 1]}`);
  return ['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n');
}
