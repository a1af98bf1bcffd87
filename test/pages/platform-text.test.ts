import { join } from 'node:path';
import t from 'tap';
import { speaking } from '../../src/pages/language.ts';
import { permissionOf, platformText } from '../../src/pages/platform-text.ts';
import { createPages } from '../../src/pages/render.ts';
import type { Language } from '../../src/pages/words/words.ts';
import { parsePlatform } from '../../src/platform/load.ts';
import { HOSTILE } from './hostile.ts';
import { platforms, samples } from './samples.ts';

const FILE = `id: notes
name: Notes
api: { identifier: https://api.notes.example }
scopes:
  notes:read: { title: See notes, description: Read your notes., access: read }
`;
const GERMAN = `translations:
  de: { scopes: { "notes:read": { title: ${JSON.stringify(HOSTILE)} } } }
`;

const notes = parsePlatform(FILE + GERMAN, 'a.yaml');
const [scope] = notes.scopes as [(typeof notes.scopes)[number]];
const say = (language: Language, field: 'title' | 'description', platform = notes) =>
  speaking({ language }, () => platformText(platform, scope, field));

t.test(
  'a text is in the page’s language where it is there, else as the file is written',
  async (t) => {
    t.equal(say('en', 'title'), 'See notes');
    t.equal(say('de', 'title'), HOSTILE);
    t.match(say('de', 'description'), { text: 'Read your notes.', language: 'en' });
    t.equal(
      `${say('de', 'description')}`,
      'Read your notes.',
      'in a sentence it is the text alone',
    );
  },
);

t.test('what a file in German leaves untranslated is German on an English page', async (t) => {
  const platform = parsePlatform(`${FILE}language: de\n`, 'a.yaml');
  t.match(platformText(platform, platform.scopes[0]!, 'title'), { language: 'de' });
  t.equal(
    speaking({ language: 'de' }, () => platformText(platform, platform.scopes[0]!, 'title')),
    'See notes',
  );
});

t.test(
  'a plan that nobody named, and the environments nobody declared, speak every language',
  async (t) => {
    const inGerman = speaking({ language: 'de' }, () => [
      ...notes.plans.map((plan) => platformText(notes, plan, 'title')),
      ...notes.keyEnvironments.map((each) => platformText(notes, each, 'title')),
    ]);
    t.same(inGerman, ['Standard', 'Live', 'Test']);
  },
);

t.test(
  'consent escapes translations, and marks what falls back with its language (WCAG 2.2 §3.1.2)',
  async (t) => {
    const viewsDir = join(import.meta.dirname, '../../views');
    const pages = createPages({ platform: platforms.kaie!, viewsDir });
    const sample = samples.find(({ page }) => page === 'consent')!;
    const consent = (language: Language) =>
      speaking({ language }, () =>
        pages.render('consent', {
          ...(sample.model as Parameters<typeof pages.render<'consent'>>[1]),
          permissions: [permissionOf(notes, scope)],
        }),
      );
    const german = consent('de');
    t.notMatch(german, '<script>alert');
    t.match(german, '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
    t.match(german, '<span class="row-about"><span lang="en">Read your notes.</span></span>');
    t.notMatch(consent('en'), /<span lang=/);
  },
);
