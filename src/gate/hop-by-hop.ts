/** A header as it stands on the wire. */
export type HeaderLine = readonly [name: string, value: string];

const HOP_BY_HOP = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The headers that are for the other end, and not for the one connection they came over: without the
 * hop-by-hop ones, those that `Connection` lists, and every `Proxy-*`. Also without `Proxy`, which CGI
 * programs take for their HTTP_PROXY. Order, case and repetition stay.
 *
 * @param raw name, value, name, value … as Node and undici have them
 * @see RFC 9110 §7.6.1
 */
export function endToEndHeaders(raw: readonly string[]): HeaderLine[] {
  const lines: HeaderLine[] = [];
  const listed = new Set<string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name, value] = [raw[i]!, raw[i + 1]!];
    if (name.toLowerCase() === 'connection') {
      for (const option of value.split(',')) listed.add(option.trim().toLowerCase());
    } else {
      lines.push([name, value]);
    }
  }
  return lines.filter(([name]) => {
    const key = name.toLowerCase();
    return !HOP_BY_HOP.has(key) && !listed.has(key) && !/^proxy(-|$)/.test(key);
  });
}
