import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions, promises } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Agent, fetch as undiciFetch } from 'undici';

/** `fetch` for addresses that somebody else chose: a client's jwks_uri, a webhook's target. */
export type OutboundFetch = typeof globalThis.fetch;

/** The target is not on the public internet. */
export class ForbiddenTargetError extends Error {
  constructor(target: string) {
    super(`${target} is not a public address`);
    this.name = 'ForbiddenTargetError';
  }
}

/** Every address of a name: the system's resolver, or a test's. */
export type Resolve = (hostname: string, options: LookupAllOptions, done: Resolved) => void;

type Resolved = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

const PATIENCE_MS = 2_500;

/**
 * A fetch that reaches public addresses only: checked on the address that is dialled, so that a name
 * which resolves differently the second time gains nothing; redirects are not followed.
 *
 * @param options.allowPrivateTargets for an operator whose clients live in a private network; names are then
 *   resolved as everywhere else
 * @param options.patienceMs of connecting, of an answer's beginning, and of each part of it; default 2,500
 */
export function createOutboundFetch(options: {
  allowPrivateTargets: boolean;
  patienceMs?: number;
  resolve?: Resolve;
}): OutboundFetch {
  const { allowPrivateTargets, resolve = dnsLookup, patienceMs = PATIENCE_MS } = options;
  const lookup = allowPrivateTargets ? {} : { lookup: publicLookup(resolve) };
  const agent = new Agent({
    connect: { timeout: patienceMs, ...lookup },
    headersTimeout: patienceMs,
    bodyTimeout: patienceMs,
  });
  return (async (input: string | URL, init: RequestInit = {}) => {
    const url = new URL(input);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    // An IP literal is dialled without a lookup.
    if (!allowPrivateTargets && isIP(host) && !isPublicAddress(host)) {
      throw new ForbiddenTargetError(host);
    }
    return undiciFetch(url, { ...init, redirect: 'manual', dispatcher: agent } as never);
  }) as unknown as OutboundFetch;
}

const DNS_PATIENCE = { timeout: 2_000, tries: 2 };

/**
 * Asks the name servers without a thread of the pool, four of which all file access and password hashing
 * share: names whose servers never answer hold up nobody else. Knows no hosts file.
 */
export const resolveByDns: Resolve = (hostname, _options, done) => {
  const resolver = new promises.Resolver(DNS_PATIENCE);
  const ofFamily = (family: 4 | 6) =>
    resolver[`resolve${family}`](hostname).then((found) =>
      found.map((address) => ({ address, family })),
    );
  Promise.allSettled([ofFamily(4), ofFamily(6)])
    .then(([four, six]) => {
      const found = [four, six].flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
      const failed = four.status === 'rejected' ? four.reason : null;
      done(found.length > 0 ? null : (failed ?? new Error(`no address for ${hostname}`)), found);
    })
    .catch(() => {});
};

const publicLookup =
  (resolve: Resolve): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 4);
      const forbidden = addresses.find(({ address }) => !isPublicAddress(address));
      if (forbidden || !addresses[0]) {
        return callback(new ForbiddenTargetError(`${hostname} (${forbidden?.address})`), '', 4);
      }
      if (options.all) return callback(null, addresses as never, 4);
      callback(null, addresses[0].address, addresses[0].family);
    });
  };

/** Whether an address may be dialled: not private, loopback, link-local or otherwise special (RFC 6890). */
export function isPublicAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return isPublicAddress(mapped);
  const family = isIP(address);
  if (family === 0) return false;
  return family === 4 ? !specialV4().check(address) : !specialV6().check(address, 'ipv6');
}

const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const SPECIAL_V6 = [
  '::/128',
  '::1/128',
  '::/96',
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

/**
 * A list for each family, made when it is first needed: in a common one Node finds every IPv4 address
 * within ::ffff:0:0/96.
 */
function lazily(ranges: readonly string[], family: 'ipv4' | 'ipv6'): () => BlockList {
  let list: BlockList | undefined;
  return () => {
    if (list) return list;
    list = new BlockList();
    for (const range of ranges) {
      const [net = '', prefix = ''] = range.split('/');
      list.addSubnet(net, Number(prefix), family);
    }
    return list;
  };
}

const specialV4 = lazily(SPECIAL_V4, 'ipv4');
const specialV6 = lazily(SPECIAL_V6, 'ipv6');
