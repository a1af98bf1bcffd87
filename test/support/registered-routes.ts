import { subscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';

export interface RegisteredRoute {
  readonly method: string;
  /** As it was registered, e.g. `/invitations/:token`. */
  readonly url: string;
  /** Whether it stands behind the door of the pages, which checks forms. */
  readonly isBehindBrowserDoor: boolean;
}

const READS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY']);

/** Every route that may change something, of all servers of this process that are built from now on. */
export function noteWritingRoutes(): readonly RegisteredRoute[] {
  const noted: RegisteredRoute[] = [];
  subscribe('fastify.initialization', (message) => {
    const { fastify: app } = message as { fastify: FastifyInstance };
    app.addHook('onRoute', function (this: FastifyInstance, { method: methods, url }) {
      const isBehindBrowserDoor = this.hasDecorator('csrfProtection');
      for (const method of [methods].flat()) {
        if (!READS.has(method)) noted.push({ method, url, isBehindBrowserDoor });
      }
    });
  });
  return noted;
}
