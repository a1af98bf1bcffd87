import { posix } from 'node:path';
import type { House, HouseFile, Rule } from './house.ts';

// What documents and pages say must be so.

/** The command a newcomer runs, and .ci/run too. */
const TEST_COMMAND = 'npm test';

export const pageAssets: Rule = {
  id: 'page-assets',
  title: 'pages load nothing from anybody else',
  mend: 'put the file into views/assets and serve it from there',
  check: ({ files }) =>
    files
      .filter(({ path }) => path.startsWith('views/'))
      .flatMap(({ path, text }) =>
        FOREIGN_ASSETS.flatMap((pattern) =>
          [...text.matchAll(pattern)].map((match) => ({
            path,
            line: text.slice(0, match.index).split('\n').length,
            what: `loads ${match[0].replace(/\s+/g, ' ').slice(0, 80)}`,
          })),
        ),
      ),
  bad: [
    { 'views/a.eta': '<script src="https://cdn.example.com/a.js"></script>' },
    { 'views/a.eta': "<link rel=stylesheet\n  href='//fonts.example.com/a.css'>" },
    { 'views/a.eta': '<img alt="" src=https://example.com/pixel.gif>' },
    { 'views/assets/a.css': "@import 'https://example.com/a.css';" },
    { 'views/assets/a.css': 'body { background: url(//example.com/a.png) }' },
    { 'views/assets/a.js': "import { a } from 'https://esm.example.com/a';" },
    { 'views/assets/a.js': "const a = await import('https://esm.example.com/a');" },
  ],
  good: {
    'views/a.eta':
      '<a href="https://example.com">out</a> <svg xmlns="http://www.w3.org/2000/svg"/> <script src="/assets/a.js"></script>',
    'views/assets/a.css': 'body { background: url(/assets/a.png) }',
  },
};

export const links: Rule = {
  id: 'links',
  title: 'links and pictures in Markdown lead somewhere',
  mend: 'correct the path or the heading’s anchor',
  check: (house) =>
    markdown(house).flatMap((file) =>
      prose(file).flatMap(({ text, line }) =>
        targets(text)
          .filter((target) => !leads(house, file, target))
          .map((target) => ({ path: file.path, line, what: `${target} is not there` })),
      ),
    ),
  bad: [
    { 'README.md': 'See [this](docs/gone.md).' },
    { 'docs/a.md': '[up](../gone/)' },
    { 'README.md': '# Title\n[down](#not-a-heading)' },
    { 'README.md': '[there](docs/a.md#nothing)', 'docs/a.md': '# Something' },
    { 'README.md': '![picture](a.png "title")' },
    { 'README.md': 'See [this].\n\n[this]: gone.md' },
    { 'README.md': '<img src="docs/gone.png" alt="">' },
    { 'docs/a.md': '<p>\n<img width="200"\n  src=\'../gone.png\'>\n</p>' },
    { 'README.md': '<a href="docs/gone.md">there</a>' },
  ],
  good: {
    'README.md': [
      '# The title, in `code`',
      '[a](docs/a.md) [b](docs/a.md#two-words) [c](#the-title-in-code) [d](https://example.com/gone)',
      '[e](docs) [f](mailto:a@example.com)',
      '```',
      '[no link](in-code.md)',
      '```',
      'and `[no link](in-code.md)` and `<img src="no-picture.png">`',
      '<a href="docs/a.md"><img src="docs/a.png" alt="see docs/gone.png"></a>',
      '<img src="https://example.com/gone.png">',
    ].join('\n'),
    'docs/a.md': '## Two words',
    'docs/a.png': '',
  },
};

export const scripts: Rule = {
  id: 'scripts',
  title: 'every npm script that is named exists',
  mend: 'correct the name, or add the script to package.json',
  check: (house) => {
    const known = scriptsOf(house);
    return house.files
      .filter(({ path }) => /\.(md|sh)$|Dockerfile$|^\.ci\/run$/.test(path))
      .flatMap(({ path, text }) =>
        text.split('\n').flatMap((content, index) =>
          [...content.matchAll(NPM_SCRIPT)]
            .map((match) => match[1] ?? match[2]!)
            .filter((name) => !known.includes(name))
            .map((name) => ({ path, line: index + 1, what: `there is no script ${name}` })),
        ),
      );
  },
  bad: [
    { 'package.json': '{"scripts":{"check":""}}', 'README.md': 'Run `npm run chekc`.' },
    { 'package.json': '{"scripts":{}}', 'docs/a.md': '`npm test`' },
    { 'package.json': '{"scripts":{}}', '.ci/run': 'npm run --silent check:types' },
  ],
  good: {
    'package.json': '{"scripts":{"check:types":"","test":"","start":""}}',
    'README.md': '`npm run check:types`, `npm test`, `npm start`, `npm ci`, `npm run <name>`.',
  },
};

export const testCommand: Rule = {
  id: 'test-command',
  title: 'the README’s test command is the one .ci/run runs',
  mend: `say \`${TEST_COMMAND}\` in both`,
  check: ({ files }) =>
    files
      .filter(
        ({ path, text }) => ['README.md', '.ci/run'].includes(path) && !text.includes(TEST_COMMAND),
      )
      .map(({ path }) => ({ path, line: 1, what: `doesn't name ${TEST_COMMAND}` })),
  bad: [{ 'README.md': 'Run `npx tap`.' }, { '.ci/run': 'npx tap' }],
  good: { 'README.md': 'Run `npm test`.', '.ci/run': 'npm test', 'docs/a.md': '' },
};

const FOREIGN_ASSETS = [
  /<(script|img|link|iframe|source|video|audio|embed|object|use|input)\b[^>]*?\s(src|href|data|srcset|poster|xlink:href)\s*=\s*["']?\s*(https?:)?\/\/[^\s"'>]*/gi,
  /@import\s+(url\(\s*)?["']?\s*(https?:)?\/\/[^\s"')]*/gi,
  /(?<!@import\s{1,9})url\(\s*["']?\s*(https?:)?\/\/[^\s"')]*/gi,
  /(?<!@)\b(from\s*|import\s*\(?\s*)["'](https?:)?\/\/[^"']*/g,
];

const NPM_SCRIPT = /\bnpm run (?:--?[\w-]+ )*([\w:-]+)|\bnpm (test|start)\b/g;

function markdown({ files }: House): HouseFile[] {
  return files.filter(({ path }) => path.endsWith('.md'));
}

/** The lines outside of fences, without their code. */
function prose(file: HouseFile): { text: string; line: number }[] {
  let fence = '';
  return file.text.split('\n').flatMap((content, index) => {
    const mark = /^\s*(```+|~~~+)/.exec(content)?.[1] ?? '';
    const wasInside = fence !== '';
    if (mark && !wasInside) fence = mark;
    else if (mark.startsWith(fence) && wasInside) fence = '';
    if (mark || wasInside) return [];
    return [{ text: content.replace(/`[^`]*`/g, ''), line: index + 1 }];
  });
}

function targets(text: string): string[] {
  const inline = [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+["'][^)]*)?\)/g)];
  const references = [...text.matchAll(/^\s*\[[^\]^]+\]:\s+<?(\S+?)>?(?:\s|$)/g)];
  // HTML, as pictures with a width need; the tag may have begun on a line before.
  const attributes = [...text.matchAll(/(?:^|\s)(?:src|href)\s*=\s*["']([^"']+)["']/g)];
  return [...inline, ...references, ...attributes].map((match) => match[1]!);
}

function leads(house: House, from: HouseFile, target: string): boolean {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return true;
  const [path = '', anchor] = target.split('#');
  const decoded = decodeURIComponent(path);
  const place = path === '' ? from.path : posix.join(posix.dirname(from.path), decoded);
  if (!house.exists(place.replace(/\/$/, ''))) return false;
  if (!anchor || !place.endsWith('.md')) return true;
  const file = house.files.find((known) => known.path === place);
  return file === undefined || anchorsOf(file).includes(anchor);
}

/** As GitHub makes them. */
function anchorsOf(file: HouseFile): string[] {
  return [...file.text.matchAll(/^#{1,6}\s+(.*)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

function scriptsOf({ files }: House): string[] {
  const text = files.find(({ path }) => path === 'package.json')?.text ?? '{}';
  return Object.keys((JSON.parse(text) as { scripts?: object }).scripts ?? {});
}
