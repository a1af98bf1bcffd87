import type { FastifyInstance } from 'fastify';
import { isDecodable } from '../lib/percent-encoding.ts';
import { readPath } from './request-target.ts';

/** The paths that Gatehouse keeps for itself: no platform file and no spelling leads them upstream. */
export interface OwnPaths {
  /** @param target as in the request line */
  includes(target: string): boolean;
  /**
   * The same of a target with escapes that nobody can decode: each stands for some name or other.
   *
   * @param target as in the request line
   */
  includesUndecodable(target: string): boolean;
  /**
   * Learns the paths from the routes: call it before the first is added. A path is Gatehouse's own under every
   * method, in upper case and with doubled slashes, because an upstream may read all of these alike.
   */
  learnFrom(app: FastifyInstance): void;
}

/** With everything below them, whether there is a route or not. */
const OWN_ROOTS = new Set(['oauth', 'manage', 'gate', '.well-known']);

export function createOwnPaths(): OwnPaths {
  const patterns = new Map<string, Map<string, RegExp>>();
  const includes = (target: string) => {
    const path = readPath(target)?.toLowerCase().replaceAll(/\/+/g, '/');
    if (path === undefined) return false;
    const first = firstSegment(path);
    if (OWN_ROOTS.has(first)) return true;
    for (const pattern of patterns.get(first)?.values() ?? []) {
      if (pattern.test(path)) return true;
    }
    return false;
  };
  return {
    includes,
    includesUndecodable: (target) => includes(withLettersForBrokenEscapes(target)),
    learnFrom(app) {
      app.addHook('onRoute', ({ url }) => {
        const first = firstSegment(url.toLowerCase());
        const known = patterns.get(first) ?? new Map<string, RegExp>();
        patterns.set(first, known.set(url, patternOf(url)));
      });
    },
  };
}

const firstSegment = (path: string) => path.split('/', 2)[1] ?? '';

/** A parameter stands for one segment, a star for the rest; one trailing slash makes no difference. */
function patternOf(url: string): RegExp {
  const source = url
    .toLowerCase()
    .replace(/\/$/, '')
    .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/:\w+/g, '[^/]+')
    .replaceAll('*', '.*');
  return new RegExp(`^${source}/?$`);
}

const withLettersForBrokenEscapes = (target: string): string =>
  target.replaceAll(/(?:%[\da-f]{2})+|%/gi, (escapes) => (isDecodable(escapes) ? escapes : 'x'));
