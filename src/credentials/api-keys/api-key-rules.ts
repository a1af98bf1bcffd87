import type { Clock } from '../../lib/clock.ts';
import type { KeyEnvironment, Plan, Platform } from '../../platform/platform.ts';
import type { Maker } from '../maker.ts';
import type { ScopePolicy } from '../scope-policy.ts';
import { isAddressRange, isWithinRanges } from './address-list.ts';
import type { ApiKey } from './api-key.ts';

/** What is said of a key when it is made or changed; what is left out is not looked at. */
export interface KeyFields {
  readonly name?: string | undefined;
  /** Default: the maker's own, else the platform's first. */
  readonly environment?: string | undefined;
  /** One of the two, or the platform's default set. An empty list of scopes is nothing. */
  readonly permissionSet?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly limits?: Readonly<Record<string, number>> | undefined;
  readonly allowedAddresses?: readonly string[] | undefined;
  readonly expiresAt?: Date | null | undefined;
}

/** A field in the words of the management API, and what is wrong with it. */
export interface KeyProblem {
  readonly field: string;
  readonly message: string;
}

/** What a key amounts to: that by which one has more than another. */
export type KeyPowers = Pick<
  ApiKey,
  'environment' | 'scopes' | 'limits' | 'allowedAddresses' | 'expiresAt'
>;

export interface KeyRules {
  platform: Platform;
  scopePolicy: ScopePolicy;
  clock: Clock;
}

type Report = (field: string, message: string) => void;

/** What is wrong with the fields given, whoever gives them. */
export function formProblems(rules: KeyRules, fields: KeyFields): KeyProblem[] {
  const { platform, scopePolicy, clock } = rules;
  const problems: KeyProblem[] = [];
  const report: Report = (field, message) => problems.push({ field, message });
  const { name, environment, expiresAt } = fields;
  if (name?.trim() === '') report('name', 'is empty; say what the key is for');
  if (name !== undefined && name.length > 100) report('name', 'is longer than 100 characters');
  const offered = environmentsOf(platform).map((each) => each.name);
  if (environment !== undefined && !offered.includes(environment)) {
    report('environment', `is not one of ${offered.join(', ')}`);
  }
  for (const scope of fields.scopes ?? []) {
    if (!scopePolicy.isKnown(scope)) report('scopes', `"${scope}" is not a scope of this platform`);
  }
  checkPermissionSet(platform, fields, report);
  checkLimits(platform, fields.limits ?? {}, report);
  checkAddresses(fields.allowedAddresses ?? [], report);
  if (expiresAt && expiresAt <= clock.now()) report('expires_at', 'lies in the past');
  return problems;
}

/** Environments that API keys can be made for; the first is the default. */
export const environmentsOf = (platform: Platform): KeyEnvironment[] =>
  platform.keyEnvironments.filter(({ issues }) => issues === 'api_key');

function checkPermissionSet(platform: Platform, fields: KeyFields, report: Report): void {
  const { permissionSet: name, scopes } = fields;
  if (name === undefined) return;
  if (scopes) report('permission_set', 'stands in the place of scopes; send one of the two');
  if (platform.permissionSets.some((set) => set.name === name)) return;
  const known = platform.permissionSets.map((set) => set.name).join(', ') || 'none are declared';
  report('permission_set', `"${name}" is not one of this platform's sets (${known})`);
}

function checkLimits(platform: Platform, limits: KeyPowers['limits'], report: Report): void {
  const settable = platform.namedLimits.filter((one) => one.settablePerKey).map((one) => one.name);
  for (const [name, figure] of Object.entries(limits)) {
    if (!settable.includes(name)) {
      const names = settable.join(', ') || 'none are';
      report('limits', `"${name}" cannot be set for a key; these can: ${names}`);
    } else if (!Number.isSafeInteger(figure) || figure < 0 || figure > 2_147_483_647) {
      report('limits', `"${name}" must be a whole number from 0 to 2147483647`);
    }
  }
}

function checkAddresses(ranges: readonly string[], report: Report): void {
  if (ranges.length > 100) report('allowed_addresses', 'has more than 100 entries');
  for (const range of ranges.filter((each) => !isAddressRange(each))) {
    const message = `"${range}" is neither an address nor a range like 203.0.113.0/24`;
    report('allowed_addresses', message);
  }
}

/** What a set or a list of scopes comes to; undefined: neither was given, and there is no default. */
export function permissionsOf(
  platform: Platform,
  fields: KeyFields,
): { permissionSet: string | null; scopes: readonly string[] } | undefined {
  if (fields.scopes) return { permissionSet: null, scopes: fields.scopes };
  const name = fields.permissionSet ?? platform.apiKeys.defaultPermissionSet;
  const set = platform.permissionSets.find((one) => one.name === name);
  return set && { permissionSet: set.name, scopes: set.scopes };
}

/** What a key holds beyond its maker. A key with more than its maker's is neither made nor handed out. */
export function excessProblems(
  { platform, scopePolicy }: KeyRules,
  key: KeyPowers,
  maker: Maker,
  plan: Plan | undefined,
): KeyProblem[] {
  const problems: KeyProblem[] = [];
  const report: Report = (field, message) => problems.push({ field, message });
  const lacking = scopePolicy.beyond(key.scopes, maker.scopes);
  if (lacking.length > 0) {
    report('scopes', `a key cannot have more than its maker, who lacks: ${lacking.join(', ')}`);
  }
  const { environment, expiresAt, allowedAddresses = [] } = maker;
  if (environment && key.environment !== environment) {
    report('environment', `is not that of the key that makes it: ${environment}`);
  }
  if (expiresAt && (key.expiresAt === null || key.expiresAt > expiresAt)) {
    report('expires_at', 'lies after the expiry of the key that makes it');
  }
  const isInside = (range: string) => isWithinRanges(range, allowedAddresses);
  const isAnywhere = key.allowedAddresses.length === 0;
  if (allowedAddresses.length > 0 && (isAnywhere || !key.allowedAddresses.every(isInside))) {
    report('allowed_addresses', 'goes beyond the addresses of the key that makes it');
  }
  if (!maker.limits) return problems;
  for (const { name, limit, settablePerKey } of platform.namedLimits) {
    const own = maker.limits[name];
    // Without a figure of its own, the key follows the plan, which may come to more than its maker's.
    const figure = key.limits[name] ?? (own === undefined ? 0 : Number.POSITIVE_INFINITY);
    if (settablePerKey && figure > (own ?? plan?.limits[name]?.limit ?? limit)) {
      report('limits', `"${name}" is more than the key that makes it has`);
    }
  }
  return problems;
}

/**
 * Figures set above what the organization's plan gives, which only the operator may: else a tenant would
 * lift its own limits.
 *
 * @param current of the key before the change
 */
export function raisedLimits(
  platform: Platform,
  wanted: KeyPowers['limits'],
  current: KeyPowers['limits'],
  plan: Plan | undefined,
): KeyProblem[] {
  return platform.namedLimits.flatMap(({ name, limit }) => {
    const most = Math.max(plan?.limits[name]?.limit ?? limit, current[name] ?? 0);
    if ((wanted[name] ?? 0) <= most) return [];
    return [{ field: 'limits', message: `"${name}" can be ${most} at the most` }];
  });
}
