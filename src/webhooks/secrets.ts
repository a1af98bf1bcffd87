import type { MasterKey } from '../lib/master-key.ts';
import { newWebhookSecret } from './signatures.ts';

const contextOf = (subscriptionId: string) => `webhook:${subscriptionId}`;

/** A new secret, and how it is stored: only for this subscription can it be opened. */
export function makeSecret(masterKey: MasterKey, subscriptionId: string) {
  const text = newWebhookSecret();
  return { text, encrypted: masterKey.encrypt(Buffer.from(text), contextOf(subscriptionId)) };
}

/** @throws Error when it was stored for another subscription, or under another MASTER_KEY */
export const openSecret = (
  masterKey: MasterKey,
  encrypted: Uint8Array,
  subscriptionId: string,
): string => masterKey.decrypt(encrypted, contextOf(subscriptionId)).toString();
