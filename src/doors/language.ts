import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { firstLanguage, preferredLanguage } from '../lib/language-preference.ts';
import {
  DEFAULT_LANGUAGE,
  type Spoken,
  speaking,
  speakRather,
  spokenLanguage,
} from '../pages/language.ts';
import { LANGUAGES, type Language } from '../pages/words/words.ts';

/** One choice for a request, however often it is entered. */
const choices = new WeakMap<IncomingMessage, Spoken>();

/** Where a reader's own choice is remembered; its name follows the issuer's scheme (decision 7). */
export const languageCookie = (secure: boolean): string =>
  secure ? '__Host-gatehouse_language' : 'gatehouse_language';

/** Addresses that hold a secret, or lead back to one; no link repeats it in a query: pages without a switch. */
const WITH_INVITATION = /\/invitations\/|invitations(%25)*%2f/i;

/** A longer address is not carried along in a link: characters. */
const LONGEST_RETURN = 2_000;

/**
 * Pages that the work makes are in the language that the reader has chosen here, else in the one that their
 * browser asks for (Accept-Language, RFC 9110 §12.5.4).
 */
export function inReadersLanguage<Result>(
  { raw }: Pick<FastifyRequest, 'raw'>,
  work: () => Result,
): Result {
  const choice = choices.get(raw) ?? choiceOf(raw);
  choices.set(raw, choice);
  return speaking(choice, work);
}

function choiceOf({ headers, method, url = '/' }: IncomingMessage): Spoken {
  const chosen = rememberedLanguage(headers.cookie);
  const wanted = chosen ?? preferredLanguage(headers['accept-language'], LANGUAGES);
  // What answers a form can't be asked for again: it may show a secret once, or hold what was typed.
  const isPage = method === 'GET' && url.length <= LONGEST_RETURN && !WITH_INVITATION.test(url);
  return {
    language: wanted ?? DEFAULT_LANGUAGE,
    isChosen: chosen !== undefined,
    ...(isPage ? { page: url } : {}),
  };
}

/** Over https a neighbour can plant the name without prefix: it decides between our languages, no more. */
function rememberedLanguage(cookies = ''): Language | undefined {
  const values = new Map(
    cookies.split(';').map((pair): [string, string | undefined] => {
      const [name = '', value] = pair.trim().split('=', 2);
      return [name, value];
    }),
  );
  const value = values.get(languageCookie(true)) ?? values.get(languageCookie(false));
  return LANGUAGES.find((language) => language === value);
}

/** For a door of pages: its handlers speak the reader's language. */
export function useReadersLanguage(door: FastifyInstance): void {
  // Twice: what parses the body goes on from the socket's events, which know nothing of the request.
  door.addHook('onRequest', (request, _reply, done) => inReadersLanguage(request, done));
  door.addHook('preValidation', (request, _reply, done) => inReadersLanguage(request, done));
}

/**
 * What an app asks for wins over the browser's setting, as it knows in which language the person was
 * reading; not over what they have chosen here themselves.
 *
 * @param uiLocales as it came: anything but a text counts as not sent
 * @see OpenID Connect Core §3.1.2.1
 */
export function heedLocales(uiLocales: unknown): void {
  const language = typeof uiLocales === 'string' && firstLanguage(uiLocales, LANGUAGES);
  if (language) speakRather(language);
}

/** The headers of a page that is made in the language of the moment. */
export const languageHeaders = (): Record<string, string> => ({
  'content-language': spokenLanguage(),
  vary: 'accept-language, cookie',
});
