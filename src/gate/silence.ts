import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex, Writable } from 'node:stream';

/**
 * Waits for an answer to begin, and says who keeps it waiting when that takes too long: the upstream has
 * the time from the last byte of the request, the caller from each byte of the body to the next.
 *
 * @param body where the caller's body goes; null: there is none
 * @param onSilent called once at most
 */
export function watchSilence(
  incoming: IncomingMessage,
  body: Writable | null,
  timeoutMs: number,
  onSilent: (who: 'caller' | 'upstream') => void,
): { stop(): void } {
  let received = incoming.socket.bytesRead;
  let timer = setTimeout(look, timeoutMs);
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(look, timeoutMs);
  };

  function look() {
    if (!body || incoming.complete || body.writableNeedDrain) return onSilent('upstream');
    if (incoming.socket.bytesRead === received) return onSilent('caller');
    received = incoming.socket.bytesRead;
    again();
  }

  if (body) incoming.once('end', again);
  return {
    stop() {
      clearTimeout(timer);
      incoming.off('end', again);
    },
  };
}

/**
 * Waits for a caller to take what was written to it, and says when it stands still: takes nothing, and sends
 * nothing of its body either, which many do to the end before they read. Only a blocked write counts: an
 * answer of which everything is on its way may pause for as long as it likes.
 *
 * The time is the connection's own timeout, because Node knows when a part of a write was taken, and gives
 * the rest as long again: whoever is slow does not stand still.
 *
 * @param onStuck called after the time, or twice the time where part of the last write went through
 */
export function watchTaking(outgoing: ServerResponse, timeoutMs: number, onStuck: () => void) {
  const begin = () => outgoing.setTimeout(timeoutMs);
  outgoing.on('timeout', onStuck);
  return {
    /** After a write that did not go through at once. */
    untilDrained(onDrained: () => void): void {
      begin();
      outgoing.once('drain', () => {
        outgoing.setTimeout(0);
        onDrained();
      });
    },
    /** After the end. Once all is taken, the server sets the time until the next request. */
    untilFinished(): void {
      if (outgoing.writableFinished) return;
      begin();
      // Before the server's own listener: a next answer that waits already (pipelining) begins without.
      outgoing.prependOnceListener('finish', () => outgoing.setTimeout(0));
    },
  };
}

/**
 * Says when one end of a tunnel stands still: something waits for it, and nothing was taken since the last look.
 * Unlike an answer's reader it is not excused by what it sends, since in a tunnel nobody has to say all first.
 *
 * @param source where all comes from that the end is to take
 * @param onStuck called once at most: after the time, or up to twice the time
 */
export function watchStandstill(
  source: Duplex,
  end: Duplex,
  timeoutMs: number,
  onStuck: () => void,
): { stop(): void } {
  let given = 0;
  let before: { waiting: number; taken: number } | undefined;
  source.on('data', (chunk: Buffer) => {
    given += chunk.length;
  });
  const timer = setInterval(() => {
    const waiting = end.writableLength;
    const now = { waiting, taken: given - waiting };
    const isStuck = waiting > 0 && before && before.waiting > 0 && before.taken === now.taken;
    before = now;
    if (!isStuck) return;
    clearInterval(timer);
    onStuck();
  }, timeoutMs);
  return { stop: () => clearInterval(timer) };
}
