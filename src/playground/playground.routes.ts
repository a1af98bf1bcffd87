import type { FastifyInstance } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import type { Pages } from '../pages/render.ts';
import type { Platform } from '../platform/platform.ts';
import { createOwnApps, type OwnAppDependencies } from './own-app.ts';
import { CALLBACK_PATH, createPlaygroundClient } from './playground-client.ts';
import { createPlaygroundPage, TAB_PATHS } from './playground-page.ts';
import type { Api } from './requests.ts';

export interface PlaygroundDependencies {
  platform: Platform;
  issuer: string;
  api: Api;
  pages: Pages;
  clientService: Parameters<typeof createPlaygroundClient>[0]['clientService'];
  identity: OwnAppDependencies['identity'];
  sessions: OwnAppDependencies['sessions'];
}

/** The playground's pages, for everybody; without it in the platform file there is nothing here. */
export async function playgroundRoutes(door: FastifyInstance, deps: PlaygroundDependencies) {
  const { platform, pages } = deps;
  if (!platform.oauth.playgroundEnabled) return;
  const playgroundClient = createPlaygroundClient(deps);
  const page = createPlaygroundPage(deps);
  const ownApp = createOwnApps(deps);

  door.get(TAB_PATHS.oauth, async (request, reply) => {
    const [named] = await Promise.all([ownApp(request), playgroundClient()]);
    const model = page(request.query as Record<string, unknown>, 'oauth', named);
    return sendPage(reply, pages.render('playground/playground', model));
  });
  door.get(TAB_PATHS.keys, async (request, reply) => {
    const model = page(request.query as Record<string, unknown>, 'keys');
    return sendPage(reply, pages.render('playground/playground', model));
  });
  // The code in its address is the script's to read; nothing of it gets into the page.
  door.get(CALLBACK_PATH, async (_request, reply) =>
    sendPage(reply, pages.render('playground/callback', { playgroundUrl: TAB_PATHS.oauth })),
  );
}
