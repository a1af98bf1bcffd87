import { type Language, sayIn, type Words } from '../pages/words/words.ts';

type Gaps<Key extends keyof Words> = Words[Key] extends (gaps: infer G) => string ? [gaps: G] : [];

/** Words from code, where the compiler knows which there are and what their gaps take. */
export type SayKnown = <Key extends keyof Words>(key: Key, ...gaps: Gaps<Key>) => string;

export function sayKnownIn(language: Language): SayKnown {
  const say = sayIn(language);
  return (key, ...[gaps]) => say(key, gaps as Record<string, unknown> | undefined);
}
