import type { IncomingMessage } from 'node:http';
import type { GateRequest } from './context.ts';

/**
 * A request's headers for the gate, repeated ones as arrays. Node's own `headers` would show the first
 * Authorization of two and drop the other, which the upstream may be the one to read.
 */
export function receivedHeaders(raw: IncomingMessage): GateRequest['headers'] {
  // Without a prototype: `__proto__` is a header like any other.
  const headers: Record<string, string | readonly string[]> = Object.create(null);
  for (const [name, values = []] of Object.entries(raw.headersDistinct)) {
    headers[name] = values.length === 1 ? values[0]! : values;
  }
  return headers;
}
