import type { FastifyInstance } from 'fastify';
import { isFromElsewhere } from '../doors/browser.ts';
import { languageCookie } from '../doors/language.ts';
import { ownPathOf } from '../doors/own-path.ts';
import { LANGUAGES } from './words/words.ts';

/** How long a browser remembers the choice: seconds. */
const KEPT_SECONDS = 31_536_000;

/**
 * The switch at the foot of the pages. It changes nothing here, only a cookie of the reader's own; a link,
 * not a form, because Chrome holds what comes after a form against its page's form-action, and a page may
 * lead on to an app.
 */
export async function languageRoutes(door: FastifyInstance, { issuer }: { issuer: string }) {
  const secure = issuer.startsWith('https:');
  door.get('/language', async (request, reply) => {
    const { to, return_to: wanted } = request.query as Record<string, unknown>;
    const language = LANGUAGES.find((one) => one === to);
    if (!language) throw new UnknownLanguageError();
    // Another site does not choose for the reader.
    if (!isFromElsewhere(request, issuer)) {
      reply.setCookie(languageCookie(secure), language, {
        ...{ path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge: KEPT_SECONDS },
      });
    }
    return reply.redirect(ownPathOf(wanted), 303);
  });
}

class UnknownLanguageError extends Error {
  readonly statusCode = 400;

  constructor() {
    super(`to is one of ${LANGUAGES.join(', ')}`);
  }
}
