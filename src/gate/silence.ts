import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';

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
