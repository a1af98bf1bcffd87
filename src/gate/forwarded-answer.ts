import { OWN_COOKIE, VERDICTS_HEADER } from './forwarded-request.ts';
import { endToEndHeaders } from './hop-by-hop.ts';
import type { UpstreamIdentity } from './upstream-identity.ts';

/**
 * The headers of an upstream's answer as the caller gets them. Identity headers that an upstream sends back
 * stay here, and so does a cookie that would replace one of Gatehouse's own.
 *
 * @param own the gate's: they stand in the place of the upstream's of the same name
 * @returns name, value, name, value …
 */
export function answerHeaders(
  status: number,
  raw: readonly string[],
  own: Readonly<Record<string, string>>,
  { isReserved }: Pick<UpstreamIdentity, 'isReserved'>,
): string[] {
  const headers = Object.entries(own).flat();
  for (const [name, value] of endToEndHeaders(raw)) {
    const key = name.toLowerCase();
    if (Object.hasOwn(own, key) || isReserved(key) || key === VERDICTS_HEADER) continue;
    if (key === 'set-cookie' && OWN_COOKIE.test(value.trim())) continue;
    // RFC 9110 §8.6: a 204 has none, not even 0.
    if (key === 'content-length' && status === 204) continue;
    headers.push(name, value);
  }
  return headers;
}
