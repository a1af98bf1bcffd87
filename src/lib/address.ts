import { isIPv4, isIPv6 } from 'node:net';

/**
 * The network that a caller's address stands for when attempts are counted: an IPv4 address by itself, an
 * IPv6 address by its /64, because a subscriber is given that many and may change within it at will.
 * IPv4 in IPv6 clothes (`::ffff:192.0.2.1`, what a dual-stack socket reports) counts as IPv4.
 *
 * @returns e.g. `192.0.2.1` or `2001:db8:0:1::/64`; `unknown` for what is no address
 * @see RFC 4291 §2.5.5.2, RFC 6177
 */
export function networkOf(address: string): string {
  const [bare = ''] = address.split('%');
  if (isIPv4(bare)) return bare;
  if (!isIPv6(bare)) return 'unknown';
  const groups = expandIPv6(bare);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join('.');
  }
  const prefix = groups.slice(0, 4).map((group) => group.toString(16));
  return `${prefix.join(':')}::/64`;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function expandIPv6(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const before = groupsOf(head);
  if (tail === undefined) return before;
  const after = groupsOf(tail);
  const missing = 8 - before.length - after.length;
  return [...before, ...new Array<number>(missing).fill(0), ...after];
}

function groupsOf(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
