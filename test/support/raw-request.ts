import { type IncomingHttpHeaders, request } from 'node:http';

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: Record<string, unknown>;
}

/** A request as a hostile client sends it: no header is added, nothing is corrected. */
export function rawRequest(
  url: string,
  options: {
    method?: string;
    headers?: Record<string, string | string[]>;
    /** Several parts are sent as chunks. */
    body?: string | Buffer | readonly string[];
  } = {},
): Promise<RawAnswer> {
  const { method = 'POST', headers = {}, body } = options;
  const parts = typeof body === 'string' || Buffer.isBuffer(body) ? [body] : (body ?? []);
  const isChunked = Array.isArray(body);
  return new Promise((resolve, reject) => {
    const length = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
    const outgoing = request(url, {
      method,
      agent: false,
      headers: { ...headers, ...(isChunked ? {} : { 'content-length': String(length) }) },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: text.startsWith('{') ? JSON.parse(text) : {},
        });
      });
    });
    for (const part of parts) outgoing.write(part);
    outgoing.end();
  });
}

export const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

export const basic = (clientId: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
});
