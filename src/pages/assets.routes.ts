import { dirname, join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyError, FastifyInstance } from 'fastify';
import { iconSvg, themeCss } from './theme.ts';
import type { PlatformBrand } from './view-models.ts';

/**
 * Stylesheets, scripts and the platform's own colours. Pages name them with a version, so they may be kept;
 * modules in a folder name each other without one, so their browser asks each time whether they changed.
 */
export async function assetRoutes(
  app: FastifyInstance,
  { viewsDir, brand }: { viewsDir: string; brand: PlatformBrand },
) {
  const keep = 'public, max-age=31536000, immutable';
  app.get('/assets/theme.css', async (_request, reply) =>
    reply.header('cache-control', keep).type('text/css; charset=utf-8').send(themeCss(brand)),
  );
  app.get('/assets/icon.svg', async (_request, reply) =>
    reply.header('cache-control', keep).type('image/svg+xml').send(iconSvg(brand)),
  );
  // A path that the plugin refuses to read is one that nobody answers, and its refusal would name the plugin.
  app.setErrorHandler((error: FastifyError, _request, reply) =>
    error.statusCode === 400 || error.statusCode === 403 ? reply.callNotFound() : reply.send(error),
  );
  const root = join(viewsDir, 'assets');
  await app.register(fastifyStatic, {
    root,
    prefix: '/assets/',
    cacheControl: false,
    index: false,
    setHeaders: (reply, path) => {
      const cacheControl = dirname(path) === root ? keep : 'no-cache';
      reply.headers({ 'cache-control': cacheControl, 'x-content-type-options': 'nosniff' });
    },
  });
}
