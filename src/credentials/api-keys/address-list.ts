import { BlockList, isIP } from 'node:net';
import { undressed } from '../../lib/address.ts';

/** An address, or a CIDR range. IPv4 is written as IPv4, since callers are known by it. */
export function isAddressRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  // A zone (fe80::1%eth0) means something on one machine only.
  if (family === 0 || rest.length > 0 || address.includes('%')) return false;
  if (undressed(address) !== address) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

/** Whether an address is in one of the ranges. IPv4 in IPv6 clothes is IPv4. */
export function createAddressList(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of ranges) add(list, range);
  return (text) => {
    const address = undressed(text);
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
}

/** Whether the whole of a range lies in one of the others. */
export function isWithinRanges(range: string, ranges: readonly string[]): boolean {
  const inner = take(range);
  return ranges.some((each) => {
    const outer = take(each);
    if (outer.family !== inner.family || outer.prefix > inner.prefix) return false;
    const list = new BlockList();
    add(list, each);
    return list.check(inner.address, inner.family);
  });
}

function add(list: BlockList, range: string): void {
  const { address, family, prefix } = take(range);
  list.addSubnet(address, prefix, family);
}

/** A single address is the range of itself. */
function take(range: string): { address: string; family: 'ipv4' | 'ipv6'; prefix: number } {
  const [address = '', prefix] = range.split('/');
  const isFour = isIP(address) === 4;
  const whole = isFour ? 32 : 128;
  return {
    address,
    family: isFour ? 'ipv4' : 'ipv6',
    prefix: prefix === undefined ? whole : Number(prefix),
  };
}
