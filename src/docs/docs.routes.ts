import type { FastifyInstance } from 'fastify';
import {
  type PublicDocument,
  publicDocument,
  sendPublicDocument,
} from '../doors/public-document.ts';
import type { Pages } from '../pages/render.ts';
import type { Platform } from '../platform/platform.ts';
import { describeAuthentication } from './authentication.ts';
import { toPage } from './docs-page.ts';
import { toLlmsText } from './llms.ts';
import { toMarkdown } from './markdown.ts';
import { createTopic } from './topic.ts';

export interface DocsRoutesDependencies {
  pages: Pages;
  platform: Platform;
  issuer: string;
  /** Where requests to the API go; no slash at its end. */
  apiUrl: string;
}

/** The documentation that writes itself: a page, the same as Markdown, and both for language models. */
export async function docsRoutes(door: FastifyInstance, deps: DocsRoutesDependencies) {
  let made: ReturnType<typeof makeDocuments> | undefined;
  const documents = () => {
    made ??= makeDocuments(deps);
    return made;
  };
  door.get('/docs', async (_request, reply) => reply.redirect('/docs/authentication', 303));
  door.get('/docs/authentication', async (request, reply) => {
    reply.header('vary', 'accept');
    const { page, markdown } = documents();
    return sendPublicDocument(request, reply, wantsMarkdown(request.headers) ? markdown : page);
  });
  door.get('/docs/authentication.md', async (request, reply) =>
    sendPublicDocument(request, reply, documents().markdown),
  );
  door.get('/llms.txt', async (request, reply) =>
    sendPublicDocument(request, reply, documents().llms),
  );
}

function makeDocuments({ pages, platform, issuer, apiUrl }: DocsRoutesDependencies) {
  const topic = createTopic({ platform, issuer, apiUrl });
  const document = describeAuthentication(topic);
  const html = pages.render('docs/authentication', toPage(document, platform), 'en');
  return {
    page: publicDocument('text/html', html),
    markdown: publicDocument('text/markdown', toMarkdown(document)),
    llms: publicDocument('text/plain', toLlmsText(topic, document)),
  } satisfies Record<string, PublicDocument>;
}

/** Named before HTML, or alone: a browser names HTML, a program that reads Markdown names that. */
function wantsMarkdown({ accept = '' }: { accept?: string | undefined }): boolean {
  const types = accept.split(',').map((one) => one.split(';')[0]!.trim());
  const markdown = types.indexOf('text/markdown');
  const html = types.indexOf('text/html');
  return markdown >= 0 && (html < 0 || markdown < html);
}
