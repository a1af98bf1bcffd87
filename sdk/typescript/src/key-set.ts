import type { Runtime } from './runtime.ts';

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const KEEP_SECONDS = 300;
/** From one fetch for an unknown kid to the next: strangers can name as many as they like. */
const UNKNOWN_SECONDS = 60;
/** After a fetch that failed, while the old keys still serve. */
const FAILED_SECONDS = 10;
const TIMEOUT_MS = 5_000;

/** The issuer's keys cannot be fetched, and none are known: nobody can tell who is calling. */
export class KeysUnavailableError extends Error {
  constructor(cause: unknown) {
    super('The signing keys of the issuer cannot be fetched.', { cause });
    this.name = 'KeysUnavailableError';
  }
}

type Keys = ReadonlyMap<string, Key>;

export interface KeySet {
  /**
   * The ES256 key of that name, if there is one.
   *
   * @throws KeysUnavailableError
   */
  find(kid: string): Promise<Key | undefined>;
}

/** A JWK set that is fetched when it is needed, kept for a while, and fetched once for all who wait. */
export function createKeySet(
  jwksUri: string,
  { fetch, now }: Pick<Runtime, 'fetch' | 'now'>,
): KeySet {
  let keys: Keys | undefined;
  let goodUntil = Number.NEGATIVE_INFINITY;
  let unknownAskedAt = Number.NEGATIVE_INFINITY;
  let flight: Promise<Keys> | undefined;

  async function load(): Promise<Keys> {
    try {
      keys = await fetchKeys(fetch, jwksUri);
      goodUntil = now() + KEEP_SECONDS;
      return keys;
    } catch (error) {
      if (!keys) throw new KeysUnavailableError(error);
      goodUntil = now() + FAILED_SECONDS;
      return keys;
    } finally {
      flight = undefined;
    }
  }
  const loadOnce = () => {
    flight ??= load();
    return flight;
  };

  return {
    async find(kid) {
      const known = keys && now() < goodUntil ? keys : await loadOnce();
      const key = known.get(kid);
      if (key) return key;
      // Somebody else is asking at this moment: their answer will do.
      if (flight) return (await flight).get(kid);
      if (now() - unknownAskedAt < UNKNOWN_SECONDS) return undefined;
      unknownAskedAt = now();
      return (await loadOnce()).get(kid);
    },
  };
}

async function fetchKeys(fetch: Runtime['fetch'], jwksUri: string): Promise<Keys> {
  const response = await fetch(jwksUri, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`the answer was ${response.status}`);
  const set = (await response.json()) as { keys?: unknown };
  if (!Array.isArray(set.keys)) throw new Error('the answer is no JWK set');
  const imported = await Promise.all(set.keys.map(importKey));
  return new Map(imported.filter((entry) => entry !== undefined));
}

/** Keys for other algorithms are passed over: there may be some one day. */
async function importKey(jwk: unknown): Promise<readonly [string, Key] | undefined> {
  const { kty, crv, x, y, kid, use, alg } = (jwk ?? {}) as Record<string, string | undefined>;
  const isOurs = kty === 'EC' && crv === 'P-256' && (alg ?? 'ES256') === 'ES256';
  if (!isOurs || (use ?? 'sig') !== 'sig' || typeof kid !== 'string') return undefined;
  try {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    const point = { kty, crv, x, y };
    return [kid, await crypto.subtle.importKey('jwk', point, algorithm, false, ['verify'])];
  } catch {
    return undefined;
  }
}
