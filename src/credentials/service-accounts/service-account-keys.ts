import type { AuditContext } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Notifications } from '../../database/notifications.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Revocations } from '../../oauth/revocations.store.ts';
import type { Maker } from '../maker.ts';
import { type GivenKey, type KeySetProblem, readKeySet } from './public-keys.ts';
import type { PublicKey, ServiceAccount } from './service-account.ts';
import type { ServiceAccountOutcome, ServiceAccountProblem } from './service-accounts.service.ts';
import { changeServiceAccount } from './service-accounts.store.ts';

/**
 * Changing one key of an account at a time, as a roll-over does. The set is read and written under the
 * account's lock: of two who change it at once, neither undoes what the other did.
 */
export function createServiceAccountKeys(deps: {
  database: Database;
  notifications: Pick<Notifications, 'caughtUp'>;
  clock: Clock;
  revocations: Revocations;
  /** What the account could do beyond its maker. */
  excessOf(scopes: readonly string[], maker: Maker): ServiceAccountProblem[];
}) {
  const { database, notifications, clock, revocations, excessOf } = deps;

  async function change(
    id: string,
    maker: Maker,
    audit: AuditContext,
    wanted: (current: ServiceAccount) => Promise<Wanted>,
  ): Promise<ServiceAccountOutcome> {
    const refusals: Refusal[] = [];
    const plan = async (current: ServiceAccount) => {
      const keys = await wanted(current);
      if (!('outcome' in keys)) return { keys };
      refusals.push(keys);
      return undefined;
    };
    const context = { now: clock.now(), revocations, audit };
    const account = await changeServiceAccount(database, id, maker, plan, context);
    if (!account) return { outcome: 'not_found' };
    if (refusals[0]) return refusals[0];
    await notifications.caughtUp();
    return { outcome: 'done', account };
  }

  return {
    /** Puts a key beside the others. Whoever does can act as the account, so it holds no more than they do. */
    addKey: (id: string, given: GivenKey, maker: Maker, audit: AuditContext) =>
      change(id, maker, audit, async (current) => {
        const { keys, problems } = await readKeySet([
          ...current.keys.map((key) => ({ ...key })),
          given,
        ]);
        if (problems.length > 0) return { outcome: 'invalid', problems };
        const excess = excessOf(current.scopes, maker);
        if (excess.length > 0) return { outcome: 'beyond', problems: excess };
        return keys;
      }),

    /** Takes a key away: its JWTs end at once. The last one stays. */
    removeKey: (id: string, kid: string, maker: Maker, audit: AuditContext) =>
      change(id, maker, audit, async (current) => {
        const keys = current.keys.filter((key) => key.kid !== kid);
        if (keys.length === current.keys.length) return { outcome: 'not_found' };
        if (keys.length === 0) return { outcome: 'invalid', problems: [LAST_KEY] };
        return keys;
      }),
  };
}

type Refusal = Exclude<ServiceAccountOutcome, { outcome: 'done' }>;

/** The keys the account is to have, or why not. */
type Wanted = readonly PublicKey[] | Refusal;

const LAST_KEY: KeySetProblem = {
  field: 'jwks.keys',
  message: 'has one key at the least; add the next one first, or disable the account',
};
