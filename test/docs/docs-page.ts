import { loadPlatform } from '../../src/platform/load.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { startGatehouse, type TestGatehouseOptions } from '../support/gatehouse.ts';

/** A documentation page as a reader finds it. */
export interface ReadPage {
  html: string;
  /** What is read aloud: no tags, single spaces. */
  text: string;
  /** Of the section or part with that anchor, up to the next heading. */
  section(id: string): string;
  /** The body rows of the section's tables, cell by cell. */
  rows(id: string): string[][];
  /** The column heads of the section's first table. */
  columns(id: string): string[];
  /** The code of a sample. */
  code(id: string): string;
  ids: string[];
}

export function readPage(html: string): ReadPage {
  const section = (id: string) => {
    const start = html.search(new RegExp(`<h[23] id="${id}"`));
    if (start < 0) throw new Error(`no section ${id}`);
    const rest = html.slice(start + 3);
    const end = rest.search(/<h[23] id="/);
    return end < 0 ? rest : rest.slice(0, end);
  };
  return {
    html,
    text: textOf(html),
    section: (id) => textOf(section(id)),
    rows: (id) =>
      Array.from(section(id).matchAll(/<tbody>([\s\S]*?)<\/tbody>/g), ([, body = '']) =>
        Array.from(body.matchAll(/<tr>([\s\S]*?)<\/tr>/g), ([, row = '']) =>
          Array.from(row.matchAll(/<t[hd]\b[^>]*>([\s\S]*?)<\/t[hd]>/g), ([, cell = '']) =>
            textOf(cell),
          ),
        ),
      ).flat(),
    columns(id) {
      const [, head = ''] = /<thead>([\s\S]*?)<\/thead>/.exec(section(id)) ?? [];
      return Array.from(head.matchAll(/<th\b[^>]*>([\s\S]*?)<\/th>/g), ([, cell = '']) =>
        textOf(cell),
      );
    },
    code(id) {
      const code = new RegExp(`<code id="${id}"[^>]*>([\\s\\S]*?)</code>`).exec(html)?.[1];
      if (code === undefined) throw new Error(`no sample ${id}`);
      return unescaped(code);
    },
    ids: Array.from(html.matchAll(/\sid="([^"]+)"/g), ([, id = '']) => id),
  };
}

/** Within a sentence a tag is nothing, between blocks a space. */
const textOf = (html: string) =>
  unescaped(html.replaceAll(/<\/?(?:code|strong|a|span)\b[^>]*>/g, '').replaceAll(/<[^>]+>/g, ' '))
    .replaceAll(/\s+/g, ' ')
    .trim();

export const unescaped = (html: string) =>
  html
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

type Test = { teardown(work: () => Promise<void>): unknown };

/** A server of the platform, and its page. */
export async function openPage(
  t: Test,
  name: string,
  { change = (platform) => platform, ...options }: Opening = {},
) {
  const platform = change(await loadPlatform(name));
  const gatehouse = await startGatehouse(t, { ...options, platform });
  const response = await fetch(`${gatehouse.issuer}/docs/authentication`);
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return { gatehouse, page: readPage(await response.text()), response };
}

interface Opening extends Omit<TestGatehouseOptions, 'platform'> {
  change?: (platform: Platform) => Platform;
}
