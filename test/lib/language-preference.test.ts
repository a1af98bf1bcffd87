import t from 'tap';
import { firstLanguage, preferredLanguage } from '../../src/lib/language-preference.ts';

const OURS = ['en', 'de'] as const;

t.test('serves the language that weighs most (RFC 9110 §12.5.4)', async (t) => {
  const served: Record<string, string | undefined> = {
    de: 'de',
    'de-AT': 'de',
    'DE-ch-1996': 'de',
    'de-AT,de;q=0.9,en;q=0.8': 'de',
    'en-GB,en;q=0.9,de;q=0.8': 'en',
    'fr, en;q=0.8, de;q=0.9': 'de',
    'en;q=0.1 , de ; q=0.2': 'de',
    'de;Q=0.5,en;q=0.50': 'de',
    'fr,*;q=0.1': 'en',
    '*,en;q=0.5': 'de',
    'en;q=0,*': 'de',
    'de,en;q=0': 'de',
    'fr-FR,fr;q=0.9': undefined,
    'de;q=0': undefined,
    'en;q=0,de;q=0,*': undefined,
  };
  for (const [header, tag] of Object.entries(served)) {
    t.equal(preferredLanguage(header, OURS), tag, header);
  }
});

t.test('what cannot be read counts as not sent', async (t) => {
  const unreadable = [undefined, '', ',,;', 'de;q=2', 'de;q=-1', 'de;q=x', 'de;q=', '<b>', 'de_AT'];
  for (const header of [...unreadable, 'de;q=0.1234', '__proto__', 'd\u0435', 'de-']) {
    t.equal(preferredLanguage(header, OURS), undefined, String(header));
  }
  t.equal(preferredLanguage('de;q=x,en;q=0.1', OURS), 'en', 'the rest still counts');
});

t.test('a header as long as a header may be is read in no time', async (t) => {
  const long = `${'de-'.repeat(5000)},${'x;q=0.1,'.repeat(2000)}de`;
  t.equal(preferredLanguage(long, OURS), 'de');
});

t.test('takes the first locale there is (OpenID Connect Core §3.1.2.1)', async (t) => {
  t.equal(firstLanguage('fr-CA fr de-AT en', OURS), 'de');
  t.equal(firstLanguage('en de', OURS), 'en');
  t.equal(firstLanguage('fr', OURS), undefined);
  t.equal(firstLanguage('', OURS), undefined);
});
