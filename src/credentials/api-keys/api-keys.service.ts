import type { AuditContext } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Notifications } from '../../database/notifications.ts';
import type { OrganizationDirectory } from '../../identity/organization-directory.ts';
import type { Clock } from '../../lib/clock.ts';
import { newId } from '../../lib/ids.ts';
import type { MasterKey } from '../../lib/master-key.ts';
import type { KeyEnvironment, Plan, Platform } from '../../platform/platform.ts';
import { keyHint, newKey } from '../key-format.ts';
import type { Maker } from '../maker.ts';
import type { ScopePolicy } from '../scope-policy.ts';
import type { ApiKeyInLine } from './api-key.ts';
import {
  environmentsOf,
  excessProblems,
  formProblems,
  type KeyFields,
  type KeyPowers,
  type KeyProblem,
  permissionsOf,
  raisedLimits,
} from './api-key-rules.ts';
import {
  type ApiKeyChanges,
  findApiKey,
  insertApiKey,
  listApiKeys,
  type NewSecret,
  revokeApiKey,
  rotateApiKey,
  updateApiKey,
} from './api-keys.store.ts';
import { countDescendants, MOST_GENERATIONS } from './lineage.store.ts';

export type { Maker } from '../maker.ts';
export type { KeyProblem } from './api-key-rules.ts';

/** What is asked for when a key is made. */
export interface ApiKeyInput extends KeyFields {
  readonly organizationId: string;
  readonly name: string;
}

/** What is asked for when a key is changed. */
export interface ApiKeyInputChanges extends Omit<KeyFields, 'environment'> {
  readonly disabled?: boolean | undefined;
}

/** Why a key is not made, changed or rotated. */
export type KeyRefusal =
  | { outcome: 'invalid'; problems: KeyProblem[] }
  /** The key would hold, or holds, more than whoever asks. */
  | { outcome: 'beyond'; problems: KeyProblem[] }
  | { outcome: 'not_found' };

export type ApiKeyOutcome = { outcome: 'done'; key: ApiKeyInLine; secret: string } | KeyRefusal;

export type ApiKeyService = ReturnType<typeof createApiKeyService>;

interface Dependencies {
  platform: Platform;
  database: Database;
  /** What changes a key waits until this process knows: the next request may be here already. */
  notifications: Pick<Notifications, 'caughtUp'>;
  clock: Clock;
  masterKey: MasterKey;
  scopePolicy: ScopePolicy;
  organizations: OrganizationDirectory;
}

/**
 * Making, changing and ending API keys. The key string leaves here once, when it is made. Nobody makes,
 * widens, enables or rotates a key that holds more than they do; ending one is never refused, and ends all
 * that descends from it.
 */
export function createApiKeyService(deps: Dependencies) {
  const { platform, database, notifications, clock, masterKey } = deps;
  const planOf = createPlanOf(deps);

  function makeSecret(environment: KeyEnvironment): { text: string; stored: NewSecret } {
    const text = newKey(environment.prefix);
    const hint = keyHint(text, environment.prefix);
    return { text, stored: { id: newId(clock.now()), hash: masterKey.hashSecret(text), hint } };
  }

  const reread = async (id: string, secret: string): Promise<ApiKeyOutcome> => ({
    outcome: 'done',
    key: (await findApiKey(database.pool, id, { organizationId: null }))!,
    secret,
  });

  return {
    async create(input: ApiKeyInput, maker: Maker, audit: AuditContext): Promise<ApiKeyOutcome> {
      const plan = await planOf(input.organizationId, maker);
      if (plan === 'not_found') return { outcome: 'not_found' };
      const planned = planKey(deps, input, maker, plan);
      if ('outcome' in planned) return planned;
      const id = newId(clock.now());
      const { text, stored } = makeSecret(planned.environment);
      const key = {
        ...{ ...planned.key, permissionSet: planned.permissionSet },
        ...{ id, organizationId: input.organizationId, name: input.name.trim() },
      };
      const made = await insertApiKey(database, key, stored, clock.now(), audit);
      return made === 'done' ? reread(id, text) : { outcome: 'beyond', problems: [REASONS[made]] };
    },

    find: (id: string, tenant: { organizationId: string | null }) =>
      findApiKey(database.pool, id, tenant),
    /** Keys that end with it: made by it, and by those. */
    countDescendants: (id: string) => countDescendants(database.pool, id),
    list: (filter: Parameters<typeof listApiKeys>[1]) => listApiKeys(database.pool, filter),

    /** Changes the fields given. Whoever holds less than the key will can only shut it out. */
    async update(
      id: string,
      changes: ApiKeyInputChanges,
      maker: Maker,
      audit: AuditContext,
    ): Promise<{ outcome: 'done'; key: ApiKeyInLine } | KeyRefusal> {
      const current = await findApiKey(database.pool, id, maker);
      const plan = current && (await planOf(current.organizationId, maker));
      if (!current || plan === 'not_found') return { outcome: 'not_found' };
      const resolved = resolveChanges(platform, changes);
      const problems = formProblems(deps, changes);
      if (problems.length > 0) return { outcome: 'invalid', problems };
      const isShutOut = resolved.disabled === true && Object.keys(resolved).length === 1;
      const excess = isShutOut
        ? []
        : beyond(deps, { ...current, ...resolved }, maker, plan, current);
      if (excess.length > 0) return { outcome: 'beyond', problems: excess };
      const key = await updateApiKey(database, id, maker, resolved, clock.now(), audit);
      await notifications.caughtUp();
      return key ? { outcome: 'done', key } : { outcome: 'not_found' };
    },

    /** False: there is no such key. */
    async revoke(
      id: string,
      tenant: { organizationId: string | null },
      audit: AuditContext,
    ): Promise<boolean> {
      const revoked = await revokeApiKey(database, id, tenant, clock.now(), audit);
      await notifications.caughtUp();
      return revoked;
    },

    /**
     * A new string for the key, which whoever asks then holds. Of several at once, the last one stays.
     *
     * @param overlapSeconds how long the old string goes on working; 0 ends it at once
     */
    async rotate(
      id: string,
      overlapSeconds: number,
      maker: Maker,
      audit: AuditContext,
    ): Promise<ApiKeyOutcome> {
      const key = await findApiKey(database.pool, id, maker);
      const environment = platform.keyEnvironments.find(({ name }) => name === key?.environment);
      const plan = key && (await planOf(key.organizationId, maker));
      if (!key || !environment || plan === 'not_found') return { outcome: 'not_found' };
      const problems = beyond(deps, key, maker, plan, key);
      if (problems.length > 0) return { outcome: 'beyond', problems };
      const { text, stored } = makeSecret(environment);
      const now = clock.now();
      const oldExpireAt = new Date(now.getTime() + overlapSeconds * 1000);
      const rotated = await rotateApiKey(database, key, stored, oldExpireAt, now, audit);
      await notifications.caughtUp();
      return rotated ? reread(id, text) : { outcome: 'not_found' };
    },
  };
}

/** Why a key makes no other, whatever that one would hold. */
const REASONS: Readonly<Record<'revoked' | 'last_generation', KeyProblem>> = {
  revoked: { field: '', message: 'is asked for by a key that has been revoked meanwhile' },
  last_generation: {
    field: '',
    message: `would be the descendant of ${MOST_GENERATIONS} keys, the most there may be: make it with an earlier one`,
  },
};

/** The plan of an organization that the maker may act for; undefined: it left the platform file. */
function createPlanOf({ organizations, platform }: Dependencies) {
  return async (organizationId: string, maker: Maker): Promise<Plan | undefined | 'not_found'> => {
    const isForeign = maker.organizationId !== null && maker.organizationId !== organizationId;
    const organization = isForeign ? undefined : await organizations.find(organizationId);
    if (!organization) return 'not_found';
    return platform.plans.find(({ name }) => name === organization.plan);
  };
}

/** The key that was asked for, with whatever it takes over from its maker. */
function planKey(
  deps: Dependencies,
  input: ApiKeyInput,
  maker: Maker,
  plan: Plan | undefined,
):
  | { environment: KeyEnvironment; permissionSet: string | null; key: KeyPowers }
  | Exclude<KeyRefusal, { outcome: 'not_found' }> {
  const problems = formProblems(deps, input);
  const permissions = permissionsOf(deps.platform, input);
  if (!permissions && input.permissionSet === undefined) {
    const message = 'say what the key may do: scopes, or a permission_set';
    problems.push({ field: 'scopes', message });
  }
  const offered = environmentsOf(deps.platform);
  const named = input.environment ?? maker.environment ?? offered[0]?.name;
  const environment = offered.find(({ name }) => name === named);
  if (problems.length > 0 || !permissions || !environment) return { outcome: 'invalid', problems };
  const key: KeyPowers = {
    environment: environment.name,
    scopes: permissions.scopes,
    limits: { ...maker.limits, ...input.limits },
    allowedAddresses: input.allowedAddresses ?? maker.allowedAddresses ?? [],
    expiresAt: input.expiresAt === undefined ? (maker.expiresAt ?? null) : input.expiresAt,
  };
  const excess = beyond(deps, key, maker, plan, { limits: maker.limits ?? {} });
  if (excess.length > 0) return { outcome: 'beyond', problems: excess };
  return { environment, permissionSet: permissions.permissionSet, key };
}

function beyond(
  deps: Dependencies,
  key: KeyPowers,
  maker: Maker,
  plan: Plan | undefined,
  before: Pick<KeyPowers, 'limits'>,
): KeyProblem[] {
  if (maker.organizationId === null) return [];
  return [
    ...excessProblems(deps, key, maker, plan),
    ...raisedLimits(deps.platform, key.limits, before.limits, plan),
  ];
}

/** Without what was left out. A set brings its scopes; scopes of one's own forget the set. */
function resolveChanges(platform: Platform, changes: ApiKeyInputChanges): ApiKeyChanges {
  const { permissionSet, scopes, ...others } = changes;
  const isNew = permissionSet !== undefined || scopes !== undefined;
  const given = Object.entries(others).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), ...(isNew && permissionsOf(platform, changes)) };
}
