import {
  type GatehouseError,
  Kaie,
  Klen,
  KliqClient,
  Kloakd,
  type PlatformClientClass,
} from '../../sdk/typescript/src/index.ts';

export type PlatformName = 'kliq' | 'kaie' | 'klen' | 'kloakd';

export const CLIENTS: Record<PlatformName, PlatformClientClass> = {
  ...{ kliq: KliqClient, kaie: Kaie, klen: Klen, kloakd: Kloakd },
};

/** Where the vectors' clocks begin. */
export const NOW = 1795219200;

export interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | null;
  readonly redirect: string | undefined;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly failure?: 'connection' | 'timeout';
}

/** A network of one place that answers as it is told. */
export function createNetwork(answerTo: (sent: Sent) => FakeAnswer) {
  const sent: Sent[] = [];
  const fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const body = init.body ?? null;
    const one = {
      ...{ url: String(input), method: init.method ?? 'GET', redirect: init.redirect },
      headers: new Headers(init.headers),
      body: typeof body === 'string' ? body : body === null ? null : '(bytes)',
    };
    sent.push(one);
    const answer = answerTo(one);
    if (answer.failure === 'connection') throw new TypeError('fetch failed');
    if (answer.failure === 'timeout') return untilAborted(init.signal!);
    const { status = 200, headers = {}, body: content = {} } = answer;
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    const isEmpty = status === 204;
    return new Response(isEmpty ? null : text, {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    });
  };
  return { sent, fetch };
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

/** What a promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<GatehouseError> {
  try {
    await promise;
  } catch (error) {
    return error as GatehouseError;
  }
  throw new Error('it did not fail');
}

/** The name of the error's class, whatever is thrown. */
export function thrownBy(work: () => unknown): GatehouseError {
  try {
    work();
  } catch (error) {
    return error as GatehouseError;
  }
  throw new Error('it did not fail');
}
