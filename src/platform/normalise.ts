import { readableOnDark } from './contrast.ts';
import { deepFreeze } from './deep-freeze.ts';
import { DEFAULTS } from './defaults.ts';
import { durationSeconds } from './durations.ts';
import { documentationOf } from './normalise-documentation.ts';
import { ALL_KINDS, dialectOf, limitsOf, plansOf, routesOf } from './normalise-gate.ts';
import {
  eventTranslationsOf,
  sameInEveryLanguage,
  translationsOf,
} from './normalise-translations.ts';
import type {
  KeyEnvironment,
  Module,
  OAuthPolicy,
  PermissionSet,
  Platform,
  PlatformScope,
  PlaygroundKeys,
  Presentation,
  Rate,
  ServiceJwts,
  TokenLifetimes,
  UserTokens,
  Webhooks,
} from './platform.ts';
import type { PlatformFile } from './schema.ts';
import { TENANT_RESOURCES } from './tenant-resources.ts';

/** A checked file → the domain type: defaults filled in, names resolved, frozen. */
export function toPlatform(file: PlatformFile): Platform {
  const scopes = scopesOf(file);
  const presentations = presentationsOf(file);
  const { issuer, organization_header: header } = file;
  return deepFreeze({
    id: file.id,
    name: file.name,
    language: file.language ?? DEFAULTS.language,
    branding: brandingOf(file),
    ...(issuer === undefined ? {} : { issuer: issuer.replace(/\/$/, '') }),
    api: apiOf(file),
    scopes,
    permissionSets: permissionSetsOf(file),
    roles: rolesOf(file, scopes),
    apiKeys: apiKeysOf(file),
    keyEnvironments: keyEnvironmentsOf(file),
    presentations,
    modules: modulesOf(file),
    plans: plansOf(file),
    defaultPlan: file.default_plan ?? Object.keys(file.plans ?? {})[0] ?? 'default',
    namedLimits: limitsOf(file),
    credentialRateLimits: credentialRateLimitsOf(file),
    limitsStore: {
      whenRedisIsAway: file.metering?.when_redis_is_away ?? DEFAULTS.whenRedisIsAway,
    },
    routes: routesOf(file),
    ...(header && {
      organizationHeader: {
        name: header.name.toLowerCase(),
        requiredFor: header.required_for ?? [],
      },
    }),
    userTokens: userTokensOf(file),
    serviceJwts: serviceJwtsOf(file),
    playgroundKeys: playgroundKeysOf(file),
    tokens: tokensOf(file),
    signUp: { enabled: file.sign_up?.enabled ?? DEFAULTS.signUpEnabled },
    oauth: oauthOf(file),
    webhooks: webhooksOf(file),
    documentation: documentationOf(file),
    dialect: dialectOf(file),
    upstream: {
      ...(file.upstream?.url === undefined ? {} : { url: file.upstream.url }),
      timeoutSeconds: durationSeconds(file.upstream?.timeout ?? DEFAULTS.upstreamTimeout),
    },
  } satisfies Platform);
}

function brandingOf({ branding = {} }: PlatformFile): Platform['branding'] {
  const accentColor = branding.accent_color ?? DEFAULTS.accentColor;
  const texts = {
    tagline: branding.tagline,
    supportUrl: branding.support_url,
    homeUrl: branding.home_url,
    termsUrl: branding.terms_url,
    privacyUrl: branding.privacy_url,
  };
  return {
    accentColor,
    accentColorDark: branding.accent_color_dark ?? readableOnDark(accentColor),
    ...Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined)),
  };
}

function apiOf({ api, name }: PlatformFile): Platform['api'] {
  return {
    identifier: api.identifier,
    name: api.name ?? `${name} API`,
    additionalResources: api.additional_resources ?? [],
  };
}

/** Names as listed, or all of them for `*`. */
function resolve(names: '*' | string[], all: readonly string[]): string[] {
  return names === '*' ? [...all] : names;
}

function scopesOf(file: PlatformFile): PlatformScope[] {
  const { scopes } = file;
  const all = Object.keys(scopes);
  const direct = (name: string) => resolve(scopes[name]?.implies ?? [], all);
  return Object.entries(scopes).map(([name, { title, description, access, manages = [] }]) => {
    const reached = new Set<string>(direct(name));
    for (const next of reached) for (const further of direct(next)) reached.add(further);
    reached.delete(name);
    const implies = all.filter((other) => reached.has(other));
    const managed = manages === '*' ? TENANT_RESOURCES : manages;
    const words = { title, description, ...translationsOf(file, 'scopes', name) };
    return { name, ...words, access, implies, manages: managed };
  });
}

function permissionSetsOf(file: PlatformFile): PermissionSet[] {
  const all = Object.keys(file.scopes);
  return Object.entries(file.permission_sets ?? {}).map(([name, set]) => ({
    name,
    title: set.title,
    description: set.description,
    ...translationsOf(file, 'permission_sets', name),
    scopes: resolve(set.scopes, all),
  }));
}

function rolesOf(
  { roles = {} }: PlatformFile,
  scopes: readonly PlatformScope[],
): Platform['roles'] {
  const all = scopes.map(({ name }) => name);
  const harmless = scopes.filter(({ access }) => access !== 'admin').map(({ name }) => name);
  return {
    owner: resolve(roles.owner ?? '*', all),
    admin: resolve(roles.admin ?? '*', all),
    member: resolve(roles.member ?? harmless, all),
  };
}

function apiKeysOf({ api_keys }: PlatformFile): Platform['apiKeys'] {
  const fallback = api_keys?.default_permission_set;
  return fallback === undefined ? {} : { defaultPermissionSet: fallback };
}

/** Without any in the file: `live` and `test`, prefixed with the platform's id. */
function keyEnvironmentsOf(file: PlatformFile): KeyEnvironment[] {
  const { id, key_environments } = file;
  const stem = id.replaceAll(/[_-]+/g, '');
  const declared: NonNullable<PlatformFile['key_environments']> = key_environments ?? {
    live: { prefix: `${stem}_live_`, title: 'Live' },
    test: { prefix: `${stem}_test_`, title: 'Test' },
  };
  return Object.entries(declared).map(([name, { prefix, title, tier, issues, max_access }]) => ({
    name,
    prefix,
    title: title ?? name,
    ...(tier === undefined ? {} : { tier }),
    ...(key_environments
      ? translationsOf(file, 'key_environments', name)
      : sameInEveryLanguage({ title: title ?? name })),
    issues: issues ?? 'api_key',
    maxAccess: max_access ?? 'admin',
  }));
}

function modulesOf(file: PlatformFile): Module[] {
  return Object.entries(file.modules ?? {}).map(([name, { title }]) => ({
    ...{ name, title, ...translationsOf(file, 'modules', name) },
  }));
}

function presentationsOf(file: PlatformFile): Presentation[] {
  const declared = file.presentations ?? [{ in: 'bearer' as const }];
  return declared.map(({ in: place, name = '', credentials = ALL_KINDS }) => {
    if (place === 'bearer') return { in: place, credentials };
    return { in: place, name: place === 'header' ? name.toLowerCase() : name, credentials };
  });
}

/** `{limit, window}` of the file → `{limit, windowSeconds}`. */
function rateOf({ limit, window }: { limit: number; window: string }): Rate {
  return { limit, windowSeconds: durationSeconds(window) };
}

function credentialRateLimitsOf({ credential_rate_limits = {} }: PlatformFile) {
  const rates = Object.entries(credential_rate_limits);
  return Object.fromEntries(rates.map(([kind, rate]) => [kind, rateOf(rate)]));
}

function userTokensOf({ user_tokens: policy }: PlatformFile): UserTokens {
  if (!policy) return { enabled: false };
  return {
    enabled: true,
    tokenPath: policy.token_path ?? DEFAULTS.userTokens.tokenPath,
    refreshPath: policy.refresh_path ?? DEFAULTS.userTokens.refreshPath,
    fieldStyle: policy.field_style ?? DEFAULTS.userTokens.fieldStyle,
  };
}

function serviceJwtsOf({ service_jwts: policy }: PlatformFile): ServiceJwts {
  return {
    enabled: policy !== undefined,
    maxLifetimeSeconds: durationSeconds(policy?.max_lifetime ?? DEFAULTS.serviceJwts.maxLifetime),
    replayProtection: policy?.replay_protection ?? DEFAULTS.serviceJwts.replayProtection,
  };
}

function playgroundKeysOf({ playground_keys: policy }: PlatformFile): PlaygroundKeys {
  if (!policy) return { enabled: false };
  return {
    enabled: true,
    environment: policy.environment,
    path: policy.path ?? DEFAULTS.playgroundKeys.path,
    identifyBy: policy.identify_by ?? [...DEFAULTS.playgroundKeys.identifyBy],
    plan: policy.plan,
    organizationId: policy.organization ?? DEFAULTS.playgroundKeys.organization,
    issueRate: rateOf(policy.issue_rate ?? DEFAULTS.playgroundKeys.issueRate),
  };
}

function tokensOf({ tokens }: PlatformFile): TokenLifetimes {
  const seconds = (key: keyof typeof DEFAULTS.tokens) =>
    durationSeconds(tokens?.[key] ?? DEFAULTS.tokens[key]);
  return {
    accessTokenTtlSeconds: seconds('access_token'),
    idTokenTtlSeconds: seconds('id_token'),
    authorizationCodeTtlSeconds: seconds('authorization_code'),
    refreshTokenTtlSeconds: seconds('refresh_token'),
    grantTtlSeconds: seconds('grant'),
    sessionTtlSeconds: seconds('session'),
    interactionTtlSeconds: seconds('interaction'),
  };
}

function oauthOf({ oauth }: PlatformFile): OAuthPolicy {
  const { oauth: fallback } = DEFAULTS;
  return {
    refreshTokens: oauth?.refresh_tokens ?? fallback.refresh_tokens,
    signingKeyRotationSeconds: durationSeconds(
      oauth?.signing_key_rotation ?? fallback.signing_key_rotation,
    ),
    playgroundEnabled: oauth?.playground ?? fallback.playground,
  };
}

function webhooksOf(file: PlatformFile): Webhooks {
  const { webhooks } = file;
  const { webhooks: fallback } = DEFAULTS;
  const events = Object.entries(webhooks?.events ?? {});
  return {
    enabled: webhooks !== undefined,
    events: events.map(([name, description]) => ({
      ...{ name, description, ...eventTranslationsOf(file, name) },
    })),
    signatureHeader: webhooks?.signature_header ?? fallback.signatureHeader,
    signatureStyle: webhooks?.signature_style ?? fallback.signatureStyle,
    toleranceSeconds: durationSeconds(webhooks?.tolerance ?? fallback.tolerance),
    deliveryRate: rateOf(webhooks?.delivery_rate ?? fallback.deliveryRate),
  };
}
