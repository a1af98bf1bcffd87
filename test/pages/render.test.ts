import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { brandOf } from '../../src/pages/brand.ts';
import { readProviderForm } from '../../src/pages/provider-form.ts';
import { createPages } from '../../src/pages/render.ts';
import { iconSvg, themeCss } from '../../src/pages/theme.ts';
import type { PageModels } from '../../src/pages/view-models.ts';
import { en } from '../../src/pages/words/en.ts';
import { contrastRatio } from '../../src/platform/contrast.ts';
import { loadPlatform } from '../../src/platform/load.ts';
import { HOSTILE, poison } from './hostile.ts';
import { platforms, samples } from './samples.ts';

const viewsDir = join(import.meta.dirname, '../../views');
const platform = platforms.kaie!;
const pages = createPages({ platform, viewsDir });
const render = pages.render as (page: string, model: object) => string;

function tags(html: string, name: string): string[] {
  return html.match(new RegExp(`<${name}\\b[^>]*>`, 'g')) ?? [];
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
}

/** Fields that people fill in and that no label names. */
function unlabelled(html: string): string[] {
  const wrapped = (html.match(/<label\b[\s\S]*?<\/label>/g) ?? []).join('');
  const named = new Set(tags(html, 'label').map((label) => attribute(label, 'for')));
  return [...tags(html, 'input'), ...tags(html, 'select')].filter(
    (field) =>
      attribute(field, 'type') !== 'hidden' &&
      !named.has(attribute(field, 'id')) &&
      !wrapped.includes(field),
  );
}

for (const sample of samples) {
  test(`${sample.name} is one whole, accessible document without inline code`, async (t) => {
    const html = render(sample.page, sample.model);
    t.equal(tags(html, 'h1').length, 1, 'has one h1');
    t.match(html, /^<!doctype html>\s*<html lang="en">/);
    t.match(html, /<title>[^<]{4,} · Kaie<\/title>/);
    t.equal(tags(html, 'main').length, 1);
    const viewport = tags(html, 'meta').find((tag) => attribute(tag, 'name') === 'viewport') ?? '';
    t.equal(attribute(viewport, 'content'), 'width=device-width, initial-scale=1', 'fits a phone');
    t.same(unlabelled(html), [], 'labels every field');
    t.notMatch(html, /\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc="\/)|javascript:/i);
    t.notMatch(html, /\b(?:undefined|null|NaN|\[object)\b/);
    const loaded = [...tags(html, 'script'), ...tags(html, 'link'), ...tags(html, 'img')];
    for (const tag of loaded)
      t.match(attribute(tag, 'src') ?? attribute(tag, 'href'), /^\/assets\//);
    const ids = Array.from(html.matchAll(/\sid="([^"]*)"/g), (match) => match[1]);
    t.equal(new Set(ids).size, ids.length, 'uses each id once');
    const described = Array.from(html.matchAll(/aria-describedby="([^"]*)"/g), (m) => m[1]!);
    for (const id of described.join(' ').split(' ').filter(Boolean)) t.ok(ids.includes(id), id);
    t.ok((html.match(/\sautofocus/g) ?? []).length <= 1, 'focuses one field at most');
  });

  test(`${sample.name} escapes hostile values`, async (t) => {
    const html = render(sample.page, poison(sample.model) as object);
    t.notMatch(html, /<script>/);
    const calm = render(sample.page, sample.model);
    t.equal(tags(html, 'script').length, tags(calm, 'script').length);
    t.same(unlabelled(html), []);
    for (const name of ['form', 'input', 'button', 'h1', 'main']) {
      t.equal(tags(html, name).length, tags(calm, name).length, `has the same ${name} elements`);
    }
  });
}

test('a hostile platform name is escaped in every page and in the icon', async (t) => {
  const hostile = createPages({ platform: { name: HOSTILE, accent: '#000' }, viewsDir });
  t.notMatch(hostile.render('home', { signInUrl: '/sign-in', destinations: [] }), /<script>/);
  t.notMatch(iconSvg({ name: '<script>', accent: '#000' }), /<script/);
});

test('links that an app registered go to the web or are not shown', async (t) => {
  const { model } = samples.find((sample) => sample.name === 'consent') as {
    model: PageModels['consent'];
  };
  const app = { ...model.app, termsUrl: 'javascript:alert(1)', privacyUrl: 'https://ok.example/p' };
  const html = pages.render('consent', { ...model, app });
  t.notMatch(html, /javascript:/);
  t.match(html, 'href="https://ok.example/p"');
});

test('a name cannot rearrange the sentence around it', async (t) => {
  const html = pages.render('sign-in', {
    action: '/sign-in',
    csrf: 'x',
    continueTo: 'Safe\u202Eelpmaxe.live\u2066',
  });
  t.notMatch(html, /[\u202a-\u202e\u2066-\u2069]/);
  t.match(html, 'to continue to Safeelpmaxe.live');
});

test('refusing is first on the consent page, so that Enter in a field never grants', async (t) => {
  const { model } = samples.find((sample) => sample.name === 'consent') as {
    model: PageModels['consent'];
  };
  const html = pages.render('consent', model);
  const main = html.slice(html.indexOf('data-form'));
  t.same(
    tags(main, 'button').map((button) => attribute(button, 'value')),
    ['deny', 'allow'],
  );
  const ticked = tags(main, 'input').filter((field) => attribute(field, 'name') === 'scope');
  t.equal(ticked.length, model.permissions.length);
  t.ok(ticked.every((field) => / checked>$/.test(field)));
  t.notMatch(main, /value="(?:openid|profile|email|offline_access)"/);
});

test('a failed sign-in keeps the email, never the password, and focuses the password', async (t) => {
  const html = pages.render('sign-in', {
    action: '/sign-in',
    csrf: 'x',
    email: 'ada@example.com',
    error: { kind: 'credentials' },
  });
  const [email, password] = ['email', 'password'].map((id) =>
    tags(html, 'input').find((field) => attribute(field, 'id') === id),
  );
  t.match(email, 'value="ada@example.com"');
  t.match(email, 'aria-invalid="true"');
  t.notMatch(password, /\svalue=/);
  t.match(password, / autofocus>/);
  t.match(html, /role="alert"/);
  t.match(html, '<title>Error: Sign in to Kaie');
});

test('waiting times are told in words, never too early', async (t) => {
  const wait = (waitSeconds: number) => en['sign_in.error.throttled']({ waitSeconds });
  t.match(wait(3), 'in a few seconds.');
  t.match(wait(41), 'in 45 seconds.');
  t.match(wait(60), 'in a minute.');
  t.match(wait(61), 'in 2 minutes.');
  t.match(wait(3601), 'in 2 hours.');
});

test('every key the templates name has words, and no words are left over', async (t) => {
  const files = readdirSync(viewsDir, { recursive: true, encoding: 'utf8' });
  const templates = files
    .filter((file) => file.endsWith('.eta'))
    .map((file) => readFileSync(join(viewsDir, file), 'utf8'))
    .join('\n');
  const named = Array.from(
    templates.matchAll(/\bt\('([a-z_.]+)'|'(page\.[a-z_]+)'/g),
    (match) => match[1] ?? match[2]!,
  );
  t.same(
    named.filter((key) => !Object.hasOwn(en, key)),
    [],
  );
  // Long texts are put together in code, where the compiler knows the keys.
  const code = ['docs', 'reference']
    .map((room) => join(import.meta.dirname, '../../src', room))
    .flatMap((room) =>
      readdirSync(room, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => readFileSync(join(room, file), 'utf8')),
    )
    .join('\n');
  for (const [, key = ''] of code.matchAll(/'((?:docs|reference)\.[a-z_.]+)'/g)) named.push(key);
  const built = Array.from(
    `${templates}${code}`.matchAll(/`([a-z_.]+\.?[a-z_]*\$\{[^`]+)`/g),
    (match) => match[1]!,
  );
  const patterns = built.map(
    (key) => new RegExp(`^${key.replaceAll('.', '\\.').replace(/\$\{[^}]*\}/g, '[a-z_]+')}$`),
  );
  const leftOver = Object.keys(en).filter(
    (key) => !named.includes(key) && !patterns.some((pattern) => pattern.test(key)),
  );
  t.same(leftOver, []);
});

test('takes the forms of oidc-provider apart', async (t) => {
  const library = readFileSync(
    fileURLToPath(import.meta.resolve('oidc-provider')).replace(
      'index.js',
      'actions/end_session.js',
    ),
    'utf8',
  );
  // As it writes the one that it hands out: its gaps filled in as it would.
  const [, written] = /formHtml = `(<form[^`]*)`/.exec(library)!;
  const filled = (action: string, secret: string) =>
    written!.replace(/\$\{action\}/, action).replace(/\$\{secret\}/, secret);
  t.same(
    readProviderForm(filled('https://a.example/confirm?a=1&amp;b=2', 'A&amp;&quot;&lt;&#39;B')),
    {
      action: 'https://a.example/confirm?a=1&b=2',
      fields: [{ name: 'xsrf', value: `A&"<'B` }],
    },
  );
  t.throws(() => readProviderForm('<p>something else</p>'), /Expected a form/);
  t.throws(() => readProviderForm('<form action="/x"></form>'), /xsrf/);
});

test('a page has the colours that the platform file declares, by day and by night', async (t) => {
  const brand = brandOf(await loadPlatform('example'));
  t.match(brand, { name: 'Acme Notes', accent: '#b45309', accentDark: '#fbbf24' });
  const [light, dark] = themeCss(brand).split('@media');
  t.match(light, '--accent:#b45309');
  t.match(dark, '--accent:#fbbf24;--on-accent:#000000');
});

test('whatever the accent, text keeps its contrast by day and by night (WCAG 2.2 §1.4.3)', async (t) => {
  for (const accent of [
    '#ffe600',
    '#000',
    '#fff',
    '#3b82f6',
    '#e11d48',
    '#0f9d76',
    '#777777',
    '#5b5bd6',
  ]) {
    const [light, dark] = themeCss({ accent }).split('@media');
    for (const [scheme, surfaces] of [
      [light, ['#ffffff', '#f4f5f7']],
      [dark, ['#16181d', '#1b1d23']],
    ] as const) {
      const token = (name: string) => new RegExp(`--${name}:(#[0-9a-f]{6})`).exec(scheme!)![1]!;
      t.ok(contrastRatio(token('accent'), token('on-accent')) >= 4.5, `${accent} button`);
      for (const surface of surfaces) {
        t.ok(contrastRatio(token('accent-text'), surface) >= 4.5, `${accent} link on ${surface}`);
      }
    }
  }
  t.throws(() => themeCss({ accent: 'red;}body{display:none' }), /Expected a colour/);
});

/** Never called: the compiler proves that a page takes only its own model. */
export function typed(): void {
  // @ts-expect-error an error page has no email
  pages.render('error', { email: 'ada@example.com' });
  // @ts-expect-error consent needs more than an app
  pages.render('consent', { app: { name: 'x' } });
}
