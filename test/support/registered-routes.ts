import { subscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';

export interface RegisteredRoute {
  readonly method: string;
  /** As it was registered, e.g. `/invitations/:token`. */
  readonly url: string;
  /** Whether it stands behind the door of the pages, which checks forms. */
  readonly isBehindBrowserDoor: boolean;
  /** The query parameters of its schema, and those that its handler has asked for since. */
  readonly queryNames: ReadonlySet<string>;
}

const READS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY']);

/** Whether it may change something. */
export const isWriting = (method: string): boolean => !READS.has(method);

/** Every route of all servers of this process that are built from now on. */
export function noteRoutes(): readonly RegisteredRoute[] {
  const noted: RegisteredRoute[] = [];
  subscribe('fastify.initialization', (message) => {
    const { fastify: app } = message as { fastify: FastifyInstance };
    const namesOf = new Map<string, Set<string>>();
    app.addHook('onRoute', function (this: FastifyInstance, { method: methods, url, schema }) {
      const isBehindBrowserDoor = this.hasDecorator('csrfProtection');
      const declared = schema?.querystring as { properties?: object } | undefined;
      for (const method of [methods].flat()) {
        const queryNames = new Set(Object.keys(declared?.properties ?? {}));
        namesOf.set(`${method} ${url}`, queryNames);
        noted.push({ method, url, isBehindBrowserDoor, queryNames });
      }
    });
    app.addHook('preValidation', (request, _reply, done) => {
      const names = namesOf.get(`${request.method} ${request.routeOptions.url}`);
      if (names && request.query) request.query = noting(request.query, names);
      done();
    });
  });
  return noted;
}

/** The same, and the names that are asked for are noted. */
const noting = (query: object, names: Set<string>) =>
  new Proxy(query, {
    get(target, name) {
      if (typeof name === 'string') names.add(name);
      return Reflect.get(target, name);
    },
  });
