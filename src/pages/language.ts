import { AsyncLocalStorage } from 'node:async_hooks';
import type { Language } from './words/words.ts';

/** What a request is answered in. It may change until the page is made. */
export interface Spoken {
  language: Language;
  /** By the reader, here: nobody else's wish counts any more. */
  readonly isChosen?: boolean;
  /** The page's address, where it can be asked for again. */
  readonly page?: string;
}

export const DEFAULT_LANGUAGE: Language = 'en';

const spoken = new AsyncLocalStorage<Spoken>();

/** Pages that are made in the work, or by what it awaits, are in this language. */
export function speaking<Result>(choice: Spoken, work: () => Result): Result {
  return spoken.run(choice, work);
}

/** Of the request that is being answered. */
export const spokenLanguage = (): Language => spoken.getStore()?.language ?? DEFAULT_LANGUAGE;

/** Of the page that is being made; undefined: it can't be asked for again. */
export const spokenPage = (): string | undefined => spoken.getStore()?.page;

/** From here on the request is answered in another language, unless the reader has chosen theirs. */
export function speakRather(language: Language): void {
  const choice = spoken.getStore();
  if (choice && !choice.isChosen) choice.language = language;
}
