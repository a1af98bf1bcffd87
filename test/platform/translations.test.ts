import t from 'tap';
import { LANGUAGES } from '../../src/pages/words/words.ts';
import { loadPlatform, parsePlatform } from '../../src/platform/load.ts';
import type { Translated } from '../../src/platform/platform.ts';
import { PlatformFileError } from '../../src/platform/problems.ts';

const PLATFORMS = ['example', 'kaie', 'klen', 'kliq', 'kloakd'];

const bare = `id: notes
name: Notes
api: { identifier: https://api.notes.example }
scopes:
  notes:read: { title: See notes, description: Read your notes., access: read }
key_environments:
  live: { prefix: notes_live_ }
modules:
  constructor: { title: Construction }
webhooks:
  events: { note.created: A note was created. }
`;
const parse = (more: string, file = bare) => parsePlatform(file + more, 'a.yaml');

function problemsOf(more: string, file = bare): (string | undefined)[][] {
  try {
    parse(more, file);
  } catch (error) {
    if (!(error instanceof PlatformFileError)) throw error;
    return error.problems.map(({ path, expected, found, hint }) => [path, expected, found, hint]);
  }
  return [];
}

t.test('translations stand beside the words they are of', async (t) => {
  const platform = parse(`translations:
  de:
    scopes: { "notes:read": { title: Notizen ansehen } }
    key_environments: { live: { title: Echt } }
    webhooks: { events: { note.created: Eine Notiz wurde angelegt. } }
`);
  t.equal(platform.language, 'en');
  t.match(platform.scopes, [
    { title: 'See notes', translations: { de: { title: 'Notizen ansehen' } } },
  ]);
  t.same(platform.keyEnvironments[0]?.translations, { de: { title: 'Echt' } });
  t.same(platform.webhooks.events[0]?.translations, {
    de: { description: 'Eine Notiz wurde angelegt.' },
  });
  t.notOk(platform.modules[0]?.translations, 'what is left out is nothing, whatever its name');
  t.ok(Object.isFrozen(platform.scopes[0]?.translations?.de));
});

t.test('a file in German says so, and is translated into English', async (t) => {
  const platform = parse(`language: de
translations: { en: { modules: { constructor: { title: Building } } } }
`);
  t.equal(platform.language, 'de');
  t.same(platform.modules[0]?.translations, { en: { title: 'Building' } });
});

t.test('what nobody would ever read is an error, and all of them are told at once', async (t) => {
  const known = `Known here: ${LANGUAGES.join(', ')}.`;
  t.same(
    problemsOf(`translations:
  fr: { modules: { constructor: { title: Construction } } }
  de:
    scopes:
      notes:raed: { title: Notizen }
      notes:read: { titel: Notizen }
    key_environments: { live: { tier: Entwicklung } }
    plans: { free: { title: Kostenlos } }
    modules: { toString: { title: Nichts }, constructor: { title: 5 } }
    limits: {}
    webhooks: { events: { note.craeted: Neu } }
`),
    [
      ['translations.fr', 'a key known here', 'the unknown key "fr"', known],
      [
        'translations.de.scopes.notes:raed',
        'a scope declared under scopes',
        '"notes:raed"',
        'Did you mean "notes:read"?',
      ],
      [
        'translations.de.scopes.notes:read.titel',
        'a key known here',
        'the unknown key "titel"',
        'Did you mean "title"?',
      ],
      [
        'translations.de.key_environments.live.tier',
        'the translation of a tier that key_environments.live has',
        '"Entwicklung"',
        'Add the tier to key_environments.live, or remove it here.',
      ],
      [
        'translations.de.plans.free',
        'a plan declared under plans',
        '"free"',
        'Declare it under plans.',
      ],
      [
        'translations.de.modules.toString',
        'a lower-case name such as read_only',
        'the unknown key "toString"',
        undefined,
      ],
      ['translations.de.modules.constructor.title', 'some text', '5', undefined],
      [
        'translations.de.webhooks.events.note.craeted',
        'a webhook event declared under webhooks.events',
        '"note.craeted"',
        'Did you mean "note.created"?',
      ],
    ],
  );
});

t.test(
  'no file is translated into its own language, nor written in one without pages',
  async (t) => {
    const own = [
      'a language other than that of the file',
      'a translation into en, which the file is written in',
      'Write these words above, or say with the key language what those above are in.',
    ];
    t.same(problemsOf('translations: { en: {} }'), [['translations.en', ...own]]);
    t.same(problemsOf('language: fr\ntranslations: { en: {} }'), [
      ['language', `one of ${LANGUAGES.join(', ')}`, '"fr"', undefined],
    ]);
  },
);

t.test(
  'a section that is refused is one mistake, not one for each translation of it',
  async (t) => {
    const file = bare.replace('  events: { note.created: A note was created. }', '  events: [a]');
    const problems = problemsOf(
      'translations: { de: { webhooks: { events: { note.created: Neu } } } }',
      file,
    );
    t.same(
      problems.map(([path]) => path),
      ['webhooks.events'],
    );
  },
);

const TEXTS = ['title', 'description', 'tier'] as const;
type Declared = Translated<string> & { readonly name: string } & {
  readonly [Text in (typeof TEXTS)[number]]?: string;
};

for (const name of PLATFORMS) {
  t.test(`${name}: every text that people meet is there in every language`, async (t) => {
    const platform = await loadPlatform(name);
    const { scopes, permissionSets, keyEnvironments, modules, plans, namedLimits } = platform;
    const sections = [scopes, permissionSets, keyEnvironments, modules, plans, namedLimits];
    const all: Declared[] = [...sections.flat(), ...platform.webhooks.events];
    t.ok(all.length > 10);
    const others = LANGUAGES.filter((language) => language !== platform.language);
    const missing = all.flatMap((each) =>
      others.flatMap((language) =>
        TEXTS.filter((text) => each[text] && !each.translations?.[language]?.[text]).map(
          (text) => `${language}: ${each.name}.${text}`,
        ),
      ),
    );
    t.same(missing, []);
  });
}
