import type { Database } from '../../database/database.ts';
import { networkOf } from '../../lib/address.ts';
import type { Clock } from '../../lib/clock.ts';
import type { MasterKey } from '../../lib/master-key.ts';
import type { PlaygroundPolicy } from './playground-key.ts';
import { findStranger, rememberStranger } from './playground-strangers.store.ts';

/**
 * Identities that one network (an IPv4 address, an IPv6 /64) can have in all its life where a fingerprint
 * tells its strangers apart. A caller who makes up fingerprints gets as many lifetime quotas, and no more.
 */
export const IDENTITIES_PER_NETWORK = 10;

/** Who asks for a key, as far as can be told. */
export interface Stranger {
  /** Absent where the platform does not identify by it. */
  readonly fingerprint: string | undefined;
  /** The IP address. */
  readonly address: string;
}

export type Strangers = ReturnType<typeof createStrangers>;

/**
 * Tells strangers apart by what the platform file names. Identities are keyed hashes: they say nothing of
 * whom they stand for, and nobody can make one up.
 *
 * @see docs/decisions/0011-playground-identity.md
 */
export function createStrangers(deps: {
  policy: PlaygroundPolicy;
  database: Database;
  masterKey: MasterKey;
  clock: Clock;
}) {
  const { policy, database, clock } = deps;
  const hash = (what: string, value: string) =>
    deps.masterKey.hashSecret(`playground-${what}:${value}`);
  const nameOf = (value: string) => hash('identity', value).toString('base64url');
  const byAddress = policy.identifyBy.includes('address');

  async function byEither(fingerprint: Buffer, network: string): Promise<string> {
    const known = await findStranger(database.pool, fingerprint);
    if (known) return known;
    const stranger = { fingerprint, network: hash('network', network) };
    return rememberStranger(database, stranger, identitiesOf(network), clock.now());
  }

  const identitiesOf = (network: string) =>
    Array.from({ length: IDENTITIES_PER_NETWORK }, (_, i) => nameOf(`network:${network}:${i}`));

  return {
    /** The same for the same stranger, now and in ten years, whatever the number of callers. */
    async identityOf({ fingerprint, address }: Stranger): Promise<string> {
      const network = networkOf(address);
      if (fingerprint === undefined) return nameOf(`network:${network}:0`);
      if (!byAddress) return nameOf(`fingerprint:${fingerprint}`);
      return byEither(hash('fingerprint', fingerprint), network);
    },
    /** What issuing is counted by, so that the table of counts lists no addresses. */
    networkKey: (address: string): string =>
      hash('network', networkOf(address)).toString('base64url'),
  };
}
