import type { TOptional } from 'typebox';
import { LANGUAGES, type Language } from '../pages/words/words.ts';
import * as part from './schema-parts.ts';

const { choice, closed, named, optional, text } = part;

const title = optional(text());
const description = optional(text());

/** The languages of the pages: a text in another one could never be shown. */
export const language = (words: part.Words) => choice<Language[]>([...LANGUAGES], words);

/** The texts of the file once more, in the places they have in it. Whatever is left out stays as it is there. */
const translation = closed(
  {
    scopes: optional(
      named(part.SCOPE_PATTERN, part.SCOPE_TITLE, closed({ title, description }), {
        description: 'Scope → its words on the consent page.',
      }),
    ),
    permission_sets: optional(
      named(part.NAME_PATTERN, part.NAME_TITLE, closed({ title, description })),
    ),
    key_environments: optional(
      named(part.NAME_PATTERN, part.NAME_TITLE, closed({ title, tier: optional(text()) })),
    ),
    modules: optional(named(part.NAME_PATTERN, part.NAME_TITLE, closed({ title }))),
    plans: optional(named(part.NAME_PATTERN, part.NAME_TITLE, closed({ title }))),
    limits: optional(named(part.NAME_PATTERN, part.NAME_TITLE, closed({ title }))),
    webhooks: optional(
      closed({ events: optional(named(part.EVENT_PATTERN, part.EVENT_TITLE, text())) }),
    ),
  },
  { title: 'a mapping with the sections that are translated' },
);

/** By language. One that the pages lack is an error: nobody would ever read it. */
export const translations = closed(
  Object.fromEntries(LANGUAGES.map((each) => [each, optional(translation)])) as Record<
    Language,
    TOptional<typeof translation>
  >,
  {
    description: `The texts people read, in other languages of the pages (${LANGUAGES.join(', ')}); what is left out is shown as written above.`,
  },
);
