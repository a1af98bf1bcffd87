import cookie from '@fastify/cookie';
import csrf from '@fastify/csrf-protection';
import formbody from '@fastify/formbody';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseUnavailable } from '../database/database.ts';
import { InteractionGoneError } from '../oauth/interactions/interaction.ts';
import type { Pages } from '../pages/render.ts';
import type { ErrorPage } from '../pages/view-models.ts';
import { pageHeaders } from './headers.ts';
import { inReadersLanguage, languageHeaders, useReadersLanguage } from './language.ts';

export interface BrowserDoorDependencies {
  pages: Pages;
  issuer: string;
}

/**
 * The browser door: pages and their forms. Every form carries a CSRF token bound to a cookie, and is
 * refused when the browser says that it comes from another origin; errors are pages.
 */
export async function useBrowserDoor(
  door: FastifyInstance,
  deps: BrowserDoorDependencies,
): Promise<void> {
  const secure = deps.issuer.startsWith('https:');
  await door.register(cookie);
  await door.register(formbody, { bodyLimit: 64 * 1024 });
  await door.register(csrf, {
    cookieKey: secure ? '__Host-gatehouse_csrf' : 'gatehouse_csrf',
    cookieOpts: { path: '/', httpOnly: true, sameSite: 'lax', secure },
    getToken: (request) => String((request.body as Record<string, unknown> | null)?._csrf ?? ''),
  });

  useReadersLanguage(door);
  door.addHook('onRequest', async (_request, reply) => {
    reply.headers(pageHeaders());
  });
  door.addHook('preHandler', (request, reply, done) => {
    if (request.method === 'GET' || request.method === 'HEAD') return done();
    if (isFromElsewhere(request, deps.issuer)) return done(new ForeignOriginError());
    door.csrfProtection(request, reply, done);
  });
  door.setErrorHandler((error: FastifyError, request, reply) =>
    inReadersLanguage(request, () => renderErrorPage(error, request, reply, deps.pages)),
  );
}

/** The token for a page's forms; sets its cookie on the first page. */
export function csrfToken(reply: FastifyReply): string {
  return reply.generateCsrf();
}

export function sendPage(reply: FastifyReply, html: string, status = 200): FastifyReply {
  return reply.code(status).headers(languageHeaders()).type('text/html; charset=utf-8').send(html);
}

/** The browser says that another site sent this form. */
export class ForeignOriginError extends Error {
  readonly statusCode = 403;

  constructor() {
    super('the form was sent by another site');
  }
}

/**
 * Sec-Fetch-Site where the browser sends it, else Origin. Our pages send no referrer, for which browsers
 * make the Origin of their forms `null`: then the CSRF token alone decides.
 *
 * @see Fetch Metadata §2, Fetch §3.2
 */
export function isFromElsewhere(request: FastifyRequest, issuer: string): boolean {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') return true;
  if (origin === undefined || origin === 'null' || origin === issuer) return false;
  return URL.parse(origin)?.host !== host;
}

/** The page for what went wrong at a door of pages. Detail and cause go to the log. */
export function renderErrorPage(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  pages: Pages,
): FastifyReply {
  const { status, ...page } = classify(error);
  if (status >= 500) request.log.error({ err: error }, 'a page failed');
  if (status === 503) reply.header('retry-after', '2');
  return sendPage(reply, pages.render('error', { ...page, requestId: request.id }), status);
}

type Classified = { status: number } & Pick<ErrorPage, 'kind' | 'code' | 'waitSeconds' | 'homeUrl'>;

function classify(error: FastifyError): Classified {
  if (isDatabaseUnavailable(error)) {
    return { status: 503, kind: 'unavailable', code: 'temporarily_unavailable', waitSeconds: 2 };
  }
  if (error instanceof InteractionGoneError) {
    return { status: 400, kind: 'expired', code: 'interaction_expired' };
  }
  if (error instanceof ForeignOriginError) {
    return { status: 403, kind: 'forbidden', code: 'foreign_origin' };
  }
  if (error.statusCode === 404) {
    // As for a path that nobody answers: see unknown-path.ts.
    return { status: 404, kind: 'not_found', code: 'not_found', homeUrl: '/' };
  }
  if (error.code === undefined && error.statusCode === 403) {
    return { status: 403, kind: 'forbidden', code: 'not_allowed' };
  }
  if (error.code?.startsWith('FST_CSRF')) {
    return { status: 403, kind: 'stale_form', code: 'csrf_token_invalid' };
  }
  const status = error.statusCode ?? 500;
  if (status < 500) return { status, kind: 'bad_link', code: 'bad_request' };
  return { status: status === 503 ? 503 : 500, kind: 'unexpected', code: 'unexpected_error' };
}
