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
import { LANGUAGES } from '../pages/words/words.ts';

/** One choice for a request, however often it is entered. */
const choices = new WeakMap<IncomingMessage, Spoken>();

/** Pages that the work makes are in the reader's language, by Accept-Language (RFC 9110 §12.5.4). */
export function inReadersLanguage<Result>(
  { raw }: Pick<FastifyRequest, 'raw'>,
  work: () => Result,
): Result {
  const wanted = preferredLanguage(raw.headers['accept-language'], LANGUAGES);
  const choice = choices.get(raw) ?? { language: wanted ?? DEFAULT_LANGUAGE };
  choices.set(raw, choice);
  return speaking(choice, work);
}

/** For a door of pages: its handlers speak the reader's language. */
export function useReadersLanguage(door: FastifyInstance): void {
  // Twice: what parses the body goes on from the socket's events, which know nothing of the request.
  door.addHook('onRequest', (request, _reply, done) => inReadersLanguage(request, done));
  door.addHook('preValidation', (request, _reply, done) => inReadersLanguage(request, done));
}

/**
 * What an app asks for wins over the browser's setting: it knows in which language the person was reading.
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
  vary: 'accept-language',
});
