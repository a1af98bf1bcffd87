import { once } from 'node:events';
import { type Agent, type IncomingMessage, request } from 'node:http';
import type { RawAnswer } from './raw-request.ts';

export interface ExactRequest {
  method?: string;
  /** Sent as it is: no dot segment is resolved, nothing is encoded. */
  target: string;
  headers?: Record<string, string | string[]>;
  /** An array is sent as chunks. */
  body?: Buffer | readonly Buffer[];
  /** To keep the connection; default: a new one. */
  agent?: Agent;
}

/** @param port of this machine */
export async function exactRequest(port: number, asked: ExactRequest): Promise<RawAnswer> {
  const { method = 'GET', target, headers = {}, body, agent } = asked;
  const chunks = body === undefined || Buffer.isBuffer(body) ? undefined : body;
  const outgoing = request({
    ...{ host: '127.0.0.1', port, method, path: target, agent: agent ?? false },
    headers: {
      ...headers,
      ...(Buffer.isBuffer(body) ? { 'content-length': String(body.length) } : {}),
      ...(chunks ? { 'transfer-encoding': 'chunked' } : {}),
    },
  });
  for (const chunk of chunks ?? []) outgoing.write(chunk);
  outgoing.end(Buffer.isBuffer(body) ? body : undefined);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const part of answer.setEncoding('utf8')) text += part;
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    text,
    json: text.startsWith('{') ? JSON.parse(text) : {},
  };
}
