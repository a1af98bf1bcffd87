import { formatPath, formatValue } from '../problems.ts';
import { parseRoutePath, routeShape } from '../routes.ts';
import type { PartialPlatformFile } from '../schema-problems.ts';
import { didYouMean } from '../suggest.ts';
import { entries, type Finding, indexed, unknownNames } from './check.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** First segments of Gatehouse's own paths, which a token endpoint cannot have. */
const OWN_SEGMENTS = [
  ...['oauth', '.well-known', 'gate', 'manage', 'reference', 'openapi.json'],
  ...['sign-in', 'sign-up', 'sign-out', 'interaction', 'connected-apps', 'dashboard', 'playground'],
  ...['docs', 'demo', 'assets', 'healthz', 'readyz', 'metrics'],
];

export function* routeReferences(file: PartialPlatformFile): Iterable<Finding> {
  for (const [route, at] of indexed(file.routes, ['routes'])) {
    yield* unknownNames(file, 'scopes', route?.scope, [...at, 'scope']);
    yield* unknownNames(file, 'modules', route?.module, [...at, 'module']);
    yield* unknownNames(file, 'limits', route?.meters, [...at, 'meters']);
  }
  const meters = file.metering?.default_meters;
  yield* unknownNames(file, 'limits', meters, ['metering', 'default_meters']);
}

export function* routeParameters(file: PartialPlatformFile): Iterable<Finding> {
  for (const [route, at] of indexed(file.routes, ['routes'])) {
    if (route?.path === undefined) continue;
    const names = parseRoutePath(route.path).flatMap((segment) =>
      segment.kind === 'parameter' ? [segment.name] : [],
    );
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice) {
      yield { at: [...at, 'path'], expected: 'each parameter once', found: `:${twice} twice` };
    }
    const wanted = route.organization_param;
    if (wanted !== undefined && !names.includes(wanted)) {
      yield {
        at: [...at, 'organization_param'],
        expected: `a parameter of ${route.path}`,
        found: formatValue(wanted),
        hint: didYouMean(wanted, names) ?? `Write :${wanted} where the organization stands.`,
      };
    }
  }
}

/** Two routes that fit the same requests: one of them would never be heard. */
export function* duplicateRoutes(file: PartialPlatformFile): Iterable<Finding> {
  const seen = new Map<string, string>();
  for (const [route, at] of indexed(file.routes, ['routes'])) {
    if (route?.path === undefined || route.methods === undefined) continue;
    const shape = routeShape(route.path);
    const methods = route.methods === '*' ? METHODS : route.methods;
    const clash = methods.find((method) => seen.has(`${method} ${shape}`));
    if (clash) {
      yield {
        at,
        expected: 'one route for a method and path',
        found: `${clash} ${route.path} again`,
        hint: `The other is ${seen.get(`${clash} ${shape}`)}.`,
      };
    }
    for (const method of methods) {
      if (!seen.has(`${method} ${shape}`)) seen.set(`${method} ${shape}`, formatPath(at));
    }
  }
}

/** The platform's own token endpoints keep clear of each other and of Gatehouse's paths. */
export function* ownEndpoints(file: PartialPlatformFile): Iterable<Finding> {
  const endpoints = [
    [file.user_tokens?.token_path, ['user_tokens', 'token_path']],
    [file.user_tokens?.refresh_path, ['user_tokens', 'refresh_path']],
    [file.playground_keys?.path, ['playground_keys', 'path']],
  ] as const;
  const seen = new Set<string>();
  for (const [path, at] of endpoints) {
    if (path === undefined) continue;
    const own = OWN_SEGMENTS.includes(path.split('/')[1] ?? '');
    if (own || seen.has(path)) {
      const expected = own ? "a path outside Gatehouse's own" : 'a path of its own';
      yield { at, expected, found: formatValue(path) };
    }
    seen.add(path);
  }
}

export function* plans(file: PartialPlatformFile): Iterable<Finding> {
  for (const [, plan, at] of entries(file.plans, ['plans'])) {
    yield* unknownNames(file, 'modules', plan.modules, [...at, 'modules']);
    for (const name of Object.keys(plan.limits ?? {})) {
      yield* unknownNames(file, 'limits', name, [...at, 'limits', name]);
    }
  }
  yield* unknownNames(file, 'plans', file.default_plan, ['default_plan']);
}
