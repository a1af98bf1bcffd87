import { join } from 'node:path';
import { test } from 'tap';
import { createPages } from '../../src/pages/render.ts';
import { de } from '../../src/pages/words/de.ts';
import { documents, en } from '../../src/pages/words/en.ts';
import type { Translated } from '../../src/pages/words/translated.ts';
import { HOSTILE, poison } from './hostile.ts';
import { platforms, samples } from './samples.ts';

type Catalogue = Record<string, string | ((gaps: Record<string, unknown>) => string)>;

const english = en as unknown as Catalogue;
const german = de as unknown as Catalogue;
const viewsDir = join(import.meta.dirname, '../../views');
const pages = createPages({ platform: platforms.kaie!, viewsDir });
const render = pages.render as (page: string, model: object, language: string) => string;
/** The public documents are in English by decision. */
const translated = samples.filter(({ page }) => !/^(?:docs|reference)\//.test(page));

const TEXT = '§gap§';
const NUMBERS = new Set([
  ...['waitSeconds', 'windowSeconds', 'count', 'days', 'most', 'least', 'mostRows', 'minutes'],
  ...['used', 'limit', 'left', 'allowed', 'refused', 'attempts', 'value', 'ms', 'number'],
]);

/** The words at a key, and which gaps they filled. */
function fill(words: Catalogue[string], number: number): { said: string; gaps: string[] } {
  if (typeof words === 'string') return { said: words, gaps: [] };
  const gaps = new Set<string>();
  const all = new Proxy<Record<string, unknown>>(
    {},
    {
      get(_target, name: string) {
        gaps.add(name);
        if (NUMBERS.has(name)) return number;
        return name === 'date' ? new Date(Date.UTC(2026, 4, 7, 13, 5)) : TEXT;
      },
    },
  );
  return { said: words(all), gaps: [...gaps].sort() };
}

/** Every text of a model, however deep. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

/** What people read or hear: the texts between tags, and in attributes. */
function readable(html: string): string[] {
  const between = html.replace(/<[^>]*>/g, '\n').split('\n');
  const named = / (?:aria-label|title|alt|placeholder|content|data-[a-z-]+)="([^"]*)"/g;
  const attributes = Array.from(html.matchAll(named), (match) => match[1]!);
  return [...between, ...attributes].map((text) => text.trim());
}

test('German has the keys of English and no others, in the same shape', async (t) => {
  t.same(Object.keys(german).sort(), Object.keys(english).sort());
  for (const [key, words] of Object.entries(english))
    t.equal(typeof german[key], typeof words, key);
});

test('every key fills the same gaps in both languages, for one and for many', async (t) => {
  for (const number of [1, 5, 61, 7200]) {
    for (const key of Object.keys(english).filter((key) => !Object.hasOwn(documents, key))) {
      const [ours, theirs] = [fill(german[key]!, number), fill(english[key]!, number)];
      t.same(ours.gaps, theirs.gaps, key);
      const texts = (said: string) => said.split(TEXT).length;
      t.equal(texts(ours.said), texts(theirs.said), `${key} says what was filled in as often`);
      t.notMatch(ours.said, /undefined|NaN|null|\[object/, key);
      t.equal(ours.said, ours.said.trim(), key);
    }
  }
});

test('amounts, days and figures are said the German way', async (t) => {
  const date = new Date(Date.UTC(2026, 4, 7, 13, 5));
  t.equal(de['account.day']({ date }), '7. Mai 2026');
  t.equal(de['keys.moment']({ date }), '07.05.2026, 13:05 UTC');
  t.equal(de['keys.figure']({ count: 1234567 }), '1.234.567');
  t.equal(de['plan.often']({ limit: 5000, windowSeconds: 86_400 }), '5.000 pro Tag');
  t.equal(de['plan.often']({ limit: 120, windowSeconds: 2_592_000 }), '120 pro 30 Tage');
  t.equal(de['plan.often']({ limit: 10, windowSeconds: null }), '10 insgesamt');
  t.equal(de['key_form.expiry.days']({ days: 30 }), 'In 30 Tagen');
  t.equal(de['key_form.expiry.days']({ days: 1 }), 'In einem Tag');
  t.equal(de['key.overlap.hours']({ count: 1 }), 'Für eine Stunde');
  t.equal(de['key.overlap.days']({ count: 7 }), 'Für 7 Tage');
});

test('waiting times are told in German, never too early', async (t) => {
  const wait = (waitSeconds: number) => de['sign_in.error.throttled']({ waitSeconds });
  t.match(wait(3), 'in ein paar Sekunden noch');
  t.match(wait(41), 'in 45 Sekunden noch');
  t.match(wait(60), 'in einer Minute noch');
  t.match(wait(61), 'in 2 Minuten noch');
  t.match(wait(3600), 'in einer Stunde noch');
  t.match(wait(3601), 'in 2 Stunden noch');
});

for (const sample of translated) {
  test(`${sample.name} is German throughout`, async (t) => {
    const html = render(sample.page, sample.model, 'de');
    t.match(html, /<html lang="de">/);
    t.notMatch(html, /\b(?:undefined|null|NaN|\[object)\b/);
    const germanToo = new Set(Object.values(german).filter((words) => typeof words === 'string'));
    const ids = Array.from(html.matchAll(/ id="([^"]*)"/g), (match) => match[1]!);
    const given = new Set([...textsOf(sample.model), ...ids]);
    const left = new Set(
      Object.values(english).filter((words) => typeof words === 'string' && !germanToo.has(words)),
    );
    t.same(
      readable(html).filter((text) => left.has(text) && !given.has(text)),
      [],
    );
  });

  test(`${sample.name} escapes hostile values in German, too`, async (t) => {
    const html = render(sample.page, poison(sample.model) as object, 'de');
    t.notMatch(html, /<script>/);
    const calm = render(sample.page, sample.model, 'de');
    for (const tag of ['script', 'form', 'input', 'button', 'h1', 'main']) {
      const count = (text: string) => text.split(new RegExp(`<${tag}\\b`)).length;
      t.equal(count(html), count(calm), `has the same ${tag} elements`);
    }
  });
}

test('what is revoked is “widerrufen”, and never called otherwise', async (t) => {
  for (const [key, words] of Object.entries(german)) {
    if (Object.hasOwn(documents, key)) continue;
    t.notMatch(fill(words, 5).said, /zurück(?:ge|zu)?(?:zog|zieh|nomm|nehm|nimm|nahm)/i, key);
  }
});

test('no words carry markup of their own', async (t) => {
  for (const [key, words] of Object.entries(german)) {
    if (!Object.hasOwn(documents, key)) t.notMatch(fill(words, 5).said, /[<&]/, key);
  }
  t.match(HOSTILE, '<script>');
});

/** Never called: the compiler proves that a language is whole. */
export function typed(): void {
  const some = { plain: 'a', full: (p: { name: string }) => p.name };
  const whole: Translated<typeof some> = { plain: 'b', full: (p) => p.name };
  // @ts-expect-error a key is missing
  const missing: Translated<typeof some> = { plain: 'b' };
  // @ts-expect-error a key is left over
  const extra: Translated<typeof some> = { ...whole, plain: 'b', more: 'c' };
  // @ts-expect-error another gap
  const other: Translated<typeof some> = { plain: 'b', full: (p: { age: number }) => `${p.age}` };
  // @ts-expect-error a gap where English has none
  const full: Translated<typeof some> = { plain: (p: { a: string }) => p.a, full: () => 'c' };
  void [missing, extra, other, full];
}
