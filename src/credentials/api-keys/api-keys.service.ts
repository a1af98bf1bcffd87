import type { AuditContext } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { OrganizationDirectory } from '../../identity/organization-directory.ts';
import type { Clock } from '../../lib/clock.ts';
import { newId } from '../../lib/ids.ts';
import type { MasterKey } from '../../lib/master-key.ts';
import type { KeyEnvironment, Platform } from '../../platform/platform.ts';
import { keyHint, newKey } from '../key-format.ts';
import type { GrantableScopes, ScopePolicy } from '../scope-policy.ts';
import { isAddressRange } from './address-list.ts';
import type { ApiKey } from './api-key.ts';
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

/** What is asked for when a key is made. */
export interface ApiKeyInput {
  readonly organizationId: string;
  readonly name: string;
  /** Default: the platform's first. */
  readonly environment?: string | undefined;
  /** One of the two, or the platform's default set. An empty list of scopes is nothing. */
  readonly permissionSet?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly limits?: Readonly<Record<string, number>> | undefined;
  readonly allowedAddresses?: readonly string[] | undefined;
  readonly expiresAt?: Date | null | undefined;
}

/** Whoever makes or changes a key, and what they may hand on: a key never has more than its maker. */
export interface Maker {
  readonly scopes: GrantableScopes;
  /** Null: the operator, who sees every tenant. */
  readonly organizationId: string | null;
  /** Of a key that makes keys: its children do not outlive it, and come from nowhere it may not. */
  readonly expiresAt?: Date | null;
  readonly allowedAddresses?: readonly string[];
  readonly limits?: Readonly<Record<string, number>>;
}

/** A field in the words of the management API, and what is wrong with it. */
export interface KeyProblem {
  readonly field: string;
  readonly message: string;
}

export type ApiKeyOutcome =
  | { outcome: 'done'; key: ApiKey; secret: string }
  | { outcome: 'invalid'; problems: KeyProblem[] }
  | { outcome: 'not_found' };

export type ApiKeyService = ReturnType<typeof createApiKeyService>;

/** Making, changing and ending API keys. The key string leaves here once, when it is made. */
export function createApiKeyService(deps: {
  platform: Platform;
  database: Database;
  clock: Clock;
  masterKey: MasterKey;
  scopePolicy: ScopePolicy;
  organizations: OrganizationDirectory;
}) {
  const { platform, database, clock, masterKey } = deps;

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
      const isForeign =
        maker.organizationId !== null && maker.organizationId !== input.organizationId;
      const organization = await deps.organizations.find(input.organizationId);
      if (isForeign || !organization) return { outcome: 'not_found' };
      const plan = planKey(deps, input, maker);
      if (plan.problems.length > 0) return { outcome: 'invalid', problems: plan.problems };
      const environment = plan.environment!;
      const { text, stored } = makeSecret(environment);
      const id = newId(clock.now());
      const key = {
        ...{ id, organizationId: input.organizationId, name: input.name.trim() },
        ...{
          environment: environment.name,
          permissionSet: plan.permissionSet,
          scopes: plan.scopes,
        },
        limits: input.limits ?? {},
        allowedAddresses: input.allowedAddresses ?? maker.allowedAddresses ?? [],
        expiresAt: input.expiresAt ?? maker.expiresAt ?? null,
      };
      await insertApiKey(database, key, stored, clock.now(), audit);
      return reread(id, text);
    },

    find: (id: string, tenant: { organizationId: string | null }) =>
      findApiKey(database.pool, id, tenant),
    list: (filter: Parameters<typeof listApiKeys>[1]) => listApiKeys(database.pool, filter),

    /** Changes the fields given. A maker can neither add what they lack nor lift a ceiling of theirs. */
    async update(
      id: string,
      changes: ApiKeyChanges,
      maker: Maker,
      audit: AuditContext,
    ): Promise<{ outcome: 'done'; key: ApiKey } | Exclude<ApiKeyOutcome, { outcome: 'done' }>> {
      const current = await findApiKey(database.pool, id, maker);
      if (!current) return { outcome: 'not_found' };
      const wanted = { ...current, ...definedOf(changes) };
      const { problems, scopes, permissionSet } = planKey(deps, wanted as ApiKeyInput, maker);
      if (problems.length > 0) return { outcome: 'invalid', problems };
      const resolved = 'permissionSet' in changes ? { ...changes, scopes, permissionSet } : changes;
      const key = await updateApiKey(database, id, maker, resolved, clock.now(), audit);
      return key ? { outcome: 'done', key } : { outcome: 'not_found' };
    },

    revoke: (id: string, tenant: { organizationId: string | null }, audit: AuditContext) =>
      revokeApiKey(database, id, tenant, clock.now(), audit),

    /** @param overlapSeconds how long the old string goes on working; 0 ends it at once */
    async rotate(
      id: string,
      overlapSeconds: number,
      maker: Maker,
      audit: AuditContext,
    ): Promise<ApiKeyOutcome> {
      const key = await findApiKey(database.pool, id, maker);
      const environment = platform.keyEnvironments.find(({ name }) => name === key?.environment);
      if (!key || !environment) return { outcome: 'not_found' };
      const beyond = deps.scopePolicy.beyond(key.scopes, maker.scopes);
      if (beyond.length > 0) return { outcome: 'invalid', problems: [tooMuch(beyond)] };
      const { text, stored } = makeSecret(environment);
      const now = clock.now();
      const oldExpireAt = new Date(now.getTime() + overlapSeconds * 1000);
      const rotated = await rotateApiKey(database, key, stored, oldExpireAt, now, audit);
      return rotated ? reread(id, text) : { outcome: 'not_found' };
    },
  };
}

interface KeyPlan {
  problems: KeyProblem[];
  environment: KeyEnvironment | undefined;
  permissionSet: string | null;
  scopes: readonly string[];
}

interface KeyRules {
  platform: Platform;
  scopePolicy: ScopePolicy;
  clock: Clock;
}

/** What the input comes to, and everything that is wrong with it. */
function planKey(rules: KeyRules, input: ApiKeyInput, maker: Maker): KeyPlan {
  const { platform, scopePolicy, clock } = rules;
  const problems: KeyProblem[] = [];
  const report = (field: string, message: string) => problems.push({ field, message });

  const offered = platform.keyEnvironments.filter(({ issues }) => issues === 'api_key');
  const environment =
    input.environment === undefined
      ? offered[0]
      : offered.find(({ name }) => name === input.environment);
  if (!environment) {
    report('environment', `is not one of ${offered.map(({ name }) => name).join(', ')}`);
  }
  if (input.name.trim() === '') report('name', 'is empty; say what the key is for');
  if (input.name.length > 100) report('name', 'is longer than 100 characters');

  const permissions = permissionsOf(platform, input, report);
  for (const scope of permissions.scopes) {
    if (!scopePolicy.isKnown(scope)) report('scopes', `"${scope}" is not a scope of this platform`);
  }
  const beyond = scopePolicy.beyond(permissions.scopes, maker.scopes);
  if (beyond.length > 0) problems.push(tooMuch(beyond));
  checkLimits(platform, input, maker, report);
  checkAddresses(input, maker, report);
  checkExpiry(input, maker, clock, report);
  return { problems, environment, ...permissions };
}

type Report = (field: string, message: string) => void;

function permissionsOf(
  platform: Platform,
  input: ApiKeyInput,
  report: Report,
): { permissionSet: string | null; scopes: readonly string[] } {
  // A key that is changed brings both: the set it was made with, and what that came to.
  if (input.scopes) return { permissionSet: input.permissionSet ?? null, scopes: input.scopes };
  const name = input.permissionSet ?? platform.apiKeys.defaultPermissionSet;
  if (name === undefined) {
    report('scopes', 'say what the key may do: scopes, or a permission_set');
    return { permissionSet: null, scopes: [] };
  }
  const set = platform.permissionSets.find((one) => one.name === name);
  if (set) return { permissionSet: name, scopes: set.scopes };
  const known = platform.permissionSets.map((one) => one.name).join(', ') || 'none are declared';
  report('permission_set', `"${name}" is not one of this platform's sets (${known})`);
  return { permissionSet: null, scopes: [] };
}

function checkLimits(platform: Platform, input: ApiKeyInput, maker: Maker, report: Report): void {
  for (const [name, figure] of Object.entries(input.limits ?? {})) {
    const limit = platform.namedLimits.find((one) => one.name === name);
    if (!limit?.settablePerKey) {
      const settable = platform.namedLimits.filter((one) => one.settablePerKey);
      const names = settable.map((one) => one.name).join(', ') || 'none are';
      report('limits', `"${name}" cannot be set for a key; these can: ${names}`);
    } else if (!Number.isSafeInteger(figure) || figure < 0 || figure > 2_147_483_647) {
      report('limits', `"${name}" must be a whole number from 0 to 2147483647`);
    } else if (figure > (maker.limits?.[name] ?? Number.POSITIVE_INFINITY)) {
      report('limits', `"${name}" is more than the key that makes it has`);
    }
  }
}

function checkAddresses(input: ApiKeyInput, maker: Maker, report: Report): void {
  const wanted = input.allowedAddresses ?? [];
  if (wanted.length > 100) report('allowed_addresses', 'has more than 100 entries');
  for (const range of wanted) {
    if (!isAddressRange(range)) {
      report(
        'allowed_addresses',
        `"${range}" is neither an address nor a range like 203.0.113.0/24`,
      );
    }
  }
  const ceiling = maker.allowedAddresses ?? [];
  const isWider = wanted.length === 0 || wanted.some((range) => !ceiling.includes(range));
  if (input.allowedAddresses && ceiling.length > 0 && isWider) {
    report('allowed_addresses', 'goes beyond the addresses of the key that makes it');
  }
}

function checkExpiry(input: ApiKeyInput, maker: Maker, clock: Clock, report: Report): void {
  const { expiresAt } = input;
  if (expiresAt && expiresAt <= clock.now()) report('expires_at', 'lies in the past');
  const latest = maker.expiresAt;
  if (latest && expiresAt !== undefined && (expiresAt === null || expiresAt > latest)) {
    report('expires_at', 'lies after the expiry of the key that makes it');
  }
}

const tooMuch = (scopes: readonly string[]): KeyProblem => ({
  field: 'scopes',
  message: `a key cannot have more than its maker, who lacks: ${scopes.join(', ')}`,
});

/** Setting a bundle replaces the scopes; setting scopes forgets the bundle. */
function definedOf(changes: ApiKeyChanges): Partial<ApiKeyInput> {
  const { permissionSet, scopes } = changes;
  const permissions =
    permissionSet !== undefined && scopes === undefined
      ? { scopes: undefined }
      : scopes !== undefined
        ? { permissionSet: undefined }
        : {};
  return { ...changes, ...permissions } as Partial<ApiKeyInput>;
}
