import type { HttpMethod, Route, RouteSegment } from './platform.ts';

/** `/v1/notes/:id/*` → literal `v1`, literal `notes`, parameter `id`, rest. */
export function parseRoutePath(path: string): RouteSegment[] {
  return path
    .split('/')
    .slice(1)
    .filter((part) => part !== '')
    .map((part) => {
      if (part === '*') return { kind: 'rest' };
      if (part.startsWith(':')) return { kind: 'parameter', name: part.slice(1) };
      return { kind: 'literal', text: part };
    });
}

/** The path with parameter names forgotten: two routes of one shape fit exactly the same requests. */
export function routeShape(path: string): string {
  return parseRoutePath(path)
    .map((segment) => {
      if (segment.kind === 'literal') return `/${segment.text}`;
      return segment.kind === 'parameter' ? '/:' : '/*';
    })
    .join('');
}

const RANK = { literal: 0, parameter: 1, rest: 3 } as const;
/** A path that ends before the other's rest begins is the more specific of the two. */
const RANK_OF_END = 2;

/** Sorts the more specific first: at the first difference, literal before parameter before end before rest. */
export function compareSpecificity(a: Pick<Route, 'segments'>, b: Pick<Route, 'segments'>): number {
  const length = Math.max(a.segments.length, b.segments.length);
  for (let index = 0; index < length; index++) {
    const difference = rank(a.segments[index]) - rank(b.segments[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function rank(segment: RouteSegment | undefined): number {
  return segment ? RANK[segment.kind] : RANK_OF_END;
}

export interface RouteMatch {
  readonly route: Route;
  /** Path parameters by name, as they stand in the path. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * The route that a request falls under, if any: the most specific that fits both path and method.
 *
 * @param routes sorted by specificity, as `Platform.routes` is
 * @param path decoded once, without query; one trailing slash makes no difference. Empty and dot segments
 *   fit no route, so that no upstream can read the path differently from the gate.
 */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): RouteMatch | undefined {
  const parts = path.replace(/\/$/, '').split('/').slice(1);
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return undefined;
  for (const route of routes) {
    if (!route.methods.includes(method as HttpMethod)) continue;
    const parameters = fit(route.segments, parts);
    if (parameters) return { route, parameters };
  }
  return undefined;
}

function fit(
  segments: readonly RouteSegment[],
  parts: readonly string[],
): Record<string, string> | undefined {
  const open = segments.at(-1)?.kind === 'rest';
  const fixed = open ? segments.length - 1 : segments.length;
  if (open ? parts.length < fixed : parts.length !== fixed) return undefined;

  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    if (segment.kind === 'literal' && segment.text !== parts[index]) return undefined;
    if (segment.kind === 'parameter') parameters[segment.name] = parts[index]!;
  }
  return parameters;
}
