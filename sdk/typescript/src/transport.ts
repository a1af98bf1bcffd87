import { type CredentialSort, errorOf } from './answers.ts';
import { type Method, secretIn } from './configuration.ts';
import type { CompleteDefinition } from './definition.ts';
import { ConnectionError, GatehouseError, TimeoutError } from './errors.ts';
import type { RequestBody } from './request.ts';
import type { Runtime } from './runtime.ts';

const IDEMPOTENT = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'];
const BASE_SECONDS = 0.5;
const CAP_SECONDS = 8;
/** A longer Retry-After is for the caller to wait for. */
const LONGEST_WAIT_SECONDS = 60;

export interface Outgoing {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body?: RequestBody | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutSeconds?: number | undefined;
  /** What the headers hold. */
  readonly credential: CredentialSort;
  /** Those it carries beside the client's own, for no error to repeat. */
  readonly secrets?: readonly string[] | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Transport {
  /**
   * Sends, and tries again where that is safe and promises something.
   *
   * @throws GatehouseError for every answer of 300 and above, and for none
   */
  send(request: Outgoing): Promise<Answer>;
}

export function createTransport(
  definition: CompleteDefinition,
  policy: { credential: Method; maxRetries: number; timeoutSeconds: number },
  runtime: Runtime,
): Transport {
  async function attempt(request: Outgoing): Promise<Answer> {
    const { timeoutSeconds = policy.timeoutSeconds } = request;
    const answer = await exchange(runtime, { ...request, timeoutSeconds });
    if (answer.status >= 200 && answer.status < 300) return answer;
    const text = new TextDecoder().decode(answer.bytes);
    const { credential, secrets = [] } = request;
    const asked = { credential, secrets: [...secrets, secretIn(policy.credential)] };
    throw errorOf(definition, { ...answer, text }, { ...asked, now: runtime.now() });
  }

  return {
    async send(request) {
      for (let waits = 0; ; waits += 1) {
        try {
          return await attempt(request);
        } catch (error) {
          const wait = waits < policy.maxRetries ? waitFor(error, request.method, waits) : null;
          if (wait === null) throw error;
          await runtime.sleep(wait, request.signal);
        }
      }
    },
  };

  /** Seconds; null: not again. */
  function waitFor(error: unknown, method: string, waits: number): number | null {
    if (!(error instanceof GatehouseError)) return null;
    const { status, retryAfter } = error;
    if ((status === 429 || status === 503) && retryAfter !== null) {
      return retryAfter <= LONGEST_WAIT_SECONDS ? retryAfter : null;
    }
    const mayPass =
      error instanceof ConnectionError || (status !== null && [502, 503, 504].includes(status));
    if (!mayPass || !IDEMPOTENT.includes(method)) return null;
    return runtime.random() * Math.min(CAP_SECONDS, BASE_SECONDS * 2 ** waits);
  }
}

/** One request and its whole answer. Nothing follows a redirect: the credential is for this place alone. */
async function exchange(
  { fetch }: Pick<Runtime, 'fetch'>,
  request: Outgoing & { timeoutSeconds: number },
): Promise<Answer> {
  const { url, method, headers, body, signal, timeoutSeconds } = request;
  signal?.throwIfAborted();
  const attempt = new AbortController();
  const timer = setTimeout(() => attempt.abort(), timeoutSeconds * 1000);
  const stop = () => attempt.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const response = await fetch(url, {
      ...{ method, headers, redirect: 'manual', signal: attempt.signal },
      ...(body === undefined ? {} : { body }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, bytes };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (attempt.signal.aborted) {
      throw new TimeoutError(`There was no answer within ${timeoutSeconds} s.`);
    }
    throw new ConnectionError('There was no answer: the connection failed.', { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
