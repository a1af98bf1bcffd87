import { LANGUAGES, type Language } from '../pages/words/words.ts';
import type { Translated, Translations } from './platform.ts';
import type { PlatformFile } from './schema.ts';

type Translation = NonNullable<NonNullable<PlatformFile['translations']>[Language]>;
type Section = Exclude<keyof Translation, 'webhooks'>;

/** What the file says of one thing in other languages; nothing where it says nothing. */
export function translationsOf(
  file: PlatformFile,
  section: Section,
  name: string,
): Translated<string> {
  return inEach(file, (translation) =>
    own<Readonly<Record<string, string>>>(translation[section], name),
  );
}

/** The same of a webhook event, which is its description and no more. */
export function eventTranslationsOf(file: PlatformFile, name: string): Translated<'description'> {
  return inEach(file, ({ webhooks }) => {
    const description = own<string>(webhooks?.events, name);
    return description === undefined ? undefined : { description };
  });
}

/** For a word that is Gatehouse's own and is understood everywhere. */
export const sameInEveryLanguage = <Field extends string>(
  words: Readonly<Record<Field, string>>,
): Translated<Field> => ({
  translations: Object.fromEntries(LANGUAGES.map((each) => [each, words])) as Translations<Field>,
});

function inEach<Field extends string>(
  { translations = {} }: PlatformFile,
  read: (translation: Translation) => Readonly<Partial<Record<Field, string>>> | undefined,
): Translated<Field> {
  const found = Object.entries(translations).flatMap(([language, translation]) => {
    const words = translation && read(translation);
    return words ? [[language, words] as const] : [];
  });
  if (found.length === 0) return {};
  return { translations: Object.fromEntries(found) as Translations<Field> };
}

/** A name may well be `constructor`. */
function own<Value>(mapping: Readonly<Record<string, Value>> | undefined, name: string) {
  return mapping && Object.hasOwn(mapping, name) ? mapping[name] : undefined;
}
