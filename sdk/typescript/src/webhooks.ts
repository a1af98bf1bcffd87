import { fromBase64 } from './base64.ts';
import type { WebhookDefinition } from './definition.ts';
import { ConfigurationError, type WebhookRefusal, WebhookVerificationError } from './errors.ts';

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

export type HeaderValues =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface WebhookDelivery {
  /** The body exactly as it came, before anything parsed it. */
  readonly payload: Uint8Array | string;
  readonly headers: HeaderValues;
  /** `whsec_…`, all that are good at the moment: several while one is being replaced. */
  readonly secrets: readonly string[];
  /** How far a timestamp may be from now, either way. Default 300. */
  readonly toleranceSeconds?: number;
  /** Seconds since the epoch. Default: now. */
  readonly now?: number;
  /** The platform's own header. Default: Standard Webhooks alone. */
  readonly webhook?: WebhookDefinition;
}

export interface VerifiedWebhook {
  /** The same over all attempts, to take each message once; null: the platform's own header has none. */
  readonly id: string | null;
  /** Seconds since the epoch; null: the style has none. */
  readonly timestamp: number | null;
}

/** What was signed, and the signatures that came with it. */
interface Claim {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly signatures: readonly (Uint8Array<ArrayBuffer> | undefined)[];
  readonly id: string | null;
  readonly timestamp: number | null;
}

/**
 * Checks that a delivery is the platform's, unchanged and of now. Standard Webhooks' headers count where they
 * are, and then nothing else; otherwise the platform's own.
 *
 * @throws WebhookVerificationError by what is wrong; answer it with 400
 * @throws ConfigurationError when no usable secret is given
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function verifyWebhook(delivery: WebhookDelivery): Promise<VerifiedWebhook> {
  const { secrets, toleranceSeconds = 300, now = Date.now() / 1000 } = delivery;
  if (secrets.length === 0) throw new ConfigurationError('Give at least one webhook secret.');
  const keys = await Promise.all(secrets.map(importSecret));
  const claim = readClaim(delivery);
  if (!(await isSigned(claim, keys))) {
    throw refusal('signature_mismatch', 'No signature fits: another sender, secret or body.');
  }
  const { id, timestamp } = claim;
  if (timestamp !== null && !(Math.abs(now - timestamp) <= toleranceSeconds)) {
    throw refusal(
      'timestamp_out_of_tolerance',
      `The delivery is more than ${toleranceSeconds} s away from now: a replay, or a clock that is wrong.`,
    );
  }
  return { id, timestamp };
}

const refusal = (reason: WebhookRefusal, message: string) =>
  new WebhookVerificationError(reason, message);

function readClaim({ payload, headers, webhook }: WebhookDelivery): Claim {
  const body = typeof payload === 'string' ? encode(payload) : payload;
  const signature = textOf(headers, 'webhook-signature');
  if (signature) return standardClaim(headers, signature, body);
  const own = webhook ? textOf(headers, webhook.header) : undefined;
  if (!webhook || !own) throw refusal('missing_signature', 'The delivery has no signature.');
  return webhook.style === 'plain' ? plainClaim(own, body) : timestampedClaim(own, body);
}

function standardClaim(headers: HeaderValues, signature: string, body: Uint8Array): Claim {
  const id = textOf(headers, 'webhook-id');
  const time = textOf(headers, 'webhook-timestamp');
  if (!id || !time) {
    throw refusal('missing_signature', 'webhook-id or webhook-timestamp is not there.');
  }
  const timestamp = readSeconds(time);
  const signatures = signature
    .split(' ')
    .filter((part) => part.startsWith('v1,'))
    .map((part) => fromBase64(part.slice('v1,'.length)));
  return claimOf({ content: join(`${id}.${time}.`, body), signatures, id, timestamp });
}

function timestampedClaim(header: string, body: Uint8Array): Claim {
  const parts = header.split(',').map((part) => part.trim());
  const valuesOf = (name: string) =>
    parts.filter((part) => part.startsWith(`${name}=`)).map((part) => part.slice(name.length + 1));
  const [time, another] = valuesOf('t');
  if (time === undefined || another !== undefined) {
    throw refusal('malformed_signature', 'The signature has not exactly one time.');
  }
  const timestamp = readSeconds(time);
  const signatures = valuesOf('v1').map(fromHex);
  return claimOf({ content: join(`${time}.`, body), signatures, id: null, timestamp });
}

function plainClaim(header: string, body: Uint8Array): Claim {
  const signatures = header
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part.startsWith('sha256='))
    .map((part) => fromHex(part.slice('sha256='.length)));
  return claimOf({ content: join('', body), signatures, id: null, timestamp: null });
}

function claimOf(claim: Claim): Claim {
  if (claim.signatures.length > 0) return claim;
  throw refusal('malformed_signature', 'There is no signature of a version that is known here.');
}

function readSeconds(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw refusal('malformed_signature', 'The time of the signature is not in whole seconds.');
}

/** WebCrypto compares in constant time. Every key and signature is tried, whichever fits. */
async function isSigned({ content, signatures }: Claim, keys: readonly Key[]) {
  const attempts = keys.flatMap((key) =>
    signatures.map((signature) =>
      signature ? crypto.subtle.verify('HMAC', key, signature, content) : false,
    ),
  );
  return (await Promise.all(attempts)).includes(true);
}

async function importSecret(secret: string): Promise<Key> {
  const bytes = secret.startsWith('whsec_') ? fromBase64(secret.slice('whsec_'.length)) : undefined;
  if (!bytes || bytes.length === 0) {
    throw new ConfigurationError(
      'A webhook secret is not usable: it begins with whsec_, and base64 follows. Copy it anew.',
    );
  }
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  return crypto.subtle.importKey('raw', bytes, hmac, false, ['verify']);
}

/** Several values of one header are one text, as HTTP has it (RFC 9110 §5.3). */
export function textOf(headers: HeaderValues, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const wanted = name.toLowerCase();
  const values = Object.entries(headers)
    .filter(([key, value]) => key.toLowerCase() === wanted && value !== undefined)
    .flatMap(([, value]) => value ?? []);
  return values.length === 0 ? undefined : values.join(', ');
}

const encode = (text: string) => new TextEncoder().encode(text);

function join(before: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = encode(before);
  const all = new Uint8Array(start.length + body.length);
  all.set(start);
  all.set(body, start.length);
  return all;
}

/** Undefined: it is none. */
function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^([0-9a-f]{2})+$/i.test(text)) return undefined;
  return Uint8Array.from(text.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}
