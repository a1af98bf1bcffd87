import { createHmac, randomBytes } from 'node:crypto';
import type { Webhooks } from '../platform/platform.ts';

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;

/** A new secret: 256 random bits, as whsec_ and base64. */
export const newWebhookSecret = (): string => PREFIX + randomBytes(SECRET_BYTES).toString('base64');

/** What is signed: the same bytes that are sent. */
export interface SignedMessage {
  /** Stable over attempts. */
  readonly id: string;
  /** Of this attempt: whole seconds since the epoch. */
  readonly timestamp: number;
  readonly body: string;
}

/**
 * The headers of one attempt: Standard Webhooks' three, and the platform's own. While a secret is being
 * rotated out both sign, the new one first. The key is the bytes that the secret's base64 stands for.
 *
 * @param secrets `whsec_<base64>`, at least one
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signatureHeaders(
  { id, timestamp, body }: SignedMessage,
  secrets: readonly string[],
  { signatureHeader, signatureStyle }: Pick<Webhooks, 'signatureHeader' | 'signatureStyle'>,
): Record<string, string> {
  const keys = secrets.map((secret) => Buffer.from(secret.slice(PREFIX.length), 'base64'));
  const sign = (content: string, encoding: 'hex' | 'base64') =>
    keys.map((key) => createHmac('sha256', key).update(content).digest(encoding));
  const own =
    signatureStyle === 'timestamped'
      ? [`t=${timestamp}`, ...sign(`${timestamp}.${body}`, 'hex').map((hex) => `v1=${hex}`)]
      : sign(body, 'hex').map((hex) => `sha256=${hex}`);
  const standard = sign(`${id}.${timestamp}.${body}`, 'base64').map((text) => `v1,${text}`);
  return {
    [signatureHeader]: own.join(','),
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': standard.join(' '),
  };
}
