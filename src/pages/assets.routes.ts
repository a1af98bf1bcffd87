import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { iconSvg, themeCss } from './theme.ts';
import type { PlatformBrand } from './view-models.ts';

/** Stylesheet, scripts and the platform's own colours. Names carry a version, so they may be kept. */
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
  await app.register(fastifyStatic, {
    root: join(viewsDir, 'assets'),
    prefix: '/assets/',
    cacheControl: false,
    index: false,
    setHeaders: (reply) => {
      reply.headers({ 'cache-control': keep, 'x-content-type-options': 'nosniff' });
    },
  });
}
