import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Eta } from 'eta';
import { spokenLanguage, spokenPage } from './language.ts';
import { initialOf } from './theme.ts';
import type { PageModels, PageName, PlatformBrand } from './view-models.ts';
import { LANGUAGES, type Language, sayIn } from './words/words.ts';

export interface Pages {
  /**
   * The whole HTML document of a page.
   *
   * @param language default that of the request
   */
  render<Name extends PageName>(page: Name, model: PageModels[Name], language?: Language): string;
}

export interface PagesOptions {
  platform: PlatformBrand;
  /** Where the templates are; `assets/` in it is served under `/assets/`. */
  viewsDir: string;
}

/** Template, layout and partials all see `it`: these, and the page's model as `it.page`. */
export function createPages({ platform, viewsDir }: PagesOptions): Pages {
  const eta = new Eta({
    views: viewsDir,
    cache: true,
    autoEscape: true,
    escapeFunction: escapeText,
  });
  const version = assetsVersion(viewsDir, platform);
  const shared = {
    platform,
    asset: (name: string) => `/assets/${name}?v=${version}`,
    initialOf,
    webLink,
    languages: LANGUAGES,
  };
  return {
    render: (page, model, language = spokenLanguage()) =>
      eta.render(page, {
        ...{ ...shared, language, here: ONCE.includes(page) ? undefined : spokenPage() },
        ...{ t: sayIn(language), page: model },
      }),
  };
}

/** What is not there is the same page wherever it is not; an answer to an app is given once. */
const ONCE: readonly PageName[] = ['error', 'form-post'];

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Bidirectional controls, which let a name rearrange the sentence it stands in. */
const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Every `<%= %>` goes through here. Absent values are empty. */
function escapeText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return String(value)
    .replace(BIDI_CONTROLS, '')
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** A link that a stranger registered: only to the web, otherwise undefined and not shown. */
function webLink(url: string | undefined): string | undefined {
  const parsed = url === undefined ? null : URL.parse(url);
  return parsed && ['https:', 'http:'].includes(parsed.protocol) ? parsed.href : undefined;
}

/** Changes whenever an asset or the theme does, so that they may be cached for a year. */
function assetsVersion(viewsDir: string, platform: PlatformBrand): string {
  const hash = createHash('sha256').update(JSON.stringify(platform));
  const assets = join(viewsDir, 'assets');
  const files = readdirSync(assets, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  for (const file of files.sort()) hash.update(readFileSync(file));
  return hash.digest('base64url').slice(0, 10);
}
