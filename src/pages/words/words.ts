import { en } from './en.ts';

/** A language: the same keys as English, and for each the same gaps to fill. */
export type Words = {
  [K in keyof typeof en]: (typeof en)[K] extends (gaps: infer Gaps) => string
    ? (gaps: Gaps) => string
    : string;
};

/** The languages there are; the key is the BCP 47 tag that goes into `<html lang>`. */
export const languages = { en } satisfies Record<string, Words>;

export type Language = keyof typeof languages;

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
