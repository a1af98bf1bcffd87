import { ForbiddenTargetError, type OutboundFetch } from '../lib/outbound.ts';
import type { AttemptError, Reception } from './webhook.ts';

const KEPT_BYTES = 4_096;

/** What came back, and what the receiver wishes. */
export interface Answer extends Omit<Reception, 'durationMs'> {
  /** Milliseconds that the receiver asks for before the next attempt (RFC 9110 §10.2.3). */
  readonly retryAfterMs: number | undefined;
}

/**
 * Posts to a receiver and reads how its answer begins. Whatever it does (never answer, answer without end,
 * lead elsewhere), this ends within the time that the signal gives it. Never throws.
 */
export async function callReceiver(
  fetch: OutboundFetch,
  url: string,
  request: { headers: Record<string, string>; body: string },
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        ...request.headers,
        'content-type': 'application/json',
        'user-agent': 'Gatehouse-Webhooks/1',
        // Nothing that unfolds.
        'accept-encoding': 'identity',
      },
      body: request.body,
      signal,
    });
    const { status, headers } = response;
    const body = await beginningOf(response);
    return { status, body, error: errorOf(status), retryAfterMs: retryAfterOf(headers) };
  } catch (error) {
    return { status: null, body: null, error: reasonOf(error), retryAfterMs: undefined };
  }
}

function errorOf(status: number): AttemptError | null {
  if (status >= 200 && status < 300) return null;
  return status >= 300 && status < 400 ? 'redirect' : 'http_status';
}

/** The status has decided already: a body that stays out changes nothing. */
async function beginningOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  try {
    while (reader && length < KEPT_BYTES) {
      const { value, done } = await reader.read();
      if (done) break;
      chunks.push(value);
      length += value.length;
    }
  } catch {
    // What has come is all there is.
  }
  // Not awaited: it ends when the receiver's end of the connection notices.
  reader?.cancel().catch(() => {});
  const bytes = Buffer.concat(chunks).subarray(0, KEPT_BYTES);
  return bytes.toString('utf8').replaceAll('\0', '\uFFFD');
}

function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) * 1_000 : undefined;
}

/** By the code of what lies at the bottom. */
const REASONS: Readonly<Record<string, AttemptError>> = {
  ENOTFOUND: 'unknown_host',
  ENODATA: 'unknown_host',
  EAI_AGAIN: 'unknown_host',
  ESERVFAIL: 'unknown_host',
  ECONNREFUSED: 'connection_refused',
  ETIMEDOUT: 'timeout',
  ETIMEOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
};

function reasonOf(error: unknown): AttemptError {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof ForbiddenTargetError) return 'forbidden_target';
    if (each.name === 'TimeoutError') return 'timeout';
    if (each.name === 'AbortError') return 'interrupted';
    const { code = '' } = each as NodeJS.ErrnoException;
    if (REASONS[code]) return REASONS[code];
    if (/^ERR_(TLS|SSL)|CERT|SELF_SIGNED|^EPROTO$/.test(code)) return 'tls';
    if (each instanceof AggregateError && each.errors.length > 0) return reasonOf(each.errors[0]);
  }
  return 'connection_failed';
}
