import type { AuditContext } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Notifications } from '../../database/notifications.ts';
import type { OrganizationDirectory } from '../../identity/organization-directory.ts';
import type { Clock } from '../../lib/clock.ts';
import { newId } from '../../lib/ids.ts';
import type { Revocations } from '../../oauth/revocations.store.ts';
import type { Platform } from '../../platform/platform.ts';
import { boundsOf, type Maker } from '../maker.ts';
import type { ScopePolicy } from '../scope-policy.ts';
import { type GivenKey, readKeySet } from './public-keys.ts';
import type { ServiceAccount } from './service-account.ts';
import { createServiceAccountKeys } from './service-account-keys.ts';
import {
  changeServiceAccount,
  deleteServiceAccount,
  findServiceAccountOf,
  insertServiceAccount,
  listServiceAccounts,
  type ServiceAccountChanges,
} from './service-accounts.store.ts';

/** What is asked for when an account is made. */
export interface ServiceAccountInput {
  readonly organizationId: string;
  readonly name: string;
  /** An empty list is nothing. */
  readonly scopes: readonly string[];
  readonly keys: readonly GivenKey[];
}

/** What is to be another; the rest stays. */
export type ServiceAccountWishes = Partial<
  Pick<ServiceAccountInput, 'name' | 'scopes' | 'keys'> & { readonly disabled: boolean }
>;

/** A field in the words of the management API, and what is wrong with it. */
export interface ServiceAccountProblem {
  readonly field: string;
  readonly message: string;
}

export type ServiceAccountOutcome =
  | { outcome: 'done'; account: ServiceAccount }
  | ServiceAccountRefusal
  | { outcome: 'not_found' };

/** `beyond`: the account could do more than whoever makes or changes it. */
export interface ServiceAccountRefusal {
  outcome: 'invalid' | 'beyond';
  problems: ServiceAccountProblem[];
}

export type ServiceAccountService = ReturnType<typeof createServiceAccountService>;

/** Making, changing and ending service accounts. Their private keys are never here. */
export function createServiceAccountService(deps: {
  platform: Platform;
  database: Database;
  /** What changes an account waits until this process knows: the next request may be here already. */
  notifications: Pick<Notifications, 'caughtUp'>;
  clock: Clock;
  revocations: Revocations;
  scopePolicy: ScopePolicy;
  organizations: OrganizationDirectory;
}) {
  const { database, notifications, clock, revocations } = deps;
  const environment = deps.platform.keyEnvironments.find(({ issues }) => issues === 'api_key');
  const rules = { scopePolicy: deps.scopePolicy, defaultEnvironment: environment?.name };

  return {
    async create(
      input: ServiceAccountInput,
      maker: Maker,
      audit: AuditContext,
    ): Promise<ServiceAccountOutcome> {
      const { organizationId, name, scopes } = input;
      const isForeign = maker.organizationId !== null && maker.organizationId !== organizationId;
      if (isForeign || !(await deps.organizations.find(organizationId))) {
        return { outcome: 'not_found' };
      }
      const { keys, problems } = await readKeySet(input.keys);
      problems.unshift(...nameProblems(name), ...scopeProblems(rules.scopePolicy, scopes));
      if (problems.length > 0) return { outcome: 'invalid', problems };
      const excess = excessOf(rules, scopes, maker);
      if (excess.length > 0) return { outcome: 'beyond', problems: excess };
      const now = clock.now();
      const account = { id: newId(now), organizationId, name: name.trim(), scopes, keys };
      return {
        outcome: 'done',
        account: await insertServiceAccount(database, account, now, audit),
      };
    },

    find: (id: string, tenant: Pick<Maker, 'organizationId'>) =>
      findServiceAccountOf(database.pool, id, tenant),
    list: (filter: Parameters<typeof listServiceAccounts>[1]) =>
      listServiceAccounts(database.pool, filter),

    /**
     * Changes the fields given. Whoever puts in a key can act as the account: who could not have made it
     * as it is, or as it would be, can only shut it out.
     */
    async update(
      id: string,
      wishes: ServiceAccountWishes,
      maker: Maker,
      audit: AuditContext,
    ): Promise<ServiceAccountOutcome> {
      const { name, scopes, disabled } = wishes;
      const set = wishes.keys && (await readKeySet(wishes.keys));
      const changes: ServiceAccountChanges = {
        ...(name === undefined ? {} : { name: name.trim() }),
        ...(scopes === undefined ? {} : { scopes }),
        ...(set === undefined ? {} : { keys: set.keys }),
        ...(disabled === undefined ? {} : { disabled }),
      };
      const problems = [
        ...(name === undefined ? [] : nameProblems(name)),
        ...(scopes === undefined ? [] : scopeProblems(rules.scopePolicy, scopes)),
        ...(set?.problems ?? []),
      ];
      const isShutOut = disabled === true && Object.keys(changes).length === 1;
      let excess: ServiceAccountProblem[] = [];
      const plan = (current: ServiceAccount) => {
        const most = [...current.scopes, ...(scopes ?? [])];
        excess = isShutOut ? [] : excessOf(rules, most, maker);
        return problems.length + excess.length > 0 ? undefined : changes;
      };
      const context = { now: clock.now(), revocations, audit };
      const account = await changeServiceAccount(database, id, maker, plan, context);
      if (!account) return { outcome: 'not_found' };
      if (problems.length > 0) return { outcome: 'invalid', problems };
      if (excess.length > 0) return { outcome: 'beyond', problems: excess };
      await notifications.caughtUp();
      return { outcome: 'done', account };
    },

    ...createServiceAccountKeys({
      ...{ database, notifications, clock, revocations },
      excessOf: (scopes, maker) => excessOf(rules, scopes, maker),
    }),

    /** False: there is no such account. */
    async remove(
      id: string,
      tenant: Pick<Maker, 'organizationId'>,
      audit: AuditContext,
    ): Promise<boolean> {
      const removed = await deleteServiceAccount(database, id, tenant, { revocations, audit });
      if (removed) await notifications.caughtUp();
      return removed;
    },
  };
}

function nameProblems(name: string): ServiceAccountProblem[] {
  return name.trim() === ''
    ? [{ field: 'name', message: 'is empty; say what the account is for' }]
    : [];
}

function scopeProblems(policy: ScopePolicy, scopes: readonly string[]): ServiceAccountProblem[] {
  return scopes
    .filter((scope) => !policy.isKnown(scope))
    .map((scope) => ({
      field: 'scopes',
      message: `${JSON.stringify(scope)} is not a scope of this platform`,
    }));
}

/** What an account could do beyond its maker: with scopes, and free of what holds a key back. */
function excessOf(
  rules: { scopePolicy: ScopePolicy; defaultEnvironment: string | undefined },
  scopes: readonly string[],
  maker: Maker,
): ServiceAccountProblem[] {
  const lacking = rules.scopePolicy.beyond(scopes, maker.scopes);
  const bounds = boundsOf(maker, rules.defaultEnvironment);
  const tooMuch = `an account cannot have more than its maker, who lacks: ${lacking.join(', ')}`;
  const unbound = `an account would not be held back by ${bounds.join(', ')}, as the key that makes it is; use another credential`;
  return [
    ...(lacking.length > 0 ? [{ field: 'scopes', message: tooMuch }] : []),
    ...(bounds.length > 0 ? [{ field: '', message: unbound }] : []),
  ];
}
