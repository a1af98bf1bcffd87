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
  const four = mappedIPv4(groups);
  if (four !== undefined) return four;
  const prefix = groups.slice(0, 4).map((group) => group.toString(16));
  return `${prefix.join(':')}::/64`;
}

/** An address as itself: IPv4 in IPv6 clothes, in any spelling, is IPv4. What is no address comes back. */
export function undressed(address: string): string {
  if (!isIPv6(address) || address.includes('%')) return address;
  return mappedIPv4(expandIPv6(address)) ?? address;
}

/** @see RFC 4291 §2.5.5.2 */
function mappedIPv4(groups: readonly number[]): string | undefined {
  if (groups.slice(0, 5).some((group) => group !== 0) || groups[5] !== 0xffff) return undefined;
  return [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join('.');
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
