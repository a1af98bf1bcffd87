import type { IncomingMessage } from 'node:http';
import type { GateRequest } from './context.ts';

/**
 * A request's headers for the gate, repeated ones as arrays. Node's own `headers` would show the first
 * Authorization of two and drop the other, which the upstream may be the one to read.
 */
export function receivedHeaders(raw: IncomingMessage): GateRequest['headers'] {
  // Without a prototype: `__proto__` is a header like any other.
  const headers: Record<string, string | string[]> = Object.create(null);
  const { rawHeaders } = raw;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    const value = rawHeaders[i + 1]!;
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (typeof before === 'string') headers[name] = [before, value];
    else before.push(value);
  }
  return headers;
}
