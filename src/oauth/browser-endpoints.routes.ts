import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  ForeignOriginError,
  isFromElsewhere,
  renderErrorPage,
  sendPage,
} from '../doors/browser.ts';
import { authorizationHeaders, pageHeaders } from '../doors/headers.ts';
import { inReadersLanguage } from '../doors/language.ts';
import { createForwarder, type Forwarding } from '../doors/protocol.ts';
import type { Pages } from '../pages/render.ts';
import { OAUTH_ROUTES } from './provider.ts';

export interface BrowserEndpointDependencies extends Forwarding {
  pages: Pages;
}

const { authorization: AUTHORIZE, end_session: LOGOUT } = OAUTH_ROUTES;

/** What every server and proxy on the way takes (RFC 9110 §4.1): characters. */
const LONGEST_URL = 8_000;

/**
 * The endpoints that people are sent to, by link or by form: authorization and logout. What they refuse is a
 * page.
 *
 * @see RFC 6749 §3.1, OpenID Connect Core §3.1.2.1, RP-Initiated Logout 1.0 §2
 */
export async function browserEndpointRoutes(
  door: FastifyInstance,
  deps: BrowserEndpointDependencies,
): Promise<void> {
  const { pages, issuer } = deps;
  const forward = createForwarder(deps, 'person');
  const browser = async (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers(authorizationHeaders());
    inReadersLanguage(request, () => forward(request, reply));
  };
  door.setErrorHandler((error: FastifyError, request, reply) => {
    reply.headers(pageHeaders());
    return inReadersLanguage(request, () => renderRefusal(error, request, reply, pages));
  });

  door.get(AUTHORIZE, browser);
  door.get(`${AUTHORIZE}/:uid`, browser);
  door.get(LOGOUT, { onRequest: refuseNul }, browser);
  door.get(`${LOGOUT}/success`, browser);
  door.post(
    `${LOGOUT}/confirm`,
    {
      onRequest: async (request) => {
        if (isFromElsewhere(request, issuer)) throw new ForeignOriginError();
      },
    },
    browser,
  );

  await door.register(async (parsing) => {
    readFormsAsSent(parsing);
    for (const url of [AUTHORIZE, LOGOUT]) {
      parsing.post(url, async (request, reply) => goOnByGet(request, reply, { url, issuer }));
      refuseTheRest(parsing, url);
    }
  });
}

/** A form stays the text that it is, so that a parameter that came twice goes on twice. */
function readFormsAsSent(door: FastifyInstance): void {
  door.removeAllContentTypeParsers();
  door.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, form, done) => done(null, form),
  );
}

/**
 * A form that another site has posted comes without our cookies, which are `SameSite=Lax`. Sent on by 303 the
 * browser asks again by GET, as if it followed a link, and brings them (docs/decisions/0008). What the URL had
 * by itself stays (RFC 6749 §3.1).
 */
function goOnByGet(
  request: FastifyRequest,
  reply: FastifyReply,
  { url, issuer }: { url: string; issuer: string },
): FastifyReply {
  const form = new URLSearchParams((request.body as string | null | undefined) ?? '');
  const parameters = new URLSearchParams([...queryOf(request), ...form]).toString();
  const location = parameters === '' ? url : `${url}?${parameters}`;
  if (issuer.length + location.length > LONGEST_URL) {
    const instead =
      url === AUTHORIZE ? `: push it to ${OAUTH_ROUTES.pushed_authorization_request} first` : '';
    throw new Refusal(414, `the request is too long to go on as a URL${instead}`);
  }
  return reply.headers(authorizationHeaders()).redirect(location, 303);
}

/** Any other method: 405 with Allow (RFC 9110 §15.5.6), before its body is read. */
function refuseTheRest(door: FastifyInstance, url: string): void {
  door.route({
    method: ['PUT', 'PATCH', 'DELETE'],
    url,
    onRequest: async (request, reply) => {
      reply.header('allow', 'GET, POST');
      throw new Refusal(405, `${request.method} is not allowed here; use GET or POST`);
    },
    handler: async () => {},
  });
}

/**
 * The library keeps what a logout was asked with in the session, and Postgres keeps no NUL. No parameter has
 * one in its grammar (RFC 6749 Appendix A).
 */
async function refuseNul(request: FastifyRequest): Promise<void> {
  if ([...queryOf(request)].flat().join('').includes('\0')) {
    throw new Refusal(400, 'a parameter has a NUL character in it');
  }
}

function queryOf({ raw: { url = '' } }: FastifyRequest): URLSearchParams {
  const start = url.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : url.slice(start));
}

/** What an app has sent wrong, in words for its developer. */
class Refusal extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, detail: string) {
    super(detail);
    this.statusCode = statusCode;
  }
}

/** What Fastify refuses a body for. */
const UNREADABLE: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'send the form as application/x-www-form-urlencoded',
  FST_ERR_CTP_BODY_TOO_LARGE: 'the form is too long',
};

function renderRefusal(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  pages: Pages,
): FastifyReply {
  const detail = error instanceof Refusal ? error.message : UNREADABLE[error.code];
  if (detail === undefined) return renderErrorPage(error, request, reply, pages);
  const isSignOut = request.routeOptions.url === LOGOUT;
  const html = pages.render('error', {
    kind: isSignOut ? 'bad_sign_out' : 'bad_link',
    ...{ code: 'invalid_request', detail, requestId: request.id },
    ...(isSignOut ? { homeUrl: '/' } : {}),
  });
  return sendPage(reply, html, error.statusCode);
}
