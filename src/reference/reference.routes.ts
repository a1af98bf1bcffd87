import type { FastifyInstance } from 'fastify';
import { sayKnownIn } from '../docs/say.ts';
import {
  type PublicDocument,
  publicDocument,
  sendPublicDocument,
} from '../doors/public-document.ts';
import type { Pages } from '../pages/render.ts';
import type { Platform } from '../platform/platform.ts';
import type { ApiDescription } from './api-description.ts';
import { toReferencePage } from './reference-page.ts';

export interface ReferenceRoutesDependencies {
  pages: Pages;
  platform: Platform;
  apiDescription: ApiDescription;
}

/** `/reference`: /openapi.json for people. Problem documents name its anchors as their `type`. */
export async function referenceRoutes(door: FastifyInstance, deps: ReferenceRoutesDependencies) {
  const { pages, platform, apiDescription } = deps;
  let made: PublicDocument | undefined;
  door.get('/reference', async (request, reply) => {
    if (!made) {
      const t = sayKnownIn('en');
      const model = toReferencePage(apiDescription.read(), { t, platform });
      made = publicDocument('text/html', pages.render('reference/reference', model, 'en'));
    }
    return sendPublicDocument(request, reply, made);
  });
}
