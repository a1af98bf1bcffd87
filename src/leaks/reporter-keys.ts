import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { OutboundFetch } from '../lib/outbound.ts';

/** The public keys of whoever reports leaks, by their identifiers. */
export interface ReporterKeys {
  /** Undefined: the reporter publishes no such key. @throws Error when that can't be told now */
  find(identifier: string): Promise<KeyObject | undefined>;
}

/** Keys are read again after so long: milliseconds. */
const FRESH_MS = 3_600_000;

/** An identifier nobody has heard of makes us ask at most this often: milliseconds. */
const ASK_AGAIN_MS = 60_000;

const PATIENCE_MS = 5_000;
const MOST_BYTES = 256 * 1024;

/**
 * Keys from a URL that the operator names, kept in memory: in the format of GitHub's meta API, or a JWKS
 * (RFC 7517 §5). One request at a time; while it fails, the keys known so far go on counting.
 *
 * @see https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program
 */
export function createReporterKeys(deps: {
  url: string;
  fetch: OutboundFetch;
  clock: Clock;
  log: Pick<Log, 'warn'>;
}): ReporterKeys {
  const { url, fetch, clock, log } = deps;
  let keys: ReadonlyMap<string, KeyObject> | undefined;
  let askedAt = 0;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    askedAt = clock.now().getTime();
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!response.ok) throw new Error(`the keys of the reporter: status ${response.status}`);
    keys = readKeys(JSON.parse(await textOf(response)));
  }

  return {
    async find(identifier) {
      const age = clock.now().getTime() - askedAt;
      const known = keys?.get(identifier);
      if (age >= FRESH_MS || (!known && age >= ASK_AGAIN_MS)) {
        asking ??= ask().finally(() => {
          asking = undefined;
        });
      }
      await asking?.catch((error: unknown) => {
        log.warn({ err: error }, 'the keys of the leak reporter could not be read');
        if (!keys) throw error;
      });
      if (!keys) throw new Error('the keys of the leak reporter are not known yet');
      return keys.get(identifier);
    },
  };
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > MOST_BYTES) throw new Error('the keys of the reporter are longer than keys are');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface PublishedKeys {
  public_keys?: { key_identifier?: unknown; key?: unknown }[];
  keys?: { kid?: unknown; [member: string]: unknown }[];
}

/** EC P-256 only: what the programme signs with. */
function readKeys(document: PublishedKeys): Map<string, KeyObject> {
  const pems = (document.public_keys ?? []).map(({ key_identifier, key }) => ({
    identifier: key_identifier,
    make: () => createPublicKey(String(key)),
  }));
  const jwks = (document.keys ?? []).map((jwk) => ({
    identifier: jwk.kid,
    make: () => createPublicKey({ key: jwk as never, format: 'jwk' }),
  }));
  const found = new Map<string, KeyObject>();
  for (const { identifier, make } of [...pems, ...jwks]) {
    const key = attempt(make);
    const isP256 = key?.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    if (typeof identifier === 'string' && key && isP256) found.set(identifier, key);
  }
  if (found.size === 0) throw new Error('the reporter publishes no EC P-256 key');
  return found;
}

function attempt(make: () => KeyObject): KeyObject | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
