import { AsyncLocalStorage } from 'node:async_hooks';
import type { Language } from './words/words.ts';

/** What a request is answered in. It may change until the page is made. */
export interface Spoken {
  language: Language;
}

export const DEFAULT_LANGUAGE: Language = 'en';

const spoken = new AsyncLocalStorage<Spoken>();

/** Pages that are made in the work, or by what it awaits, are in this language. */
export function speaking<Result>(choice: Spoken, work: () => Result): Result {
  return spoken.run(choice, work);
}

/** Of the request that is being answered. */
export const spokenLanguage = (): Language => spoken.getStore()?.language ?? DEFAULT_LANGUAGE;

/** From here on the request is answered in another language. */
export function speakRather(language: Language): void {
  const choice = spoken.getStore();
  if (choice) choice.language = language;
}
