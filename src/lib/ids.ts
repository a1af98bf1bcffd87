import { createHash, randomFillSync } from 'node:crypto';

/**
 * A new UUID, version 7: the milliseconds of `now`, then 74 random bits. Sorts by time of creation,
 * which keeps index pages warm. An identifier, never a secret.
 *
 * @see RFC 9562 §5.7
 */
export function newId(now: Date): string {
  const bytes = randomFillSync(Buffer.allocUnsafe(16));
  bytes.writeUIntBE(now.getTime(), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** What no {@link newId} of that moment or a later one sorts before. */
export function firstIdOf(moment: Date): string {
  const hex = moment.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
}

/**
 * A UUID, version 8, made of what it names: the same text comes to the same one, in every process. Take a
 * text that no other use could write, such as a JSON list that begins with what it is about.
 *
 * @see RFC 9562 §5.8
 */
export function idOfText(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`];
  return [...parts, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}
