import { DEFAULT_DENIALS, DEFAULT_PLAN, DEFAULTS } from './defaults.ts';
import { DENIAL_REASONS, type DenialReason } from './denial-reasons.ts';
import { limitKind, windowSeconds } from './durations.ts';
import { translationsOf } from './normalise-translations.ts';
import type {
  CredentialKind,
  Dialect,
  DialectDenial,
  DialectTemplate,
  HttpMethod,
  NamedLimit,
  Plan,
  Route,
} from './platform.ts';
import { compareSpecificity, parseRoutePath } from './routes.ts';
import type { PlatformFile } from './schema.ts';

/** The part of the platform that the gate's stages read on every request. */

const ALL_METHODS: HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
export const ALL_KINDS: CredentialKind[] = [
  'api_key',
  'access_token',
  'service_jwt',
  'playground_key',
];

export function plansOf(file: PlatformFile): Plan[] {
  const { plans, modules = {}, limits = {} } = file;
  const all = Object.keys(modules);
  if (!plans || Object.keys(plans).length === 0) {
    return [{ name: 'default', ...DEFAULT_PLAN, modules: all, limits: {} }];
  }
  return Object.entries(plans).map(([name, plan]) => {
    const figures = Object.entries(plan.limits ?? {}).map(([limitName, limit]) => [
      limitName,
      { limit, windowSeconds: windowSeconds(limits[limitName]!.window) },
    ]);
    return {
      name,
      title: plan.title,
      ...translationsOf(file, 'plans', name),
      modules: plan.modules === '*' ? all : (plan.modules ?? []),
      limits: Object.fromEntries(figures),
    };
  });
}

export function limitsOf(file: PlatformFile): NamedLimit[] {
  return Object.entries(file.limits ?? {}).map(([name, limit]) => {
    const window = windowSeconds(limit.window);
    return {
      name,
      title: limit.title,
      ...translationsOf(file, 'limits', name),
      limit: limit.limit,
      windowSeconds: window,
      kind: limitKind(window),
      per: limit.per ?? 'credential',
      settablePerKey: limit.settable_per_key ?? false,
      appliesTo: limit.applies_to ?? ALL_KINDS,
    };
  });
}

export function routesOf({ routes = [], metering }: PlatformFile): Route[] {
  const everywhere = metering?.default_meters ?? [];
  return routes
    .map((route) => ({
      methods: methodsOf(route.methods),
      path: route.path,
      segments: parseRoutePath(route.path),
      ...(route.scope === undefined ? {} : { scope: route.scope }),
      ...(route.module === undefined ? {} : { module: route.module }),
      ...(route.organization_param === undefined
        ? {}
        : { organizationParam: route.organization_param }),
      meters: [...new Set([...everywhere, ...(route.meters ?? [])])],
      playground: route.playground ?? false,
    }))
    .sort(compareSpecificity);
}

function methodsOf(methods: '*' | Exclude<HttpMethod, 'HEAD'>[]): HttpMethod[] {
  if (methods === '*') return ALL_METHODS;
  return methods.flatMap((method): HttpMethod[] => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}

export function dialectOf({ dialect = {} }: PlatformFile): Dialect {
  const denials = DENIAL_REASONS.map((reason) => [reason, denialOf(reason, dialect.denials)]);
  return {
    contentType: dialect.content_type ?? DEFAULTS.contentType,
    body: (dialect.body ?? DEFAULTS.body) as DialectTemplate,
    denials: Object.fromEntries(denials),
  };
}

function denialOf(
  reason: DenialReason,
  declared: NonNullable<PlatformFile['dialect']>['denials'],
): DialectDenial {
  const fallback = DEFAULT_DENIALS[reason];
  const denial = declared?.[reason];
  return {
    status: denial?.status ?? fallback.status,
    code: denial?.code ?? reason,
    message: denial?.message ?? fallback.message,
    headers: denial?.headers ?? {},
    ...(denial?.body === undefined ? {} : { body: denial.body as DialectTemplate }),
  };
}
