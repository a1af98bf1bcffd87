import type { BlockView, DocsPage, DocumentFrame } from '../pages/docs-models.ts';
import type { Platform } from '../platform/platform.ts';
import type { Block, Document } from './document.ts';
import { parseText } from './inline.ts';

/** The document as its page shows it. */
export function toPage(document: Document, platform: Platform): DocsPage {
  const { title, description, sections } = document;
  return {
    ...{ title, description },
    contents: sections.map(({ id, title, parts }) => ({
      ...{ id, title },
      entries: parts.map((part) => ({ id: part.id, title: part.title })),
    })),
    links: linksOf(platform, 'docs'),
    alternate: { kind: 'markdown', type: 'text/markdown', href: '/docs/authentication.md' },
    blocks: document.blocks.map(viewOf),
    sections: sections.map(({ id, title, blocks, parts }) => ({
      ...{ id, title },
      blocks: blocks.map(viewOf),
      parts: parts.map((part) => ({ ...part, blocks: part.blocks.map(viewOf) })),
    })),
  };
}

/** Where else one can go from a public page. */
export function linksOf(
  platform: Platform,
  here: 'docs' | 'reference',
): readonly DocumentFrame['links'][number][] {
  const links: DocumentFrame['links'] = [
    { kind: 'docs', href: '/docs/authentication' },
    { kind: 'reference', href: '/reference' },
    ...(platform.oauth.playgroundEnabled
      ? [{ kind: 'playground', href: '/playground' } as const]
      : []),
    { kind: 'dashboard', href: '/dashboard' },
  ];
  return links.filter(({ kind }) => kind !== here);
}

function viewOf(block: Block): BlockView {
  switch (block.kind) {
    case 'paragraph':
    case 'note':
      return { kind: block.kind, runs: parseText(block.text) };
    case 'list':
      return { ...block, items: block.items.map(parseText) };
    case 'table':
      return { ...block, rows: block.rows.map((cells) => cells.map(parseText)) };
    case 'code': {
      const { name, samples } = block;
      const views = samples.map(({ language, code }) => ({
        ...{ id: `${name}-${language}`, kind: language, code },
      }));
      return { kind: 'code', name, samples: views };
    }
  }
}
