import { de } from './de.ts';
import { en } from './en.ts';
import type { Translated } from './translated.ts';

/** A language: the same keys as English, and for each the same gaps to fill. */
export type Words = Translated<typeof en>;

/** The languages there are; the key is the BCP 47 tag that goes into `<html lang>`. */
export const languages = { en, de } satisfies Record<string, Words>;

export type Language = keyof typeof languages;

export const LANGUAGES = Object.keys(languages) as Language[];

/** Says the words at `key`, with its gaps filled from `gaps`. */
export type Say = (key: string, gaps?: Record<string, unknown>) => string;

/**
 * The `t` of the templates. Templates name keys in text, where no compiler looks, so an unknown
 * key is a broken invariant and throws; render.test.ts walks every key the templates name.
 */
export function sayIn(language: Language): Say {
  const words: Record<string, unknown> = languages[language];
  return (key, gaps = {}) => {
    const found = Object.hasOwn(words, key) ? words[key] : undefined;
    if (typeof found === 'string') return found;
    if (typeof found === 'function') return found(gaps);
    throw new Error(`No words for ${key} in ${language}`);
  };
}
