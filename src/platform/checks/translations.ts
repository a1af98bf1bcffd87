import { DEFAULTS } from '../defaults.ts';
import { formatValue } from '../problems.ts';
import type { PartialPlatformFile } from '../schema-problems.ts';
import { entries, type Finding, type NamedSection, unknownNames } from './check.ts';

const AT = 'translations';
const SECTIONS = [
  'scopes',
  'permission_sets',
  'key_environments',
  'modules',
  'plans',
  'limits',
] as const satisfies readonly NamedSection[];

/** What the file is written in needs no translation: it would hide what is written above. */
export function* translatedLanguages(file: PartialPlatformFile): Iterable<Finding> {
  const isRefused = 'language' in file && file.language === undefined;
  const language = file.language ?? DEFAULTS.language;
  if (isRefused || !file.translations?.[language]) return;
  yield {
    at: [AT, language],
    expected: 'a language other than that of the file',
    found: `a translation into ${language}, which the file is written in`,
    hint: 'Write these words above, or say with the key language what those above are in.',
  };
}

/** Only what is declared is ever shown. */
export function* translatedNames(file: PartialPlatformFile): Iterable<Finding> {
  for (const [, translation, at] of entries(file.translations, [AT])) {
    for (const section of SECTIONS) {
      for (const [name, , place] of entries<object>(translation[section], [...at, section])) {
        yield* unknownNames(file, section, name, place);
      }
    }
    const events = translation.webhooks?.events;
    for (const [name, , place] of entries(events, [...at, 'webhooks', 'events'])) {
      yield* unknownNames(file, 'webhooks.events', name, place);
    }
  }
}

/** Of the texts that are translated, only this one may be left out above. */
export function* translatedTiers(file: PartialPlatformFile): Iterable<Finding> {
  for (const [, translation, at] of entries(file.translations, [AT])) {
    const section = 'key_environments';
    for (const [name, { tier }, place] of entries(translation[section], [...at, section])) {
      const environment = file[section]?.[name];
      if (tier === undefined || !environment || 'tier' in environment) continue;
      yield {
        at: [...place, 'tier'],
        expected: `the translation of a tier that ${section}.${name} has`,
        found: formatValue(tier),
        hint: `Add the tier to ${section}.${name}, or remove it here.`,
      };
    }
  }
}
