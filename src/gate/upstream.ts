import { type Dispatcher, Pool } from 'undici';

/** The API behind the gate: connections to it, kept alive and shared by all requests. */
export interface Upstream {
  /** Of its URL, without trailing slash; empty for an origin. */
  readonly basePath: string;
  /** Longest time without the head of an answer, in milliseconds. */
  readonly timeoutMs: number;
  dispatch: Dispatcher['dispatch'];
  /** Ends every connection, whatever is under way. */
  close(): Promise<void>;
}

const CONNECT_MS = 5_000;

/**
 * @param options.url the operator's own: a private address is as good as any; https is verified against the
 * authorities that Node knows, which NODE_EXTRA_CA_CERTS adds to
 * @throws Error when the URL has a user, a query or a fragment
 */
export function createUpstream(options: { url: string; timeoutSeconds: number }): Upstream {
  const url = new URL(options.url);
  if (url.username || url.password || url.search || url.hash) {
    throw new Error('The upstream URL must have no user, query or fragment (upstream.url).');
  }
  const timeoutMs = options.timeoutSeconds * 1000;
  const pool = new Pool(url.origin, {
    connect: { timeout: Math.min(CONNECT_MS, timeoutMs) },
    // Who waits for an answer keeps the time; an answer that has begun may pause for as long as it likes.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    basePath: url.pathname.replace(/\/+$/, ''),
    timeoutMs,
    dispatch: (request, handler) => pool.dispatch(request, handler),
    close: () => pool.destroy(),
  };
}
