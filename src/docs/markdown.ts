import type { Block, Document, SampleLanguage, Section } from './document.ts';

/** The document as Markdown (CommonMark with GFM tables). */
export function toMarkdown(document: Document): string {
  const pieces = [
    `# ${document.title}`,
    ...document.blocks.map(blockText),
    ...document.sections.flatMap(sectionTexts),
  ];
  return `${pieces.join('\n\n')}\n`;
}

const sectionTexts = ({ title, blocks, parts }: Section): string[] => [
  `## ${title}`,
  ...blocks.map(blockText),
  ...parts.flatMap((part) => [`### ${part.title}`, ...part.blocks.map(blockText)]),
];

function blockText(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return block.text;
    case 'note':
      return `> ${block.text}`;
    case 'list':
      return block.items
        .map((item, at) => `${block.ordered ? `${at + 1}.` : '-'} ${item}`)
        .join('\n');
    case 'table':
      return tableText(block);
    case 'code':
      return block.samples
        .map(({ language, code }) => `\`\`\`${FENCES[language]}\n${code}\n\`\`\``)
        .join('\n\n');
  }
}

function tableText({ columns, rows }: Extract<Block, { kind: 'table' }>): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

const FENCES: Record<SampleLanguage, string> = {
  ...{ curl: 'sh', shell: 'sh', typescript: 'ts', python: 'python', go: 'go', java: 'java' },
  ...{ http: 'http', json: 'json', text: '' },
};
